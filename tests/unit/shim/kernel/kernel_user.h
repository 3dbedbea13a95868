/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kernel_user.h - what kmod/hw.c, port.c, ring.c, irq.c, phy.c, stats.c and xsk_pool.c ask of a
 * kernel, for user space, where the device is a model that checks rules
 * (tests/unit/shim/card_model.h). What they only pass on is a stub; what has to do with the device
 * tells the model.
 */
#ifndef AFXDP_KERNEL_USER_H
#define AFXDP_KERNEL_USER_H

#include <assert.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/mii.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <card_model.h>

typedef uint64_t u64;
typedef uint32_t u32;
typedef uint16_t u16;
typedef uint8_t u8;
typedef u64 dma_addr_t;
typedef u64 netdev_features_t;
typedef int netdev_tx_t;
typedef int irqreturn_t;
typedef unsigned int pci_ers_result_t;

/* ---- language ---- */

#define __iomem
#define likely(x)      (x)
#define unlikely(x)    (x)
#define min(a, b)      ((a) < (b) ? (a) : (b))
#define max(a, b)      ((a) > (b) ? (a) : (b))
#define min_t(t, a, b) min((t)(a), (t)(b))
#define max_t(t, a, b) max((t)(a), (t)(b))
#define clamp(v, l, h) min(max(v, l), h)
#define swap(a, b)                         \
	do {                               \
		__typeof__(a) swapped = a; \
		(a) = (b);                 \
		(b) = swapped;             \
	} while (0)
#define ARRAY_SIZE(a)	   (sizeof(a) / sizeof(*(a)))
#define DIV_ROUND_UP(n, d) (((n) + (d)-1) / (d))
#define round_up(n, to)	   (DIV_ROUND_UP(n, to) * (to))
#define round_down(n, to)  ((n) / (to) * (to))
#define lower_32_bits(n)   ((u32)(n))
#define upper_32_bits(n)   ((u32)((u64)(n) >> 32))
#define FIELD_PREP(m, v)   ((u32)((m) & ((u64)(v) << __builtin_ctzll(m))))
#define FIELD_GET(m, v)	   (((v) & (m)) >> __builtin_ctzll(m))
#define cpu_to_le32(n)	   (n)
#define le32_to_cpu(n)	   (n)
#define IS_ERR(p)	   ((uintptr_t)(p) >= (uintptr_t)-4095)
#define PTR_ERR(p)	   ((int)(intptr_t)(p))
#define ERR_PTR(e)	   ((void *)(intptr_t)(e))

static inline u32 get_unaligned_le32(const void *p)
{
	u32 value;

	memcpy(&value, p, sizeof(value));
	return value;
}

/* ---- time: the model's ---- */

#define HZ			  1000
#define jiffies			  ((unsigned long)(card_now_us() / 1000))
#define time_after(a, b)	  ((long)((b) - (a)) < 0)
#define time_before_eq(a, b)	  (!time_after(a, b))
#define usleep_range(least, most) ((void)(most), card_wait_us(least))
#define msleep(ms)		  card_wait_us(1000 * (u64)(ms))
#define read_poll_timeout(op, value, done, sleep, timeout, before, ...)             \
	({                                                                          \
		u64 until = card_now_us() + (timeout);                              \
                                                                                    \
		(void)(before);                                                     \
		while ((value) = op(__VA_ARGS__), !(done) && card_now_us() < until) \
			card_wait_us(sleep);                                        \
		(done) ? 0 : -ETIMEDOUT;                                            \
	})

/* ---- registers ---- */

#define writel(value, at) card_write((const u8 *)(at), value)
#define readl(at)	  card_read((const u8 *)(at))

/* ---- locks, threads ---- */

struct mutex {
	int held;
};
#define mutex_lock(m)	((void)(assert(!(m)->held), (m)->held = 1))
#define mutex_unlock(m) ((void)(assert((m)->held), (m)->held = 0))

struct work_struct {
	int unused;
};
#define cancel_work_sync(w) ((void)(w))
#define local_bh_disable()  ((void)0)
#define local_bh_enable()   ((void)0)
#define smp_processor_id()  0

struct u64_stats_sync {
	int unused;
};
typedef struct {
	u64 n;
} u64_stats_t;
#define u64_stats_init(s)	       ((void)(s))
#define u64_stats_update_begin(s)      ((void)(s))
#define u64_stats_update_end(s)	       ((void)(s))
#define u64_stats_fetch_begin(s)       ((void)(s), 0)
#define u64_stats_fetch_retry(s, from) ((void)(s), (void)(from), false)
#define u64_stats_read(p)	       ((p)->n)
#define u64_stats_set(p, v)	       ((void)((p)->n = (v)))
#define u64_stats_add(p, v)	       ((void)((p)->n += (v)))
#define u64_stats_inc(p)	       ((void)((p)->n++))

