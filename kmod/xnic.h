/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xnic.h - the driver's own structures, and what its files offer each other.
 *
 * Two planes. The control plane is one thread per port (control.c): it alone opens, closes and
 * reconfigures; every entry point that wants such a thing sends it a message. The data plane is one
 * NAPI instance per queue pair (rx.c, tx.c, xdp.c, xsk.c, xsk_tx.c): it never waits for the thread.
 * They meet where the thread stops a pair: xnic_pair_stop() returns when nothing of the data plane
 * can touch that pair's rings any more; the device can until it has been reset (xnic_port_down()).
 */
#ifndef XNIC_H
#define XNIC_H

#include <linux/dim.h>
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/netdevice.h>
#include <linux/pci.h>
#include <linux/phy.h>
#include <linux/u64_stats_sync.h>
#include <net/netdev_queues.h>
#include <net/page_pool/helpers.h>
#include <net/xdp.h>
#include <net/xdp_sock_drv.h>

#include "compat.h"
#include "domain.h"
#include "faults.h"
#include "hw.h"
#include "ring.h"

#define XNIC_NAME "xnic"

/* Received frames land behind this much room for XDP; the page's end is the skb's shared info. */
#define XNIC_HEADROOM  XDP_PACKET_HEADROOM
#define XNIC_PAGE_ROOM SKB_WITH_OVERHEAD(PAGE_SIZE - XNIC_HEADROOM)

/* What a frame has beyond its MTU: Ethernet header, one VLAN tag; and the FCS on the wire. */
#define XNIC_L2_OVERHEAD    (ETH_HLEN + VLAN_HLEN)
#define XNIC_MTU_MAX	    (9018 - ETH_HLEN)
/* The device writes into buffers of 1, 2 or 3 KiB, the same for the whole port. */
#define XNIC_RX_BUFFER_MIN  1024
#define XNIC_RX_BUFFER_STEP 1024
#define XNIC_RX_BUFFER_MAX  3072
/* With RCTL.LPE off the device drops frames above this length, FCS included. */
#define XNIC_SHORT_MAX	    1522

/* Interrupt throttle, microseconds. 16.7 ms is what EITR's 16 bits hold. */
#define XNIC_USECS_DEFAULT 20
#define XNIC_USECS_MAX	   16000
#define XNIC_USECS_OTHER   1000

/* Under QEMU before 8.0 a throttle timer that expires after MSI-X was switched off aborts the
 * machine; so vectors are given back this long after the last interrupt was masked. The longest
 * throttle is 17 ms. */
#define XNIC_IRQ_SETTLE_MS 50

/* Once a second the control thread reads the statistics registers (32 bits of octets would wrap
 * after 34 s at 1 Gbit/s) and looks after queues that starve. */
#define XNIC_TICK_MS 1000

/* ---- the port ---- */

enum xnic_hw_counter {
	XNIC_HW_RX_PACKETS,
	XNIC_HW_RX_BYTES,
	XNIC_HW_RX_BROADCAST,
	XNIC_HW_RX_MULTICAST,
	XNIC_HW_RX_MISSED,
	XNIC_HW_RX_NO_BUFFER,
	XNIC_HW_RX_CRC,
	XNIC_HW_RX_ALIGN,
	XNIC_HW_RX_LENGTH,
	XNIC_HW_RX_UNDERSIZE,
	XNIC_HW_RX_FRAGMENT,
	XNIC_HW_RX_OVERSIZE,
	XNIC_HW_RX_JABBER,
	XNIC_HW_RX_ERRORS,
	XNIC_HW_RX_CARRIER,
	XNIC_HW_RX_XON,
	XNIC_HW_RX_XOFF,
	XNIC_HW_TX_PACKETS,
	XNIC_HW_TX_BYTES,
	XNIC_HW_TX_BROADCAST,
	XNIC_HW_TX_MULTICAST,
	XNIC_HW_TX_TSO,
	XNIC_HW_TX_COLLISIONS,
	XNIC_HW_TX_LATE,
	XNIC_HW_TX_EXCESSIVE,
	XNIC_HW_TX_NO_CARRIER,
	XNIC_HW_TX_XON,
	XNIC_HW_TX_XOFF,
	XNIC_HW_COUNTERS
};

