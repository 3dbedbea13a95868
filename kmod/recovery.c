// SPDX-License-Identifier: GPL-2.0-only
/*
 * recovery.c - the port asleep and awake again: power management, PCI error recovery, resets
 * through sysfs, shutdown. All the same two steps.
 *
 * The PCI core calls each of these with the device's lock held, so they never run at once; but they
 * may interleave (an error while the machine is suspended, a reset by hand between an error and its
 * recovery), and of an error recovery that fails it calls the first step only. So nothing is left
 * waiting between the two: the control thread goes on serving, in a state that does not touch the
 * device; and the port wakes once the last reason to sleep is gone.
 */
#include <linux/rtnetlink.h>

#include "xnic.h"

/* What brings back a port of which the kernel has given up; for messages. */
#define XNIC_ADVICE "reset it (echo 1 >/sys/bus/pci/devices/%s/reset), or remove it and rescan"

static void recovery_sleep(struct xnic_adapter *ad, unsigned int why)
{
	struct xnic_call call;

	ad->why_asleep |= why;
	rtnl_lock();
	xnic_call(ad, &call, XNIC_MSG_SUSPEND);
	rtnl_unlock();
	msleep(XNIC_IRQ_SETTLE_MS);
}

/* Return: 0, also if there is another reason to sleep on, or none to wake from; -ENODEV if the
 * device does not answer. */
static int recovery_wake(struct xnic_adapter *ad, unsigned int why)
{
	struct xnic_call call;
	int err;

	if (!(ad->why_asleep & why))
		return 0;
	ad->why_asleep &= ~why;
	if (ad->why_asleep)
		return 0;
	xnic_disable_aspm(ad->pdev);
	rtnl_lock();
	err = xnic_call(ad, &call, XNIC_MSG_RESUME);
	rtnl_unlock();
	if (err)
		netdev_err(ad->netdev,
			   "the device does not answer (%d), stays down: " XNIC_ADVICE "\n", err,
			   pci_name(ad->pdev));
	return err;
}

/* Give the device back what a reset took from it. Return: 0, -errno if it cannot be had, or does
 * not answer. */
static int recovery_restore(struct xnic_adapter *ad)
{
	struct pci_dev *pdev = ad->pdev;
	int err = pci_load_saved_state(pdev, ad->config);

	if (err)
		return err;
	pci_restore_state(pdev);
	pci_clear_master(pdev); /* until xnic_hw_reset() */
	err = pci_reenable_device(pdev);
	if (err)
		return err;
	return xnic_answers(ad) ? 0 : -ENODEV;
}

/** xnic_recovery_leave() - before the driver leaves the device: to whoever binds to it next it is
 * to be as it was, although a recovery may have ended behind the reset. */
void xnic_recovery_leave(struct xnic_adapter *ad)
{
	if (ad->why_asleep & XNIC_WHY_ERROR && pci_device_is_present(ad->pdev))
		recovery_restore(ad);
}

/* ---- power management ---- */

static int xnic_suspend(struct device *dev)
{
	recovery_sleep(dev_get_drvdata(dev), XNIC_WHY_SUSPEND);
	return 0;
}

static int xnic_resume(struct device *dev)
{
	return recovery_wake(dev_get_drvdata(dev), XNIC_WHY_SUSPEND);
}

DEFINE_SIMPLE_DEV_PM_OPS(xnic_pm_ops, xnic_suspend, xnic_resume);

/** xnic_shutdown() - the machine is going down, or another kernel will be started. */
void xnic_shutdown(struct pci_dev *pdev)
{
	recovery_sleep(pci_get_drvdata(pdev), XNIC_WHY_SHUTDOWN);
	pci_disable_device(pdev);
}

/* ---- PCI errors ---- */

/* Non-fatal ones too end in a reset: a transaction was lost, and what the device makes of that
 * nobody knows. (e1000e does the same.) */
static pci_ers_result_t xnic_error_detected(struct pci_dev *pdev, pci_channel_state_t state)
{
	struct xnic_adapter *ad = pci_get_drvdata(pdev);

	/* Its registers may be out of reach, and it alive: it must not write to memory that is
	 * about to be given back. */
	if (state != pci_channel_io_normal)
		pci_clear_master(pdev);
	if (state == pci_channel_io_perm_failure) {
		WRITE_ONCE(ad->regs, NULL);
		recovery_sleep(ad, XNIC_WHY_ERROR);
		netdev_err(
			ad->netdev,
			"the kernel has given the slot up, stays down: power it off and on, or move the card\n");
		return PCI_ERS_RESULT_DISCONNECT;
	}
	netdev_err(ad->netdev,
		   "%s PCI error, stopped until the slot is recovered; if it is not: " XNIC_ADVICE
		   "\n",
		   state == pci_channel_io_normal ? "non-fatal" : "fatal", pci_name(pdev));
	xnic_fault_channel_lost(ad);
	recovery_sleep(ad, XNIC_WHY_ERROR);
	return PCI_ERS_RESULT_NEED_RESET;
}

/* The slot has been reset (or, after a non-fatal error, might have been). */
static pci_ers_result_t xnic_slot_reset(struct pci_dev *pdev)
{
	struct xnic_adapter *ad = pci_get_drvdata(pdev);
	int err;

	/* It may have been woken since, by a reset by hand. */
	if (!(ad->why_asleep & XNIC_WHY_ERROR))
		recovery_sleep(ad, XNIC_WHY_ERROR);
	xnic_fault_channel_back(ad);
	err = recovery_restore(ad);
	if (!err)
		return PCI_ERS_RESULT_RECOVERED;
	netdev_err(
		ad->netdev,
		"no answer from the device after its slot was reset (%d), stays down: " XNIC_ADVICE
		"\n",
		err, pci_name(pdev));
	return PCI_ERS_RESULT_DISCONNECT;
}

static void xnic_error_resume(struct pci_dev *pdev)
{
	struct xnic_adapter *ad = pci_get_drvdata(pdev);

	if (!recovery_wake(ad, XNIC_WHY_ERROR))
		netdev_info(ad->netdev, "recovered from the PCI error\n");
}

/* ---- resets by hand (sysfs), or by another driver of the slot ---- */

static void xnic_reset_prepare(struct pci_dev *pdev)
{
	recovery_sleep(pci_get_drvdata(pdev), XNIC_WHY_RESET);
}

/* Cures an error that the kernel could not recover from: the core has restored what it found before
 * this reset, which may have been what a former one left. Called even if the reset failed. */
static void xnic_reset_done(struct pci_dev *pdev)
{
	struct xnic_adapter *ad = pci_get_drvdata(pdev);

	xnic_fault_channel_back(ad);
	recovery_restore(ad); /* if that fails, so does waking */
	recovery_wake(ad, XNIC_WHY_RESET | XNIC_WHY_ERROR);
}

const struct pci_error_handlers xnic_error_handlers = {
	.error_detected = xnic_error_detected,
	.slot_reset = xnic_slot_reset,
	.resume = xnic_error_resume,
	.reset_prepare = xnic_reset_prepare,
	.reset_done = xnic_reset_done,
};
