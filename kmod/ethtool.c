// SPDX-License-Identifier: GPL-2.0-only
/*
 * ethtool.c - what ethtool shows and sets. The core calls with rtnl held; whatever changes the port
 * is a message to the control thread, which owns it. What is only read here is stable as long as
 * rtnl is held: every change has a caller who holds it.
 */
#include <linux/ethtool.h>
#include <linux/phy.h>
#include <linux/rtnetlink.h>

#include "xnic.h"

static void xnic_get_drvinfo(struct net_device *netdev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, XNIC_NAME, sizeof(info->driver));
}

/* ---- ring sizes, channels ---- */

static void xnic_get_ringparam(struct net_device *netdev, struct ethtool_ringparam *ring,
			       struct kernel_ethtool_ringparam *kernel_ring,
			       struct netlink_ext_ack *extack)
{
	struct xnic_adapter *ad = netdev_priv(netdev);

	ring->rx_max_pending = XNIC_RING_MAX;
	ring->tx_max_pending = XNIC_RING_MAX;
	ring->rx_pending = ad->shape.rx_count;
	ring->tx_pending = ad->shape.tx_count;
}

/* The number of queues that the stack sees changes here, because that takes rtnl: before there are
 * more, after there are fewer. Becoming fewer cannot fail.
 */
static int reshape(struct xnic_adapter *ad, const struct xnic_shape *shape,
		   struct netlink_ext_ack *extack)
{
	struct xnic_call call = { .shape = shape };
	unsigned int was = ad->shape.pairs, pairs = shape->pairs, fewer = min(was, pairs);
	int err;

	if (pairs > was) {
		err = netif_set_real_num_queues(ad->netdev, pairs, pairs);
		if (err)
			return err;
	}
	err = xnic_call(ad, &call, XNIC_MSG_RESHAPE);
	if (err ? pairs > was : pairs < was)
		netif_set_real_num_queues(ad->netdev, fewer, fewer);
	if (err == -ENOMEM)
		NL_SET_ERR_MSG_MOD(extack, "no memory for such rings; the old ones stay in use");
	return err;
}

/* The core has refused what is above the maximum. A size in between two powers of two is rounded
 * up.
 */
static int xnic_set_ringparam(struct net_device *netdev, struct ethtool_ringparam *ring,
			      struct kernel_ethtool_ringparam *kernel_ring,
			      struct netlink_ext_ack *extack)
{
	struct xnic_adapter *ad = netdev_priv(netdev);
	struct xnic_shape shape = ad->shape;

	if (ring->rx_pending < XNIC_RING_MIN || ring->tx_pending < XNIC_TX_RING_MIN) {
		bool rx = ring->rx_pending < XNIC_RING_MIN;

		NL_SET_ERR_MSG_FMT_MOD(extack, "%s ring of %u descriptors: at least %u are needed",
				       rx ? "rx" : "tx", rx ? ring->rx_pending : ring->tx_pending,
				       rx ? XNIC_RING_MIN : XNIC_TX_RING_MIN);
		return -EINVAL;
	}
	shape.rx_count = roundup_pow_of_two(ring->rx_pending);
	shape.tx_count = roundup_pow_of_two(ring->tx_pending);
	if (shape.rx_count == ad->shape.rx_count && shape.tx_count == ad->shape.tx_count)
		return 0;
	return reshape(ad, &shape, extack);
}

static unsigned int pairs_max(const struct xnic_adapter *ad)
{
	return ad->vectors > 1 ? XNIC_HW_QUEUES : 1;
}

static void xnic_get_channels(struct net_device *netdev, struct ethtool_channels *channels)
{
	struct xnic_adapter *ad = netdev_priv(netdev);

	channels->max_combined = pairs_max(ad);
	channels->combined_count = ad->shape.pairs;
	/* The link's vector. */
	channels->max_other = ad->vectors > 1 ? 1 : 0;
	channels->other_count = channels->max_other;
}