enum xnic_state {
	XNIC_CLOSED,
	XNIC_OPENED,
	XNIC_ASLEEP, /* suspended, being reset, or the PCI channel failed */
	XNIC_GONE,   /* the device does not answer any more */
	XNIC_STATES
};

/* Why the port is asleep, or to stay so; a bit each. */
enum xnic_why {
	XNIC_WHY_SUSPEND = 1,
	XNIC_WHY_ERROR = 2,
	XNIC_WHY_RESET = 4,
	XNIC_WHY_SHUTDOWN = 8
};

/* Flow control as asked for. */
struct xnic_pause {
	bool autoneg; /* advertise @rx and @tx, and do what comes of it; else do them */
	bool rx;
	bool tx;
};

struct xnic_adapter {
	/* Data path: read-mostly. */
	struct net_device *netdev;
	u8 __iomem *regs; /* NULL once the device does not answer, and while the port is asleep */
	struct bpf_prog *prog;
	bool slow; /* the link: below 1000 Mbit/s */
	struct xnic_queue queue[XNIC_HW_QUEUES];
	struct xnic_rx rx[XNIC_HW_QUEUES];
	struct xnic_tx tx[XNIC_HW_QUEUES];

	/* The control thread's, from probe's end on. */
	enum xnic_state state;
	struct xnic_shape shape;    /* of the rings there are, or will be at open */
	netdev_features_t features; /* as programmed */
	unsigned int mtu;	    /* as programmed */
	u32 rx_buffer;		    /* bytes the device writes into one buffer */
	u32 rx_kib;		    /* the receiver's share of the packet buffer */
	bool rx_on;		    /* RCTL.EN */
	u32 vlans[XNIC_VFTA_WORDS]; /* a bit each */
	u8 rss_key[XNIC_RSS_KEY_BYTES];
	u8 rss_table[XNIC_RETA_ENTRIES];
	struct xnic_pause pause;
	bool was_open;	  /* before it fell asleep, or was lost */
	u64 phy_received; /* frames, at the last look at the PHY, which seemed stuck */
	u8 phy_hung;	  /* so many times running */

	struct u64_stats_sync hw_sync;
	u64_stats_t hw[XNIC_HW_COUNTERS];
	u64 timeouts;
	u64 resets;

	struct pci_dev *pdev;
	void __iomem *mapped;
	struct pci_saved_state *config; /* as of probe, for the device after a reset */
	unsigned int why_asleep;	/* enum xnic_why; changes with the PCI device's lock held */
	int vectors;			/* 3: MSI-X; 1: MSI or line */
	struct mii_bus *mdio;
	struct phy_device *phydev;
	struct mutex mdio_lock; /* one MDIO access at a time, none during a reset */

	/* The active driver: see control.c. */
	struct domain domain;
	struct domain_thread thread;
	struct domain_mailbox requests; /* calls from entry points that may sleep */
	struct domain_mailbox events;	/* notifications from those that may not */
	struct domain_mailbox outlet;	/* what needs rtnl */
	struct domain_msg link_irq;
	struct domain_msg link_change;
	struct domain_msg tx_timeout;
	struct domain_msg rx_mode;
	struct domain_msg unplugged;
	struct domain_msg close_me;
	char name[24];

	struct dentry *debugfs;
	struct xnic_faults faults;
};

/* Of one frame under way through XDP; the metadata kfuncs get it. Fits a zero-copy buffer's
 * private area. */
struct xnic_xdp {
	struct xdp_buff xdp;
	const union xnic_rx_desc *desc; /* its last one */
};

static_assert(offsetof(struct xnic_xdp, xdp) == 0);

/* ---- registers: main.c ---- */

void xnic_disable_aspm(struct pci_dev *pdev);
u32 xnic_rd(struct xnic_adapter *ad, u32 reg);
bool xnic_answers(struct xnic_adapter *ad);

