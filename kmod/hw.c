// SPDX-License-Identifier: GPL-2.0-only
/*
 * hw.c - the port's registers: reset, set-up, filters, link parameters, statistics.
 *
 * Nothing relies on what a reset leaves behind: QEMU before 8.0 resets the MAC address only. All is
 * written again at every set-up.
 */
#include <linux/bitfield.h>
#include <linux/iopoll.h>
#include <linux/rtnetlink.h>

#include "xnic.h"

/* After a reset the NVM configures the PHY for this long (Intel's own drivers wait 25 ms). */
#define XNIC_RESET_MS 25
/* IEEE 802.3: 12 bytes between frames; the PHY interface adds 4. Values as in Intel's drivers. */
#define XNIC_TIPG_COPPER                                                  \
	(FIELD_PREP(XNIC_TIPG_IPGT, 8) | FIELD_PREP(XNIC_TIPG_IPGR1, 8) | \
	 FIELD_PREP(XNIC_TIPG_IPGR2, 6))
/* Pause quanta of 512 bit times asked for in an XOFF frame. */
#define XNIC_PAUSE_TIME 0xffff

/* The receiver's share of the packet buffer, KiB: what the transmitter leaves, which has room for
 * two frames, each with the 16 bytes that the FIFO keeps about it. */
static u32 hw_rx_kib(const struct xnic_adapter *ad)
{
	u32 frame = ad->mtu + XNIC_L2_OVERHEAD + 16;

	return XNIC_PBA_TOTAL_KIB - max_t(u32, 8, DIV_ROUND_UP(2 * frame, 1024));
}

/**
 * xnic_hw_stop() - no interrupts; nothing more is received or sent, and what the FIFOs hold reaches
 * memory. May sleep.
 * @ad: the port.
 *
 * 32 KiB of a FIFO take 160 us over one PCIe lane. Intel's own drivers wait 10 ms.
 */
void xnic_hw_stop(struct xnic_adapter *ad)
{
	xnic_irq_disable_all(ad);
	ad->rx_on = false;
	xnic_wr(ad, XNIC_RCTL, 0);
	xnic_wr(ad, XNIC_TCTL, XNIC_TCTL_PSP);
	xnic_flush(ad);
	usleep_range(10000, 11000);
}

/* A read completion that comes back during the reset would wedge the bus interface. */
static void hw_disable_master(struct xnic_adapter *ad)
{
	u32 value;

	xnic_wr(ad, XNIC_CTRL, xnic_rd(ad, XNIC_CTRL) | XNIC_CTRL_MASTER_DISABLE);
	read_poll_timeout(xnic_rd, value, !(value & XNIC_STATUS_MASTER_ENABLE), 100, 80000, false,
			  ad, XNIC_STATUS);
}

/* The reset itself, and until the NVM has been read and the PHY configured from it. The PHY is ours
 * meanwhile: a reset gives it to the firmware, and an access that is under way never ends. If it
 * cannot be had, so be it. */
static void hw_reset_now(struct xnic_adapter *ad)
{
	u32 value;

	mutex_lock(&ad->mdio_lock);
	xnic_mdio_own(ad);
	xnic_wr(ad, XNIC_CTRL, xnic_rd(ad, XNIC_CTRL) | XNIC_CTRL_RST);
	usleep_range(1000, 2000);
	xnic_mdio_disown(ad);
	read_poll_timeout(xnic_rd, value, value & XNIC_EECD_AUTO_RD, 1000, 10000, false, ad,
			  XNIC_EECD);
	msleep(XNIC_RESET_MS);
	mutex_unlock(&ad->mdio_lock);
}

/**
 * xnic_hw_reset() - reset the device: from here on it knows of no ring, and its registers may be
 * given one. May sleep.
 * @ad: the port, after xnic_hw_stop().
 *
 * The packet buffer is shared out before, because only a reset makes that take effect. Only from
 * here on may the device be a bus master: it may come to us still receiving, into memory of whoever
 * had it before.
 *
 * Return: 0; -ENODEV if the device does not answer.
 */