/* The core has checked the maxima, the RSS table and AF_XDP sockets. */
static int xnic_set_channels(struct net_device *netdev, struct ethtool_channels *channels)
{
	struct xnic_adapter *ad = netdev_priv(netdev);
	struct xnic_shape shape = ad->shape;

	if (channels->rx_count || channels->tx_count || !channels->combined_count ||
	    channels->other_count != (ad->vectors > 1 ? 1 : 0))
		return -EINVAL;
	shape.pairs = channels->combined_count;
	if (shape.pairs == ad->shape.pairs)
		return 0;
	return reshape(ad, &shape, NULL);
}

/* ---- interrupt moderation ---- */

static int get_coalesce(struct xnic_adapter *ad, unsigned int i, struct ethtool_coalesce *coal)
{
	const struct xnic_queue *q = &ad->queue[i];

	coal->rx_coalesce_usecs = q->usecs;
	coal->use_adaptive_rx_coalesce = READ_ONCE(q->adaptive);
	return 0;
}

static int set_coalesce(struct xnic_adapter *ad, unsigned int first, unsigned int last,
			const struct ethtool_coalesce *coal, struct netlink_ext_ack *extack)
{
	struct xnic_call call = {
		.coalesce = {
			.first = first,
			.last = last,
			.usecs = coal->rx_coalesce_usecs,
			.adaptive = coal->use_adaptive_rx_coalesce,
		},
	};

	if (coal->rx_coalesce_usecs > XNIC_USECS_MAX) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "rx-usecs %u: the device waits for up to %u",
				       coal->rx_coalesce_usecs, XNIC_USECS_MAX);
		return -EINVAL;
	}
	return xnic_call(ad, &call, XNIC_MSG_COALESCE);
}

static int xnic_get_coalesce(struct net_device *netdev, struct ethtool_coalesce *coal,
			     struct kernel_ethtool_coalesce *kernel_coal,
			     struct netlink_ext_ack *extack)
{
	return get_coalesce(netdev_priv(netdev), 0, coal);
}

static int xnic_set_coalesce(struct net_device *netdev, struct ethtool_coalesce *coal,
			     struct kernel_ethtool_coalesce *kernel_coal,
			     struct netlink_ext_ack *extack)
{
	return set_coalesce(netdev_priv(netdev), 0, XNIC_HW_QUEUES - 1, coal, extack);
}

static int xnic_get_queue_coalesce(struct net_device *netdev, u32 queue,
				   struct ethtool_coalesce *coal)
{
	struct xnic_adapter *ad = netdev_priv(netdev);

	return queue < ad->shape.pairs ? get_coalesce(ad, queue, coal) : -EINVAL;
}

static int xnic_set_queue_coalesce(struct net_device *netdev, u32 queue,
				   struct ethtool_coalesce *coal)
{
	struct xnic_adapter *ad = netdev_priv(netdev);

	return queue < ad->shape.pairs ? set_coalesce(ad, queue, queue, coal, NULL) : -EINVAL;
}

/* ---- flow control ---- */

static void xnic_get_pauseparam(struct net_device *netdev, struct ethtool_pauseparam *pause)
{
	struct xnic_adapter *ad = netdev_priv(netdev);

	pause->autoneg = ad->pause.autoneg;
	pause->rx_pause = ad->pause.rx;
	pause->tx_pause = ad->pause.tx;
}

static int xnic_set_pauseparam(struct net_device *netdev, struct ethtool_pauseparam *pause)
{
	struct xnic_adapter *ad = netdev_priv(netdev);
	struct xnic_call call = {
		.pause = {
			.autoneg = pause->autoneg,
			.rx = pause->rx_pause,
			.tx = pause->tx_pause,
		},
	};

	if (!phy_validate_pause(ad->phydev, pause))
		return -EINVAL;
	return xnic_call(ad, &call, XNIC_MSG_PAUSE);
}

/* Reads the device's counters now, rather than as of the last tick. While it sleeps or is gone they
 * stay as they were.
 */
