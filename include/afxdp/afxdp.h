/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * afxdp.h - libafxdp, all of it.
 *
 *	xsk.h		an AF_XDP socket with its UMEM and rings
 *	prog.h		the XDP program: load, attach, claim queues, count, detach
 *	rules.h		rules in tcpdump's language, compiled into the program
 *	account.h	the ledger as people see it, and its identities
 *	hist.h		log-linear histogram
 *	knobs.h		NAPI settings for busy polling, always put back
 *	nic.h		what a device is and counts
 *	checksum.h	checksums that senders leave to their devices
 *	ring.h, mailbox.h, post.h	rings, pools and mailboxes for threads
 *	abi.h		names shared with the program and its maps
 *
 * Functions return 0 or -errno and print nothing. An object belongs to one thread at a time.
 *
 * A receive loop, without the errors (tests/netns/library.c has them all):
 *
 *	afxdp_prog_load(&prog, &(struct afxdp_prog_config){ .ifname = "eth1", .ifindex = i,
 *		.queues = 1, .run = { .default_verdict = AFXDP_CAPTURE } });
 *	afxdp_xsk_open(&xsk, &(struct afxdp_xsk_config){ .ifindex = i, .frames = 4096,
 *		.frame_size = 2048, .ring = 2048 }, &why);
 *	afxdp_prog_claim(&prog, 0, xsk.fd);
 *	afxdp_prog_attach(&prog);
 *	for (;;) {
 *		uint32_t pos, n = afxdp_cons_peek(&xsk.rx, 64, &pos);
 *		uint64_t back[64];
 *
 *		for (uint32_t k = 0; k < n; k++) {
 *			const struct xdp_desc *d = &xsk.rx_desc[(pos + k) & xsk.rx.mask];
 *
 *			use(afxdp_xsk_data(&xsk, d->addr), d->len);
 *			back[k] = d->addr;
 *		}
 *		afxdp_cons_release(&xsk.rx, n);
 *		afxdp_xsk_refill(&xsk, back, n);
 *	}
 */
#ifndef AFXDP_AFXDP_H
#define AFXDP_AFXDP_H

#include "abi.h"
#include "account.h"
#include "checksum.h"
#include "hist.h"
#include "knobs.h"
#include "mailbox.h"
#include "nic.h"
#include "post.h"
#include "prog.h"
#include "ring.h"
#include "rules.h"
#include "xsk.h"

#endif