int xnic_hw_reset(struct xnic_adapter *ad)
{
	unsigned int i;

	hw_disable_master(ad);
	ad->rx_kib = hw_rx_kib(ad);
	xnic_wr(ad, XNIC_PBA, ad->rx_kib);
	hw_reset_now(ad);
	if (XNIC_RESET_FORGETS)
		xnic_hw_forget_statistics(ad);

	xnic_wr(ad, XNIC_CTRL,
		xnic_rd(ad, XNIC_CTRL) & ~(XNIC_CTRL_MASTER_DISABLE | XNIC_CTRL_RST));
	xnic_irq_disable_all(ad);
	xnic_wr(ad, XNIC_ICR, ~0U);
	xnic_wr(ad, XNIC_RCTL, 0);
	for (i = 0; i < XNIC_HW_QUEUES; i++) {
		xnic_wr(ad, XNIC_RDLEN(i), 0);
		xnic_wr(ad, XNIC_RDH(i), 0);
		xnic_wr(ad, XNIC_TDLEN(i), 0);
		xnic_wr(ad, XNIC_TDH(i), 0);
		xnic_wr(ad, XNIC_TDT(i), 0);
		/* 0 but for QEMU before 8.0, where a write makes frames that wait get lost. */
		ad->rx[i].rung = xnic_rd(ad, XNIC_RDT(i));
	}
	if (!READ_ONCE(ad->regs) || xnic_rd(ad, XNIC_STATUS) == ~0U)
		return -ENODEV;
	pci_set_master(ad->pdev);
	return 0;
}

/** xnic_hw_fits() - whether the packet buffer is shared out for the MTU, as of the last reset. */
bool xnic_hw_fits(const struct xnic_adapter *ad)
{
	return ad->rx_kib == hw_rx_kib(ad);
}

/** xnic_hw_release() - let the firmware have the device: nobody uses it for now. */
void xnic_hw_release(struct xnic_adapter *ad)
{
	xnic_wr(ad, XNIC_CTRL_EXT, xnic_rd(ad, XNIC_CTRL_EXT) & ~XNIC_CTRL_EXT_DRV_LOAD);
}

/** xnic_hw_read_mac() - the address that the NVM gave the device; call after a reset. */
void xnic_hw_read_mac(struct xnic_adapter *ad, u8 *addr)
{
	u32 low = xnic_rd(ad, XNIC_RAL(0)), high = xnic_rd(ad, XNIC_RAH(0));
	unsigned int i;

	for (i = 0; i < 4; i++)
		addr[i] = low >> (8 * i);
	addr[4] = high;
	addr[5] = high >> 8;
}

/* Reserved bits, as every driver of the part writes them. */
static void hw_setup_reserved(struct xnic_adapter *ad)
{
	u32 value = xnic_rd(ad, XNIC_TARC(0)) & ~XNIC_TARC_30_27;

	xnic_wr(ad, XNIC_TARC(0), value | XNIC_TARC_BIT_26);
	value = xnic_rd(ad, XNIC_CTRL_EXT) & ~(XNIC_CTRL_EXT_BIT_23 | XNIC_CTRL_EXT_IAME);
	xnic_wr(ad, XNIC_CTRL_EXT, value | XNIC_CTRL_EXT_BIT_22 | XNIC_CTRL_EXT_DRV_LOAD);
	value = xnic_rd(ad, XNIC_GCR) | XNIC_GCR_BIT_22 | XNIC_GCR_L1_WITHOUT_L0S;
	xnic_wr(ad, XNIC_GCR, value);
	xnic_wr(ad, XNIC_GCR2, xnic_rd(ad, XNIC_GCR2) | XNIC_GCR2_BIT_0);
}