/** xnic_wr() - write a register; nothing happens when the device is gone or asleep. */
static inline void xnic_wr(struct xnic_adapter *ad, u32 reg, u32 value)
{
	u8 __iomem *regs = READ_ONCE(ad->regs);

	if (regs)
		writel(value, regs + reg);
}

static inline void xnic_flush(struct xnic_adapter *ad)
{
	xnic_rd(ad, XNIC_STATUS);
}

/* ---- recovery.c ---- */
extern const struct dev_pm_ops xnic_pm_ops;
extern const struct pci_error_handlers xnic_error_handlers;
void xnic_shutdown(struct pci_dev *pdev);
void xnic_recovery_leave(struct xnic_adapter *ad);

/* ---- hw.c: the port's registers; all called by the control thread, or by probe ---- */
void xnic_hw_stop(struct xnic_adapter *ad);
int xnic_hw_reset(struct xnic_adapter *ad);
bool xnic_hw_fits(const struct xnic_adapter *ad);
void xnic_hw_release(struct xnic_adapter *ad);
void xnic_hw_read_mac(struct xnic_adapter *ad, u8 *addr);
void xnic_hw_setup(struct xnic_adapter *ad);
void xnic_hw_rx_control(struct xnic_adapter *ad, bool on);
void xnic_hw_tx_control(struct xnic_adapter *ad, bool on);
void xnic_hw_rx_mode(struct xnic_adapter *ad);
void xnic_hw_offloads(struct xnic_adapter *ad);
void xnic_hw_vlan(struct xnic_adapter *ad, u16 vid);
void xnic_hw_rss(struct xnic_adapter *ad);
void xnic_hw_link(struct xnic_adapter *ad);
void xnic_hw_statistics(struct xnic_adapter *ad);
void xnic_hw_forget_statistics(struct xnic_adapter *ad);

/* ---- ring.c ---- */
struct xnic_mem {
	struct xnic_shape shape;
	struct xnic_rx_mem *rx[XNIC_HW_QUEUES];
	struct xnic_tx_mem *tx[XNIC_HW_QUEUES];
};

int xnic_mem_alloc(struct xnic_adapter *ad, const struct xnic_shape *shape, struct xnic_mem *mem);
void xnic_mem_free(struct xnic_adapter *ad, struct xnic_mem *mem);
void xnic_mem_swap(struct xnic_adapter *ad, struct xnic_mem *mem);
void xnic_pair_start(struct xnic_adapter *ad, unsigned int i);
void xnic_pair_stop(struct xnic_adapter *ad, unsigned int i);
void xnic_pair_drain(struct xnic_adapter *ad, unsigned int i);
void xnic_pair_clear(struct xnic_adapter *ad, unsigned int i);
void xnic_pair_kick(struct xnic_adapter *ad, unsigned int i);

/* ---- port.c: the whole port up and down; the control thread's ---- */
int xnic_port_acquire(struct xnic_adapter *ad);
void xnic_port_release(struct xnic_adapter *ad);
void xnic_port_up(struct xnic_adapter *ad);
void xnic_port_up_again(struct xnic_adapter *ad);
void xnic_port_down(struct xnic_adapter *ad);
void xnic_port_restart(struct xnic_adapter *ad);
int xnic_port_reset(struct xnic_adapter *ad);
bool xnic_port_tx_stuck(const struct xnic_adapter *ad);
int xnic_port_reshape(struct xnic_adapter *ad, const struct xnic_shape *shape);
int xnic_port_set_mtu(struct xnic_adapter *ad, unsigned int mtu);
void xnic_port_tick(struct xnic_adapter *ad);

/* ---- rx.c ---- */
int xnic_rx_poll(struct xnic_rx *rx, int budget);
bool xnic_rx_refill(struct xnic_rx *rx, struct xnic_rx_tally *tally);
void xnic_rx_doorbell(struct xnic_rx *rx, struct xnic_rx_tally *tally);
void xnic_rx_count(struct xnic_rx *rx, const struct xnic_rx_tally *tally);
void xnic_rx_receive(struct xnic_rx *rx, struct sk_buff *skb, const union xnic_rx_desc *desc,
		     struct xnic_rx_tally *tally);
