/* SPDX-License-Identifier: GPL-2.0-only */
#include "pcap_records.h"

#include <linux/bpf.h>
#include <stdio.h>
#include "frame.h"
#include "pcapng.h"

/*
 * Frames up to this size are gathered. Measured into tmpfs, ns a frame, copied / as a piece of its
 * own: 60 bytes 38 / 83, 128 bytes 120 / 298, 512 bytes 406 / 508, 1024 bytes 760 / 928, 1500 bytes
 * 1112 / 1096. Lower wastes the difference, higher the cache.
 */
#define COPY_MAX 1024

/* The most that stands around a frame's bytes: a header, MAC addresses and a tag that must be put
 * back; and a pcapng packet's options. */
#define L2_BYTES (VLAN_TAG_OFFSET + VLAN_HLEN)
#define AROUND	 (PCAPNG_HEAD + L2_BYTES + sizeof(((struct pcap_records *)0)->comment) + 64)

/* A frame that was not stamped gets the time at which it was found. */
static uint64_t wall_ns(const struct pcap_records *r, const struct afxdp_meta *meta)
{
	return r->wall.offset +
	       (int64_t)(meta && meta->flags & AFXDP_META_RX_NS ? meta->rx_ns : r->now);
}

/* "rule 12"; rules come in bunches. */
static const char *comment(struct pcap_records *r, uint32_t rule)
{
	if (rule == AFXDP_RULE_DEFAULT)
		return NULL;
	if (rule != r->rule || !r->comment[0])
		snprintf(r->comment, sizeof(r->comment), "rule %u", rule);
	r->rule = rule;
	return r->comment;
}

/* Begin the record of @p; @l2: its first L2_BYTES, or NULL. Return: the bytes of all but the
 * frame's. */
static uint32_t begin_record(struct pcap_records *r, const struct pcapng_packet *p,
			     const uint8_t *l2, uint8_t *tail, uint32_t *tail_len)
{
	const struct pcap_record record = { p->ns / NS_PER_S, p->ns % NS_PER_S, p->captured,
					    p->length };
	uint8_t head[PCAPNG_HEAD];

	*tail_len = 0;
	if (r->ng) {
		*tail_len = pcapng_tail(tail, p);
		pcapng_head(head, p, *tail_len);
		pcap_file_copy(&r->file, head, sizeof(head));
	} else {
		pcap_file_copy(&r->file, &record, sizeof(record));
	}
	if (l2)
		pcap_file_copy(&r->file, l2, L2_BYTES);
	return (r->ng ? sizeof(head) : sizeof(record)) + *tail_len;
}

/* One with metadata, or without (@meta NULL). */
static struct pcapng_packet about(struct pcap_records *r, const struct afxdp_xsk *xsk,
				  const struct afxdp_meta *meta, uint32_t length)
{
	const uint32_t snaplen = r->series.spec.snaplen;
	struct pcapng_packet p = {
		.interface = r->interface,
		.ns = wall_ns(r, meta),
		.captured = length < snaplen ? length : snaplen,
		.length = length,
		.queue = xsk->config.queue,
		.xdp_action = XDP_REDIRECT,
	};

	if (r->ng && meta) {
		p.hashed = meta->flags & AFXDP_META_HASH;
		p.hash = meta->rx_hash;
		p.comment = comment(r, meta->rule);
	}
	return p;
}

