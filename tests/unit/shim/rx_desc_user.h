/* SPDX-License-Identifier: GPL-2.0-only */
/* rx_desc_user.h - what kmod/rx_desc.h and kmod/hw.h ask of a kernel, for user space. */
#ifndef AFXDP_RX_DESC_USER_H
#define AFXDP_RX_DESC_USER_H

#include <endian.h>
#include <linux/if_ether.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>

typedef uint64_t u64;
typedef uint32_t u32;
typedef uint16_t u16;
typedef uint8_t u8;

#define MAX_SKB_FRAGS  17 /* CONFIG_MAX_SKB_FRAGS' default */
#define READ_ONCE(x)   (*(const volatile __typeof__(x) *)&(x))
#define le32_to_cpu(x) le32toh(x)
#define le16_to_cpu(x) le16toh(x)
#define dma_rmb()      __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define unlikely(x)    __builtin_expect(!!(x), 0)
#undef __always_inline
#define __always_inline inline __attribute__((__always_inline__))

#endif
