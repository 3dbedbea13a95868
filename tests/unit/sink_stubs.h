/* SPDX-License-Identifier: GPL-2.0-only */
/* sink_stubs.h - what sinks call of xsk.c and nic.c, for tests without a kernel's socket. Define
 * SINK_OWN_WAKE before it to have a wake-up of your own. */
#ifndef AFXDP_SINK_STUBS_H
#define AFXDP_SINK_STUBS_H

#include <errno.h>
#include "nic.h"
#include "sink.h"

#ifndef SINK_OWN_WAKE
int afxdp_xsk_wake_tx(struct afxdp_xsk *xsk)
{
	(void)xsk;
	return 0;
}
#endif

int afxdp_xsk_open_shared(struct afxdp_xsk *xsk, const struct afxdp_xsk *owner,
			  unsigned int ifindex, uint32_t queue, const char **why)
{
	(void)owner;
	(void)ifindex;
	(void)queue;
	xsk->fd = -1;
	*why = "this is a test";
	return -EOPNOTSUPP;
}

int afxdp_nic_stats(unsigned int ifindex, struct afxdp_nic_stats *stats)
{
	(void)ifindex;
	(void)stats;
	return -ENODEV;
}

void afxdp_xsk_close(struct afxdp_xsk *xsk)
{
	(void)xsk;
}

#endif
