// SPDX-License-Identifier: GPL-2.0-only
/*
 * stats.c - counters, and the views of them.
 *
 * Counters live in the queues' structures, which are there from probe to remove: taking the port
 * down, or a queue away, loses nothing. Whoever counts has a ring to himself; who reads needs no
 * lock, and never asks the control thread.
 */
#include "xnic.h"

/* As ethtool -S shows them. Those without a name are the kernel's own statistics of queues, which
 * no driver is to show a second time.
 */
const char *const xnic_rx_counter_names[XNIC_RX_COUNTERS] = {
	[XNIC_RX_XDP_PASS] = "xdp_pass",
	[XNIC_RX_XDP_DROP] = "xdp_drop",
	[XNIC_RX_XDP_TX] = "xdp_tx",
	[XNIC_RX_XDP_TX_FULL] = "xdp_tx_full",
	[XNIC_RX_XDP_REDIRECT] = "xdp_redirect",
	[XNIC_RX_XDP_REDIRECT_FAILED] = "xdp_redirect_failed",
	[XNIC_RX_XDP_ABORTED] = "xdp_aborted",
	[XNIC_RX_XSK_FULL] = "xsk_full",
	[XNIC_RX_XSK_INVALID] = "xsk_invalid",
	[XNIC_RX_XSK_EMPTY] = "xsk_empty",
	[XNIC_RX_DROPPED] = "dropped",
	[XNIC_RX_ERRORS] = "errors",
	[XNIC_RX_LENGTH] = "length_errors",
	[XNIC_RX_DISCARDED] = "discarded",
	[XNIC_RX_POLLS] = "polls",
	[XNIC_RX_DOORBELLS] = "doorbells",
	[XNIC_RX_INTERRUPTS] = "interrupts",
	[XNIC_RX_RESCUES] = "rescues",
};

const char *const xnic_tx_counter_names[XNIC_TX_COUNTERS] = {
	[XNIC_TX_XDP] = "xdp",
	[XNIC_TX_XSK] = "xsk",
	[XNIC_TX_DISCARDED] = "discarded",
	[XNIC_TX_BUSY] = "busy",
	[XNIC_TX_DROPPED] = "dropped",
	[XNIC_TX_XDP_FULL] = "xdp_full",
	[XNIC_TX_XSK_INVALID] = "xsk_invalid",
	[XNIC_TX_PADDED] = "padded",
	[XNIC_TX_DOORBELLS] = "doorbells",
};

const char *const xnic_hw_counter_names[XNIC_HW_COUNTERS] = {
	[XNIC_HW_RX_PACKETS] = "hw_rx_packets",
	[XNIC_HW_RX_BYTES] = "hw_rx_bytes",
	[XNIC_HW_RX_BROADCAST] = "hw_rx_broadcast",
	[XNIC_HW_RX_MULTICAST] = "hw_rx_multicast",
	[XNIC_HW_RX_MISSED] = "hw_rx_missed",
	[XNIC_HW_RX_NO_BUFFER] = "hw_rx_no_buffer",
	[XNIC_HW_RX_CRC] = "hw_rx_crc_errors",
	[XNIC_HW_RX_ALIGN] = "hw_rx_align_errors",
	[XNIC_HW_RX_LENGTH] = "hw_rx_length_errors",
	[XNIC_HW_RX_UNDERSIZE] = "hw_rx_undersize",
	[XNIC_HW_RX_FRAGMENT] = "hw_rx_fragments",
	[XNIC_HW_RX_OVERSIZE] = "hw_rx_oversize",
	[XNIC_HW_RX_JABBER] = "hw_rx_jabber",
	[XNIC_HW_RX_ERRORS] = "hw_rx_errors",
	[XNIC_HW_RX_CARRIER] = "hw_rx_carrier_errors",
	[XNIC_HW_RX_XON] = "hw_rx_xon",
	[XNIC_HW_RX_XOFF] = "hw_rx_xoff",
	[XNIC_HW_TX_PACKETS] = "hw_tx_packets",
	[XNIC_HW_TX_BYTES] = "hw_tx_bytes",
	[XNIC_HW_TX_BROADCAST] = "hw_tx_broadcast",
	[XNIC_HW_TX_MULTICAST] = "hw_tx_multicast",
	[XNIC_HW_TX_TSO] = "hw_tx_tso",
	[XNIC_HW_TX_COLLISIONS] = "hw_tx_collisions",
	[XNIC_HW_TX_LATE] = "hw_tx_late_collisions",
	[XNIC_HW_TX_EXCESSIVE] = "hw_tx_excessive_collisions",
	[XNIC_HW_TX_NO_CARRIER] = "hw_tx_no_carrier",
	[XNIC_HW_TX_XON] = "hw_tx_xon",
	[XNIC_HW_TX_XOFF] = "hw_tx_xoff",
};

