/* SPDX-License-Identifier: GPL-2.0-only */
#include "pcapng.h"

#include <linux/bpf.h>
#include <string.h>
#include <afxdp/abi.h>

/* Types of blocks, and of options, with their sections in draft-ietf-opsawg-pcapng-02. */
enum {
	BLOCK_SECTION = 0x0a0d0d0a, /* 4.1 */
	BYTE_ORDER_MAGIC = 0x1a2b3c4d,
	BLOCK_INTERFACE = 1,  /* 4.2 */
	BLOCK_STATISTICS = 5, /* 4.5 */
	BLOCK_PACKET = 6,     /* 4.3 */
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	SECTION_APPLICATION = 4,
	INTERFACE_NAME = 2,
	INTERFACE_SPEED = 8,
	INTERFACE_TSRESOL = 9,
	INTERFACE_FILTER = 11,
	PACKET_HASH = 3,
	PACKET_QUEUE = 6,
	PACKET_VERDICT = 7,
	STATISTICS_BEGAN = 2,
	STATISTICS_ENDED = 3,
	STATISTICS_RECEIVED = 4,
	STATISTICS_DROPPED = 5,
	STATISTICS_ACCEPTED = 6,
	STATISTICS_OS_DROPPED = 7,
	STATISTICS_DELIVERED = 8,
	VERDICT_XDP = 2,   /* what follows is an XDP action */
	HASH_TOEPLITZ = 5, /* what follows is the device's */
	FILTER_TEXT = 0,   /* what follows is words */
	LINKTYPE_ETHERNET = 1
};

/* A block, or a packet's tail, as it grows. */
struct block {
	uint8_t *byte;
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
	memcpy(b->byte + b->n, &word, sizeof(word));
	b->n += sizeof(word);
}

static void put_option(struct block *b, uint16_t code, const void *data, uint16_t n)
{
	put32(b, code | (uint32_t)n << 16);
	put(b, data, n);
}

/* Up to @max bytes of @text, with the byte @kind in front unless that is negative. */
static void put_text(struct block *b, uint16_t code, int kind, const char *text, size_t max)
{
	size_t n = strnlen(text, max), front = kind >= 0;
	const uint8_t byte = kind;

	put32(b, code | (uint32_t)(n + front) << 16);
	memcpy(b->byte + b->n, &byte, front);
	b->n += front;
	memcpy(b->byte + b->n, text, n);
	b->n += n;
	while (b->n & 3)
		b->byte[b->n++] = 0;
}

static void put_time(struct block *b, uint64_t ns)
{
	put32(b, ns >> 32);
	put32(b, ns);
}

static void put_count(struct block *b, uint16_t code, uint64_t n)
{
	if (n != PCAPNG_UNKNOWN)
		put_option(b, code, &n, sizeof(n));
}

/* Its length is put in when that is known. */
static struct block begin_block(uint8_t *to, uint32_t type)
{
	struct block b = { .byte = to };

	put32(&b, type);
	put32(&b, 0);
	return b;
}

static size_t end_block(struct block *b)
{
	const uint32_t length = b->n + 8;

	put32(b, OPTION_END);
	put32(b, length);
	memcpy(b->byte + 4, &length, sizeof(length));
	return length;
}

size_t pcapng_section(uint8_t *to, const char *application)
{
	struct block b = begin_block(to, BLOCK_SECTION);
	const uint64_t unknown = ~0ULL; /* length of the section */

	put32(&b, BYTE_ORDER_MAGIC);
	put32(&b, 1); /* version 1.0 */
	put(&b, &unknown, sizeof(unknown));
	put_text(&b, SECTION_APPLICATION, -1, application, PCAPNG_COMMENT_MAX);
	return end_block(&b);
}

void pcapng_section_start(uint8_t *to)
{
	struct block b = begin_block(to, BLOCK_SECTION);

	put32(&b, BYTE_ORDER_MAGIC);
}

