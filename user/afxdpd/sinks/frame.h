/* SPDX-License-Identifier: GPL-2.0-only */
/* frame.h - what sinks do to frames in their UMEM chunk: look at the room in front of them, put a
 * stripped VLAN tag back. */
#ifndef AFXDP_SINK_FRAME_H
#define AFXDP_SINK_FRAME_H

#include "../sink.h"
#include "vlan.h"

/** frame_headroom() - bytes between the start of the chunk and @addr. */
static inline uint32_t frame_headroom(const struct afxdp_xsk *xsk, uint64_t addr)
{
	return addr & ~xsk->chunk_mask;
}

/** frame_meta() - the metadata of the frame at @addr, or NULL if there is none. */
static inline const struct afxdp_meta *frame_meta(const struct afxdp_xsk *xsk, uint64_t addr)
{
	const struct afxdp_meta *meta;

	if (frame_headroom(xsk, addr) < sizeof(*meta))
		return NULL;
	meta = afxdp_xsk_meta(xsk, addr);
	return (meta->flags & AFXDP_META_MAGIC_MASK) == AFXDP_META_MAGIC ? meta : NULL;
}

/**
 * frame_restore_vlan() - make the tag that the device stripped part of the frame at @d again, so
 * that it leaves with the frame.
 *
 * Where metadata says that there was a tag there is room for it: the metadata's own.
 */
static inline void frame_restore_vlan(const struct afxdp_xsk *xsk, struct xdp_desc *d)
{
	const struct afxdp_meta *meta = frame_meta(xsk, d->addr);
	uint8_t *frame = afxdp_xsk_data(xsk, d->addr);

	if (!meta || !(meta->flags & AFXDP_META_VLAN_STRIP) || d->len < VLAN_TAG_OFFSET)
		return;
	vlan_put(frame - VLAN_HLEN, frame, meta->flags, meta->vlan_tci);
	d->addr -= VLAN_HLEN;
	d->len += VLAN_HLEN;
}

/** frame_descs() - descriptors of the frame that begins at @desc. @rest: set to the bytes in all
 * but the first. */
static inline uint32_t frame_descs(const struct xdp_desc *desc, uint32_t *rest)
{
	uint32_t n = 1;

	for (*rest = 0; desc[n - 1].options & XDP_PKT_CONTD; n++)
		*rest += desc[n].len;
	return n;
}

/** frames_whole() - of @n descriptors, how many make up whole frames. */
static inline uint32_t frames_whole(const struct xdp_desc *desc, uint32_t n)
{
	while (n && desc[n - 1].options & XDP_PKT_CONTD)
		n--;
	return n;
}

/** frames_count() - how many frames end within @n descriptors. */
static inline uint32_t frames_count(const struct xdp_desc *desc, uint32_t n)
{
	uint32_t frames = 0;

	for (uint32_t i = 0; i < n; i++)
		frames += !(desc[i].options & XDP_PKT_CONTD);
	return frames;
}

#endif