void xnic_stats_init(struct xnic_adapter *ad)
{
	unsigned int i;

	u64_stats_init(&ad->hw_sync);
	for (i = 0; i < XNIC_HW_QUEUES; i++) {
		u64_stats_init(&ad->rx[i].sync);
		u64_stats_init(&ad->tx[i].clean_sync);
		u64_stats_init(&ad->tx[i].send_sync);
	}
}

/** xnic_rx_counters() - a consistent copy of a receive ring's counters. Any context. */
void xnic_rx_counters(const struct xnic_rx *rx, u64 *values)
{
	const struct xnic_queue *q = &rx->ad->queue[rx->index];
	unsigned int start, i;

	do {
		start = u64_stats_fetch_begin(&rx->sync);
		for (i = 0; i < XNIC_RX_COUNTERS; i++)
			values[i] = u64_stats_read(&rx->n[i]);
	} while (u64_stats_fetch_retry(&rx->sync, start));
	values[XNIC_RX_INTERRUPTS] = READ_ONCE(q->interrupts);
	values[XNIC_RX_RESCUES] = READ_ONCE(q->rescues);
}

/** xnic_tx_counters() - a copy of a transmit ring's counters; those of its sender and those of its
 * cleaning side are each consistent. Any context.
 */
void xnic_tx_counters(const struct xnic_tx *tx, u64 *values)
{
	unsigned int start, i;

	do {
		start = u64_stats_fetch_begin(&tx->clean_sync);
		for (i = 0; i < XNIC_TX_SENDER; i++)
			values[i] = u64_stats_read(&tx->n[i]);
	} while (u64_stats_fetch_retry(&tx->clean_sync, start));
	do {
		start = u64_stats_fetch_begin(&tx->send_sync);
		for (i = XNIC_TX_SENDER; i < XNIC_TX_COUNTERS; i++)
			values[i] = u64_stats_read(&tx->n[i]);
	} while (u64_stats_fetch_retry(&tx->send_sync, start));
}

/** xnic_hw_counters() - a consistent copy of the device's counters as of the last tick. */
void xnic_hw_counters(const struct xnic_adapter *ad, u64 *values)
{
	unsigned int start, i;

	do {
		start = u64_stats_fetch_begin(&ad->hw_sync);
		for (i = 0; i < XNIC_HW_COUNTERS; i++)
			values[i] = u64_stats_read(&ad->hw[i]);
	} while (u64_stats_fetch_retry(&ad->hw_sync, start));
}

/** xnic_get_stats64() - ndo_get_stats64: the queues' sums, and the device's reasons for drops. */
void xnic_get_stats64(struct net_device *netdev, struct rtnl_link_stats64 *stats)
{
	struct xnic_adapter *ad = netdev_priv(netdev);
	u64 rx[XNIC_RX_COUNTERS], tx[XNIC_TX_COUNTERS], hw[XNIC_HW_COUNTERS];
	unsigned int i;

	for (i = 0; i < XNIC_HW_QUEUES; i++) {
		xnic_rx_counters(&ad->rx[i], rx);
		stats->rx_packets += rx[XNIC_RX_PACKETS];
		stats->rx_bytes += rx[XNIC_RX_BYTES];
		stats->rx_dropped += rx[XNIC_RX_DROPPED] + rx[XNIC_RX_DISCARDED];
		stats->rx_length_errors += rx[XNIC_RX_LENGTH];
		stats->rx_errors += rx[XNIC_RX_ERRORS] + rx[XNIC_RX_LENGTH];
		xnic_tx_counters(&ad->tx[i], tx);
		stats->tx_packets += tx[XNIC_TX_PACKETS];
		stats->tx_bytes += tx[XNIC_TX_BYTES];
		stats->tx_dropped += tx[XNIC_TX_DROPPED] + tx[XNIC_TX_DISCARDED];
	}
	xnic_hw_counters(ad, hw);
	stats->multicast = hw[XNIC_HW_RX_MULTICAST];
	stats->collisions = hw[XNIC_HW_TX_COLLISIONS];
	stats->rx_missed_errors = hw[XNIC_HW_RX_MISSED];
	stats->rx_crc_errors = hw[XNIC_HW_RX_CRC];
	stats->rx_frame_errors = hw[XNIC_HW_RX_ALIGN];
	stats->rx_length_errors += hw[XNIC_HW_RX_UNDERSIZE] + hw[XNIC_HW_RX_OVERSIZE];
	stats->rx_errors += hw[XNIC_HW_RX_CRC] + hw[XNIC_HW_RX_ALIGN] + hw[XNIC_HW_RX_ERRORS] +
			    hw[XNIC_HW_RX_CARRIER] + hw[XNIC_HW_RX_UNDERSIZE] +
			    hw[XNIC_HW_RX_OVERSIZE];
	stats->tx_carrier_errors = hw[XNIC_HW_TX_NO_CARRIER];
	stats->tx_aborted_errors = hw[XNIC_HW_TX_EXCESSIVE];
	stats->tx_window_errors = hw[XNIC_HW_TX_LATE];
	stats->tx_errors = stats->tx_aborted_errors + stats->tx_window_errors;
}

