// SPDX-License-Identifier: GPL-2.0-only
/*
 * offer.c - an open-loop source of frames for receivers on the same processor: a timer's soft
 * interrupt, so that frames come at their time whatever the receiver does, as from a wire, and cost
 * no processor in between.
 *
 *	insmod offer.ko dev=eth1 to=52:54:00:00:00:01 rate=1000 count=500
 *
 * sends @count frames of 60 bytes, UDP, with pktgen's header (number, time) from the device @dev of
 * the caller's network namespace; returns when they are sent. What became of them is then in
 * /sys/module/offer/parameters.
 */
#include <linux/completion.h>
#include <linux/etherdevice.h>
#include <linux/hrtimer.h>
#include <linux/ip.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/nsproxy.h>
#include <linux/tick.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/net_namespace.h>

/* pktgen's, behind UDP. */
struct stamp {
	__be32 magic;
	__be32 number;
	__be32 sec;
	__be32 usec;
};

#define STAMP_MAGIC 0xbe9be955

static char *dev;
static char *to;
static ulong rate;
static ulong count;
module_param(dev, charp, 0444);
module_param(to, charp, 0444);
module_param(rate, ulong, 0444);
module_param(count, ulong, 0444);

/* Results. Nanoseconds: of all, of our own work; microseconds in which the processor was idle. */
static ulong sent;
static ulong refused;
static ulong elapsed;
static ulong own;
static ulong idle;
module_param(sent, ulong, 0444);
module_param(refused, ulong, 0444);
module_param(elapsed, ulong, 0444);
module_param(own, ulong, 0444);
module_param(idle, ulong, 0444);

static struct {
	struct net_device *dev;
	u8 to[ETH_ALEN];
	struct hrtimer timer;
	struct completion done;
	ktime_t gap;
	u32 number;
} o;

static void offer_headers(struct sk_buff *skb)
{
	struct ethhdr *eth = skb_put_zero(skb, ETH_ZLEN);
	struct iphdr *ip = (void *)(eth + 1);
	struct udphdr *udp = (void *)(ip + 1);
	struct stamp *stamp = (void *)(udp + 1);
	struct timespec64 now;

	ether_addr_copy(eth->h_dest, o.to);
	ether_addr_copy(eth->h_source, o.dev->dev_addr);
	eth->h_proto = htons(ETH_P_IP);
	*ip = (struct iphdr){ .version = 4,
			      .ihl = 5,
			      .tot_len = htons(ETH_ZLEN - ETH_HLEN),
			      .ttl = 64,
			      .protocol = IPPROTO_UDP,
			      .saddr = htonl(0x0a090001),
			      .daddr = htonl(0x0a000001) };
	ip_send_check(ip);
	udp->source = htons(9);
	udp->dest = htons(9);
	udp->len = htons(ETH_ZLEN - ETH_HLEN - sizeof(*ip));
	ktime_get_real_ts64(&now);
	*stamp = (struct stamp){ .magic = htonl(STAMP_MAGIC),
				 .number = htonl(++o.number),
				 .sec = htonl(now.tv_sec),
				 .usec = htonl(now.tv_nsec / NSEC_PER_USEC) };
}

static void offer_one(void)
{
	struct sk_buff *skb = netdev_alloc_skb(o.dev, ETH_ZLEN);

	if (skb) {
		offer_headers(skb);
		skb->protocol = htons(ETH_P_IP);
	}
	if (skb && dev_direct_xmit(skb, 0) == NETDEV_TX_OK)
		sent++;
	else
		refused++;
}

static enum hrtimer_restart offer_tick(struct hrtimer *timer)
{
	ktime_t start = ktime_get();
	u64 n = hrtimer_forward_now(timer, o.gap);

	while (n-- && sent + refused < count)
		offer_one();
	own += ktime_to_ns(ktime_sub(ktime_get(), start));
	if (sent + refused < count)
		return HRTIMER_RESTART;
	complete(&o.done);
	return HRTIMER_NORESTART;
}

static int __init offer_init(void)
{
	ktime_t start;
	u64 wall;

	if (!dev || !to || !rate || !count || !mac_pton(to, o.to))
		return -EINVAL;
	o.dev = dev_get_by_name(current->nsproxy->net_ns, dev);
	if (!o.dev)
		return -ENODEV;
	init_completion(&o.done);
	o.gap = NSEC_PER_SEC / rate;
	hrtimer_init(&o.timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_SOFT);
	o.timer.function = offer_tick;
	start = ktime_get();
	idle = get_cpu_idle_time_us(0, &wall);
	hrtimer_start(&o.timer, o.gap, HRTIMER_MODE_REL_SOFT);
	wait_for_completion(&o.done);
	elapsed = ktime_to_ns(ktime_sub(ktime_get(), start));
	idle = get_cpu_idle_time_us(0, &wall) - idle;
	hrtimer_cancel(&o.timer);
	dev_put(o.dev);
	return 0;
}

static void __exit offer_exit(void)
{
}

module_init(offer_init);
module_exit(offer_exit);
MODULE_DESCRIPTION("frames at a given rate, for benchmarks");
MODULE_LICENSE("GPL");