int xnic_rx_abort(struct xnic_rx *rx, struct bpf_prog *prog, u32 verdict,
		  struct xnic_rx_tally *tally);

/* ---- tx.c ---- */
netdev_tx_t xnic_xmit(struct sk_buff *skb, struct net_device *netdev);
netdev_features_t xnic_features_check(struct sk_buff *skb, struct net_device *netdev,
				      netdev_features_t features);
bool xnic_tx_clean(struct xnic_tx *tx, int budget);
void xnic_tx_discard(struct xnic_tx *tx);
void xnic_tx_unwind(struct xnic_tx *tx, u32 start);
void xnic_tx_report(struct xnic_tx *tx);
void xnic_tx_ring_doorbell(struct xnic_tx *tx);
void xnic_tx_csum_context(struct xnic_tx *tx, u32 start, u32 offset, bool tcp);

/* ---- xdp.c ---- */
extern const struct xdp_metadata_ops xnic_xdp_metadata_ops;
int xnic_bpf(struct net_device *netdev, struct netdev_bpf *bpf);
int xnic_xdp_xmit(struct net_device *netdev, int n, struct xdp_frame **frames, u32 flags);
bool xnic_xdp_tx_frame(struct xnic_rx *rx, struct xdp_frame *frame, struct xnic_rx_tally *tally);
void xnic_xdp_tx_flush(struct xnic_rx *rx, struct xnic_rx_tally *tally);
int xnic_xdp_set_prog(struct xnic_adapter *ad, struct bpf_prog *prog,
		      struct netlink_ext_ack *extack);
unsigned int xnic_xdp_mtu_max(const struct bpf_prog *prog);

/* ---- xsk_pool.c ---- */
int xnic_xsk_set_pool(struct xnic_adapter *ad, struct xsk_buff_pool *pool, u16 queue);
int xnic_xsk_wakeup(struct net_device *netdev, u32 queue, u32 flags);

/* ---- xsk.c ---- */
int xnic_xsk_rx_poll(struct xnic_rx *rx, int budget);
void xnic_xsk_rx_clean(struct xnic_rx *rx);
bool xnic_xsk_rx_refill(struct xnic_rx *rx, struct xnic_rx_tally *tally);

/* ---- xsk_tx.c ---- */
extern const struct xsk_tx_metadata_ops xnic_xsk_tx_metadata_ops;
bool xnic_xsk_tx_poll(struct xnic_tx *tx);
u32 xnic_xsk_tx_discard(struct xnic_tx *tx, u32 *frames);

/* ---- irq.c ---- */
int xnic_irq_alloc_vectors(struct xnic_adapter *ad);
void xnic_irq_free_vectors(struct xnic_adapter *ad);
int xnic_irq_request(struct xnic_adapter *ad);
int xnic_irq_of_pair(const struct xnic_adapter *ad, unsigned int i);
void xnic_irq_free(struct xnic_adapter *ad);
void xnic_irq_setup(struct xnic_adapter *ad);
void xnic_irq_enable_other(struct xnic_adapter *ad);
void xnic_irq_disable_all(struct xnic_adapter *ad);
void xnic_irq_quiesce(struct xnic_adapter *ad);
void xnic_irq_enable_pair(struct xnic_queue *q);
void xnic_irq_disable_pair(struct xnic_queue *q);
void xnic_irq_throttle(struct xnic_queue *q, unsigned int usecs, bool adaptive);
void xnic_irq_cancel_dim(struct xnic_queue *q);
void xnic_irq_raise(struct xnic_queue *q);
int xnic_poll(struct napi_struct *napi, int budget);
void xnic_dim_work(struct work_struct *work);

/* ---- phy.c ---- */
bool xnic_mdio_own(struct xnic_adapter *ad);
void xnic_mdio_disown(struct xnic_adapter *ad);
bool xnic_phy_hung(struct xnic_adapter *ad);
int xnic_phy_attach(struct xnic_adapter *ad);
void xnic_phy_detach(struct xnic_adapter *ad);

