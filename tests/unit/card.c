// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver's control plane over a model of the card that checks rules
 * (tests/unit/shim/card_model.h): from probe to remove, through every kind of restart, with frames
 * in the FIFO, in flight and in the rings, with a link that is lost and a PHY that hangs. Beside
 * what the model minds by itself: that every frame is counted, whose loss QEMU never produces.
 */
#include "xnic.h"

#include "t.h"

static struct xnic_adapter ad;
static struct net_device netdev;
static struct netdev_queue queues[XNIC_HW_QUEUES];
static struct pci_dev pdev;
static unsigned int discarded; /* transmit descriptors that had not been sent */
static unsigned int dies;      /* at so many register reads from now; 0: does not */

/* ---- what the rest of the driver would do ---- */

u32 xnic_rd(struct xnic_adapter *port, u32 reg)
{
	if (dies && !--dies)
		port->regs = NULL;
	return port->regs ? readl(port->regs + reg) : ~0U;
}

bool xnic_tx_clean(struct xnic_tx *tx, int budget)
{
	(void)tx;
	(void)budget;
	return true;
}

void xnic_tx_discard(struct xnic_tx *tx)
{
	static unsigned int before;

	card_given_back("a frame under way");
	if (tx->index)
		return;
	discarded = tx->ix.producer - (card_sent() - before);
	before = card_sent();
}

void xnic_rx_count(struct xnic_rx *rx, const struct xnic_rx_tally *tally)
{
	rx->n[XNIC_RX_DISCARDED].n += tally->n[XNIC_RX_DISCARDED];
}

void xnic_xsk_rx_clean(struct xnic_rx *rx)
{
	(void)rx;
	card_given_back("an AF_XDP buffer");
}

int xnic_rx_poll(struct xnic_rx *rx, int budget)
{
	(void)rx;
	(void)budget;
	return 0;
}

int xnic_xsk_rx_poll(struct xnic_rx *rx, int budget)
{
	return xnic_rx_poll(rx, budget);
}

bool xnic_xsk_tx_poll(struct xnic_tx *tx)
{
	return xnic_tx_clean(tx, 0);
}

unsigned int xnic_xdp_mtu_max(const struct bpf_prog *prog)
{
	(void)prog;
	return XNIC_MTU_MAX;
}

void xnic_rss_default(struct xnic_adapter *port)
{
	(void)port;
}

bool domain_notify(struct domain_mailbox *box, struct domain_msg *msg)
{
	(void)box;
	(void)msg;
	return true;
}

/* A poll: all buffers to the device, then unmask. */
void card_poll(struct napi_struct *napi)
{
	struct xnic_queue *q = container_of(napi, struct xnic_queue, napi);
	struct xnic_rx *rx = &ad.rx[q->index];

	rx->filled = rx->next + rx->mem->count - 1;
	rx->rung = rx->filled;
	writel(rx->filled & (rx->mem->count - 1), rx->tail);
	xnic_irq_enable_pair(q);
}

static void send(unsigned int frames)
{
	struct xnic_tx *tx = &ad.tx[0];

	tx->ix.producer += frames;
	writel(tx->ix.producer & (tx->mem->count - 1), tx->tail);
}

/* ---- the port's life ---- */

static void probe(bool busy)
{
	unsigned int i;

	memset(&ad, 0, sizeof(ad));
	memset(&netdev, 0, sizeof(netdev));
	netdev = (struct net_device){ .priv = &ad, .mtu = 1500, .carrier = true, .running = true };
	ad.netdev = &netdev;
	ad.pdev = &pdev;
	ad.regs = ad.mapped = card_bar;
	ad.features = NETIF_F_RXCSUM;
	ad.shape = (struct xnic_shape){ .pairs = 2, .rx_count = 64, .tx_count = 64 };
	for (i = 0; i < XNIC_HW_QUEUES; i++) {
		ad.queue[i] = (struct xnic_queue){ .ad = &ad, .index = i };
		ad.rx[i].ad = ad.tx[i].ad = &ad;
		ad.rx[i].index = ad.tx[i].index = i;
		ad.tx[i].nq = &queues[i];
	}
	card_power_on(busy);
	xnic_hw_stop(&ad);
	CHECK(!xnic_hw_reset(&ad), "no answer");
	CHECK(!xnic_irq_alloc_vectors(&ad), "no vectors");
	CHECK(!xnic_phy_attach(&ad), "no PHY");
	*ad.phydev = (struct phy_device){
		.bus = ad.mdio, .link = 1, .duplex = 1, .speed = 1000, .autoneg = 1, .on = true
	};
	ad.mtu = 1500;
}

