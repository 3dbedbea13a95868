/* SPDX-License-Identifier: GPL-2.0-only */
#include "pcapng.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* Types of blocks, and of options, with their sections in draft-ietf-opsawg-pcapng-02. */
enum {
	BLOCK_SECTION = 0x0a0d0d0a, /* 4.1 */
	BLOCK_INTERFACE = 1,	    /* 4.2 */
	BLOCK_STATISTICS = 5,	    /* 4.5 */
	BLOCK_PACKET = 6,	    /* 4.3 */
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_APPLICATION = 4,
	OPTION_NAME = 2,
	OPTION_TSRESOL = 9,
	OPTION_QUEUE = 6,
	OPTION_VERDICT = 7,
	OPTION_RECEIVED = 4,
	OPTION_DROPPED = 5,
	VERDICT_XDP = 2, /* what follows is an XDP action */
	LINKTYPE_ETHERNET = 1
};

/* A comment is a rule's text at most; longer ones are cut. */
#define COMMENT_MAX 1024
#define BLOCK_MAX   (COMMENT_MAX + 256)

/* One block but for a packet's bytes, which come between its head and its options. */
struct block {
	uint8_t byte[BLOCK_MAX];
	size_t n;
};

static void put(struct block *b, const void *data, size_t n)
{
	static const uint8_t zero[4];

	memcpy(b->byte + b->n, data, n);
	b->n += n;
	memcpy(b->byte + b->n, zero, -n & 3);
	b->n += -n & 3;
}

static void put32(struct block *b, uint32_t word)
{
	put(b, &word, sizeof(word));
}

static void put_option(struct block *b, uint16_t code, const void *data, uint16_t n)
{
	const uint16_t head[2] = { code, n };

	put(b, head, sizeof(head));
	put(b, data, n);
}

static void put_text(struct block *b, uint16_t code, const char *text)
{
	size_t n = strlen(text);

	put_option(b, code, text, n < COMMENT_MAX ? n : COMMENT_MAX);
}

static void put_time(struct block *b, uint64_t ns)
{
	put32(b, ns >> 32);
	put32(b, ns);
}

static int written(FILE *f)
{
	return ferror(f) ? -(errno ?: EIO) : 0;
}

/* Type, length, what was collected, and the length again. */
static int write_block(FILE *f, uint32_t type, const struct block *b)
{
	const uint32_t length = b->n + 12, head[2] = { type, length };

	fwrite(head, sizeof(head), 1, f);
	fwrite(b->byte, b->n, 1, f);
	fwrite(&length, sizeof(length), 1, f);
	return written(f);
}

int pcapng_begin(FILE *f, const char *application, const char *ifname, uint32_t snap)
{
	const uint16_t version[2] = { 1, 0 }, link[2] = { LINKTYPE_ETHERNET, 0 };
	const uint64_t unknown = ~0ULL; /* length of the section */
	const uint8_t nanoseconds = 9;
	struct block b = { .n = 0 };
	int err;

	put32(&b, 0x1a2b3c4d); /* byte order */
	put(&b, version, sizeof(version));
	put(&b, &unknown, sizeof(unknown));
	put_text(&b, OPTION_APPLICATION, application);
	put32(&b, OPTION_END);
	err = write_block(f, BLOCK_SECTION, &b);
	b.n = 0;
	put(&b, link, sizeof(link));
	put32(&b, snap);
	put_text(&b, OPTION_NAME, ifname);
	put_option(&b, OPTION_TSRESOL, &nanoseconds, sizeof(nanoseconds));
	put32(&b, OPTION_END);
	return err ?: write_block(f, BLOCK_INTERFACE, &b);
}

int pcapng_packet(FILE *f, const struct pcapng_packet *p)
{
	static const uint8_t zero[4];
	uint32_t bytes = p->head_len + p->bytes_len, length, type = BLOCK_PACKET;
	struct block head = { .n = 0 }, tail = { .n = 0 };
	uint8_t verdict[9] = { VERDICT_XDP };

	put32(&head, 0); /* the one interface */
	put_time(&head, p->ns);
	put32(&head, bytes);
	put32(&head, p->length);
	put_text(&tail, OPTION_COMMENT, p->comment);
	put_option(&tail, OPTION_QUEUE, &p->queue, sizeof(p->queue));
	memcpy(verdict + 1, &p->xdp_action, sizeof(p->xdp_action));
	put_option(&tail, OPTION_VERDICT, verdict, sizeof(verdict));
	put32(&tail, OPTION_END);
	length = 12 + head.n + bytes + (-bytes & 3) + tail.n;
	fwrite(&type, sizeof(type), 1, f);
	fwrite(&length, sizeof(length), 1, f);
	fwrite(head.byte, head.n, 1, f);
	fwrite(p->head, 1, p->head_len, f);
	fwrite(p->bytes, 1, p->bytes_len, f);
	fwrite(zero, 1, -bytes & 3, f);
	fwrite(tail.byte, tail.n, 1, f);
	fwrite(&length, sizeof(length), 1, f);
	return written(f);
}

int pcapng_end(FILE *f, uint64_t ns, uint64_t frames, uint64_t lost)
{
	struct block b = { .n = 0 };

	put32(&b, 0);
	put_time(&b, ns);
	put_option(&b, OPTION_RECEIVED, &frames, sizeof(frames));
	put_option(&b, OPTION_DROPPED, &lost, sizeof(lost));
	put32(&b, OPTION_END);
	return write_block(f, BLOCK_STATISTICS, &b);
}
