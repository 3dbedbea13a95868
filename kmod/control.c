// SPDX-License-Identifier: GPL-2.0-only
/*
 * control.c - the active driver: one thread a port, its main loop, and what each message means in
 * each state.
 *
 *	         OPEN                    SUSPEND
 *	CLOSED ------->  OPENED  ------------------> ASLEEP
 *	       <-------          <------------------
 *	         CLOSE           RESUME (was open)
 *	CLOSED, OPENED -- UNPLUGGED --> GONE -- RESUME --> as from ASLEEP
 *
 * The thread alone touches the port's configuration, so there is no lock and no flag to say that
 * somebody is at it. Entry points that may sleep call (domain_call(): they wait for the reply, most
 * with rtnl held); the others notify. The thread never takes rtnl, nor waits for anybody who might:
 * what needs rtnl leaves through the outlet. A message that a state does not name is refused.
 */
#include <linux/rtnetlink.h>

#include "xnic.h"

static const char *const xnic_msg_names[XNIC_MSG_TYPES] = {
	[XNIC_MSG_OPEN] = "open",
	[XNIC_MSG_CLOSE] = "close",
	[XNIC_MSG_SET_PROG] = "set_prog",
	[XNIC_MSG_SET_POOL] = "set_pool",
	[XNIC_MSG_RESHAPE] = "reshape",
	[XNIC_MSG_SET_MTU] = "set_mtu",
	[XNIC_MSG_SET_FEATURES] = "set_features",
	[XNIC_MSG_SET_MAC] = "set_mac",
	[XNIC_MSG_VLAN] = "vlan",
	[XNIC_MSG_RSS] = "rss",
	[XNIC_MSG_COALESCE] = "coalesce",
	[XNIC_MSG_PAUSE] = "pause",
	[XNIC_MSG_STATISTICS] = "statistics",
	[XNIC_MSG_RUN] = "run",
	[XNIC_MSG_SUSPEND] = "suspend",
	[XNIC_MSG_RESUME] = "resume",
	[XNIC_MSG_LINK_IRQ] = "link_irq",
	[XNIC_MSG_LINK_CHANGE] = "link_change",
	[XNIC_MSG_TX_TIMEOUT] = "tx_timeout",
	[XNIC_MSG_RX_MODE] = "rx_mode",
	[XNIC_MSG_UNPLUGGED] = "unplugged",
	[XNIC_MSG_CLOSE_ME] = "close_me",
};

static const char *const xnic_state_names[XNIC_STATES] = {
	[XNIC_CLOSED] = "closed",
	[XNIC_OPENED] = "opened",
	[XNIC_ASLEEP] = "asleep",
	[XNIC_GONE] = "gone",
};

static void control_enter(struct xnic_adapter *ad, enum xnic_state state)
{
	WRITE_ONCE(ad->state, state);
	domain_set_state(&ad->domain, xnic_state_names[state]);
}

/* ---- what several states do alike ---- */

static int control_open(struct xnic_adapter *ad)
{
	int err = xnic_port_acquire(ad);

	if (err)
		return err;
	xnic_port_up(ad);
	phy_start(ad->phydev);
	control_enter(ad, XNIC_OPENED);
	return 0;
}

static void control_stop_running(struct xnic_adapter *ad)
{
	phy_stop(ad->phydev);
	xnic_port_down(ad);
	xnic_hw_release(ad);
}

/* From here on no register is touched: the device may be without power, or its reads give ones
 * without anything being wrong with it. */
static int control_suspend(struct xnic_adapter *ad, bool was_open)
{
	netif_device_detach(ad->netdev);
	ad->was_open = was_open;
	if (was_open) {
		control_stop_running(ad);
		xnic_irq_quiesce(ad);
	}
	pci_clear_master(ad->pdev); /* xnic_hw_reset() makes it one again */
	mutex_lock(&ad->mdio_lock);
	WRITE_ONCE(ad->regs, NULL);
	mutex_unlock(&ad->mdio_lock);
	control_enter(ad, XNIC_ASLEEP);
	return 0;
}