/* How descriptors are fetched and written back; in both queues alike, used or not (erratum). */
static void hw_setup_thresholds(struct xnic_adapter *ad)
{
	u32 rx = FIELD_PREP(XNIC_DCTL_PTHRESH, 32) | FIELD_PREP(XNIC_DCTL_HTHRESH, 4) |
		 FIELD_PREP(XNIC_DCTL_WTHRESH, 1) | XNIC_DCTL_GRAN;
	/* One write-back a report: a threshold above 1 would hold reports back. */
	u32 tx = FIELD_PREP(XNIC_DCTL_PTHRESH, 31) | FIELD_PREP(XNIC_DCTL_HTHRESH, 1) |
		 FIELD_PREP(XNIC_DCTL_WTHRESH, 1) | XNIC_DCTL_COUNT_DESC | XNIC_DCTL_GRAN;
	unsigned int i;

	for (i = 0; i < XNIC_HW_QUEUES; i++) {
		xnic_wr(ad, XNIC_RXDCTL(i), rx);
		xnic_wr(ad, XNIC_TXDCTL(i), tx);
	}
}

/* XOFF when one frame more would not fit into the receiver's share of the packet buffer, XON 8
 * bytes and more below (the part's granularity). */
static void hw_setup_flow_control(struct xnic_adapter *ad)
{
	u32 frame = ad->mtu + XNIC_L2_OVERHEAD + ETH_FCS_LEN, room = ad->rx_kib * 1024;
	u32 high = min(room * 9 / 10, room - frame) & ~7U;

	xnic_wr(ad, XNIC_FCAL, 0x00c28001); /* 01:80:c2:00:00:01 */
	xnic_wr(ad, XNIC_FCAH, 0x00000100);
	xnic_wr(ad, XNIC_FCT, ETH_P_PAUSE);
	xnic_wr(ad, XNIC_FCTTV, XNIC_PAUSE_TIME);
	xnic_wr(ad, XNIC_FCRTH, high);
	xnic_wr(ad, XNIC_FCRTL, (high - 8) | XNIC_FCRTL_XONE);
}

/**
 * xnic_hw_rx_control() - write RCTL: the receiver on or off, buffer size and filters as they are
 * to be.
 * @ad: the port.
 * @on: whether it is to run.
 */
void xnic_hw_rx_control(struct xnic_adapter *ad, bool on)
{
	struct net_device *netdev = ad->netdev;
	u32 rctl = XNIC_RCTL_BAM | XNIC_RCTL_SECRC;

	rctl |= FIELD_PREP(XNIC_RCTL_FLXBUF, ad->rx_buffer / XNIC_RX_BUFFER_STEP);
	if (ad->mtu > ETH_DATA_LEN)
		rctl |= XNIC_RCTL_LPE;
	if (netdev->flags & IFF_PROMISC)
		rctl |= XNIC_RCTL_UPE | XNIC_RCTL_MPE;
	else if (ad->features & NETIF_F_HW_VLAN_CTAG_FILTER)
		rctl |= XNIC_RCTL_VFE;
	if (netdev->flags & IFF_ALLMULTI)
		rctl |= XNIC_RCTL_MPE;
	if (netdev_uc_count(netdev) >= XNIC_RA_ENTRIES)
		rctl |= XNIC_RCTL_UPE;
	if (ad->features & NETIF_F_LOOPBACK)
		rctl |= XNIC_RCTL_LBM_MAC;
	if (on)
		rctl |= XNIC_RCTL_EN;
	ad->rx_on = on;
	xnic_wr(ad, XNIC_RCTL, rctl);
	xnic_flush(ad);
}

/** xnic_hw_tx_control() - the transmitter on or off. */
void xnic_hw_tx_control(struct xnic_adapter *ad, bool on)
{
	u32 tctl = XNIC_TCTL_PSP | XNIC_TCTL_RTLC | XNIC_TCTL_MULR | FIELD_PREP(XNIC_TCTL_CT, 15) |
		   FIELD_PREP(XNIC_TCTL_COLD, 63);

	xnic_wr(ad, XNIC_TCTL, on ? tctl | XNIC_TCTL_EN : tctl);
	xnic_flush(ad);
}