/* One frame of @descs descriptors from @pos on, @length bytes together. */
static void add_record(struct pcap_records *r, struct handover_port *port, uint32_t pos,
		       uint32_t descs, uint32_t length)
{
	const struct afxdp_xsk *xsk = port->port.xsk;
	const struct xdp_desc *first = handover_desc(port, pos);
	const struct afxdp_meta *meta = frame_meta(xsk, first->addr);
	bool tag = meta && meta->flags & AFXDP_META_VLAN_STRIP && first->len >= VLAN_TAG_OFFSET;
	uint8_t l2[L2_BYTES], tail[PCAPNG_TAIL_MAX];
	uint32_t skip = tag ? VLAN_TAG_OFFSET : 0, left, around, tail_len;
	struct pcapng_packet p = about(r, xsk, meta, length + (tag ? VLAN_HLEN : 0));

	if (tag)
		vlan_put(l2, afxdp_xsk_data(xsk, first->addr), meta->flags, meta->vlan_tci);
	around = begin_record(r, &p, tag ? l2 : NULL, tail, &tail_len);
	left = p.captured - (tag ? L2_BYTES : 0);
	for (uint32_t i = 0; i < descs && left; i++) {
		const struct xdp_desc *d = handover_desc(port, pos + i);
		const uint8_t *data = (uint8_t *)afxdp_xsk_data(xsk, d->addr) + skip;
		uint32_t n = d->len - skip < left ? d->len - skip : left;

		if (length <= COPY_MAX)
			pcap_file_copy(&r->file, data, n);
		else
			pcap_file_piece(&r->file, data, n);
		left -= n;
		skip = 0;
	}
	if (tail_len)
		pcap_file_copy(&r->file, tail, tail_len);
	pcap_file_end(&r->file, around + p.captured);
}

/* At most; a frame that is cut off still has its record's header. */
static uint64_t record_bytes(const struct pcap_records *r, uint32_t length)
{
	uint32_t snaplen = r->series.spec.snaplen;

	return (r->ng ? AROUND + r->reserve : sizeof(struct pcap_record) + L2_BYTES) +
	       (length < snaplen ? length : snaplen);
}

uint32_t pcap_records_collect(struct pcap_records *r, struct handover_port *p, uint32_t pos,
			      uint32_t n)
{
	uint32_t i = 0;

	while (i < n) {
		uint32_t descs = 1, length = handover_desc(p, pos + i)->len;

		while (handover_desc(p, pos + i + descs - 1)->options & XDP_PKT_CONTD) {
			if (i + descs == n)
				return i; /* the peek ended inside a frame */
			length += handover_desc(p, pos + i + descs++)->len;
		}
		if (!pcap_file_fits(&r->file, descs + 2,
				    AROUND + (length <= COPY_MAX ? length : 0)))
			break;
		r->full = pcap_series_full(&r->series, &r->file, record_bytes(r, length), r->now);
		if (r->full)
			break;
		add_record(r, p, pos + i, descs, length);
		i += descs;
	}
	return i;
}

int pcap_records_copy(void *arg, const struct afxdp_copied *c, const uint8_t *bytes)
{
	struct pcap_records *r = arg;
	uint32_t n = c->captured < r->series.spec.snaplen ? c->captured : r->series.spec.snaplen;
	bool tag = c->flags & AFXDP_META_VLAN_STRIP && n >= VLAN_TAG_OFFSET;
	uint32_t skip = tag ? VLAN_TAG_OFFSET : 0, more = tag ? VLAN_HLEN : 0, around, tail_len;
	uint8_t l2[L2_BYTES], tail[PCAPNG_TAIL_MAX];
	const struct pcapng_packet p = {
		.interface = r->interface,
		.ns = r->wall.offset + (int64_t)c->ns,
		.captured = n + more,
		.length = c->length + more,
		.queue = c->queue,
		.xdp_action = pcapng_xdp_action(AFXDP_CLASS_VERDICT(c->class)),
		.comment = r->ng ? comment(r, AFXDP_CLASS_RULE(c->class)) : NULL,
	};

	if (tag)
		vlan_put(l2, bytes, c->flags, c->vlan_tci);
	around = begin_record(r, &p, tag ? l2 : NULL, tail, &tail_len);
	pcap_file_copy(&r->file, bytes + skip, n - skip);
	if (tail_len)
		pcap_file_copy(&r->file, tail, tail_len);
	pcap_file_end(&r->file, around + p.captured);
	return !pcap_file_fits(&r->file, 2, AROUND + AFXDP_COPY_SNAP_MAX);
}