/* From ASLEEP or GONE. The caller holds rtnl. */
static int control_resume(struct xnic_adapter *ad)
{
	int err;

	WRITE_ONCE(ad->regs, ad->mapped);
	xnic_hw_stop(ad);
	err = xnic_hw_reset(ad);
	if (err) {
		control_enter(ad, XNIC_GONE);
		return err;
	}
	if (!ad->was_open) {
		control_enter(ad, XNIC_CLOSED);
	} else {
		xnic_port_up(ad);
		phy_init_hw(ad->phydev);
		phy_start(ad->phydev);
		control_enter(ad, XNIC_OPENED);
	}
	netif_device_attach(ad->netdev);
	return 0;
}

/* What the port held while it was open, if it has not been given back yet. */
static void control_release(struct xnic_adapter *ad)
{
	if (ad->was_open)
		xnic_port_release(ad);
	ad->was_open = false;
}

/* Should the device only be deaf: it must not write to memory that is about to be given back. */
static void control_lose(struct xnic_adapter *ad)
{
	netif_device_detach(ad->netdev);
	pci_clear_master(ad->pdev);
	ad->was_open = ad->state == XNIC_OPENED;
}

static int control_unplugged(struct xnic_adapter *ad)
{
	/* Asleep since, and awake again: it was not the device that did not answer, but the way to
	 * it, and that has been mended. */
	if (READ_ONCE(ad->regs))
		return 0;
	netdev_err(
		ad->netdev,
		"the device does not answer any more: unplugged, or in need of a reset (echo 1 >/sys/bus/pci/devices/%s/reset)\n",
		pci_name(ad->pdev));
	control_lose(ad);
	if (ad->was_open)
		control_stop_running(ad);
	control_enter(ad, XNIC_GONE);
	return 0;
}

static void control_set_vlan(struct xnic_adapter *ad, const struct xnic_call *call)
{
	u32 bit = BIT(call->vid % 32);

	if (call->add)
		ad->vlans[call->vid / 32] |= bit;
	else
		ad->vlans[call->vid / 32] &= ~bit;
}

static int control_set_features(struct xnic_adapter *ad, netdev_features_t features)
{
	bool loopback = (ad->features ^ features) & NETIF_F_LOOPBACK;

	ad->features = features;
	if (ad->state != XNIC_OPENED)
		return 0;
	if (loopback) /* not while frames are in between */
		xnic_port_restart(ad);
	else
		xnic_hw_offloads(ad);
	return 0;
}

static void control_set_rss(struct xnic_adapter *ad, const struct xnic_call *call)
{
	unsigned int i;

	if (call->rss.key)
		memcpy(ad->rss_key, call->rss.key, sizeof(ad->rss_key));
	for (i = 0; call->rss.table && i < XNIC_RETA_ENTRIES; i++)
		ad->rss_table[i] = call->rss.table[i];
}

static void control_set_coalesce(struct xnic_adapter *ad, const struct xnic_call *call)
{
	unsigned int i;

	for (i = call->coalesce.first; i <= call->coalesce.last; i++)
		xnic_irq_throttle(&ad->queue[i], call->coalesce.usecs, call->coalesce.adaptive);
}

static void control_set_pause(struct xnic_adapter *ad, const struct xnic_call *call)
{
	ad->pause = call->pause;
	/* Renegotiates, if that changes what is advertised. */
	phy_set_asym_pause(ad->phydev, ad->pause.rx, ad->pause.tx);
}

