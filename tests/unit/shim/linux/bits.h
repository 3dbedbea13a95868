/* SPDX-License-Identifier: GPL-2.0-only */
/* linux/bits.h for user space. */
#ifndef AFXDP_LINUX_BITS_H
#define AFXDP_LINUX_BITS_H

#define BIT(n)		   (1UL << (n))
#define GENMASK(high, low) ((~0UL << (low)) & (~0UL >> (63 - (high))))

#endif
