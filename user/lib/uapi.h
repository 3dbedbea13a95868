/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * uapi.h - kernel interface constants that Debian 12's headers (6.1) lack. What the running kernel
 * really has is found out by trying, never from these.
 */
#ifndef AFXDP_UAPI_H
#define AFXDP_UAPI_H

#include <sys/socket.h>
#include <linux/bpf.h>
#include <linux/if_xdp.h>

#ifndef AF_XDP
#define AF_XDP 44
#endif
#ifndef SOL_XDP
#define SOL_XDP 283
#endif
#ifndef SO_BUSY_POLL
#define SO_BUSY_POLL 46
#endif
#ifndef SO_PREFER_BUSY_POLL
#define SO_PREFER_BUSY_POLL 69
#endif
#ifndef SO_BUSY_POLL_BUDGET
#define SO_BUSY_POLL_BUDGET 70
#endif
#ifndef XDP_USE_SG /* 6.6 */
#define XDP_USE_SG (1 << 4)
#endif
#ifndef XDP_PKT_CONTD /* 6.6 */
#define XDP_PKT_CONTD (1 << 0)
#endif
#ifndef BPF_F_XDP_DEV_BOUND_ONLY /* 6.3 */
#define BPF_F_XDP_DEV_BOUND_ONLY (1U << 6)
#endif

#endif