static int control_tx_timeout(struct xnic_adapter *ad)
{
	int err;

	ad->timeouts++;
	if (!xnic_port_tx_stuck(ad))
		return 0;
	netdev_warn(ad->netdev, "transmitter stuck, resetting the device\n");
	err = xnic_port_reset(ad);
	if (!err)
		return 0;
	/* The port is down in all but name. Only rtnl can make the name fit. */
	netdev_err(ad->netdev, "reset failed (%d), closing the interface\n", err);
	control_lose(ad);
	phy_stop(ad->phydev);
	control_enter(ad, XNIC_GONE);
	domain_notify(&ad->outlet, &ad->close_me);
	return err;
}

/* ---- the states ---- */

/* No rings, no interrupts. What is configured is remembered for the next open. */
static int control_closed(struct xnic_adapter *ad, struct xnic_call *call)
{
	switch (call->msg.node.type) {
	case XNIC_MSG_OPEN:
		return control_open(ad);
	case XNIC_MSG_CLOSE:
		return 0;
	case XNIC_MSG_SET_PROG:
		return xnic_xdp_set_prog(ad, call->prog, call->extack);
	case XNIC_MSG_SET_POOL:
		return xnic_xsk_set_pool(ad, call->pool, call->queue);
	case XNIC_MSG_RESHAPE:
		return xnic_port_reshape(ad, call->shape);
	case XNIC_MSG_SET_MTU:
		return xnic_port_set_mtu(ad, call->mtu);
	case XNIC_MSG_SET_FEATURES:
		return control_set_features(ad, call->features);
	case XNIC_MSG_VLAN:
		control_set_vlan(ad, call);
		return 0;
	case XNIC_MSG_RSS:
		control_set_rss(ad, call);
		return 0;
	case XNIC_MSG_COALESCE:
		control_set_coalesce(ad, call);
		return 0;
	case XNIC_MSG_PAUSE:
		control_set_pause(ad, call);
		return 0;
	case XNIC_MSG_RUN:
		return call->run(ad, call->arg);
	case XNIC_MSG_STATISTICS:
		xnic_hw_statistics(ad);
		return 0;
	case XNIC_MSG_SUSPEND:
		return control_suspend(ad, false);
	case XNIC_MSG_UNPLUGGED:
		return control_unplugged(ad);
	case XNIC_MSG_SET_MAC:	/* taken from the net device at open */
	case XNIC_MSG_LINK_IRQ: /* late ones */
	case XNIC_MSG_LINK_CHANGE:
	case XNIC_MSG_TX_TIMEOUT:
	case XNIC_MSG_RX_MODE:
		return 0;
	default:
		return -ENETDOWN;
	}
}

/* Rings, interrupts and PHY at work. */
static int control_opened(struct xnic_adapter *ad, struct xnic_call *call)
{
	switch (call->msg.node.type) {
	case XNIC_MSG_CLOSE:
		control_stop_running(ad);
		xnic_port_release(ad);
		control_enter(ad, XNIC_CLOSED);
		return 0;
	case XNIC_MSG_SET_PROG:
		return xnic_xdp_set_prog(ad, call->prog, call->extack);
	case XNIC_MSG_SET_POOL:
		return xnic_xsk_set_pool(ad, call->pool, call->queue);
	case XNIC_MSG_RESHAPE:
		return xnic_port_reshape(ad, call->shape);
	case XNIC_MSG_SET_MTU:
		return xnic_port_set_mtu(ad, call->mtu);
	case XNIC_MSG_SET_FEATURES:
		return control_set_features(ad, call->features);
	case XNIC_MSG_SET_MAC:
	case XNIC_MSG_RX_MODE:
		xnic_hw_rx_mode(ad);
		return 0;
	case XNIC_MSG_VLAN:
		control_set_vlan(ad, call);
		xnic_hw_vlan(ad, call->vid);
		return 0;
	case XNIC_MSG_RSS:
		control_set_rss(ad, call);
		xnic_hw_rss(ad);
		return 0;
	case XNIC_MSG_COALESCE:
		control_set_coalesce(ad, call);
		return 0;
	case XNIC_MSG_PAUSE:
		control_set_pause(ad, call);
		xnic_hw_link(ad);
		return 0;
	case XNIC_MSG_STATISTICS:
		xnic_hw_statistics(ad);
		return 0;
	case XNIC_MSG_RUN:
		return call->run(ad, call->arg);
	case XNIC_MSG_SUSPEND:
		return control_suspend(ad, true);
	case XNIC_MSG_LINK_IRQ:
		phy_mac_interrupt(ad->phydev);
		return 0;
	case XNIC_MSG_LINK_CHANGE:
		xnic_hw_link(ad);
		return 0;
	case XNIC_MSG_TX_TIMEOUT:
		return control_tx_timeout(ad);
	case XNIC_MSG_UNPLUGGED:
		return control_unplugged(ad);
	default:
		return -EBUSY; /* open, resume: out of order */
	}
}

