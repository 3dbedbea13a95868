// SPDX-License-Identifier: GPL-2.0-only
/*
 * port.c - the whole port up and down. Run by the control thread (control.c) alone.
 *
 * xnic_port_acquire() and _release() take and give what an open port holds: memory, interrupts.
 * xnic_port_up() and _down() start and stop the device on it, cannot fail, and are what everything
 * else is made of: reset, resume, a change of MTU or of ring sizes.
 */
#include "xnic.h"

/* ---- what an open port holds ---- */

static void port_map_queues(struct xnic_adapter *ad, bool map)
{
	unsigned int i;

	for (i = 0; i < ad->shape.pairs; i++) {
		struct napi_struct *napi = map ? &ad->queue[i].napi : NULL;

		netif_queue_set_napi(ad->netdev, i, NETDEV_QUEUE_TYPE_RX, napi);
		netif_queue_set_napi(ad->netdev, i, NETDEV_QUEUE_TYPE_TX, napi);
	}
}

/**
 * xnic_port_acquire() - memory and interrupts for ad->shape. The caller of the control thread holds
 * rtnl.
 * @ad: the port.
 *
 * Return: 0, or -errno and nothing is held.
 */
int xnic_port_acquire(struct xnic_adapter *ad)
{
	struct xnic_mem mem;
	int err;

	err = xnic_mem_alloc(ad, &ad->shape, &mem);
	if (err)
		return err;
	err = xnic_irq_request(ad);
	if (err)
		goto free_mem;
	xnic_mem_swap(ad, &mem);
	port_map_queues(ad, true);
	return 0;

free_mem:
	xnic_mem_free(ad, &mem);
	return err;
}

/** xnic_port_release() - undo xnic_port_acquire(). The port is down; rtnl as there. */
void xnic_port_release(struct xnic_adapter *ad)
{
	struct xnic_mem mem = { .shape = ad->shape };

	port_map_queues(ad, false);
	xnic_mem_swap(ad, &mem);
	xnic_irq_free(ad);
	xnic_mem_free(ad, &mem);
}

/* ---- up and down ---- */

/* The buffer size that suits the MTU and every buffer the device may be given. */
static u32 port_rx_buffer(const struct xnic_adapter *ad)
{
	u32 room = XNIC_PAGE_ROOM, frame = ad->mtu + XNIC_L2_OVERHEAD;
	unsigned int i;

	for (i = 0; i < ad->shape.pairs; i++)
		if (ad->rx[i].pool)
			room = min(room, xsk_pool_get_rx_frame_size(ad->rx[i].pool));
	/* The device itself drops what is longer than that as long as RCTL.LPE is off, so it may be
	 * told that buffers are larger than they are: a frame is then never cut in two. */
	if (ad->mtu <= ETH_DATA_LEN && room >= XNIC_SHORT_MAX)
		return round_up(frame, XNIC_RX_BUFFER_STEP);
	return clamp(round_down(room, XNIC_RX_BUFFER_STEP), XNIC_RX_BUFFER_MIN, XNIC_RX_BUFFER_MAX);
}

/* Start the device on the rings there are. It has been reset, and the receiver is off. */
static void port_start(struct xnic_adapter *ad)
{
	unsigned int i;

	for (i = 0; i < ad->shape.pairs; i++)
		xnic_pair_start(ad, i);
	/* The watchdog looks at all queues: one that is not in use must not look stuck. */
	for (; i < XNIC_HW_QUEUES; i++)
		netif_tx_start_queue(ad->tx[i].nq);
	xnic_hw_tx_control(ad, true);
	xnic_hw_rx_control(ad, true);
	for (i = 0; i < ad->shape.pairs; i++)
		xnic_pair_kick(ad, i);
	xnic_irq_enable_other(ad);
}

static void port_setup(struct xnic_adapter *ad)
{
	ad->rx_buffer = port_rx_buffer(ad);
	if (!xnic_hw_fits(ad)) /* another MTU since the last reset */
		xnic_hw_reset(ad);
	xnic_hw_setup(ad);
	xnic_irq_setup(ad);
}

/** xnic_port_up() - start the device, which has been reset, on the rings there are. Cannot fail. */
void xnic_port_up(struct xnic_adapter *ad)
{
	unsigned int i;

	port_setup(ad);
	for (i = 0; i < XNIC_HW_QUEUES; i++) {
		/* Writing the tail while the receiver is off makes QEMU drop frames that have
		 * waited for a receiver since the port was last up; a device would have dropped
		 * them as they came. */
		xnic_wr(ad, XNIC_RDT(i), 0);
		ad->rx[i].rung = 0;
	}
	port_start(ad);
}