/* ---- stats.c ---- */
extern const struct netdev_stat_ops xnic_stat_ops;
extern const char *const xnic_rx_counter_names[XNIC_RX_COUNTERS];
extern const char *const xnic_tx_counter_names[XNIC_TX_COUNTERS];
extern const char *const xnic_hw_counter_names[XNIC_HW_COUNTERS];
void xnic_stats_init(struct xnic_adapter *ad);
void xnic_rx_counters(const struct xnic_rx *rx, u64 *values);
void xnic_tx_counters(const struct xnic_tx *tx, u64 *values);
void xnic_hw_counters(const struct xnic_adapter *ad, u64 *values);
void xnic_get_stats64(struct net_device *netdev, struct rtnl_link_stats64 *stats);

/* ---- netdev.c ---- */
extern const struct net_device_ops xnic_netdev_ops;
void xnic_netdev_init(struct xnic_adapter *ad);
void xnic_rss_default(struct xnic_adapter *ad);

/* ---- ethtool.c ---- */
extern const struct ethtool_ops xnic_ethtool_ops;

/* ---- selftest.c ---- */
#define XNIC_SELFTESTS 4

extern const char *const xnic_selftest_names[XNIC_SELFTESTS];
void xnic_self_test(struct net_device *netdev, struct ethtool_test *test, u64 *data);

/* ---- debugfs.c ---- */
void xnic_debugfs_add(struct xnic_adapter *ad, struct dentry *parent);
void xnic_debugfs_remove(struct xnic_adapter *ad);

/* ---- control.c: the active driver ---- */

/* Message types. The first ones are calls, the rest notifications. */
enum xnic_msg_type {
	XNIC_MSG_NONE,
	XNIC_MSG_OPEN,
	XNIC_MSG_CLOSE,
	XNIC_MSG_SET_PROG,
	XNIC_MSG_SET_POOL,
	XNIC_MSG_RESHAPE,
	XNIC_MSG_SET_MTU,
	XNIC_MSG_SET_FEATURES,
	XNIC_MSG_SET_MAC,
	XNIC_MSG_VLAN,
	XNIC_MSG_RSS,
	XNIC_MSG_COALESCE,
	XNIC_MSG_PAUSE,
	XNIC_MSG_STATISTICS,
	XNIC_MSG_RUN,
	XNIC_MSG_SUSPEND,
	XNIC_MSG_RESUME,
	XNIC_MSG_LINK_IRQ,
	XNIC_MSG_LINK_CHANGE,
	XNIC_MSG_TX_TIMEOUT,
	XNIC_MSG_RX_MODE,
	XNIC_MSG_UNPLUGGED,
	XNIC_MSG_CLOSE_ME, /* outgoing */
	XNIC_MSG_TYPES
};

/* A call with its parameters; on the caller's stack. */
struct xnic_call {
	struct domain_msg msg;
	union {
		struct {
			struct bpf_prog *prog;
			struct netlink_ext_ack *extack;
		};
		struct {
			struct xsk_buff_pool *pool;
			u16 queue;
		};
		struct {
			u16 vid;
			bool add;
		};
		struct {
			int (*run)(struct xnic_adapter *ad, void *arg); /* XNIC_MSG_RUN */
			void *arg;
		};
		struct {
			const u8 *key; /* NULL: as it is */
			const u32 *table;
		} rss;
		struct {
			u8 first, last; /* queue pairs */
			u16 usecs;
			bool adaptive;
		} coalesce;
		struct xnic_pause pause;
		const struct xnic_shape *shape;
		unsigned int mtu;
		netdev_features_t features;
	};
};

int xnic_control_start(struct xnic_adapter *ad);
void xnic_control_stop(struct xnic_adapter *ad);
int xnic_call(struct xnic_adapter *ad, struct xnic_call *call, enum xnic_msg_type type);
int xnic_call_run(struct xnic_adapter *ad, int (*run)(struct xnic_adapter *ad, void *arg),
		  void *arg);

/** xnic_notify() - send one of the adapter's preallocated notifications. Any context. */
static inline void xnic_notify(struct xnic_adapter *ad, struct domain_msg *msg)
{
	domain_notify(&ad->events, msg);
}

#endif
