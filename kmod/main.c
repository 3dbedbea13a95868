// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - the PCI driver: probe and remove, and register reads that notice a dead device.
 */
#include <linux/debugfs.h>
#include <linux/module.h>

#include "xnic.h"

static struct dentry *xnic_debugfs; /* /sys/kernel/debug/xnic */

/**
 * xnic_rd() - read a register. Not on the data path.
 * @ad: the port.
 * @reg: its offset.
 *
 * Return: its value; all ones if the device does not answer, which the control thread is then told
 * of; and all ones, without a look, from then on and while the port is asleep.
 */
u32 xnic_rd(struct xnic_adapter *ad, u32 reg)
{
	u8 __iomem *regs = READ_ONCE(ad->regs);
	u32 value;

	if (!regs)
		return ~0U;
	value = xnic_fault(ad, XNIC_FAULT_READ) ? ~0U : readl(regs + reg);
	/* No other register tells a dead device from an odd value. */
	if (unlikely(value == ~0U) &&
	    (xnic_fault(ad, XNIC_FAULT_READ) || readl(regs + XNIC_STATUS) == ~0U)) {
		WRITE_ONCE(ad->regs, NULL);
		if (ad->thread.domain)
			xnic_notify(ad, &ad->unplugged);
	}
	return value;
}

/** xnic_answers() - whether the device does. Also while it must not be touched otherwise. */
bool xnic_answers(struct xnic_adapter *ad)
{
	return !xnic_fault(ad, XNIC_FAULT_READ) && readl(ad->mapped + XNIC_STATUS) != ~0U;
}

static void xnic_init_queues(struct xnic_adapter *ad)
{
	unsigned int i;

	for (i = 0; i < XNIC_HW_QUEUES; i++) {
		struct xnic_queue *q = &ad->queue[i];

		q->ad = ad;
		q->index = i;
		q->usecs = XNIC_USECS_DEFAULT;
		INIT_WORK(&q->dim.work, xnic_dim_work);
		q->dim.mode = DIM_CQ_PERIOD_MODE_START_FROM_EQE;
		ad->rx[i].ad = ad;
		ad->rx[i].index = i;
		ad->tx[i].ad = ad;
		ad->tx[i].index = i;
		ad->tx[i].nq = netdev_get_tx_queue(ad->netdev, i);
		xnic_napi_add(ad->netdev, &q->napi, xnic_poll, i);
	}
}

static void xnic_del_queues(struct xnic_adapter *ad)
{
	unsigned int i;

	for (i = 0; i < XNIC_HW_QUEUES; i++)
		netif_napi_del(&ad->queue[i].napi);
}

/**
 * xnic_disable_aspm() - keep the link out of power states, which lose frames on this part
 * (specification update). May sleep.
 * @pdev: the card.
 *
 * In the registers themselves, for whatever the kernel thinks of it: firmware may keep it from
 * that, or set them anew while the machine sleeps. The lower end first.
 */
void xnic_disable_aspm(struct pci_dev *pdev)
{
	struct pci_dev *port = pci_upstream_bridge(pdev);

	pcie_capability_clear_word(pdev, PCI_EXP_LNKCTL, PCI_EXP_LNKCTL_ASPMC);
	if (port)
		pcie_capability_clear_word(port, PCI_EXP_LNKCTL, PCI_EXP_LNKCTL_ASPMC);
}

static int xnic_map(struct xnic_adapter *ad)
{
	struct pci_dev *pdev = ad->pdev;
	int err;

	err = pci_enable_device_mem(pdev);
	if (err)
		return err;
	pci_disable_link_state(pdev, PCIE_LINK_STATE_L0S | PCIE_LINK_STATE_L1);
	xnic_disable_aspm(pdev);
	err = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (err)
		goto disable;
	err = pci_request_mem_regions(pdev, XNIC_NAME);
	if (err)
		goto disable;
	ad->mapped = pci_ioremap_bar(pdev, XNIC_BAR_REGISTERS);
	if (!ad->mapped) {
		err = -ENOMEM;
		goto release;
	}
	/* What a reset of the slot makes the device forget. */
	pci_save_state(pdev);
	ad->config = pci_store_saved_state(pdev);
	if (!ad->config) {
		err = -ENOMEM;
		goto unmap;
	}
	ad->regs = ad->mapped;
	return 0;

unmap:
	iounmap(ad->mapped);
release:
	pci_release_mem_regions(pdev);
disable:
	pci_disable_device(pdev);
	return err;
}

static void xnic_unmap(struct xnic_adapter *ad)
{
	ad->regs = NULL;
	kfree(ad->config);
	iounmap(ad->mapped);
	pci_release_mem_regions(ad->pdev);
	pci_disable_device(ad->pdev);
}

