/* SPDX-License-Identifier: GPL-2.0-only */
/* forward_spec.h - what stands behind `forward:`: an interface, and MAC addresses to be put into
 * the frames that leave by it. */
#ifndef AFXDP_SINK_FORWARD_SPEC_H
#define AFXDP_SINK_FORWARD_SPEC_H

#include <linux/if_ether.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct forward_spec {
	char ifname[IF_NAMESIZE];
	bool set_dst, set_src;
	uint8_t dst[ETH_ALEN], src[ETH_ALEN];
};

/**
 * forward_spec_parse() - IFACE[,dst=MAC][,src=MAC].
 * @why: one line when it fails (size @size).
 *
 * Return: 0 or -EINVAL.
 */
int forward_spec_parse(struct forward_spec *spec, const char *arg, char *why, size_t size);

/** forward_rewrite() - the addresses of the frame of @len contiguous bytes at @frame become those of
 * @spec, where it has any. */
static inline void forward_rewrite(const struct forward_spec *spec, uint8_t *frame, uint32_t len)
{
	if (len < ETH_HLEN)
		return;
	if (spec->set_dst)
		memcpy(frame, spec->dst, ETH_ALEN);
	if (spec->set_src)
		memcpy(frame + ETH_ALEN, spec->src, ETH_ALEN);
}

#endif