/* ---- memory ---- */

#define GFP_KERNEL		    0
#define PAGE_SIZE		    4096
#define SMP_CACHE_BYTES		    64
#define MAX_SKB_FRAGS		    17
#define SKB_DATA_ALIGN(n)	    round_up(n, SMP_CACHE_BYTES)
#define SKB_WITH_OVERHEAD(n)	    ((n)-SKB_DATA_ALIGN(sizeof(struct skb_shared_info)))
#define XDP_PACKET_HEADROOM	    256
#define DMA_BIDIRECTIONAL	    0
#define DMA_TO_DEVICE		    1
#define DMA_ATTR_SKIP_CPU_SYNC	    0
#define kzalloc(size, gfp)	    calloc(1, size)
#define kvcalloc(n, size, gfp)	    calloc(n, size)
#define kfree(p)		    free(p)
#define kvfree(p)		    free(p)
#define ZERO_PAGE(at)		    NULL
#define dma_map_page(dev, ...)	    ((void)(dev), (dma_addr_t)0x1000)
#define dma_unmap_page(dev, ...)    ((void)(dev))
#define dma_mapping_error(dev, dma) ((void)(dev), !(dma))

struct device {
	int unused;
};

/* What the device is told of has an address of 64 bits, whose halves differ. */
static inline void *dma_alloc_coherent(struct device *dev, size_t size, dma_addr_t *dma, int gfp)
{
	void *memory = aligned_alloc(4096, round_up(size, 4096));

	(void)dev;
	(void)gfp;
	memset(memory, 0, size);
	*dma = (uintptr_t)memory;
	return memory;
}

static inline void dma_free_coherent(struct device *dev, size_t size, void *memory, dma_addr_t dma)
{
	(void)dev;
	(void)size;
	card_ring_freed(dma);
	free(memory);
}

/* ---- pages, XDP, AF_XDP ---- */

struct skb_shared_info {
	u8 size[320];
};
struct page {
	int unused;
};
struct napi_struct {
	unsigned long state;
	unsigned int napi_id;
	bool on;
};
struct page_pool {
	struct {
		struct napi_struct *napi;
	} p;
};
struct page_pool_params {
	u32 flags, pool_size, offset, max_len;
	int nid, queue_idx, dma_dir;
	struct device *dev;
	struct net_device *netdev;
};
#define PP_FLAG_DMA_MAP	     1
#define PP_FLAG_DMA_SYNC_DEV 2
#define dev_to_node(dev)     ((void)(dev), 0)

static inline struct page_pool *page_pool_create(const struct page_pool_params *params)
{
	(void)params;
	return calloc(1, sizeof(struct page_pool));
}

static inline struct page *page_pool_dev_alloc_pages(struct page_pool *pool)
{
	(void)pool;
	return calloc(1, sizeof(struct page));
}

static inline void page_pool_put_full_page(struct page_pool *pool, struct page *page, bool direct)
{
	(void)pool;
	(void)direct;
	free(page);
}
#define page_pool_destroy(pool)			 free(pool)
#define page_pool_disable_direct_recycling(pool) ((void)((pool)->p.napi = NULL))

struct xdp_rxq_info {
	bool on;
};
#define MEM_TYPE_PAGE_POOL		   0
#define MEM_TYPE_XSK_BUFF_POOL		   1
#define __xdp_rxq_info_reg(r, ...)	   ((void)((r)->on = true), 0)
#define xdp_rxq_info_reg_mem_model(r, ...) ((void)(r), 0)
#define xdp_rxq_info_unreg(r)		   ((void)((r)->on = false))
#define xdp_rxq_info_is_reg(r)		   ((r)->on)

struct xdp_buff {
	void *data;
};
struct xdp_umem {
	u32 flags;
};
struct xsk_buff_pool {
	struct xdp_umem *umem;
	u32 frame_size;
};
#define XDP_UMEM_SG_FLAG		   8
#define xsk_pool_get_rx_frame_size(pool)   ((pool)->frame_size)
#define xsk_pool_get_chunk_size(pool)	   4096U
#define xsk_pool_get_headroom(pool)	   0U
#define xsk_pool_get_rx_frag_step(pool)	   4096
#define xsk_pool_dma_map(pool, dev, attrs) ((void)(pool), 0)
#define xsk_pool_dma_unmap(pool, attrs)	   ((void)(pool))
#define xsk_pool_set_rxq_info(pool, rxq)   ((void)(pool), (void)(rxq))
#define XSK_CHECK_PRIV_TYPE(type)	   ((void)0)