size_t pcapng_interface(uint8_t *to, const struct pcapng_interface *i)
{
	struct block b = begin_block(to, BLOCK_INTERFACE);
	const uint8_t nanoseconds = 9;

	put32(&b, LINKTYPE_ETHERNET);
	put32(&b, i->snap);
	put_text(&b, INTERFACE_NAME, -1, i->name, PCAPNG_COMMENT_MAX);
	if (i->speed)
		put_option(&b, INTERFACE_SPEED, &i->speed, sizeof(i->speed));
	put_option(&b, INTERFACE_TSRESOL, &nanoseconds, sizeof(nanoseconds));
	if (i->filter)
		put_text(&b, INTERFACE_FILTER, FILTER_TEXT, i->filter, PCAPNG_TEXT_MAX);
	if (i->comment)
		put_text(&b, OPTION_COMMENT, -1, i->comment, PCAPNG_TEXT_MAX);
	return end_block(&b);
}

void pcapng_head(uint8_t *to, const struct pcapng_packet *p, size_t tail)
{
	struct block b = { .byte = to };

	put32(&b, BLOCK_PACKET);
	put32(&b, PCAPNG_HEAD + p->captured + tail);
	put32(&b, p->interface);
	put_time(&b, p->ns);
	put32(&b, p->captured);
	put32(&b, p->length);
}

size_t pcapng_tail(uint8_t *to, const struct pcapng_packet *p)
{
	struct block b = { .byte = to };
	uint8_t verdict[9] = { VERDICT_XDP }, hash[5] = { HASH_TOEPLITZ };

	while ((p->captured + b.n) & 3)
		b.byte[b.n++] = 0;
	/* What follows is aligned in the file, not here: see put(), which pads by length. */
	if (p->comment)
		put_option(&b, OPTION_COMMENT, p->comment, strnlen(p->comment, PCAPNG_COMMENT_MAX));
	if (p->hashed) {
		memcpy(hash + 1, &p->hash, sizeof(p->hash));
		put_option(&b, PACKET_HASH, hash, sizeof(hash));
	}
	put_option(&b, PACKET_QUEUE, &p->queue, sizeof(p->queue));
	memcpy(verdict + 1, &p->xdp_action, sizeof(p->xdp_action));
	put_option(&b, PACKET_VERDICT, verdict, sizeof(verdict));
	put32(&b, OPTION_END);
	put32(&b, PCAPNG_HEAD + p->captured + b.n + 4);
	return b.n;
}

size_t pcapng_statistics(uint8_t *to, const struct pcapng_statistics *s)
{
	struct block b = begin_block(to, BLOCK_STATISTICS);
	const uint32_t began[2] = { s->began_ns >> 32, s->began_ns };
	const uint32_t ended[2] = { s->ns >> 32, s->ns };

	put32(&b, s->interface);
	put_time(&b, s->ns);
	if (s->comment)
		put_text(&b, OPTION_COMMENT, -1, s->comment, PCAPNG_COMMENT_MAX);
	if (s->began_ns) {
		put_option(&b, STATISTICS_BEGAN, began, sizeof(began));
		put_option(&b, STATISTICS_ENDED, ended, sizeof(ended));
	}
	put_count(&b, STATISTICS_RECEIVED, s->received);
	put_count(&b, STATISTICS_DROPPED, s->dropped);
	put_count(&b, STATISTICS_ACCEPTED, s->accepted);
	put_count(&b, STATISTICS_OS_DROPPED, s->os_dropped);
	put_count(&b, STATISTICS_DELIVERED, s->delivered);
	return end_block(&b);
}

uint64_t pcapng_xdp_action(uint32_t verdict)
{
	static const uint8_t actions[AFXDP_VERDICTS] = {
		[AFXDP_PASS] = XDP_PASS,
		[AFXDP_DROP] = XDP_DROP,
		[AFXDP_LIMIT] = XDP_DROP,
		[AFXDP_ABORT] = XDP_ABORTED,
		[AFXDP_TX] = XDP_TX,
		[AFXDP_UNCLAIMED] = XDP_PASS,
		[AFXDP_CAPTURE] = XDP_REDIRECT,
	};

	return verdict < AFXDP_VERDICTS ? actions[verdict] : XDP_ABORTED;
}