static void open_port(void)
{
	CHECK(!xnic_port_acquire(&ad), "not acquired");
	xnic_port_up(&ad);
	ad.state = XNIC_OPENED;
	CHECK(card_reg(XNIC_RCTL) & XNIC_RCTL_EN, "no receiver");
}

static void close_port(void)
{
	xnic_port_down(&ad);
	xnic_hw_release(&ad);
	ad.state = XNIC_CLOSED;
	CHECK(!(card_reg(XNIC_CTRL_EXT) & XNIC_CTRL_EXT_DRV_LOAD), "the firmware waits for us");
	CHECK(!card_reg(XNIC_IMS), "interrupts are unmasked: %08x", card_reg(XNIC_IMS));
	xnic_port_release(&ad);
}

static void leave(void)
{
	xnic_phy_detach(&ad);
	xnic_hw_stop(&ad);
	CHECK(!xnic_hw_reset(&ad), "no answer");
	xnic_irq_free_vectors(&ad);
}

/* ---- */

static u64 hw(enum xnic_hw_counter which)
{
	return ad.hw[which].n;
}

/* Every kind of restart, with the FIFO half full and frames on their way out: all that the device
 * had is in memory, all that was to be sent is sent, before anything is given back. */
static void test_restarts(void)
{
	static struct xdp_umem umem;
	static struct xsk_buff_pool pool = { .umem = &umem, .frame_size = 3840 };
	static const unsigned int mtus[] = { 9000, 1500, 68, 4000, 8972, 1500 };
	struct xnic_shape shape = { .pairs = 1, .rx_count = 256, .tx_count = 128 };
	unsigned int i, before;

	probe(true);
	open_port();
	card_traffic(12); /* as many as fit into the FIFO at any MTU */
	for (i = 0; i < ARRAY_SIZE(mtus); i++) {
		before = card_written();
		card_arrive(2);
		send(5);
		CHECK(!xnic_port_set_mtu(&ad, mtus[i]), "MTU %u", mtus[i]);
		CHECK(card_written() == before + 14, "of 14 frames %u", card_written() - before);
		CHECK(!discarded, "%u frames were not sent", discarded);
	}
	card_arrive(10);
	CHECK(!xnic_xsk_set_pool(&ad, &pool, 1), "pool");
	card_arrive(10);
	CHECK(!xnic_xsk_set_pool(&ad, NULL, 1), "no pool");
	CHECK(!xnic_port_reshape(&ad, &shape), "shape");
	shape.pairs = 2;
	CHECK(!xnic_port_reshape(&ad, &shape), "shape");
	CHECK(!xnic_port_reset(&ad), "reset");
	close_port();
	CHECK(!xnic_port_set_mtu(&ad, 9000), "MTU"); /* takes effect at the next reset */
	open_port();
	CHECK(card_reg(XNIC_PBA) == 22, "%u KiB at an MTU of 9000", card_reg(XNIC_PBA));
	close_port();
	leave();
}

/* A full ring, a full FIFO, pause: each frame that is lost is counted, once, up to a reset and
 * behind it. */
static void test_loss(void)
{
	struct rtnl_link_stats64 stats = {};
	unsigned int round;

	probe(false);
	open_port();
	CHECK(card_reg(XNIC_CTRL) & XNIC_CTRL_TFCE, "no flow control");
	for (round = 1; round <= 3; round++) {
		card_arrive(200);
		card_wait_us(5000);
		if (round == 2)
			xnic_port_restart(&ad);
		else
			xnic_port_tick(&ad);
	}
	memset(&stats, 0, sizeof(stats));
	xnic_get_stats64(&netdev, &stats);
	CHECK(card_lost() && hw(XNIC_HW_RX_MISSED) == card_lost(), "%llu of %u frames",
	      (unsigned long long)hw(XNIC_HW_RX_MISSED), card_lost());
	CHECK(stats.rx_missed_errors == card_lost(), "%llu", stats.rx_missed_errors);
	CHECK(hw(XNIC_HW_RX_PACKETS) == card_written(), "received %llu of %u",
	      (unsigned long long)hw(XNIC_HW_RX_PACKETS), card_written());
	CHECK(hw(XNIC_HW_TX_XOFF) == 1, "pause frames: %llu",
	      (unsigned long long)hw(XNIC_HW_TX_XOFF));
	/* Nobody gives the device buffers: frames wait, then are lost. */
	for (round = 0; round < 5; round++) {
		card_arrive(20);
		card_wait_us(1000);
	}
	xnic_port_tick(&ad);
	CHECK(hw(XNIC_HW_RX_NO_BUFFER), "frames that waited for a buffer are not counted");
	CHECK(hw(XNIC_HW_RX_MISSED) == card_lost(), "lost %u", card_lost());
	close_port();
	leave();
}

