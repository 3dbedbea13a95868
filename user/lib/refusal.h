/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* refusal.h - the kernel's own words on why it does not attach an XDP program. */
#ifndef AFXDP_REFUSAL_H
#define AFXDP_REFUSAL_H

#include <stddef.h>
#include <stdint.h>

/**
 * afxdp_refusal() - ask again for what was refused, in the way that is answered with words.
 * @flags: XDP_FLAGS_DRV_MODE or XDP_FLAGS_SKB_MODE.
 * @words: set to what the kernel says (netlink's extended acknowledgement), or to "".
 *
 * bpf_link_create() returns a number only. Should it not be refused this time, the program is taken
 * off again.
 */
void afxdp_refusal(unsigned int ifindex, int prog_fd, uint32_t flags, char *words, size_t size);

#endif
