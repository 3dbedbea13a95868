/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * faults.h - faults on demand, for tests: compiled in with XNIC_FAULTS=1 only, and then knobs in
 * debugfs, xnic/PCI-ADDRESS/faults/ (faults.c).
 */
#ifndef XNIC_FAULTS_H
#define XNIC_FAULTS_H

struct xnic_adapter;

enum xnic_fault {
	XNIC_FAULT_DMA,	 /* the next so many DMA mappings fail */
	XNIC_FAULT_PAGE, /* the next so many page allocations of receive rings fail */
	XNIC_FAULT_IRQ,	 /* the next so many interrupts of queue pairs are swallowed */
	XNIC_FAULT_READ, /* the next so many register reads give ones, as if nobody was there */
	XNIC_FAULT_DIM,	 /* the next so many works of adaptive moderation stall for a second */
	XNIC_FAULT_LOST, /* at the next so many PCI errors, reads begin to give ones */
	XNIC_FAULT_BACK, /* at the next so many resets of the slot, they cease to */
	XNIC_FAULTS_N
};

#ifdef XNIC_FAULTS
#include <linux/atomic.h>
#include <linux/delay.h>

struct xnic_faults {
	atomic_t left[XNIC_FAULTS_N];
};

void xnic_faults_add(struct xnic_adapter *ad);

/** xnic_fault_hits() - whether the operation about to be done is to fail. Any context. */
static inline bool xnic_fault_hits(struct xnic_faults *faults, enum xnic_fault which)
{
	return unlikely(atomic_read(&faults->left[which]) > 0) &&
	       atomic_dec_if_positive(&faults->left[which]) >= 0;
}

#define xnic_fault(ad, which) xnic_fault_hits(&(ad)->faults, which)
#define xnic_fault_stall(ad, which)        \
	do {                               \
		if (xnic_fault(ad, which)) \
			msleep(1000);      \
	} while (0)

/* A reset makes the device forget its counters. QEMU before 8.0 keeps them: the driver helps. */
#define XNIC_RESET_FORGETS true

static inline void xnic_fault_turn(struct xnic_faults *faults, enum xnic_fault which, int reads)
{
	if (xnic_fault_hits(faults, which))
		atomic_set(&faults->left[XNIC_FAULT_READ], reads);
}

#define xnic_fault_channel_lost(ad) xnic_fault_turn(&(ad)->faults, XNIC_FAULT_LOST, INT_MAX)
#define xnic_fault_channel_back(ad) xnic_fault_turn(&(ad)->faults, XNIC_FAULT_BACK, 0)
#else
struct xnic_faults {
};

#define XNIC_RESET_FORGETS	    false
#define xnic_faults_add(ad)	    ((void)(ad))
#define xnic_fault(ad, which)	    ((void)(ad), (void)(which), false)
#define xnic_fault_stall(ad, which) ((void)(ad), (void)(which))
#define xnic_fault_channel_lost(ad) ((void)(ad))
#define xnic_fault_channel_back(ad) ((void)(ad))
#endif

#endif
