// SPDX-License-Identifier: GPL-2.0-only
/*
 * faults.c - the knobs of faults.h. Writing N to fail_dma, fail_page, swallow_irq or fail_read
 * makes the next N of these fail, to stall_dim the next N works of adaptive moderation slow; N to
 * lost_at_error makes reads fail from each of the next N PCI errors on, N to back_at_reset makes
 * that end at each of the next N resets of the slot; 1 to freeze_tx stops the transmitter under the
 * stack's nose, so that its watchdog fires; delay_MAILBOX holds every message of that mailbox up
 * for so many milliseconds.
 */
#include <linux/debugfs.h>

#include "xnic.h"

static int freeze(struct xnic_adapter *ad, void *on)
{
	if (ad->state != XNIC_OPENED)
		return -ENETDOWN;
	xnic_hw_tx_control(ad, !*(u64 *)on);
	return 0;
}

static int freeze_tx_set(void *ad, u64 on)
{
	return xnic_call_run(ad, freeze, &on);
}
DEFINE_DEBUGFS_ATTRIBUTE(freeze_tx_fops, NULL, freeze_tx_set, "%llu\n");

void xnic_faults_add(struct xnic_adapter *ad)
{
	struct dentry *dir = debugfs_create_dir("faults", ad->debugfs);

	debugfs_create_atomic_t("fail_dma", 0600, dir, &ad->faults.left[XNIC_FAULT_DMA]);
	debugfs_create_atomic_t("fail_page", 0600, dir, &ad->faults.left[XNIC_FAULT_PAGE]);
	debugfs_create_atomic_t("swallow_irq", 0600, dir, &ad->faults.left[XNIC_FAULT_IRQ]);
	debugfs_create_atomic_t("fail_read", 0600, dir, &ad->faults.left[XNIC_FAULT_READ]);
	debugfs_create_atomic_t("stall_dim", 0600, dir, &ad->faults.left[XNIC_FAULT_DIM]);
	debugfs_create_atomic_t("lost_at_error", 0600, dir, &ad->faults.left[XNIC_FAULT_LOST]);
	debugfs_create_atomic_t("back_at_reset", 0600, dir, &ad->faults.left[XNIC_FAULT_BACK]);
	debugfs_create_file_unsafe("freeze_tx", 0200, dir, ad, &freeze_tx_fops);
	debugfs_create_u32("delay_requests", 0600, dir, &ad->requests.delay_ms);
	debugfs_create_u32("delay_events", 0600, dir, &ad->events.delay_ms);
}