/* Suspended, or being reset, or the PCI channel is being recovered, or could not be: the device is
 * not to be touched. The rings are there if the port was open. */
static int control_asleep(struct xnic_adapter *ad, struct xnic_call *call)
{
	switch (call->msg.node.type) {
	case XNIC_MSG_RESUME:
		return control_resume(ad);
	case XNIC_MSG_CLOSE:
		control_release(ad);
		return 0;
	case XNIC_MSG_SET_PROG:
		return xnic_xdp_set_prog(ad, call->prog, call->extack);
	case XNIC_MSG_SET_POOL:
		return xnic_xsk_set_pool(ad, call->pool, call->queue);
	case XNIC_MSG_SET_FEATURES:
		return control_set_features(ad, call->features);
	case XNIC_MSG_VLAN:
		control_set_vlan(ad, call);
		return 0;
	case XNIC_MSG_RSS:
		control_set_rss(ad, call);
		return 0;
	case XNIC_MSG_SET_MAC: /* taken from the net device at resume */
	case XNIC_MSG_SUSPEND:
	case XNIC_MSG_UNPLUGGED: /* it could not be reached when it fell asleep */
	case XNIC_MSG_LINK_IRQ:
	case XNIC_MSG_LINK_CHANGE:
	case XNIC_MSG_TX_TIMEOUT:
	case XNIC_MSG_RX_MODE:
		return 0;
	default:
		return -EBUSY;
	}
}

/* The device does not answer. Everything can be given back, nothing had; until it is reset. */
static int control_gone(struct xnic_adapter *ad, struct xnic_call *call)
{
	switch (call->msg.node.type) {
	case XNIC_MSG_RESUME:
		return control_resume(ad);
	case XNIC_MSG_CLOSE:
		control_release(ad);
		return 0;
	case XNIC_MSG_SET_PROG:
		return xnic_xdp_set_prog(ad, call->prog, call->extack);
	case XNIC_MSG_SET_POOL:
		return call->pool ? -ENODEV : xnic_xsk_set_pool(ad, NULL, call->queue);
	case XNIC_MSG_VLAN: /* a reset may lead out of here */
		control_set_vlan(ad, call);
		return 0;
	case XNIC_MSG_SET_MAC:
	case XNIC_MSG_SUSPEND:
	case XNIC_MSG_LINK_IRQ:
	case XNIC_MSG_LINK_CHANGE:
	case XNIC_MSG_TX_TIMEOUT:
	case XNIC_MSG_RX_MODE:
	case XNIC_MSG_UNPLUGGED:
		return 0;
	default:
		return -ENODEV;
	}
}

/* ---- the main loop ---- */