static void hw_address(struct xnic_adapter *ad, unsigned int i, const u8 *addr)
{
	u32 low = 0, high = 0;

	if (addr) {
		low = addr[0] | addr[1] << 8 | addr[2] << 16 | (u32)addr[3] << 24;
		high = addr[4] | addr[5] << 8 | XNIC_RAH_AV;
	}
	/* Never half an address that is valid. */
	xnic_wr(ad, XNIC_RAH(i), 0);
	xnic_wr(ad, XNIC_RAL(i), low);
	xnic_wr(ad, XNIC_RAH(i), high);
}

/**
 * xnic_hw_rx_mode() - program which destination addresses are received: our own and 14 more
 * exactly, multicast by a hash of 12 bits (bytes 4 and 5, from bit 4 on), or everything.
 * @ad: the port.
 */
void xnic_hw_rx_mode(struct xnic_adapter *ad)
{
	struct net_device *netdev = ad->netdev;
	u32 table[XNIC_MTA_WORDS] = {};
	struct netdev_hw_addr *ha;
	unsigned int i = 1;

	netif_addr_lock_bh(netdev);
	hw_address(ad, 0, netdev->dev_addr);
	netdev_for_each_uc_addr(ha, netdev) {
		if (i == XNIC_RA_ENTRIES)
			break; /* RCTL.UPE, then */
		hw_address(ad, i++, ha->addr);
	}
	for (; i < XNIC_RA_ENTRIES; i++)
		hw_address(ad, i, NULL);
	netdev_for_each_mc_addr(ha, netdev) {
		u32 hash = (ha->addr[4] >> 4 | ha->addr[5] << 4) & 0xfff;

		table[hash / 32] |= BIT(hash % 32);
	}
	for (i = 0; i < XNIC_MTA_WORDS; i++)
		xnic_wr(ad, XNIC_MTA(i), table[i]);
	xnic_hw_rx_control(ad, ad->rx_on);
	netif_addr_unlock_bh(netdev);
}

/** xnic_hw_offloads() - program what ad->features asks of the receiver and of VLAN tags. */
void xnic_hw_offloads(struct xnic_adapter *ad)
{
	u32 ctrl = xnic_rd(ad, XNIC_CTRL) & ~XNIC_CTRL_VME;
	/* PCSD: a hash in the descriptor instead of a raw checksum that nobody asked for. */
	u32 rxcsum = XNIC_RXCSUM_PCSD;

	if (ad->features & NETIF_F_RXCSUM)
		rxcsum |= XNIC_RXCSUM_IPOFL | XNIC_RXCSUM_TUOFL;
	if (ad->features & NETIF_F_HW_VLAN_CTAG_RX)
		ctrl |= XNIC_CTRL_VME;
	xnic_wr(ad, XNIC_RXCSUM, rxcsum);
	xnic_wr(ad, XNIC_CTRL, ctrl);
	xnic_hw_rx_control(ad, ad->rx_on);
}

/**
 * xnic_hw_vlan() - program the filter bits of @vid and its 31 neighbours.
 * @ad: the port.
 * @vid: a VLAN whose bit in ad->vlans has changed.
 *
 * VLAN 0 always passes: its tag carries a priority and names no VLAN (IEEE 802.1Q, 9.6), and the
 * stack registers it only once the 8021q module is there.
 */
void xnic_hw_vlan(struct xnic_adapter *ad, u16 vid)
{
	unsigned int word = vid / 32;

	xnic_wr(ad, XNIC_VFTA(word), ad->vlans[word] | (word ? 0 : BIT(0)));
}