static int xnic_init_device(struct xnic_adapter *ad)
{
	u8 addr[ETH_ALEN];
	int err;

	xnic_hw_stop(ad);
	err = xnic_hw_reset(ad);
	if (err)
		return dev_err_probe(&ad->pdev->dev, err, "the device does not answer\n");
	xnic_hw_forget_statistics(ad);
	if (xnic_rd(ad, XNIC_MANC) & XNIC_MANC_RECEIVE_TCO)
		dev_warn(
			&ad->pdev->dev,
			"a management controller receives through this port, and no filters are set up for it: leave the card to e1000e if that is used\n");
	xnic_hw_read_mac(ad, addr);
	if (is_valid_ether_addr(addr)) {
		eth_hw_addr_set(ad->netdev, addr);
	} else {
		eth_hw_addr_random(ad->netdev);
		dev_warn(&ad->pdev->dev, "no valid MAC address in the NVM (%pM), using %pM\n", addr,
			 ad->netdev->dev_addr);
	}
	ether_addr_copy(ad->netdev->perm_addr, ad->netdev->dev_addr);
	return 0;
}

static int xnic_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct net_device *netdev;
	struct xnic_adapter *ad;
	int err;

	netdev = alloc_etherdev_mq(sizeof(*ad), XNIC_HW_QUEUES);
	if (!netdev)
		return -ENOMEM;
	SET_NETDEV_DEV(netdev, &pdev->dev);
	ad = netdev_priv(netdev);
	ad->netdev = netdev;
	ad->pdev = pdev;
	mutex_init(&ad->mdio_lock);
	pci_set_drvdata(pdev, ad);

	err = xnic_map(ad);
	if (err)
		goto free_netdev;
	err = xnic_irq_alloc_vectors(ad);
	if (err)
		goto unmap;
	err = xnic_init_device(ad);
	if (err)
		goto free_vectors;

	ad->shape.pairs = ad->vectors > 1 ? XNIC_HW_QUEUES : 1;
	ad->shape.rx_count = XNIC_RING_DEFAULT;
	ad->shape.tx_count = XNIC_RING_DEFAULT;
	xnic_stats_init(ad);
	xnic_init_queues(ad);
	xnic_netdev_init(ad);
	err = netif_set_real_num_queues(netdev, ad->shape.pairs, ad->shape.pairs);
	if (err)
		goto del_queues;
	err = xnic_phy_attach(ad);
	if (err) {
		dev_err_probe(&pdev->dev, err, "no usable PHY\n");
		goto del_queues;
	}
	netif_carrier_off(netdev);
	err = xnic_control_start(ad);
	if (err)
		goto detach_phy;
	xnic_debugfs_add(ad, xnic_debugfs);
	err = register_netdev(netdev);
	if (err)
		goto remove_debugfs;
	netdev_info(netdev, "82574L, %u queue pairs, %s\n", ad->shape.pairs,
		    pdev->msix_enabled	? "MSI-X"
		    : pdev->msi_enabled ? "MSI"
					: "interrupt line");
	return 0;

remove_debugfs:
	xnic_debugfs_remove(ad);
	xnic_control_stop(ad);
detach_phy:
	xnic_phy_detach(ad);
del_queues:
	xnic_del_queues(ad);
free_vectors:
	xnic_irq_free_vectors(ad);
unmap:
	xnic_unmap(ad);
free_netdev:
	free_netdev(netdev);
	return err;
}

static void xnic_remove(struct pci_dev *pdev)
{
	struct xnic_adapter *ad = pci_get_drvdata(pdev);

	/* First the kernel's callers (this closes the port), then the thread that serves them. */
	unregister_netdev(ad->netdev);
	xnic_debugfs_remove(ad);
	xnic_control_stop(ad);
	xnic_phy_detach(ad);
	xnic_del_queues(ad);
	if (ad->regs) {
		xnic_hw_stop(ad);
		xnic_hw_reset(ad);
	}
	xnic_irq_free_vectors(ad);
	xnic_recovery_leave(ad);
	xnic_unmap(ad);
	free_netdev(ad->netdev);
}

static const struct pci_device_id xnic_devices[] = {
	{ PCI_DEVICE(XNIC_VENDOR_INTEL, XNIC_DEVICE_82574L) }, {}
};
MODULE_DEVICE_TABLE(pci, xnic_devices);

static struct pci_driver xnic_driver = {
	.name = XNIC_NAME,
	.id_table = xnic_devices,
	.probe = xnic_probe,
	.remove = xnic_remove,
	.shutdown = xnic_shutdown,
	.err_handler = &xnic_error_handlers,
	.driver.pm = pm_sleep_ptr(&xnic_pm_ops),
};

static int __init xnic_init(void)
{
	int err;

	xnic_debugfs = debugfs_create_dir(XNIC_NAME, NULL);
	err = pci_register_driver(&xnic_driver);
	if (err)
		debugfs_remove_recursive(xnic_debugfs);
	return err;
}
module_init(xnic_init);

static void __exit xnic_exit(void)
{
	pci_unregister_driver(&xnic_driver);
	debugfs_remove_recursive(xnic_debugfs);
}
module_exit(xnic_exit);

MODULE_DESCRIPTION("Intel 82574L (e1000e) driver with native XDP and AF_XDP zero-copy");
MODULE_LICENSE("GPL");
