// SPDX-License-Identifier: GPL-2.0-only
/*
 * selftest.c - `ethtool -t`: link and interrupts while the port works; with `offline` also
 * registers and a loop of frames through the MAC, which interrupt traffic for a moment.
 *
 * Registers and interrupts are the control thread's to test; frames go the way of the stack's own.
 */
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>

#include "xnic.h"

enum {
	TEST_LINK,
	TEST_INTERRUPTS,
	TEST_REGISTERS,
	TEST_LOOPBACK
};

const char *const xnic_selftest_names[XNIC_SELFTESTS] = {
	[TEST_LINK] = "Link       (on/offline)",
	[TEST_INTERRUPTS] = "Interrupts (on/offline)",
	[TEST_REGISTERS] = "Registers  (offline)",
	[TEST_LOOPBACK] = "Loopback   (offline)",
};

/* ---- the control thread's ---- */

static int test_interrupts(struct xnic_adapter *ad, void *arg)
{
	unsigned int i, ms;

	if (ad->state != XNIC_OPENED)
		return -ENETDOWN;
	for (i = 0; i < ad->shape.pairs; i++) {
		struct xnic_queue *q = &ad->queue[i];
		unsigned long before = READ_ONCE(q->interrupts);

		xnic_irq_raise(q);
		/* The longest throttle is 17 ms. */
		for (ms = 0; READ_ONCE(q->interrupts) == before; ms += 2) {
			if (ms > 100)
				return -EIO;
			usleep_range(2000, 3000);
		}
	}
	return 0;
}

/* Registers that hold what is written, in all bits of the mask. xnic_hw_setup() and a pair's start
 * write them all again.
 */
static const struct {
	u32 reg;
	u32 mask;
} test_registers[] = {
	{ XNIC_FCTTV, 0xffff },	 { XNIC_VET, 0xffff },	       { XNIC_RDBAH(0), ~0U },
	{ XNIC_RDBAH(1), ~0U },	 { XNIC_TDBAH(0), ~0U },       { XNIC_TDBAH(1), ~0U },
	{ XNIC_MTA(0), ~0U },	 { XNIC_MTA(127), ~0U },       { XNIC_VFTA(0), ~0U },
	{ XNIC_VFTA(127), ~0U }, { XNIC_RETA(0), 0x80808080 }, { XNIC_RETA(31), 0x80808080 },
	{ XNIC_RSSRK(0), ~0U },	 { XNIC_RSSRK(9), ~0U },
};

static int test_one_register(struct xnic_adapter *ad, u32 reg, u32 mask)
{
	static const u32 patterns[] = { 0x5a5a5a5a, 0xa5a5a5a5, 0x00000000, 0xffffffff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(patterns); i++) {
		u32 got;

		xnic_wr(ad, reg, patterns[i] & mask);
		got = xnic_rd(ad, reg) & mask;
		if (got == (patterns[i] & mask))
			continue;
		netdev_err(ad->netdev, "self test: register 0x%05x: wrote 0x%08x, read 0x%08x\n",
			   reg, patterns[i] & mask, got);
		return -EIO;
	}
	return 0;
}

static int test_all_registers(struct xnic_adapter *ad, void *arg)
{
	unsigned int i;
	int err = 0;

	if (ad->state == XNIC_OPENED)
		xnic_port_down(ad);
	for (i = 0; i < ARRAY_SIZE(test_registers) && !err; i++)
		err = test_one_register(ad, test_registers[i].reg, test_registers[i].mask);
	if (ad->state == XNIC_OPENED)
		xnic_port_up(ad);
	return err;
}

/* ---- frames through the MAC ---- */

#define LOOP_FRAMES 64
#define LOOP_MAGIC  0x786e6963 /* "xnic" */
#define LOOP_TRIES  1000       /* of 200 us and more, for a frame to find room */

struct loop_header {
	struct ethhdr eth;
	__be32 magic;
	__be32 number;
} __packed;

struct loop {
	struct packet_type type;
	unsigned int good;
	struct completion done;
};

/* Every size from the shortest frame to the longest, spread over LOOP_FRAMES. */
static unsigned int loop_size(unsigned int number)
{
	return ETH_ZLEN + number * (ETH_FRAME_LEN - ETH_ZLEN) / (LOOP_FRAMES - 1);
}

static u8 loop_byte(unsigned int number, unsigned int i)
{
	return number * 37 + i;
}

static int loop_receive(struct sk_buff *skb, struct net_device *netdev, struct packet_type *type,
			struct net_device *orig)
{
	struct loop *loop = container_of(type, struct loop, type);
	const struct loop_header *header;
	unsigned int number, i;

	skb = skb_share_check(skb, GFP_ATOMIC);
	if (!skb || skb_linearize(skb))
		goto out;
	skb_push(skb, ETH_HLEN);
	if (skb->len < sizeof(*header))
		goto out;
	header = (const struct loop_header *)skb->data;
	number = ntohl(header->number);
	if (ntohl(header->magic) != LOOP_MAGIC || number >= LOOP_FRAMES ||
	    skb->len != loop_size(number))
		goto out;
	for (i = sizeof(*header); i < skb->len; i++)
		if (skb->data[i] != loop_byte(number, i))
			goto out;
	if (++loop->good == LOOP_FRAMES) /* all come through queue 0: no IP, no hash */
		complete(&loop->done);
out:
	kfree_skb(skb);
	return NET_RX_SUCCESS;
}

