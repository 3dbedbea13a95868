/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw.h - registers and descriptors of the Intel 82574L, after Intel's "82574 GbE Controller Family
 * Datasheet".
 *
 * One section per block; a register's fields are indented under it, their values right after the
 * field. Only what the driver uses. Reserved bits that every driver of the part writes are named by
 * their number.
 */
/* clang-format off */
#ifndef XNIC_HW_H
#define XNIC_HW_H

#include <linux/bits.h>
#include <linux/types.h>

#define XNIC_VENDOR_INTEL   0x8086
#define XNIC_DEVICE_82574L  0x10d3
#define XNIC_BAR_REGISTERS  0
#define XNIC_HW_QUEUES	    2 /* receive queues, and transmit queues */
#define XNIC_REGISTER_SPACE 0x20000

/* ---- General ---- */
#define XNIC_CTRL			 0x00000 /* device control */
#define	  XNIC_CTRL_FD			 BIT(0)
#define	  XNIC_CTRL_MASTER_DISABLE	 BIT(2)
#define	  XNIC_CTRL_SLU			 BIT(6) /* set link up */
#define	  XNIC_CTRL_SPEED		 GENMASK(9, 8)
#define	  XNIC_CTRL_FRCSPD		 BIT(11)
#define	  XNIC_CTRL_FRCDPX		 BIT(12)
#define	  XNIC_CTRL_RST			 BIT(26)
#define	  XNIC_CTRL_RFCE		 BIT(27) /* obey pause frames */
#define	  XNIC_CTRL_TFCE		 BIT(28) /* send pause frames */
#define	  XNIC_CTRL_UNDOCUMENTED_29	 BIT(29) /* to be written 0 */
#define	  XNIC_CTRL_VME			 BIT(30) /* strip tags on receive, insert on transmit */
#define XNIC_STATUS			 0x00008
#define	  XNIC_STATUS_FD		 BIT(0)
#define	  XNIC_STATUS_LU		 BIT(1) /* link up */
#define	  XNIC_STATUS_MASTER_ENABLE	 BIT(19)
#define XNIC_EECD			 0x00010
#define	  XNIC_EECD_AUTO_RD		 BIT(9) /* the NVM has been read after a reset */
#define XNIC_EERD			 0x00014 /* NVM read */
#define	  XNIC_EERD_START		 BIT(0)
#define	  XNIC_EERD_DONE		 BIT(1)
#define	  XNIC_EERD_ADDRESS		 GENMASK(15, 2)
#define	  XNIC_EERD_DATA		 GENMASK(31, 16)
#define	  XNIC_NVM_WORDS		 64
#define XNIC_CTRL_EXT			 0x00018
#define	  XNIC_CTRL_EXT_BIT_22		 BIT(22) /* set, and 23 clear: as every 82574 driver */
#define	  XNIC_CTRL_EXT_BIT_23		 BIT(23)
#define	  XNIC_CTRL_EXT_EIAME		 BIT(24) /* MSI-X masks its causes by itself */
#define	  XNIC_CTRL_EXT_IAME		 BIT(27) /* reading ICR masks the causes in IAM */
#define	  XNIC_CTRL_EXT_DRV_LOAD	 BIT(28) /* tells the firmware that a driver is there */
#define	  XNIC_CTRL_EXT_PBA_CLR		 BIT(31) /* MSI-X pending bits clear by themselves */
#define XNIC_MDIC			 0x00020
#define	  XNIC_MDIC_DATA		 GENMASK(15, 0)
#define	  XNIC_MDIC_REG			 GENMASK(20, 16)
#define	  XNIC_MDIC_PHY			 GENMASK(25, 21)
#define	  XNIC_MDIC_OP			 GENMASK(27, 26)
#define	    XNIC_MDIC_OP_WRITE		 1
#define	    XNIC_MDIC_OP_READ		 2
#define	  XNIC_MDIC_READY		 BIT(28)
#define	  XNIC_MDIC_ERROR		 BIT(30)
#define XNIC_FCAL			 0x00028 /* pause frames: destination, type, timer */
#define XNIC_FCAH			 0x0002c
#define XNIC_FCT			 0x00030
#define XNIC_VET			 0x00038 /* ethertype of a VLAN tag */
#define XNIC_EXTCNF_CTRL		 0x00f00
#define	  XNIC_EXTCNF_MDIO_SW_OWNED	 BIT(5)