/** xnic_port_up_again() - the same after a moment only: what has waited under QEMU is received. */
void xnic_port_up_again(struct xnic_adapter *ad)
{
	port_setup(ad);
	port_start(ad);
}

/* Not the channel's state alone: of a recovery that failed it goes on telling after the port was
 * woken by a reset by hand. */
static bool port_out_of_reach(const struct xnic_adapter *ad)
{
	return !READ_ONCE(ad->regs) ||
	       (READ_ONCE(ad->why_asleep) & XNIC_WHY_ERROR && pci_channel_offline(ad->pdev));
}

/**
 * xnic_port_down() - stop the device and reset it; link and rings stay. Mirrors xnic_port_up().
 * @ad: the port.
 *
 * Intel's datasheet wants the rings' registers written after a reset only, before receiver and
 * transmitter are enabled: else descriptors that the device has fetched may live on. So nothing is
 * given back before the reset, or, if the device is out of reach, before it is no bus master.
 */
void xnic_port_down(struct xnic_adapter *ad)
{
	unsigned int i;

	for (i = ad->shape.pairs; i--;)
		xnic_pair_stop(ad, i);
	for (i = ad->shape.pairs; i--;)
		xnic_pair_drain(ad, i);
	xnic_irq_quiesce(ad); /* a handler would find the device in its reset, and unmask */
	xnic_hw_stop(ad);
	xnic_hw_statistics(ad); /* which a reset clears */
	/* Should the device only be deaf: before anything is given back it must not write any more.
	 * A reset makes it a bus master again. */
	if (port_out_of_reach(ad) || xnic_hw_reset(ad))
		pci_clear_master(ad->pdev);
	for (i = ad->shape.pairs; i--;)
		xnic_pair_clear(ad, i);
}

/** xnic_port_restart() - take up what can only be changed while nothing is received. */
void xnic_port_restart(struct xnic_adapter *ad)
{
	xnic_port_down(ad);
	xnic_port_up(ad);
}

/**
 * xnic_port_reset() - start afresh after the device got stuck.
 * @ad: the port.
 *
 * Return: 0; -ENODEV: the port is down, the device does not answer.
 */
int xnic_port_reset(struct xnic_adapter *ad)
{
	ad->resets++;
	xnic_port_down(ad);
	if (!READ_ONCE(ad->regs))
		return -ENODEV;
	xnic_port_up(ad);
	return 0;
}

/**
 * xnic_port_tx_stuck() - the watchdog's own question, asked again: is a queue stopped, and has
 * nothing been sent for so long? Between its look and this one the port may have been restarted, or
 * have gone on by itself.
 * @ad: the port, which is open.
 */
bool xnic_port_tx_stuck(const struct xnic_adapter *ad)
{
	unsigned int i;

	for (i = 0; i < ad->shape.pairs; i++) {
		const struct netdev_queue *nq = ad->tx[i].nq;

		if (netif_xmit_stopped(nq) &&
		    time_after(jiffies, READ_ONCE(nq->trans_start) + ad->netdev->watchdog_timeo))
			return true;
	}
	return false;
}

/**
 * xnic_port_reshape() - other ring sizes, or another number of queue pairs. The caller of the
 * control thread holds rtnl, and tells the stack.
 * @ad: the port.
 * @shape: the new one.
 *
 * All that can fail comes first, so that the port either has the new shape or goes on as before.
 */
int xnic_port_reshape(struct xnic_adapter *ad, const struct xnic_shape *shape)
{
	unsigned int was = ad->shape.pairs;
	struct xnic_mem mem;
	int err;

	if (ad->state != XNIC_OPENED) {
		ad->shape = *shape;
		if (ad->shape.pairs != was && !netif_is_rxfh_configured(ad->netdev))
			xnic_rss_default(ad);
		return 0;
	}
	err = xnic_mem_alloc(ad, shape, &mem);
	if (err)
		return err;
	port_map_queues(ad, false);
	xnic_port_down(ad);
	xnic_mem_swap(ad, &mem);
	if (ad->shape.pairs != was && !netif_is_rxfh_configured(ad->netdev))
		xnic_rss_default(ad);
	xnic_port_up(ad);
	port_map_queues(ad, true);
	/* Only now: thousands of pages take their time, while the stack's queues would stand. */
	xnic_mem_free(ad, &mem);
	return 0;
}

/**
 * xnic_port_set_mtu() - another MTU.
 * @ad: the port.
 * @mtu: the new one, bytes.
 *
 * Return: 0; -EINVAL: the XDP program cannot take frames of that size.
 */
