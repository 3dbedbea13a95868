/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* nic.h - what a network device is and counts: link state, queues, driver, offloads, XDP abilities,
 * counters. */
#ifndef AFXDP_NIC_H
#define AFXDP_NIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Counters that only grow; see struct rtnl_link_stats64. */
struct afxdp_nic_stats {
	uint64_t packets;   /* received, as the driver counts them */
	uint64_t missed;    /* the device had no descriptor or FIFO space */
	uint64_t no_buffer; /* FIFO or buffer shortage, where the driver tells it apart */
	uint64_t dropped;   /* by the stack or the driver after reception */
	uint64_t errors;    /* bad frames */
	uint64_t tx_lost;   /* not sent, whoever wanted it: dropped, or with errors */
	/* Of XDP_TX: not sent. Drivers count that under names of their own, or not at all. */
	uint64_t xdp_tx_lost;
	bool xdp_tx_told;
};

struct afxdp_nic {
	unsigned int ifindex;
	uint16_t type; /* ARPHRD_* of linux/if_arp.h */
	char name[16];
	char driver[32];
	char bus[32];
	uint32_t mtu;
	uint32_t queues; /* that receive */
	bool up;	 /* IFF_UP */
	bool running;	 /* carrier */
	bool promisc;
	bool channels_known;
	bool features_known;   /* xdp_features and zc_max_segs: Linux 6.3 and later */
	uint64_t xdp_features; /* NETDEV_XDP_ACT_* of linux/netdev.h */
	uint32_t zc_max_segs;  /* descriptors a zero-copy frame may have; 0: unknown */
	uint64_t rx_metadata;  /* NETDEV_XDP_RX_METADATA_*: 1 timestamp, 2 hash, 4 VLAN tag */
	bool rxvlan, gro, lro; /* offloads that are on */
	bool splits_headers;   /* tcp-data-split: headers come in buffers of their own (6.3) */
	struct afxdp_nic_stats stats;
};

/* Bits of xdp_features, under names that Debian 12's headers lack. */
#define AFXDP_NIC_XDP_BASIC	  (1ULL << 0)
#define AFXDP_NIC_XDP_REDIRECT	  (1ULL << 1)
#define AFXDP_NIC_XDP_NDO_XMIT	  (1ULL << 2)
#define AFXDP_NIC_XDP_ZEROCOPY	  (1ULL << 3)
#define AFXDP_NIC_XDP_HW_OFFLOAD  (1ULL << 4)
#define AFXDP_NIC_XDP_RX_SG	  (1ULL << 5)
#define AFXDP_NIC_XDP_NDO_XMIT_SG (1ULL << 6)

/* What a frame may have more than the MTU: an Ethernet header, and two tags. */
#define AFXDP_NIC_L2_BYTES (14 + 2 * 4)

/* Bits of rx_metadata. */
#define AFXDP_NIC_METADATA_TIME (1ULL << 0)
#define AFXDP_NIC_METADATA_HASH (1ULL << 1)
#define AFXDP_NIC_METADATA_VLAN (1ULL << 2)

/* An alternative name (`ip link property add`) has up to 127 bytes (ALTIFNAMSIZ). */
#define AFXDP_NIC_NAME_MAX 127

/** afxdp_nic_find() - the device called @name, which may be an alternative name. Return: 0;
 * -ENODEV; other -errno. */
int afxdp_nic_find(const char *name, unsigned int *ifindex);

/** afxdp_nic_is_ethernet() - whether its frames begin with an Ethernet header, as all here takes
 * for granted. (The loopback's do.) */
bool afxdp_nic_is_ethernet(const struct afxdp_nic *nic);

/** afxdp_nic_get() - everything about @ifindex. Return: 0; -ENODEV if it does not exist; -errno. */
int afxdp_nic_get(unsigned int ifindex, struct afxdp_nic *nic);

/**
 * afxdp_nic_hides_tags() - may a frame of this device have a VLAN tag that is neither in it nor
 * told?
 * @asked: the program asks the device for tags it took off (native mode, afxdp_rx_hw.bpf.o)
 * @advice: set to what keeps tags in frames
 *
 * A veth pair strips nothing: the sending end leaves the tag beside the frame, whatever rxvlan of
 * the receiving one says.
 */
bool afxdp_nic_hides_tags(const struct afxdp_nic *nic, bool asked, char *advice, size_t size);

/** afxdp_nic_stats_add() - to @sum, what came between @from and @to. */
void afxdp_nic_stats_add(struct afxdp_nic_stats *sum, const struct afxdp_nic_stats *to,
			 const struct afxdp_nic_stats *from);

/** afxdp_nic_stats() - only the counters. */
int afxdp_nic_stats(unsigned int ifindex, struct afxdp_nic_stats *stats);

/**
 * afxdp_nic_watch() - a netlink socket that becomes readable when a link changes.
 *
 * Return: the socket, for afxdp_nic_event(), or -errno.
 */
int afxdp_nic_watch(void);

/**
 * afxdp_nic_changed() - read what is waiting on @fd.
 *
 * Return: whether something may have happened to any link. What it was is to be asked of
 * afxdp_nic_state(): events can be lost (ENOBUFS, which counts as one), the state cannot.
 */
bool afxdp_nic_changed(int fd);

/**
 * afxdp_nic_state() - bring what changes by itself up to date: name, up, running, promisc, MTU and
 * counters. Nothing else of @nic is touched.
 *
 * Return: 0; -ENODEV if the device is not in this namespace any more; other -errno.
 */
int afxdp_nic_state(struct afxdp_nic *nic);

#endif