/* ---- Interrupts ---- */
#define XNIC_ICR			 0x000c0 /* cause; write 1 to clear */
#define XNIC_ITR			 0x000c4 /* throttle without MSI-X, 256 ns a count */
#define XNIC_ICS			 0x000c8 /* raise a cause */
#define XNIC_IMS			 0x000d0 /* unmask */
#define XNIC_IMC			 0x000d8 /* mask */
#define XNIC_EIAC			 0x000dc /* causes that MSI-X clears by itself */
#define XNIC_IAM			 0x000e0
#define	  XNIC_INT_TXDW			 BIT(0) /* fields of all seven above */
#define	  XNIC_INT_LSC			 BIT(2) /* link status changed */
#define	  XNIC_INT_RXDMT0		 BIT(4)
#define	  XNIC_INT_RXO			 BIT(6) /* no descriptor for a frame */
#define	  XNIC_INT_RXT0			 BIT(7)
#define	  XNIC_INT_RXQ(q)		 BIT(20 + (q))
#define	  XNIC_INT_TXQ(q)		 BIT(22 + (q))
#define	  XNIC_INT_OTHER		 BIT(24)
#define	  XNIC_INT_ASSERTED		 BIT(31) /* ICR: the line is ours */
#define XNIC_IVAR			 0x000e4 /* which vector for which cause, 4 bits each */
#define	  XNIC_IVAR_RXQ(q, vector)	 ((8 | (vector)) << (4 * (q)))
#define	  XNIC_IVAR_TXQ(q, vector)	 ((8 | (vector)) << (8 + 4 * (q)))
#define	  XNIC_IVAR_OTHER(vector)	 ((8 | (vector)) << 16)
#define XNIC_EITR(vector)		 (0x000e8 + 4 * (vector)) /* throttle, 256 ns a count */
#define	  XNIC_EITR_COUNT		 GENMASK(15, 0)
#define	  XNIC_EITR_NS			 256