static void fresh_hw_counters(struct xnic_adapter *ad, u64 *hw)
{
	struct xnic_call call;

	xnic_call(ad, &call, XNIC_MSG_STATISTICS);
	xnic_hw_counters(ad, hw);
}

static void xnic_get_pause_stats(struct net_device *netdev, struct ethtool_pause_stats *stats)
{
	u64 hw[XNIC_HW_COUNTERS];

	fresh_hw_counters(netdev_priv(netdev), hw);
	stats->rx_pause_frames = hw[XNIC_HW_RX_XON] + hw[XNIC_HW_RX_XOFF];
	stats->tx_pause_frames = hw[XNIC_HW_TX_XON] + hw[XNIC_HW_TX_XOFF];
}

/* ---- receive-side scaling ---- */

static u32 xnic_get_rxfh_key_size(struct net_device *netdev)
{
	return XNIC_RSS_KEY_BYTES;
}

static u32 xnic_get_rxfh_indir_size(struct net_device *netdev)
{
	return XNIC_RETA_ENTRIES;
}

static int xnic_get_rxfh(struct net_device *netdev, struct ethtool_rxfh_param *rxfh)
{
	struct xnic_adapter *ad = netdev_priv(netdev);
	unsigned int i;

	rxfh->hfunc = ETH_RSS_HASH_TOP;
	if (rxfh->key)
		memcpy(rxfh->key, ad->rss_key, XNIC_RSS_KEY_BYTES);
	for (i = 0; rxfh->indir && i < XNIC_RETA_ENTRIES; i++)
		rxfh->indir[i] = ad->rss_table[i];
	return 0;
}

/* The core has checked that the table names channels in use only. */
static int xnic_set_rxfh(struct net_device *netdev, struct ethtool_rxfh_param *rxfh,
			 struct netlink_ext_ack *extack)
{
	struct xnic_call call = { .rss = { .key = rxfh->key, .table = rxfh->indir } };

	if (rxfh->hfunc != ETH_RSS_HASH_NO_CHANGE && rxfh->hfunc != ETH_RSS_HASH_TOP) {
		NL_SET_ERR_MSG_MOD(extack, "the device hashes by Toeplitz only");
		return -EOPNOTSUPP;
	}
	return xnic_call(netdev_priv(netdev), &call, XNIC_MSG_RSS);
}

static u32 xnic_get_rx_ring_count(struct net_device *netdev)
{
	struct xnic_adapter *ad = netdev_priv(netdev);

	return ad->shape.pairs;
}

/* What is hashed cannot be chosen. */
static int xnic_get_rxfh_fields(struct net_device *netdev, struct ethtool_rxfh_fields *info)
{
	switch (info->flow_type) {
	case TCP_V4_FLOW:
	case TCP_V6_FLOW:
		info->data = RXH_IP_SRC | RXH_IP_DST | RXH_L4_B_0_1 | RXH_L4_B_2_3;
		return 0;
	case UDP_V4_FLOW:
	case UDP_V6_FLOW:
	case SCTP_V4_FLOW:
	case SCTP_V6_FLOW:
	case IPV4_FLOW:
	case IPV6_FLOW:
		info->data = RXH_IP_SRC | RXH_IP_DST;
		return 0;
	default:
		info->data = 0;
		return 0;
	}
}