/** xnic_hw_rss() - program hash key and indirection table. */
void xnic_hw_rss(struct xnic_adapter *ad)
{
	unsigned int i;

	/* Rewritten while frames arrive: the queue of a frame may be the old or the new. */
	for (i = 0; i < XNIC_RSS_KEY_BYTES / 4; i++)
		xnic_wr(ad, XNIC_RSSRK(i), get_unaligned_le32(ad->rss_key + 4 * i));
	for (i = 0; i < XNIC_RETA_ENTRIES; i += 4) {
		const u8 *queue = ad->rss_table + i;

		xnic_wr(ad, XNIC_RETA(i / 4),
			(queue[0] | queue[1] << 8 | queue[2] << 16 | (u32)queue[3] << 24)
				<< XNIC_RETA_QUEUE_SHIFT);
	}
	xnic_wr(ad, XNIC_MRQC,
		XNIC_MRQC_RSS | XNIC_MRQC_TCP_IPV4 | XNIC_MRQC_IPV4 | XNIC_MRQC_TCP_IPV6_EX |
			XNIC_MRQC_IPV6 | XNIC_MRQC_TCP_IPV6);
}

/**
 * xnic_hw_setup() - program everything but the rings and the interrupts. Receiver and transmitter
 * are off.
 * @ad: the port.
 */
void xnic_hw_setup(struct xnic_adapter *ad)
{
	u32 ctrl = xnic_rd(ad, XNIC_CTRL);
	unsigned int i;

	hw_setup_reserved(ad);
	/* The MAC takes speed and duplex from the PHY. */
	ctrl &= ~(XNIC_CTRL_FRCSPD | XNIC_CTRL_FRCDPX | XNIC_CTRL_UNDOCUMENTED_29);
	xnic_wr(ad, XNIC_CTRL, ctrl | XNIC_CTRL_SLU);
	hw_setup_thresholds(ad);
	hw_setup_flow_control(ad);
	xnic_wr(ad, XNIC_VET, ETH_P_8021Q);
	xnic_wr(ad, XNIC_TIPG, XNIC_TIPG_COPPER);
	/* Without ACK_DIS every TCP ACK raises the "other" interrupt. */
	xnic_wr(ad, XNIC_RFCTL, XNIC_RFCTL_EXTEN | XNIC_RFCTL_ACK_DIS);
	xnic_wr(ad, XNIC_RSRPD, 0);
	xnic_wr(ad, XNIC_RDTR, 0);
	xnic_wr(ad, XNIC_RADV, 0);
	xnic_wr(ad, XNIC_TIDV, 0);
	xnic_wr(ad, XNIC_TADV, 0);
	xnic_hw_tx_control(ad, false);
	xnic_hw_rx_control(ad, false);
	xnic_hw_rss(ad);
	for (i = 0; i < XNIC_VFTA_WORDS; i++)
		xnic_hw_vlan(ad, 32 * i);
	xnic_hw_rx_mode(ad);
	xnic_hw_offloads(ad);
	xnic_hw_link(ad);
}

/** xnic_hw_link() - make the MAC fit what the PHY has negotiated. */
void xnic_hw_link(struct xnic_adapter *ad)
{
	struct phy_device *phydev = ad->phydev;
	u32 ctrl = xnic_rd(ad, XNIC_CTRL) & ~(XNIC_CTRL_RFCE | XNIC_CTRL_TFCE);
	bool send = false, obey = false;

	mutex_lock(&phydev->lock);
	if (phydev->link && phydev->duplex == DUPLEX_FULL) {
		if (!ad->pause.autoneg) {
			send = ad->pause.tx;
			obey = ad->pause.rx;
		} else if (phydev->autoneg == AUTONEG_ENABLE) {
			phy_get_pause(phydev, &send, &obey);
		}
	}
	WRITE_ONCE(ad->slow, phydev->link && phydev->speed != SPEED_1000);
	mutex_unlock(&phydev->lock);
	if (send)
		ctrl |= XNIC_CTRL_TFCE;
	if (obey)
		ctrl |= XNIC_CTRL_RFCE;
	xnic_wr(ad, XNIC_CTRL, ctrl);
}