/* ---- per queue, over netlink ---- */

static void add_rx(struct xnic_adapter *ad, unsigned int i, struct netdev_queue_stats_rx *stats)
{
	u64 n[XNIC_RX_COUNTERS];

	xnic_rx_counters(&ad->rx[i], n);
	stats->packets += n[XNIC_RX_PACKETS];
	stats->bytes += n[XNIC_RX_BYTES];
	stats->alloc_fail += n[XNIC_RX_ALLOC_FAILED] + n[XNIC_RX_DROPPED];
	stats->hw_drops += n[XNIC_RX_ERRORS] + n[XNIC_RX_LENGTH] + n[XNIC_RX_DISCARDED];
	stats->csum_unnecessary += n[XNIC_RX_CSUM_GOOD];
	stats->csum_none += n[XNIC_RX_CSUM_NONE];
	stats->csum_bad += n[XNIC_RX_CSUM_BAD];
}

static void add_tx(struct xnic_adapter *ad, unsigned int i, struct netdev_queue_stats_tx *stats)
{
	u64 n[XNIC_TX_COUNTERS];

	xnic_tx_counters(&ad->tx[i], n);
	stats->packets += n[XNIC_TX_PACKETS];
	stats->bytes += n[XNIC_TX_BYTES];
	/* Frames on the wire, as packets are. */
	stats->needs_csum += n[XNIC_TX_CSUM] + n[XNIC_TX_TSO_SEGMENTS];
	stats->hw_gso_packets += n[XNIC_TX_TSO];
	stats->hw_gso_wire_packets += n[XNIC_TX_TSO_SEGMENTS];
	stats->stop += n[XNIC_TX_STOP];
	stats->wake += n[XNIC_TX_WAKE];
}

/* Fields that we do not count must be left as they are. */
static void clear_rx(struct netdev_queue_stats_rx *stats)
{
	stats->packets = 0;
	stats->bytes = 0;
	stats->alloc_fail = 0;
	stats->hw_drops = 0;
	stats->csum_unnecessary = 0;
	stats->csum_none = 0;
	stats->csum_bad = 0;
}

static void clear_tx(struct netdev_queue_stats_tx *stats)
{
	stats->packets = 0;
	stats->bytes = 0;
	stats->needs_csum = 0;
	stats->hw_gso_packets = 0;
	stats->hw_gso_wire_packets = 0;
	stats->stop = 0;
	stats->wake = 0;
}

static void xnic_queue_stats_rx(struct net_device *netdev, int i,
				struct netdev_queue_stats_rx *stats)
{
	clear_rx(stats);
	add_rx(netdev_priv(netdev), i, stats);
}

static void xnic_queue_stats_tx(struct net_device *netdev, int i,
				struct netdev_queue_stats_tx *stats)
{
	clear_tx(stats);
	add_tx(netdev_priv(netdev), i, stats);
}

/* What queues counted that are not in use now. */
static void xnic_base_stats(struct net_device *netdev, struct netdev_queue_stats_rx *rx,
			    struct netdev_queue_stats_tx *tx)
{
	struct xnic_adapter *ad = netdev_priv(netdev);
	unsigned int i;

	clear_rx(rx);
	clear_tx(tx);
	for (i = netdev->real_num_rx_queues; i < XNIC_HW_QUEUES; i++) {
		add_rx(ad, i, rx);
		add_tx(ad, i, tx);
	}
}

const struct netdev_stat_ops xnic_stat_ops = {
	.get_queue_stats_rx = xnic_queue_stats_rx,
	.get_queue_stats_tx = xnic_queue_stats_tx,
	.get_base_stats = xnic_base_stats,
};