/* ---- Receive ---- */
#define XNIC_RCTL			 0x00100
#define	  XNIC_RCTL_EN			 BIT(1)
#define	  XNIC_RCTL_UPE			 BIT(3) /* promiscuous: unicast, multicast */
#define	  XNIC_RCTL_MPE			 BIT(4)
#define	  XNIC_RCTL_LPE			 BIT(5) /* frames above 1522 bytes */
#define	  XNIC_RCTL_LBM_MAC		 BIT(6) /* what is sent comes back */
#define	  XNIC_RCTL_BAM			 BIT(15) /* accept broadcast */
#define	  XNIC_RCTL_VFE			 BIT(18) /* VLAN filter */
#define	  XNIC_RCTL_SECRC		 BIT(26) /* strip the FCS */
#define	  XNIC_RCTL_FLXBUF		 GENMASK(30, 27) /* buffer size in KiB */
#define XNIC_FCTTV			 0x00170
#define XNIC_FCRTL			 0x02160 /* FIFO level below which XON is sent */
#define	  XNIC_FCRTL_XONE		 BIT(31)
#define XNIC_FCRTH			 0x02168 /* FIFO level above which XOFF is sent */
#define XNIC_RDBAL(q)			 (0x02800 + 0x100 * (q))
#define XNIC_RDBAH(q)			 (0x02804 + 0x100 * (q))
#define XNIC_RDLEN(q)			 (0x02808 + 0x100 * (q))
#define XNIC_RDH(q)			 (0x02810 + 0x100 * (q))
#define XNIC_RDT(q)			 (0x02818 + 0x100 * (q))
#define XNIC_RDTR			 0x02820
#define XNIC_RXDCTL(q)			 (0x02828 + 0x100 * (q))
#define	  XNIC_DCTL_PTHRESH		 GENMASK(5, 0) /* RXDCTL and TXDCTL alike */
#define	  XNIC_DCTL_HTHRESH		 GENMASK(13, 8)
#define	  XNIC_DCTL_WTHRESH		 GENMASK(21, 16)
#define	  XNIC_DCTL_COUNT_DESC		 BIT(22) /* TXDCTL: must be 1 */
#define	  XNIC_DCTL_GRAN		 BIT(24) /* thresholds count descriptors */
#define XNIC_RADV			 0x0282c
#define XNIC_RSRPD			 0x02c00 /* interrupt for frames below this size */
#define XNIC_RXCSUM			 0x05000
#define	  XNIC_RXCSUM_IPOFL		 BIT(8)
#define	  XNIC_RXCSUM_TUOFL		 BIT(9)
#define	  XNIC_RXCSUM_PCSD		 BIT(13) /* the RSS hash in place of the checksum */
#define XNIC_RFCTL			 0x05008
#define	  XNIC_RFCTL_ACK_DIS		 BIT(12) /* no interrupt for each TCP ACK */
#define	  XNIC_RFCTL_EXTEN		 BIT(15) /* extended descriptors */
#define XNIC_MTA(i)			 (0x05200 + 4 * (i))
#define	  XNIC_MTA_WORDS		 128
#define XNIC_RAL(i)			 (0x05400 + 8 * (i))
#define XNIC_RAH(i)			 (0x05404 + 8 * (i))
#define	  XNIC_RAH_AV			 BIT(31) /* address valid */
#define	  XNIC_RA_ENTRIES		 15 /* the sixteenth belongs to the firmware */
#define XNIC_VFTA(i)			 (0x05600 + 4 * (i))
#define	  XNIC_VFTA_WORDS		 128
#define XNIC_MRQC			 0x05818
#define	  XNIC_MRQC_RSS			 BIT(0)
#define	  XNIC_MRQC_TCP_IPV4		 BIT(16)
#define	  XNIC_MRQC_IPV4		 BIT(17)
#define	  XNIC_MRQC_TCP_IPV6_EX		 BIT(18)
#define	  XNIC_MRQC_IPV6		 BIT(20)
#define	  XNIC_MRQC_TCP_IPV6		 BIT(21)
#define XNIC_RETA(i)			 (0x05c00 + 4 * (i))
#define	  XNIC_RETA_ENTRIES		 128 /* a byte each; bit 7 is the queue */
#define	  XNIC_RETA_QUEUE_SHIFT		 7
#define XNIC_RSSRK(i)			 (0x05c80 + 4 * (i))
#define	  XNIC_RSS_KEY_BYTES		 40