static int control_main(struct domain_thread *self, void *arg)
{
	static int (*const states[XNIC_STATES])(struct xnic_adapter *, struct xnic_call *) = {
		[XNIC_CLOSED] = control_closed,
		[XNIC_OPENED] = control_opened,
		[XNIC_ASLEEP] = control_asleep,
		[XNIC_GONE] = control_gone,
	};
	struct xnic_adapter *ad = arg;
	/* Requests have a process waiting. */
	struct domain_mailbox *const boxes[] = { &ad->requests, &ad->events };
	unsigned long due = jiffies;
	struct domain_msg *msg;
	int from;

	for (;;) {
		long left = DOMAIN_FOREVER;

		if (ad->state == XNIC_OPENED) {
			if (time_after_eq(jiffies, due)) {
				xnic_port_tick(ad);
				due = jiffies + msecs_to_jiffies(XNIC_TICK_MS);
			}
			/* Messages that keep coming do not put the tick off. */
			left = jiffies_to_msecs(max(1L, (long)(due - jiffies)));
		}
		from = domain_wait(self, boxes, ARRAY_SIZE(boxes), left, &msg);
		if (from == -ESHUTDOWN)
			return 0;
		if (from >= 0) /* a notification is no struct xnic_call; its states do not look */
			domain_reply(msg, states[ad->state](
						  ad, container_of(msg, struct xnic_call, msg)));
	}
}

/* ---- what the rest of the driver sees of it ---- */

/**
 * xnic_call() - have the control thread do something, and wait for it. May sleep.
 * @ad: the port.
 * @type: what to do.
 * @call: with the parameters of @type.
 *
 * Return: what the state the port is in answers; -ESHUTDOWN while the driver is being removed.
 */
int xnic_call(struct xnic_adapter *ad, struct xnic_call *call, enum xnic_msg_type type)
{
	domain_msg_init(&call->msg, type);
	return domain_call(&ad->requests, &call->msg);
}

/**
 * xnic_call_run() - have the control thread run a function: a self test, say.
 * @ad: the port.
 * @run: told apart by ad->state, the port is open or closed.
 * @arg: for @run.
 *
 * Return: what @run returns; -EBUSY or -ENODEV while the device may not be touched.
 */
int xnic_call_run(struct xnic_adapter *ad, int (*run)(struct xnic_adapter *ad, void *arg),
		  void *arg)
{
	struct xnic_call call = { .run = run, .arg = arg };

	return xnic_call(ad, &call, XNIC_MSG_RUN);
}

static void control_outlet(struct domain_mailbox *box, struct domain_msg *msg)
{
	struct xnic_adapter *ad = box->context;

	rtnl_lock();
	dev_close(ad->netdev);
	rtnl_unlock();
}

/** xnic_control_start() - start the thread; the port is closed. */
int xnic_control_start(struct xnic_adapter *ad)
{
	snprintf(ad->name, sizeof(ad->name), XNIC_NAME "/%s", pci_name(ad->pdev));
	domain_init(&ad->domain, ad->name, xnic_msg_names, XNIC_MSG_TYPES);
	domain_mailbox_init(&ad->requests, &ad->domain, "requests", DOMAIN_INCOMING);
	domain_mailbox_init(&ad->events, &ad->domain, "events", DOMAIN_INCOMING);
	domain_outlet_init(&ad->outlet, &ad->domain, "outlet", control_outlet, ad);
	domain_msg_init(&ad->link_irq, XNIC_MSG_LINK_IRQ);
	domain_msg_init(&ad->link_change, XNIC_MSG_LINK_CHANGE);
	domain_msg_init(&ad->tx_timeout, XNIC_MSG_TX_TIMEOUT);
	domain_msg_init(&ad->rx_mode, XNIC_MSG_RX_MODE);
	domain_msg_init(&ad->unplugged, XNIC_MSG_UNPLUGGED);
	domain_msg_init(&ad->close_me, XNIC_MSG_CLOSE_ME);
	control_enter(ad, XNIC_CLOSED);
	return domain_thread_start(&ad->domain, &ad->thread, ad->name, control_main, ad);
}

/** xnic_control_stop() - end the thread; calls that come later fail. Not with rtnl held. */
void xnic_control_stop(struct xnic_adapter *ad)
{
	domain_stop(&ad->domain);
}