static struct sk_buff *loop_frame(struct xnic_adapter *ad, unsigned int number)
{
	unsigned int size = loop_size(number), i;
	struct sk_buff *skb = netdev_alloc_skb(ad->netdev, size);
	struct loop_header *header;

	if (!skb)
		return NULL;
	header = skb_put(skb, size);
	ether_addr_copy(header->eth.h_dest, ad->netdev->dev_addr);
	ether_addr_copy(header->eth.h_source, ad->netdev->dev_addr);
	header->eth.h_proto = htons(ETH_P_LOOPBACK);
	header->magic = htonl(LOOP_MAGIC);
	header->number = htonl(number);
	for (i = sizeof(*header); i < size; i++)
		skb->data[i] = loop_byte(number, i);
	skb->protocol = htons(ETH_P_LOOPBACK);
	skb_set_queue_mapping(skb, number % ad->shape.pairs);
	return skb;
}

static int loop_send(struct xnic_adapter *ad, unsigned int number)
{
	struct netdev_queue *nq = ad->tx[number % ad->shape.pairs].nq;
	struct sk_buff *skb = loop_frame(ad, number);
	unsigned int tries;

	if (!skb)
		return -ENOMEM;
	/* Byte queue limits start with room for one frame, and grow as frames come out. */
	for (tries = 0; tries < LOOP_TRIES; tries++) {
		netdev_tx_t sent = NETDEV_TX_BUSY;

		__netif_tx_lock_bh(nq);
		if (!netif_xmit_frozen_or_stopped(nq))
			sent = netdev_start_xmit(skb, ad->netdev, nq, false);
		__netif_tx_unlock_bh(nq);
		if (sent == NETDEV_TX_OK)
			return 0;
		usleep_range(200, 400);
	}
	kfree_skb(skb);
	return -EBUSY;
}

static int set_features(struct xnic_adapter *ad, netdev_features_t features)
{
	struct xnic_call call = { .features = features };

	return xnic_call(ad, &call, XNIC_MSG_SET_FEATURES);
}

static bool loop_possible(struct xnic_adapter *ad)
{
	unsigned int i;

	if (ad->prog)
		goto busy;
	for (i = 0; i < ad->shape.pairs; i++)
		if (ad->rx[i].pool)
			goto busy;
	return true;

busy:
	netdev_warn(
		ad->netdev,
		"self test: an XDP program or AF_XDP socket takes the frames: detach it to test the loop\n");
	return false;
}

static int test_loopback(struct xnic_adapter *ad)
{
	netdev_features_t features = ad->features;
	struct loop loop = {
		.type = {
			.type = htons(ETH_P_LOOPBACK),
			.dev = ad->netdev,
			.func = loop_receive,
		},
	};
	unsigned int i;
	int err;

	if (!netif_running(ad->netdev))
		return -ENETDOWN;
	if (!loop_possible(ad))
		return -EBUSY;
	err = set_features(ad, features | NETIF_F_LOOPBACK);
	if (err)
		return err;
	init_completion(&loop.done);
	dev_add_pack(&loop.type);
	for (i = 0; i < LOOP_FRAMES && !err; i++)
		err = loop_send(ad, i);
	if (!err && !wait_for_completion_timeout(&loop.done, 2 * HZ))
		err = -ETIMEDOUT;
	dev_remove_pack(&loop.type);
	if (err)
		netdev_err(ad->netdev, "self test: %u of %u frames came back\n", loop.good,
			   LOOP_FRAMES);
	set_features(ad, features);
	return err;
}

/* ---- */

static void judge(struct ethtool_test *test, u64 *data, unsigned int which, int err)
{
	data[which] = err ? 1 : 0;
	if (err)
		test->flags |= ETH_TEST_FL_FAILED;
}

/**
 * xnic_self_test() - ethtool's self_test; with rtnl held.
 * @netdev: the port.
 * @test: which tests; told whether one failed.
 * @data: a result each, 0: passed (or not asked for).
 */
void xnic_self_test(struct net_device *netdev, struct ethtool_test *test, u64 *data)
{
	struct xnic_adapter *ad = netdev_priv(netdev);

	memset(data, 0, XNIC_SELFTESTS * sizeof(*data));
	if (test->flags & ETH_TEST_FL_OFFLINE) {
		judge(test, data, TEST_REGISTERS, xnic_call_run(ad, test_all_registers, NULL));
		judge(test, data, TEST_LOOPBACK, test_loopback(ad));
	}
	judge(test, data, TEST_LINK, netif_carrier_ok(netdev) ? 0 : -ENOLINK);
	judge(test, data, TEST_INTERRUPTS, xnic_call_run(ad, test_interrupts, NULL));
}
