/* SPDX-License-Identifier: GPL-2.0-only */
#include "pcap_append.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "pcap_file.h"

/* What is read at a time: most records are in it whole. */
#define WINDOW 65536

/* pcap: draft-ietf-opsawg-pcap, section 4. */
#define PCAP_LIKE     16 /* of the header, that must be the same: then comes the snaplen */
#define PCAP_SNAP_AT  16
#define PCAP_LINK_AT  20
/* pcapng: draft-ietf-opsawg-pcapng, sections 3.1 and 4.1. */
#define BLOCK_SECTION 0x0a0d0d0aU
#define BLOCK_MIN     12
#define ORDER_AT      8

struct reader {
	int fd;
	off_t size, from; /* of the file; of what is in window */
	size_t have;
	uint8_t window[WINDOW];
};

/* @n bytes at @at, which the file has. Return: NULL if it cannot be read. */
static const uint8_t *look(struct reader *r, off_t at, size_t n)
{
	ssize_t got;

	if (at < r->from || at + (off_t)n > r->from + (off_t)r->have) {
		got = pread(r->fd, r->window, sizeof(r->window), at);
		if (got < (ssize_t)n)
			return NULL;
		r->from = at;
		r->have = got;
	}
	return r->window + (at - r->from);
}

static uint32_t word_at(const uint8_t *at)
{
	uint32_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static bool is_section(const uint8_t *header)
{
	return word_at(header) == BLOCK_SECTION;
}

static int compare(struct reader *r, const uint8_t *header)
{
	size_t n = is_section(header) ? BLOCK_MIN : PCAP_HEADER;
	const uint8_t *has = r->size < (off_t)n ? NULL : look(r, 0, n);

	if (!has)
		return -EBADMSG;
	if (is_section(header))
		return word_at(has) == BLOCK_SECTION &&
				       word_at(has + ORDER_AT) == word_at(header + ORDER_AT)
			       ? 0
			       : -EBADMSG;
	if (memcmp(has, header, PCAP_LIKE) ||
	    word_at(has + PCAP_LINK_AT) != word_at(header + PCAP_LINK_AT))
		return -EBADMSG;
	return word_at(has + PCAP_SNAP_AT) < word_at(header + PCAP_SNAP_AT) ? -EMSGSIZE : 0;
}

/* Bytes of the record at @at, of which the file has @left. 0: it is cut off; -EBADMSG: it is none. */
static int64_t record_bytes(struct reader *r, bool blocks, off_t at, uint64_t left)
{
	size_t head = blocks ? BLOCK_MIN : sizeof(struct pcap_record);
	const uint8_t *record = left < head ? NULL : look(r, at, head);
	uint32_t length;

	if (left < head)
		return 0;
	if (!record)
		return -EIO;
	if (!blocks) {
		length = ((const struct pcap_record *)record)->captured;
		if (length > PCAP_SNAPLEN)
			return -EBADMSG;
		return left < head + length ? 0 : (int64_t)(head + length);
	}
	length = word_at(record + 4);
	if (length < BLOCK_MIN || length % 4)
		return -EBADMSG;
	if (left < length)
		return 0;
	record = look(r, at + length - 4, 4);
	return !record ? -EIO : word_at(record) != length ? -EBADMSG : (int64_t)length;
}

int pcap_append_find(int fd, const uint8_t *header, off_t *end)
{
	struct reader *r = calloc(1, sizeof(*r));
	bool blocks = is_section(header);
	int64_t n = 0;
	off_t at;
	int err;

	if (!r)
		return -ENOMEM;
	r->fd = fd;
	r->size = lseek(fd, 0, SEEK_END);
	err = r->size < 0 ? -errno : compare(r, header);
	at = blocks ? 0 : PCAP_HEADER;
	while (!err && at < r->size) {
		n = record_bytes(r, blocks, at, r->size - at);
		if (n <= 0)
			break;
		at += n;
	}
	free(r);
	*end = at;
	return err ?: n < 0 ? (int)n : 0;
}
