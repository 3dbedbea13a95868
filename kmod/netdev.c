// SPDX-License-Identifier: GPL-2.0-only
/*
 * netdev.c - the net device's operations. Those that change the port are adapters in the sense of
 * the active driver: they put the request into a message for the control thread.
 */
#include <linux/rtnetlink.h>

#include "xnic.h"

static int xnic_open(struct net_device *netdev)
{
	struct xnic_call call;

	return xnic_call(netdev_priv(netdev), &call, XNIC_MSG_OPEN);
}

static int xnic_stop(struct net_device *netdev)
{
	struct xnic_call call;

	return xnic_call(netdev_priv(netdev), &call, XNIC_MSG_CLOSE);
}

static int xnic_change_mtu(struct net_device *netdev, int mtu)
{
	struct xnic_call call = { .mtu = mtu };

	return xnic_call(netdev_priv(netdev), &call, XNIC_MSG_SET_MTU);
}

static int xnic_set_mac_address(struct net_device *netdev, void *p)
{
	struct sockaddr *addr = p;
	struct xnic_call call;
	int err = eth_prepare_mac_addr_change(netdev, addr);

	if (err)
		return err;
	eth_commit_mac_addr_change(netdev, addr);
	return xnic_call(netdev_priv(netdev), &call, XNIC_MSG_SET_MAC);
}

static int xnic_vlan_rx_add_vid(struct net_device *netdev, __be16 proto, u16 vid)
{
	struct xnic_call call = { .vid = vid, .add = true };

	return xnic_call(netdev_priv(netdev), &call, XNIC_MSG_VLAN);
}

static int xnic_vlan_rx_kill_vid(struct net_device *netdev, __be16 proto, u16 vid)
{
	struct xnic_call call = { .vid = vid, .add = false };

	return xnic_call(netdev_priv(netdev), &call, XNIC_MSG_VLAN);
}

/* One bit (CTRL.VME) switches both directions. */
static netdev_features_t xnic_fix_features(struct net_device *netdev, netdev_features_t features)
{
	if (features & NETIF_F_HW_VLAN_CTAG_RX)
		return features | NETIF_F_HW_VLAN_CTAG_TX;
	return features & ~NETIF_F_HW_VLAN_CTAG_TX;
}

static int xnic_set_features(struct net_device *netdev, netdev_features_t features)
{
	struct xnic_call call = { .features = features };

	return xnic_call(netdev_priv(netdev), &call, XNIC_MSG_SET_FEATURES);
}

/* May not sleep: the address lists' lock is held. */
static void xnic_set_rx_mode(struct net_device *netdev)
{
	struct xnic_adapter *ad = netdev_priv(netdev);

	xnic_notify(ad, &ad->rx_mode);
}

/* May not sleep: a timer. */
static void xnic_tx_timeout(struct net_device *netdev, unsigned int queue)
{
	struct xnic_adapter *ad = netdev_priv(netdev);

	xnic_notify(ad, &ad->tx_timeout);
}

const struct net_device_ops xnic_netdev_ops = {
	.ndo_open = xnic_open,
	.ndo_stop = xnic_stop,
	.ndo_start_xmit = xnic_xmit,
	.ndo_features_check = xnic_features_check,
	.ndo_tx_timeout = xnic_tx_timeout,
	.ndo_get_stats64 = xnic_get_stats64,
	.ndo_set_rx_mode = xnic_set_rx_mode,
	.ndo_set_mac_address = xnic_set_mac_address,
	.ndo_validate_addr = eth_validate_addr,
	.ndo_change_mtu = xnic_change_mtu,
	.ndo_vlan_rx_add_vid = xnic_vlan_rx_add_vid,
	.ndo_vlan_rx_kill_vid = xnic_vlan_rx_kill_vid,
	.ndo_fix_features = xnic_fix_features,
	.ndo_set_features = xnic_set_features,
	.ndo_eth_ioctl = phy_do_ioctl_running,
	.ndo_bpf = xnic_bpf,
	.ndo_xdp_xmit = xnic_xdp_xmit,
	.ndo_xsk_wakeup = xnic_xsk_wakeup,
};

/** xnic_rss_default() - spread flows over the pairs in use. */
void xnic_rss_default(struct xnic_adapter *ad)
{
	unsigned int i;

	for (i = 0; i < XNIC_RETA_ENTRIES; i++)
		ad->rss_table[i] = ethtool_rxfh_indir_default(i, ad->shape.pairs);
}

/** xnic_netdev_init() - what the net device offers, before it is registered. */
void xnic_netdev_init(struct xnic_adapter *ad)
{
	struct net_device *netdev = ad->netdev;

	netdev->netdev_ops = &xnic_netdev_ops;
	netdev->ethtool_ops = &xnic_ethtool_ops;
	netdev->stat_ops = &xnic_stat_ops;
	netdev->xdp_metadata_ops = &xnic_xdp_metadata_ops;
	netdev->xsk_tx_metadata_ops = &xnic_xsk_tx_metadata_ops;
	netdev->watchdog_timeo = 5 * HZ;
	netdev->min_mtu = ETH_MIN_MTU;
	netdev->max_mtu = XNIC_MTU_MAX;

	netdev->hw_features = NETIF_F_SG | NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM | NETIF_F_TSO |
			      NETIF_F_TSO6 | NETIF_F_RXCSUM | NETIF_F_RXHASH |
			      NETIF_F_HW_VLAN_CTAG_RX | NETIF_F_HW_VLAN_CTAG_TX;
	netdev->vlan_features = NETIF_F_SG | NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM | NETIF_F_TSO |
				NETIF_F_TSO6 | NETIF_F_HIGHDMA;
	/* The VLAN filter is off until somebody wants it: on, it drops what 8021q has not
	 * registered, under the nose of packet sockets, bridges and XDP programs.
	 */
	netdev->features = netdev->hw_features | NETIF_F_HIGHDMA;
	netdev->hw_features |= NETIF_F_LOOPBACK | NETIF_F_HW_VLAN_CTAG_FILTER;
	netdev->priv_flags |= IFF_UNICAST_FLT | IFF_LIVE_ADDR_CHANGE;

	netdev->xdp_features = NETDEV_XDP_ACT_BASIC | NETDEV_XDP_ACT_REDIRECT |
			       NETDEV_XDP_ACT_NDO_XMIT | NETDEV_XDP_ACT_NDO_XMIT_SG |
			       NETDEV_XDP_ACT_RX_SG | NETDEV_XDP_ACT_XSK_ZEROCOPY;
	netdev->xdp_zc_max_segs = MAX_SKB_FRAGS + 1;

	ad->features = netdev->features;
	ad->mtu = netdev->mtu;
	netdev_rss_key_fill(ad->rss_key, sizeof(ad->rss_key));
	xnic_rss_default(ad);
}
