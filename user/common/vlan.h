/* SPDX-License-Identifier: GPL-2.0-only */
/* vlan.h - a VLAN tag that the device took off, back into its frame. */
#ifndef AFXDP_VLAN_H
#define AFXDP_VLAN_H

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <stdint.h>
#include <string.h>
#include <afxdp/abi.h>

#define VLAN_HLEN	4
#define VLAN_TAG_OFFSET (2 * ETH_ALEN)

/**
 * vlan_put() - write both MAC addresses of @frame and the tag that @flags (AFXDP_META_*) and @tci
 * tell of to @to, which may be @frame - VLAN_HLEN: the frame then has its tag again, without its
 * other bytes having moved.
 */
static inline void vlan_put(uint8_t *to, const uint8_t *frame, uint32_t flags, uint16_t tci)
{
	const uint16_t type = flags & AFXDP_META_VLAN_AD ? ETH_P_8021AD : ETH_P_8021Q;
	const uint16_t tag[2] = { htons(type), htons(tci) };

	memmove(to, frame, VLAN_TAG_OFFSET);
	memcpy(to + VLAN_TAG_OFFSET, tag, sizeof(tag));
}

#endif