int xnic_port_set_mtu(struct xnic_adapter *ad, unsigned int mtu)
{
	struct net_device *netdev = ad->netdev;
	unsigned int i, limit = xnic_xdp_mtu_max(ad->prog);

	if (mtu > limit) {
		netdev_warn(
			netdev,
			"MTU %u is above the %u of an XDP program without frags support: detach it, or load it as xdp.frags\n",
			mtu, limit);
		return -EINVAL;
	}
	for (i = 0; i < ad->shape.pairs; i++) {
		struct xsk_buff_pool *pool = ad->rx[i].pool;

		if (!pool || pool->umem->flags & XDP_UMEM_SG_FLAG)
			continue;
		limit = xsk_pool_get_rx_frame_size(pool) - XNIC_L2_OVERHEAD;
		/* Not refused: the socket may be closed already, and its pool taken away later. */
		if (mtu > limit)
			netdev_warn(
				netdev,
				"queue %u's AF_XDP socket cannot take frames above MTU %u: they are dropped, unless it is bound with XDP_USE_SG\n",
				i, limit);
	}
	ad->mtu = mtu;
	if (ad->state == XNIC_OPENED)
		xnic_port_restart(ad);
	WRITE_ONCE(netdev->mtu, mtu);
	return 0;
}

/* ---- once a second ---- */

/* Whether a pair that nobody polls has something to do: an interrupt was lost, or memory for
 * buffers had run out. A pair with a pool is looked after by a poll in any case: its rings are the
 * user's. */
static bool pair_starves(struct xnic_adapter *ad, unsigned int i)
{
	const struct xnic_rx *rx = &ad->rx[i];
	struct xnic_tx *tx = &ad->tx[i];
	u32 next = READ_ONCE(rx->next), tail = READ_ONCE(tx->cons.tail);

	if (rx->pool)
		return true;
	if (READ_ONCE(rx->filled) - next < rx->mem->count / 2)
		return true;
	if (READ_ONCE(xnic_rx_desc(rx, next)->wb.status) & cpu_to_le32(XNIC_RXD_DD))
		return true;
	return tail != READ_ONCE(tx->ix.producer);
}

/* Whether the transmitter holds frames that it cannot send for want of a link. They would be stale
 * when it is back, and those who wait for them (sockets, a page pool) would wait as long. e1000e
 * throws them away as well (e1000_watchdog_task()). */
static bool port_holds_stale(struct xnic_adapter *ad)
{
	unsigned int i;

	if (netif_carrier_ok(ad->netdev) || ad->features & NETIF_F_LOOPBACK)
		return false;
	for (i = 0; i < ad->shape.pairs; i++)
		if (xnic_rd(ad, XNIC_TDH(i)) != xnic_rd(ad, XNIC_TDT(i)))
			return true;
	return false;
}

/* A stuck PHY receives nothing: one that does is left alone, and keeps its counts. It is taken for
 * stuck after two looks, as by e1000e. */
static void port_look_at_phy(struct xnic_adapter *ad)
{
	u64 received = u64_stats_read(&ad->hw[XNIC_HW_RX_PACKETS]);
	bool idle = received == ad->phy_received;

	ad->phy_received = received;
	if (!idle || !netif_carrier_ok(ad->netdev) || !xnic_phy_hung(ad)) {
		ad->phy_hung = 0;
		return;
	}
	if (!ad->phy_hung++)
		return;
	ad->phy_hung = 0;
	netdev_warn(ad->netdev, "the PHY is stuck, resetting it and the device\n");
	ad->resets++;
	phy_stop(ad->phydev);
	/* Down and up, also if the device dies meanwhile: the state is still the opened one's. */
	xnic_port_restart(ad);
	if (READ_ONCE(ad->regs)) {
		genphy_soft_reset(ad->phydev); /* marvell.ko has none for this PHY */
		phy_init_hw(ad->phydev);
	}
	phy_start(ad->phydev);
}

/**
 * xnic_port_tick() - what is due once a second while the port is open: hardware counters, a poll
 * for every pair that may wait in vain, and an end to frames that wait for a link.
 * @ad: the port.
 */
void xnic_port_tick(struct xnic_adapter *ad)
{
	unsigned int i;

	xnic_hw_statistics(ad);
	if (port_holds_stale(ad))
		xnic_port_restart(ad);
	port_look_at_phy(ad);
	for (i = 0; i < ad->shape.pairs; i++) {
		struct xnic_queue *q = &ad->queue[i];

		if (!pair_starves(ad, i) || test_bit(NAPI_STATE_SCHED, &q->napi.state))
			continue;
		WRITE_ONCE(q->rescues, q->rescues + 1);
		xnic_pair_kick(ad, i);
	}
}
