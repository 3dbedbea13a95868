/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat.h - Linux 6.12 to 7.3 from one source: every difference is here, with the release that
 * made it. What to compile is read off the headers (kmod/Makefile), not off the version: stable
 * releases take up such changes too.
 */
#ifndef XNIC_COMPAT_H
#define XNIC_COMPAT_H

#include <linux/dim.h>
#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <net/xdp.h>
#include <net/xdp_sock_drv.h>

/** xnic_net_dim() - net_dim(), which takes a pointer from 6.13 on. */
static inline void xnic_net_dim(struct dim *dim, const struct dim_sample *sample)
{
#ifdef XNIC_NET_DIM_POINTER
	net_dim(dim, sample);
#else
	net_dim(dim, *sample);
#endif
}

/**
 * xnic_napi_add() - a NAPI whose settings outlive it.
 * @netdev: the port.
 * @napi: the NAPI.
 * @poll: its poll.
 * @index: which of the port's.
 *
 * From 6.13 on napi_disable() gives up the NAPI's id and napi_enable() takes a new one, unless it
 * has a place where it is kept together with what was set by netlink: an AF_XDP socket, marked once
 * with the id, would no longer poll. Before, the id was for life.
 *
 * From 6.17 on whoever switches a NAPI's thread off waits, with the device's lock, until the NAPI
 * is idle or its thread's; one that is listed and disabled is neither, and napi_enable() takes that
 * lock. So none may be both when the lock is free: where the kernel has the functions for that, a
 * NAPI is listed from xnic_napi_enable() to xnic_napi_disable() only.
 */
static inline void xnic_napi_add(struct net_device *netdev, struct napi_struct *napi,
				 int (*poll)(struct napi_struct *napi, int budget), int index)
{
#ifdef XNIC_NAPI_CONFIG
	netif_napi_add_config(netdev, napi, poll, index);
#else
	netif_napi_add(netdev, napi, poll);
#endif
#ifdef XNIC_NAPI_LOCKED
	netif_napi_del(napi);
#endif
}

/** xnic_napi_enable() - let @napi, of interrupt @irq, be scheduled; the rest as xnic_napi_add(). */
static inline void xnic_napi_enable(struct net_device *netdev, struct napi_struct *napi,
				    int (*poll)(struct napi_struct *napi, int budget), int index,
				    int irq)
{
#ifdef XNIC_NAPI_LOCKED
	netdev_lock(netdev);
	netif_napi_add_config_locked(netdev, napi, poll, index);
	netif_napi_set_irq_locked(napi, irq);
	napi_enable_locked(napi);
	netdev_unlock(netdev);
#else
	netif_napi_set_irq(napi, irq);
	napi_enable(napi);
#endif
}

/** xnic_napi_disable() - undo xnic_napi_enable(): no poll runs or will. May sleep. */
static inline void xnic_napi_disable(struct napi_struct *napi)
{
#ifdef XNIC_NAPI_LOCKED
	netdev_lock(napi->dev);
	napi_disable_locked(napi);
	__netif_napi_del_locked(napi);
	netdev_unlock(napi->dev);
	synchronize_net(); /* it may still be seen in the list, and will be put there again */
#else
	napi_disable(napi);
#endif
}

/* Two questions of `ethtool -x` and `ethtool -n` that get_rxnfc() answered have operations of their
 * own: how many rings there are since 6.19, and what is hashed since 6.17 (and in stable releases
 * of 6.12). Without them the newer kernels refuse. */
#ifdef XNIC_RX_RING_COUNT
#define XNIC_RX_RING_COUNT_OP(op) .get_rx_ring_count = (op),
#else
#define XNIC_RX_RING_COUNT_OP(op)
#endif
#ifdef XNIC_RXFH_FIELDS
#define XNIC_RXFH_FIELDS_OP(op) .get_rxfh_fields = (op),
#else
#define XNIC_RXFH_FIELDS_OP(op)
struct ethtool_rxfh_fields {
	u32 data;
	u32 flow_type;
};
#endif

/** xnic_skb_add_xdp_frags() - tell @skb of the fragments that @xdp left in it. Named anew, and
 * given all flags, in 6.18. */
static inline void xnic_skb_add_xdp_frags(struct sk_buff *skb, u8 frags, u32 size, u32 truesize,
					  const struct xdp_buff *xdp)
{
#ifdef XNIC_SKB_FRAGS_INFO
	xdp_update_skb_frags_info(skb, frags, size, truesize, xdp_buff_get_skb_flags(xdp));
#else
	xdp_update_skb_shared_info(skb, frags, size, truesize, xdp_buff_is_frag_pfmemalloc(xdp));
#endif
}

/* Where a struct xdp_frame has the kind of its memory. From 6.14 on without the id of the pool. */
#ifdef XNIC_FRAME_MEM_TYPE
#define XNIC_FRAME_MEM mem_type
#else
#define XNIC_FRAME_MEM mem.type
#endif

/** xnic_xsk_link_frag() - @frag belongs to the frame of its pool that is being put together.
 * xsk_buff_add_frag() does no more before 6.14; since then it also describes the buffer in the
 * frame, by virt_to_page() of an address that is vmapped. */
static inline void xnic_xsk_link_frag(struct xdp_buff *frag)
{
	struct xdp_buff_xsk *buff = container_of(frag, struct xdp_buff_xsk, xdp);

	list_add_tail(&buff->list_node, &buff->pool->xskb_list);
}

/**
 * xnic_xsk_tx_request() - have @ops do what the metadata of a frame ask for.
 * @pool: the frame's.
 * @desc: its first descriptor.
 * @ops: the driver's.
 * @priv: theirs.
 *
 * Some releases of 6.12 (6.12.107) take every frame of a pool with metadata to have some, asked for
 * or not. In 7.2 the check of the flags moved from where the metadata are found to where they are
 * used, where they are read once.
 */
static inline void xnic_xsk_tx_request(struct xsk_buff_pool *pool, const struct xdp_desc *desc,
				       const struct xsk_tx_metadata_ops *ops, void *priv)
{
	struct xsk_tx_metadata *meta;

	if (!(desc->options & XDP_TX_METADATA))
		return;
#ifdef XNIC_METADATA_WITH_OPTIONS
	meta = xsk_buff_get_metadata(pool, desc->addr, desc->options);
#else
	meta = xsk_buff_get_metadata(pool, desc->addr);
#endif
#ifdef XNIC_METADATA_REQUEST_POOL
	xsk_tx_metadata_request(pool, &meta, ops, priv);
#else
	xsk_tx_metadata_request(meta, ops, priv);
#endif
}

#endif
