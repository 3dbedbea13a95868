/* SPDX-License-Identifier: GPL-2.0-only */
#include "pcap_records.h"

#include "frame.h"

/*
 * Frames up to this size are gathered. Measured into tmpfs, ns a frame, copied / as a piece of its
 * own: 60 bytes 38 / 83, 128 bytes 120 / 298, 512 bytes 406 / 508, 1024 bytes 760 / 928, 1500 bytes
 * 1112 / 1096. Lower wastes the difference, higher the cache.
 */
#define COPY_MAX 1024

/* What goes in front of a frame's bytes: the record's header and, if a VLAN tag must be put back,
 * the MAC addresses and the tag. */
struct head {
	struct pcap_record record;
	uint8_t l2[VLAN_TAG_OFFSET + VLAN_HLEN];
};

/* A frame that was not stamped gets the time at which it was found. */
static uint64_t wall_ns(const struct pcap_records *r, const struct afxdp_meta *meta)
{
	return r->wall.offset +
	       (int64_t)(meta && meta->flags & AFXDP_META_RX_NS ? meta->rx_ns : r->now);
}

/*
 * Start the record of a frame of @length bytes with all that comes before its own bytes.
 * @skip: set to how many of these are in the record already.
 *
 * Return: the record's bytes.
 */
static uint32_t begin_record(struct pcap_records *r, const struct afxdp_xsk *xsk,
			     const struct xdp_desc *first, uint32_t length, uint32_t *skip)
{
	const struct afxdp_meta *meta = frame_meta(xsk, first->addr);
	uint64_t ns = wall_ns(r, meta);
	struct head head = {
		.record = { .sec = ns / NS_PER_S, .nsec = ns % NS_PER_S },
	};

	*skip = 0;
	if (meta && meta->flags & AFXDP_META_VLAN_STRIP && first->len >= VLAN_TAG_OFFSET) {
		vlan_put(head.l2, afxdp_xsk_data(xsk, first->addr), meta->flags, meta->vlan_tci);
		*skip = VLAN_TAG_OFFSET;
		length += VLAN_HLEN;
	}
	head.record.captured = length < r->series.spec.snaplen ? length : r->series.spec.snaplen;
	head.record.length = length;
	pcap_file_copy(&r->file, &head, *skip ? sizeof(head) : sizeof(head.record));
	return sizeof(head.record) + head.record.captured;
}

/* One frame of @descs descriptors from @pos on, @length bytes together. */
static void add_record(struct pcap_records *r, struct handover_port *p, uint32_t pos,
		       uint32_t descs, uint32_t length)
{
	uint32_t skip, bytes, left;

	bytes = begin_record(r, p->port.xsk, handover_desc(p, pos), length, &skip);
	left = bytes - sizeof(struct pcap_record) - (skip ? sizeof(((struct head *)0)->l2) : 0);
	for (uint32_t i = 0; i < descs && left; i++) {
		const struct xdp_desc *d = handover_desc(p, pos + i);
		const uint8_t *data = (uint8_t *)afxdp_xsk_data(p->port.xsk, d->addr) + skip;
		uint32_t n = d->len - skip < left ? d->len - skip : left;

		if (length <= COPY_MAX)
			pcap_file_copy(&r->file, data, n);
		else
			pcap_file_piece(&r->file, data, n);
		left -= n;
		skip = 0;
	}
	pcap_file_end(&r->file, bytes);
}

/* At most; a frame that is cut off still has its record's header. */
static uint64_t record_bytes(const struct pcap_records *r, uint32_t length)
{
	uint32_t snaplen = r->series.spec.snaplen;

	return sizeof(struct head) + (length < snaplen ? length : snaplen);
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
		if (!pcap_file_fits(&r->file, descs + 1,
				    sizeof(struct head) + (length <= COPY_MAX ? length : 0)))
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
	uint64_t ns = r->wall.offset + (int64_t)c->ns;
	uint32_t n = c->captured < r->series.spec.snaplen ? c->captured : r->series.spec.snaplen;
	struct head head = { .record = { ns / NS_PER_S, ns % NS_PER_S, n, c->length } };
	bool tag = c->flags & AFXDP_META_VLAN_STRIP && n >= VLAN_TAG_OFFSET;
	uint32_t skip = tag ? VLAN_TAG_OFFSET : 0;

	if (tag) {
		vlan_put(head.l2, bytes, c->flags, c->vlan_tci);
		head.record.captured += VLAN_HLEN;
		head.record.length += VLAN_HLEN;
	}
	pcap_file_copy(&r->file, &head, tag ? sizeof(head) : sizeof(head.record));
	pcap_file_copy(&r->file, bytes + skip, n - skip);
	pcap_file_end(&r->file, sizeof(head.record) + head.record.captured);
	return !pcap_file_fits(&r->file, 2, sizeof(head) + AFXDP_COPY_SNAP_MAX);
}