/* Frames that the transmitter cannot send for want of a link are thrown away by the tick. */
static void test_link(void)
{
	unsigned int resets;

	probe(false);
	open_port();
	card_link(false);
	netdev.carrier = false;
	send(20);
	card_wait_us(1000000);
	resets = card_resets();
	xnic_port_tick(&ad);
	CHECK(card_resets() > resets && discarded == 20, "%u frames wait", discarded);
	card_link(true);
	netdev.carrier = true;
	ad.phydev->speed = 100;
	xnic_hw_link(&ad);
	CHECK(ad.slow, "segmentation at 100 Mbit/s");
	ad.phydev->speed = 1000;
	xnic_hw_link(&ad);
	CHECK(!ad.slow, "no segmentation at 1000 Mbit/s");
	close_port();
	leave();
}

/* A PHY that hangs is noticed at the second look, when nothing is received. */
static void test_phy(void)
{
	unsigned int resets, tick;

	probe(false);
	open_port();
	xnic_port_tick(&ad);
	resets = card_resets();
	card_hang_phy();
	for (tick = 0; tick < 3; tick++) {
		card_arrive(1); /* so it does not hang after all */
		card_wait_us(1000);
		xnic_port_tick(&ad);
		CHECK(card_resets() == resets, "reset although frames come");
	}
	xnic_port_tick(&ad);
	CHECK(card_resets() == resets, "reset at the first look");
	xnic_port_tick(&ad);
	CHECK(card_resets() > resets, "not noticed");
	resets = card_resets();
	for (tick = 0; tick < 3; tick++)
		xnic_port_tick(&ad);
	CHECK(card_resets() == resets, "reset again, although it goes");
	close_port();
	leave();
}

/* The card stops answering at any register read of a restart, one that the PHY asks for included.
 * It may be deaf only, and still write: nothing is given back while it is a bus master. And whoever
 * comes next finds the port as it should be. */
static void test_death(void)
{
	unsigned int at, kind;

	for (kind = 0; kind < 2; kind++) {
		for (at = 1, dies = 0; !dies; at++) {
			probe(false);
			open_port();
			send(3);
			if (kind) {
				xnic_port_tick(&ad);
				card_hang_phy();
				xnic_port_tick(&ad);
			}
			dies = at;
			if (kind)
				xnic_port_tick(&ad);
			else
				xnic_port_restart(&ad);
			if (dies)
				break; /* later than all reads */
			phy_stop(ad.phydev);
			xnic_port_down(&ad);
			xnic_port_release(&ad);
			xnic_phy_detach(&ad);
			xnic_irq_free_vectors(&ad);
		}
		dies = 0;
		close_port();
		leave();
		CHECK(at > 20, "%u reads only", at);
	}
}

/* Moderation off is 1, not 0; and the longest fits. */
static void test_throttle(void)
{
	probe(false);
	open_port();
	xnic_irq_throttle(&ad.queue[0], 0, false);
	xnic_irq_throttle(&ad.queue[1], XNIC_USECS_MAX, false);
	CHECK(card_reg(XNIC_EITR(0)) == 1, "EITR %u", card_reg(XNIC_EITR(0)));
	CHECK(card_reg(XNIC_EITR(1)) == 62500, "EITR %u", card_reg(XNIC_EITR(1)));
	xnic_irq_throttle(&ad.queue[0], 0, true); /* DIM's first profile of the model waits 0 us */
	CHECK(card_reg(XNIC_EITR(0)) == 1, "EITR %u", card_reg(XNIC_EITR(0)));
	close_port();
	leave();
}

int main(void)
{
	test_restarts();
	test_loss();
	test_link();
	test_phy();
	test_death();
	test_throttle();
	return 0;
}