/* ---- Transmit ---- */
#define XNIC_TCTL			 0x00400
#define	  XNIC_TCTL_EN			 BIT(1)
#define	  XNIC_TCTL_PSP			 BIT(3) /* pad short frames */
#define	  XNIC_TCTL_CT			 GENMASK(11, 4) /* collision threshold */
#define	  XNIC_TCTL_COLD		 GENMASK(21, 12) /* collision distance */
#define	  XNIC_TCTL_RTLC		 BIT(24) /* again after a late collision */
#define	  XNIC_TCTL_MULR		 BIT(28) /* several read requests at once */
#define XNIC_TIPG			 0x00410
#define	  XNIC_TIPG_IPGT		 GENMASK(9, 0)
#define	  XNIC_TIPG_IPGR1		 GENMASK(19, 10)
#define	  XNIC_TIPG_IPGR2		 GENMASK(29, 20)
#define XNIC_TDBAL(q)			 (0x03800 + 0x100 * (q))
#define XNIC_TDBAH(q)			 (0x03804 + 0x100 * (q))
#define XNIC_TDLEN(q)			 (0x03808 + 0x100 * (q))
#define XNIC_TDH(q)			 (0x03810 + 0x100 * (q))
#define XNIC_TDT(q)			 (0x03818 + 0x100 * (q))
#define XNIC_TIDV			 0x03820
#define XNIC_TXDCTL(q)			 (0x03828 + 0x100 * (q))
#define XNIC_TADV			 0x0382c
#define XNIC_TARC(q)			 (0x03840 + 0x100 * (q))
#define	  XNIC_TARC_ENABLE		 BIT(10)
#define	  XNIC_TARC_BIT_26		 BIT(26) /* set, and 30:27 clear: as for CTRL_EXT */
#define	  XNIC_TARC_30_27		 GENMASK(30, 27)

/* ---- Packet buffer, PCIe ---- */
#define XNIC_PBA			 0x01000 /* how the 40 KiB are shared, in KiB */
#define	  XNIC_PBA_RX			 GENMASK(15, 0)
#define	  XNIC_PBA_TX			 GENMASK(31, 16)
#define	  XNIC_PBA_TOTAL_KIB		 40
#define XNIC_GCR			 0x05b00
#define	  XNIC_GCR_BIT_22		 BIT(22)
#define	  XNIC_GCR_L1_WITHOUT_L0S	 BIT(27) /* L1 may be entered although L0s is not */
#define XNIC_GCR2			 0x05b64
#define	  XNIC_GCR2_BIT_0		 BIT(0) /* erratum: unreliable completions with ASPM */
#define XNIC_MANC			 0x05820
#define	  XNIC_MANC_RECEIVE_TCO		 BIT(17) /* a management controller receives, too */
#define XNIC_SWSM			 0x05b50
#define XNIC_FWSM			 0x05b54

/* ---- Statistics: cleared when read ---- */
#define XNIC_CRCERRS			 0x04000
#define XNIC_ALGNERRC			 0x04004
#define XNIC_RXERRC			 0x0400c
#define XNIC_MPC			 0x04010 /* missed: the FIFO was full */
#define XNIC_SCC			 0x04014
#define XNIC_ECOL			 0x04018
#define XNIC_MCC			 0x0401c
#define XNIC_LATECOL			 0x04020
#define XNIC_COLC			 0x04028
#define XNIC_DC				 0x04030
#define XNIC_TNCRS			 0x04034
#define XNIC_CEXTERR			 0x0403c
#define XNIC_RLEC			 0x04040
#define XNIC_XONRXC			 0x04048
#define XNIC_XONTXC			 0x0404c
#define XNIC_XOFFRXC			 0x04050
#define XNIC_XOFFTXC			 0x04054
#define XNIC_PRC64			 0x0405c /* 64, 65-127, 128-255, 256-511, 512-1023, 1024- */
#define XNIC_GPRC			 0x04074
#define XNIC_BPRC			 0x04078
#define XNIC_MPRC			 0x0407c
#define XNIC_GPTC			 0x04080
#define XNIC_GORCL			 0x04088
#define XNIC_GORCH			 0x0408c
#define XNIC_GOTCL			 0x04090
#define XNIC_GOTCH			 0x04094
#define XNIC_RNBC			 0x040a0 /* no descriptor when the frame arrived */
#define XNIC_RUC			 0x040a4
#define XNIC_RFC			 0x040a8
#define XNIC_ROC			 0x040ac
#define XNIC_RJC			 0x040b0
#define XNIC_TORL			 0x040c0
#define XNIC_TORH			 0x040c4
#define XNIC_TPR			 0x040d0
#define XNIC_TPT			 0x040d4
#define XNIC_PTC64			 0x040d8
#define XNIC_MPTC			 0x040f0
#define XNIC_BPTC			 0x040f4
#define XNIC_TSCTC			 0x040f8 /* segmentation offloads done */
#define XNIC_STATISTICS_FIRST		 XNIC_CRCERRS
#define XNIC_STATISTICS_LAST		 0x04124

