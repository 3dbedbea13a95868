/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pcap_news.h - what a pcapng file has besides frames: the interface with its rules, and the
 * ledger. The steward tells both, at any time, and waits for nobody; the writer finds them.
 */
#ifndef AFXDP_SINK_PCAP_NEWS_H
#define AFXDP_SINK_PCAP_NEWS_H

#include "../sink.h"

/* Bytes of what ends a file, at most. */
#define PCAP_NEWS_END 2048

struct pcap_news {
	char ifname[16];
	uint32_t snaplen;
	/* From the steward; whoever takes them out frees them. */
	char *rules;
	struct sink_ledger *ledger;
	/* The writer's. */
	struct sink_ledger *last; /* or NULL */
	uint8_t *header;	  /* of the next section */
	uint32_t header_len;
};

/** pcap_news_init() - with a header that names no rules. Return: 0 or -ENOMEM. */
int pcap_news_init(struct pcap_news *n, const char *ifname, uint32_t snaplen);
void pcap_news_free(struct pcap_news *n);

/** pcap_news_rules(), pcap_news_ledger() - the steward: what holds from now on. Both are copied;
 * without memory the last ones stay. */
void pcap_news_rules(struct pcap_news *n, const char *text);
void pcap_news_ledger(struct pcap_news *n, const struct sink_ledger *l);

/** pcap_news_turn() - the writer: whether @n->header is another one now. */
bool pcap_news_turn(struct pcap_news *n);

/** pcap_news_end() - the writer: the block that ends a file, at @to (PCAP_NEWS_END bytes).
 * @wall: CLOCK_REALTIME - CLOCK_MONOTONIC. Return: its bytes; 0: nobody has told of a ledger. */
size_t pcap_news_end(struct pcap_news *n, uint8_t *to, int64_t wall);

#endif