/* ---- moderation ---- */

struct dim {
	struct work_struct work;
	u8 state, mode, profile_ix;
};
struct dim_sample {
	int unused;
};
struct dim_cq_moder {
	u16 usec;
};
#define DIM_START_MEASURE		    0
#define DIM_CQ_PERIOD_MODE_START_FROM_EQE   0
#define net_dim_get_rx_moderation(mode, ix) ((void)(mode), (struct dim_cq_moder){ 2 * (ix) })
#define dim_update_sample(events, packets, bytes, sample) \
	((void)(events), (void)(packets), (void)(bytes), (void)(sample))

/* ---- net device ---- */

#define VLAN_HLEN		    4
#define ETH_MIN_MTU		    68
#define IFF_PROMISC		    0x100
#define IFF_ALLMULTI		    0x200
#define NETIF_F_HW_VLAN_CTAG_FILTER (1ULL << 0)
#define NETIF_F_LOOPBACK	    (1ULL << 1)
#define NETIF_F_RXCSUM		    (1ULL << 2)
#define NETIF_F_HW_VLAN_CTAG_RX	    (1ULL << 3)
#define NETDEV_QUEUE_TYPE_RX	    0
#define NETDEV_QUEUE_TYPE_TX	    1
#define NAPI_STATE_SCHED	    0

struct netdev_hw_addr {
	u8 addr[ETH_ALEN];
};
struct netdev_queue {
	bool stopped;
	unsigned long trans_start;
};
struct net_device {
	unsigned int flags, mtu, watchdog_timeo;
	u8 dev_addr[ETH_ALEN];
	netdev_features_t features;
	unsigned int real_num_rx_queues;
	char *name;
	void *priv;
	bool carrier, running;
};
struct netlink_ext_ack;
struct netdev_bpf;
struct ethtool_test;
struct xdp_desc {
	u64 addr;
};

#define netdev_priv(dev)		 ((dev)->priv)
#define netdev_uc_count(dev)		 0
#define netif_addr_lock_bh(dev)		 ((void)0)
#define netif_addr_unlock_bh(dev)	 ((void)0)
#define netdev_for_each_uc_addr(ha, dev) for ((ha) = NULL; (ha);)
#define netdev_for_each_mc_addr(ha, dev) for ((ha) = NULL; (ha);)
#define netif_carrier_ok(dev)		 ((dev)->carrier)
#define netif_running(dev)		 ((dev)->running)
#define netdev_warn(dev, ...)		 ((void)(dev), fprintf(stderr, __VA_ARGS__))
#define netif_is_rxfh_configured(dev)	 false
#define netif_queue_set_napi(dev, ...)	 ((void)(dev))
#define netif_xmit_stopped(nq)		 ((nq)->stopped)
#define netif_tx_queue_stopped(nq)	 ((nq)->stopped)
#define netif_tx_stop_queue(nq)		 ((void)((nq)->stopped = true))
#define netif_tx_start_queue(nq)	 ((void)((nq)->stopped = false))
#define netif_tx_wake_queue(nq)		 ((void)((nq)->stopped = false))
#define netdev_tx_reset_queue(nq)	 ((void)(nq))
#define txq_trans_cond_update(nq)	 ((void)((nq)->trans_start = jiffies))
#define __netif_tx_lock_bh(nq)		 ((void)(nq))
#define __netif_tx_unlock_bh(nq)	 ((void)(nq))
#define test_bit(n, p)			 (*(p) >> (n)&1)
#define napi_schedule(n)		 card_poll(n)
#define napi_schedule_irqoff(n)		 card_poll(n)
#define __napi_schedule_irqoff(n)	 card_poll(n)
#define napi_schedule_prep(n)		 ((void)(n), true)
#define napi_if_scheduled_mark_missed(n) ((void)(n), false)
#define napi_complete_done(n, done)	 ((void)(n), (void)(done), true)

void card_poll(struct napi_struct *napi);