/* Both, for kernels that ask for them here. */
static int xnic_get_rxnfc(struct net_device *netdev, struct ethtool_rxnfc *info, u32 *locations)
{
	struct ethtool_rxfh_fields fields = { .flow_type = info->flow_type };

	switch (info->cmd) {
	case ETHTOOL_GRXRINGS:
		info->data = xnic_get_rx_ring_count(netdev);
		return 0;
	case ETHTOOL_GRXFH:
		xnic_get_rxfh_fields(netdev, &fields);
		info->data = fields.data;
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

/* ---- statistics ---- */

/* Beside the queues' and the device's: what the control thread did. */
enum {
	PORT_TX_TIMEOUTS,
	PORT_RESETS,
	PORT_COUNTERS
};

static int statistics_count(void)
{
	unsigned int named = 0, n;

	for (n = 0; n < XNIC_RX_COUNTERS; n++)
		named += !!xnic_rx_counter_names[n];
	for (n = 0; n < XNIC_TX_COUNTERS; n++)
		named += !!xnic_tx_counter_names[n];
	return XNIC_HW_QUEUES * named + XNIC_HW_COUNTERS + PORT_COUNTERS;
}

/* @way: 'r' or 't'. */
static void queue_strings(u8 **data, char way, unsigned int i, const char *const *names,
			  unsigned int count)
{
	unsigned int n;

	for (n = 0; n < count; n++)
		if (names[n])
			ethtool_sprintf(data, "%cx%u_%s", way, i, names[n]);
}

static void statistics_strings(u8 *data)
{
	unsigned int i, n;

	for (i = 0; i < XNIC_HW_QUEUES; i++) {
		queue_strings(&data, 'r', i, xnic_rx_counter_names, XNIC_RX_COUNTERS);
		queue_strings(&data, 't', i, xnic_tx_counter_names, XNIC_TX_COUNTERS);
	}
	for (n = 0; n < XNIC_HW_COUNTERS; n++)
		ethtool_puts(&data, xnic_hw_counter_names[n]);
	ethtool_puts(&data, "tx_timeouts");
	ethtool_puts(&data, "resets");
}

/* Return: behind the last one. */
static u64 *copy_named(u64 *data, const u64 *values, const char *const *names, unsigned int count)
{
	unsigned int n;

	for (n = 0; n < count; n++)
		if (names[n])
			*data++ = values[n];
	return data;
}

static void xnic_get_ethtool_stats(struct net_device *netdev, struct ethtool_stats *stats,
				   u64 *data)
{
	struct xnic_adapter *ad = netdev_priv(netdev);
	u64 rx[XNIC_RX_COUNTERS], tx[XNIC_TX_COUNTERS];
	unsigned int i;

	for (i = 0; i < XNIC_HW_QUEUES; i++) {
		xnic_rx_counters(&ad->rx[i], rx);
		data = copy_named(data, rx, xnic_rx_counter_names, XNIC_RX_COUNTERS);
		xnic_tx_counters(&ad->tx[i], tx);
		data = copy_named(data, tx, xnic_tx_counter_names, XNIC_TX_COUNTERS);
	}
	fresh_hw_counters(ad, data);
	data += XNIC_HW_COUNTERS;
	data[PORT_TX_TIMEOUTS] = READ_ONCE(ad->timeouts);
	data[PORT_RESETS] = READ_ONCE(ad->resets);
}

static int xnic_get_sset_count(struct net_device *netdev, int sset)
{
	switch (sset) {
	case ETH_SS_STATS:
		return statistics_count();
	case ETH_SS_TEST:
		return XNIC_SELFTESTS;
	default:
		return -EOPNOTSUPP;
	}
}

static void xnic_get_strings(struct net_device *netdev, u32 sset, u8 *data)
{
	unsigned int i;

	if (sset == ETH_SS_STATS)
		statistics_strings(data);
	else if (sset == ETH_SS_TEST)
		for (i = 0; i < XNIC_SELFTESTS; i++)
			ethtool_puts(&data, xnic_selftest_names[i]);
}

/* ---- registers ---- */

/* Not those that change by being read: causes, statistics. */
static const u32 dumped[] = {
	XNIC_CTRL,     XNIC_STATUS,    XNIC_EECD,	 XNIC_CTRL_EXT,	 XNIC_MDIC,
	XNIC_FCAL,     XNIC_FCAH,      XNIC_FCT,	 XNIC_VET,	 XNIC_ITR,
	XNIC_IMS,      XNIC_EIAC,      XNIC_IAM,	 XNIC_IVAR,	 XNIC_EITR(0),
	XNIC_EITR(1),  XNIC_EITR(2),   XNIC_RCTL,	 XNIC_FCTTV,	 XNIC_FCRTL,
	XNIC_FCRTH,    XNIC_RDBAL(0),  XNIC_RDBAH(0),	 XNIC_RDLEN(0),	 XNIC_RDH(0),
	XNIC_RDT(0),   XNIC_RXDCTL(0), XNIC_RDBAL(1),	 XNIC_RDBAH(1),	 XNIC_RDLEN(1),
	XNIC_RDH(1),   XNIC_RDT(1),    XNIC_RXDCTL(1),	 XNIC_RDTR,	 XNIC_RADV,
	XNIC_RSRPD,    XNIC_RXCSUM,    XNIC_RFCTL,	 XNIC_MRQC,	 XNIC_TCTL,
	XNIC_TIPG,     XNIC_TDBAL(0),  XNIC_TDBAH(0),	 XNIC_TDLEN(0),	 XNIC_TDH(0),
	XNIC_TDT(0),   XNIC_TXDCTL(0), XNIC_TARC(0),	 XNIC_TDBAL(1),	 XNIC_TDBAH(1),
	XNIC_TDLEN(1), XNIC_TDH(1),    XNIC_TDT(1),	 XNIC_TXDCTL(1), XNIC_TARC(1),
	XNIC_TIDV,     XNIC_TADV,      XNIC_PBA,	 XNIC_GCR,	 XNIC_GCR2,
	XNIC_SWSM,     XNIC_FWSM,      XNIC_EXTCNF_CTRL,
};

static int xnic_get_regs_len(struct net_device *netdev)
{
	return 2 * sizeof(dumped);
}

static int dump_registers(struct xnic_adapter *ad, void *arg)
{
	u32 *out = arg;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dumped); i++) {
		*out++ = dumped[i];
		*out++ = xnic_rd(ad, dumped[i]);
	}
	return 0;
}