/* The statistics registers behind enum xnic_hw_counter. */
static const u32 xnic_hw_counter_regs[XNIC_HW_COUNTERS] = {
	[XNIC_HW_RX_PACKETS] = XNIC_GPRC,    [XNIC_HW_RX_BYTES] = XNIC_GORCL,
	[XNIC_HW_RX_BROADCAST] = XNIC_BPRC,  [XNIC_HW_RX_MULTICAST] = XNIC_MPRC,
	[XNIC_HW_RX_MISSED] = XNIC_MPC,	     [XNIC_HW_RX_NO_BUFFER] = XNIC_RNBC,
	[XNIC_HW_RX_CRC] = XNIC_CRCERRS,     [XNIC_HW_RX_ALIGN] = XNIC_ALGNERRC,
	[XNIC_HW_RX_LENGTH] = XNIC_RLEC,     [XNIC_HW_RX_UNDERSIZE] = XNIC_RUC,
	[XNIC_HW_RX_FRAGMENT] = XNIC_RFC,    [XNIC_HW_RX_OVERSIZE] = XNIC_ROC,
	[XNIC_HW_RX_JABBER] = XNIC_RJC,	     [XNIC_HW_RX_ERRORS] = XNIC_RXERRC,
	[XNIC_HW_RX_CARRIER] = XNIC_CEXTERR, [XNIC_HW_RX_XON] = XNIC_XONRXC,
	[XNIC_HW_RX_XOFF] = XNIC_XOFFRXC,    [XNIC_HW_TX_PACKETS] = XNIC_GPTC,
	[XNIC_HW_TX_BYTES] = XNIC_GOTCL,     [XNIC_HW_TX_BROADCAST] = XNIC_BPTC,
	[XNIC_HW_TX_MULTICAST] = XNIC_MPTC,  [XNIC_HW_TX_TSO] = XNIC_TSCTC,
	[XNIC_HW_TX_COLLISIONS] = XNIC_COLC, [XNIC_HW_TX_LATE] = XNIC_LATECOL,
	[XNIC_HW_TX_EXCESSIVE] = XNIC_ECOL,  [XNIC_HW_TX_NO_CARRIER] = XNIC_TNCRS,
	[XNIC_HW_TX_XON] = XNIC_XONTXC,	     [XNIC_HW_TX_XOFF] = XNIC_XOFFTXC,
};

static void hw_read_counters(struct xnic_adapter *ad, u64 *counts)
{
	unsigned int i;

	for (i = 0; i < XNIC_HW_COUNTERS; i++) {
		u32 reg = xnic_hw_counter_regs[i];

		counts[i] = xnic_rd(ad, reg);
		if (reg == XNIC_GORCL || reg == XNIC_GOTCL) /* the high half latches and clears */
			counts[i] |= (u64)xnic_rd(ad, reg + 4) << 32;
	}
}

/** xnic_hw_forget_statistics() - what the device has counted up to now was another driver's. */
void xnic_hw_forget_statistics(struct xnic_adapter *ad)
{
	u64 counts[XNIC_HW_COUNTERS];

	hw_read_counters(ad, counts);
}

/** xnic_hw_statistics() - add what the device has counted since the last time (reading clears). To
 * be called before a reset, which clears as well. */
void xnic_hw_statistics(struct xnic_adapter *ad)
{
	u64 counts[XNIC_HW_COUNTERS];
	unsigned int i;

	hw_read_counters(ad, counts);
	if (!READ_ONCE(ad->regs))
		return;
	u64_stats_update_begin(&ad->hw_sync);
	for (i = 0; i < XNIC_HW_COUNTERS; i++)
		u64_stats_add(&ad->hw[i], counts[i]);
	u64_stats_update_end(&ad->hw_sync);
}
