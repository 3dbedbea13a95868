/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* nic_parts.h - what nic.c and nic_tx.c know of each other. */
#ifndef AFXDP_NIC_PARTS_H
#define AFXDP_NIC_PARTS_H

#include "nic.h"

/* nic.c: SIOCETHTOOL. Return: 0 or -errno. */
int nic_ethtool(int fd, const char *name, void *command);

/* nic_tx.c: what the driver of @name counts of XDP_TX. */
void nic_xdp_tx(const char *name, struct afxdp_nic_stats *stats);

#endif