/* ---- Receive descriptor, extended ---- */
union xnic_rx_desc {
	struct {
		__le64 addr;
		__le64 zero; /* holds DD and EOP after write-back */
	} read;
	struct {
		__le32 mrq;
#define XNIC_RXD_RSS_TYPE     GENMASK(3, 0)
#define	  XNIC_RSS_TCP_IPV4   1
#define	  XNIC_RSS_IPV4	      2
#define	  XNIC_RSS_TCP_IPV6   3
#define	  XNIC_RSS_IPV6_EX    4
#define	  XNIC_RSS_IPV6	      5
		__le32 rss_hash;
		__le32 status;
#define XNIC_RXD_DD	      BIT(0)
#define XNIC_RXD_EOP	      BIT(1)
#define XNIC_RXD_IXSM	      BIT(2) /* ignore the checksum bits */
#define XNIC_RXD_VP	      BIT(3) /* a tag was stripped into vlan */
#define XNIC_RXD_UDPCS	      BIT(4)
#define XNIC_RXD_TCPCS	      BIT(5)
#define XNIC_RXD_IPCS	      BIT(6)
#define XNIC_RXD_CE	      BIT(24) /* FCS, symbol, sequence, extension, data error */
#define XNIC_RXD_SE	      BIT(25)
#define XNIC_RXD_SEQ	      BIT(26)
#define XNIC_RXD_CXE	      BIT(28)
#define XNIC_RXD_TCPE	      BIT(29)
#define XNIC_RXD_IPE	      BIT(30)
#define XNIC_RXD_RXE	      BIT(31)
#define XNIC_RXD_FRAME_ERRORS \
	(XNIC_RXD_CE | XNIC_RXD_SE | XNIC_RXD_SEQ | XNIC_RXD_CXE | XNIC_RXD_RXE)
		__le16 length;
		__le16 vlan;
	} wb;
};

/* ---- Transmit descriptors, extended ---- */
union xnic_tx_desc {
	struct {
		__le64 addr;
		__le32 cmd;
#define XNIC_TXD_LENGTH	      GENMASK(19, 0)
#define XNIC_TXD_DATA	      BIT(20) /* data, not context */
#define XNIC_TXD_EOP	      BIT(24)
#define XNIC_TXD_IFCS	      BIT(25)
#define XNIC_TXD_TSE	      BIT(26)
#define XNIC_TXD_RS	      BIT(27) /* report status: write DD back */
#define XNIC_TXD_DEXT	      BIT(29)
#define XNIC_TXD_VLE	      BIT(30) /* insert the tag in options */
		__le32 options;
#define XNIC_TXD_DD	      BIT(0)
#define XNIC_TXD_IXSM	      BIT(8) /* insert IPv4, TCP or UDP checksum */
#define XNIC_TXD_TXSM	      BIT(9)
#define XNIC_TXD_VLAN	      GENMASK(31, 16)
	} data;
	struct {
		u8 ip_start; /* offsets from the first byte of the frame */
		u8 ip_csum;
		__le16 ip_end;
		u8 l4_start;
		u8 l4_csum;
		__le16 l4_end; /* 0: to the end of the frame */
		__le32 cmd;
#define XNIC_TXC_LENGTH	      GENMASK(19, 0) /* payload to segment */
#define XNIC_TXC_PLACE_MAX    255	     /* positions in the frame have 8 bits */
#define XNIC_TXC_TCP	      BIT(24)
#define XNIC_TXC_IPV4	      BIT(25)
#define XNIC_TXC_TSE	      BIT(26)
		u8 status;
		u8 header;
		__le16 mss;
	} context;
};

#endif