/* compat.h's: the driver's own names for what differs between kernels. */
#define XNIC_COMPAT_H
#define xnic_net_dim(dim, sample)	 ((void)(dim), (void)(sample))
#define xnic_napi_enable(dev, napi, ...) ((void)(assert(!(napi)->on), (napi)->on = true))
#define xnic_napi_disable(napi)		 ((void)(assert((napi)->on), (napi)->on = false))

struct netdev_queue_stats_rx {
	u64 packets, bytes, alloc_fail, hw_drops, csum_unnecessary, csum_none, csum_bad;
};
struct netdev_queue_stats_tx {
	u64 packets, bytes, needs_csum, hw_gso_packets, hw_gso_wire_packets, stop, wake;
};
struct netdev_stat_ops {
	void (*get_queue_stats_rx)(struct net_device *, int, struct netdev_queue_stats_rx *);
	void (*get_queue_stats_tx)(struct net_device *, int, struct netdev_queue_stats_tx *);
	void (*get_base_stats)(struct net_device *, struct netdev_queue_stats_rx *,
			       struct netdev_queue_stats_tx *);
};

/* ---- PCI, interrupts ---- */

struct pci_dev {
	struct device dev;
	bool msix_enabled, msi_enabled;
};
#define PCI_IRQ_MSIX			      1
#define PCI_IRQ_MSI			      2
#define PCI_IRQ_INTX			      4
#define IRQ_NONE			      0
#define IRQ_HANDLED			      1
#define pci_set_master(dev)		      ((void)(dev), card_set_master())
#define pci_clear_master(dev)		      ((void)(dev), card_clear_master())
#define pci_channel_offline(dev)	      ((void)(dev), false)
#define pci_name(dev)			      ((void)(dev), "0000:01:00.0")
#define pci_irq_vector(dev, i)		      ((void)(dev), 40 + (int)(i))
#define pci_alloc_irq_vectors(dev, a, b, f)   ((void)(dev), (f)&PCI_IRQ_MSIX ? (int)(b) : -ENOSPC)
#define pci_free_irq_vectors(dev)	      ((void)(dev))
#define pci_request_irq(dev, i, handler, ...) ((void)(dev), (void)(handler), 0)
#define pci_free_irq(dev, i, data)	      ((void)(dev), (void)(i))
#define synchronize_irq(irq)		      ((void)(irq))

/* ---- PHY ---- */

#define MII_BUS_ID_SIZE				    32
#define PHY_INTERFACE_MODE_INTERNAL		    0
#define ETHTOOL_LINK_MODE_1000baseT_Half_BIT	    4
#define SPEED_1000				    1000
#define DUPLEX_FULL				    1
#define AUTONEG_ENABLE				    1
#define phy_print_status(phy)			    ((void)(phy))
#define phy_remove_link_mode(phy, mode)		    ((void)(phy))
#define phy_support_asym_pause(phy)		    ((void)(phy))
#define phy_set_asym_pause(phy, rx, tx)		    ((void)(phy))
#define phy_disconnect(phy)			    ((void)(phy))
#define phy_connect_direct(dev, phy, handler, mode) ((void)(phy), (void)(handler), 0)
#define phy_init_hw(phy)			    ((void)(phy))
#define phy_restart_aneg(phy)			    card_phy_reset(false)
#define genphy_soft_reset(phy)			    ((void)(phy), card_phy_reset(true))
#define phy_stop(phy)				    ((void)(assert((phy)->on), (phy)->on = false))
#define phy_start(phy)				    ((void)(assert(!(phy)->on), (phy)->on = true))

struct phy_device {
	struct mutex lock;
	struct mii_bus *bus;
	int link, duplex, speed, autoneg;
	bool mac_managed_pm, on;
};
struct mii_bus {
	const char *name;
	void *priv;
	int (*read)(struct mii_bus *bus, int address, int reg);
	int (*write)(struct mii_bus *bus, int address, int reg, u16 value);
	struct device *parent;
	u32 phy_mask;
	char id[MII_BUS_ID_SIZE];
	struct phy_device phy;
};
#define mdiobus_alloc()		   ((struct mii_bus *)calloc(1, sizeof(struct mii_bus)))
#define mdiobus_free(bus)	   free(bus)
#define mdiobus_register(b)	   ((b)->phy.bus = (b), 0)
#define mdiobus_unregister(b)	   ((void)(b))
#define phy_find_first(b)	   (&(b)->phy)
#define phy_read(phy, reg)	   ((phy)->bus->read((phy)->bus, 1, reg))
#define phy_get_pause(phy, tx, rx) ((void)(phy), *(tx) = true, *(rx) = true)

#endif