/* Pairs of offset and value, so that the dump explains itself; zeros while the device sleeps. */
static void xnic_get_regs(struct net_device *netdev, struct ethtool_regs *regs, void *data)
{
	regs->version = 1;
	memset(data, 0, 2 * sizeof(dumped));
	xnic_call_run(netdev_priv(netdev), dump_registers, data);
}

const struct ethtool_ops xnic_ethtool_ops = {
	.supported_coalesce_params = ETHTOOL_COALESCE_RX_USECS | ETHTOOL_COALESCE_USE_ADAPTIVE_RX,
	.get_drvinfo = xnic_get_drvinfo,
	.get_link = ethtool_op_get_link,
	.get_link_ksettings = phy_ethtool_get_link_ksettings,
	.set_link_ksettings = phy_ethtool_set_link_ksettings,
	.nway_reset = phy_ethtool_nway_reset,
	.get_ts_info = ethtool_op_get_ts_info,
	.get_ringparam = xnic_get_ringparam,
	.set_ringparam = xnic_set_ringparam,
	.get_channels = xnic_get_channels,
	.set_channels = xnic_set_channels,
	.get_coalesce = xnic_get_coalesce,
	.set_coalesce = xnic_set_coalesce,
	.get_per_queue_coalesce = xnic_get_queue_coalesce,
	.set_per_queue_coalesce = xnic_set_queue_coalesce,
	.get_pauseparam = xnic_get_pauseparam,
	.set_pauseparam = xnic_set_pauseparam,
	.get_pause_stats = xnic_get_pause_stats,
	.get_rxfh_key_size = xnic_get_rxfh_key_size,
	.get_rxfh_indir_size = xnic_get_rxfh_indir_size,
	.get_rxfh = xnic_get_rxfh,
	.set_rxfh = xnic_set_rxfh,
	.get_rxnfc = xnic_get_rxnfc,
	.get_sset_count = xnic_get_sset_count,
	.get_strings = xnic_get_strings,
	.get_ethtool_stats = xnic_get_ethtool_stats,
	.get_regs_len = xnic_get_regs_len,
	.get_regs = xnic_get_regs,
	.self_test = xnic_self_test,
	XNIC_RX_RING_COUNT_OP(xnic_get_rx_ring_count) XNIC_RXFH_FIELDS_OP(xnic_get_rxfh_fields)
};
