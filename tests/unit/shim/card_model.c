// SPDX-License-Identifier: GPL-2.0-only
/*
 * card_model.c - see card_model.h. A rule's source stands beside it: "datasheet" is Intel's 82574
 * GbE Controller Family Datasheet, e1000e the kernel's driver, of which ways are told, not words.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <card_model.h>
#include <rx_desc_user.h>

#include "hw.h"

#define FRAME_BYTES	  1518
#define WIRE_NS		  12300 /* a frame of 1518 bytes at 1 Gbit/s */
#define BUS_NS		  7600	/* the same over one PCIe lane, 200 bytes a microsecond */
#define ACCESS_NS	  500
#define NVM_READ_NS	  3000000  /* after a reset, until EECD.AUTO_RD */
#define PHY_READY_NS	  25000000 /* from there: the NVM configures the PHY */
#define FIRMWARE_NS	  15000000 /* so long it has the PHY after a reset */
#define TARC_DEFAULT	  (3 | XNIC_TARC_ENABLE)
#define MASTER_LINGERS_NS 400000 /* requests under way when the master is disabled */
#define FIRMWARE_OWNED	  BIT(6) /* EXTCNF_CTRL; a driver cannot see it on every part */

uint8_t card_bar[0x20000];

static struct {
	uint32_t reg[0x20000 / 4];
	uint64_t ns;
	bool rx_used, tx_used; /* enabled since the last reset: it may have fetched descriptors */
	bool master;
	uint64_t master_off_ns, reset_ns, sent_ns, stored_ns;
	uint32_t pba;	   /* in effect */
	unsigned int fifo; /* frames that wait for the bus */
	bool cable, phy_hangs, xoff;
	unsigned int traffic, sent, resets, lost, written;
} c;

static void broken(const char *rule, ...)
{
	va_list args;

	va_start(args, rule);
	fprintf(stderr, "failed: at %llu us: ", (unsigned long long)(c.ns / 1000));
	vfprintf(stderr, rule, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

#define RULE(holds, ...)                     \
	do {                                 \
		if (!(holds))                \
			broken(__VA_ARGS__); \
	} while (0)

static uint32_t *r(uint32_t reg)
{
	return &c.reg[reg / 4];
}

static bool rx_enabled(void)
{
	return *r(XNIC_RCTL) & XNIC_RCTL_EN;
}

static bool tx_enabled(void)
{
	return *r(XNIC_TCTL) & XNIC_TCTL_EN;
}

static unsigned int rx_available(void)
{
	uint32_t count = *r(XNIC_RDLEN(0)) / 16;

	return count ? (*r(XNIC_RDT(0)) - *r(XNIC_RDH(0)) + count) % count : 0;
}

/* ---- what goes on by itself ---- */

static void store_frames(void)
{
	bool bus = c.master && !(*r(XNIC_CTRL) & XNIC_CTRL_MASTER_DISABLE);

	while (c.fifo && bus && rx_available() && c.ns - c.stored_ns >= BUS_NS) {
		c.stored_ns += BUS_NS;
		*r(XNIC_RDH(0)) = (*r(XNIC_RDH(0)) + 1) % (*r(XNIC_RDLEN(0)) / 16);
		c.fifo--;
		c.written++;
		++*r(XNIC_GPRC);
	}
	if (!c.fifo || !rx_available())
		c.stored_ns = c.ns;
}

static void send_frames(void)
{
	unsigned int q;

	for (q = 0; q < XNIC_HW_QUEUES; q++) {
		uint32_t count = *r(XNIC_TDLEN(q)) / 16;

		while (count && tx_enabled() && c.cable && *r(XNIC_TARC(q)) & XNIC_TARC_ENABLE &&
		       *r(XNIC_TDH(q)) != *r(XNIC_TDT(q)) && c.ns - c.sent_ns >= WIRE_NS) {
			c.sent_ns += WIRE_NS;
			*r(XNIC_TDH(q)) = (*r(XNIC_TDH(q)) + 1) % count;
			c.sent++;
		}
		if (*r(XNIC_TDH(q)) != *r(XNIC_TDT(q)) && c.cable)
			return;
	}
	c.sent_ns = c.ns;
}

static void pass(uint64_t ns)
{
	c.ns += ns;
	store_frames();
	send_frames();
	if (*r(XNIC_EXTCNF_CTRL) & FIRMWARE_OWNED && c.ns - c.reset_ns > FIRMWARE_NS)
		*r(XNIC_EXTCNF_CTRL) &= ~FIRMWARE_OWNED;
	if (c.ns - c.reset_ns > NVM_READ_NS)
		*r(XNIC_EECD) |= XNIC_EECD_AUTO_RD;
	if (*r(XNIC_CTRL) & XNIC_CTRL_MASTER_DISABLE && c.ns - c.master_off_ns > MASTER_LINGERS_NS)
		*r(XNIC_STATUS) &= ~XNIC_STATUS_MASTER_ENABLE;
}

/* ---- rules ---- */

/* Doubts 1 and 2. Datasheet, RDH and TDH: to be written after a reset only, before receiver or
 * transmitter are enabled, else the descriptors that the part has fetched are undefined. e1000e
 * resets at every change. */
static void rule_ring(uint32_t reg)
{
	RULE(!c.rx_used && !c.tx_used,
	     "ring register %05x written although the rings have been in use since the last reset",
	     reg);
}

static void rule_rx_enable(void)
{
	uint32_t rx = c.pba & 0xffff, high = *r(XNIC_FCRTH);

	/* Doubt 3. Datasheet, PBA: takes effect with the next reset. e1000e writes it before. */
	RULE(*r(XNIC_PBA) == c.pba, "PBA %u written after the reset: %u KiB are in effect",
	     *r(XNIC_PBA), rx);
	RULE(rx >= 8 && rx <= 32, "%u KiB of 40 for the receiver", rx);
	RULE(high && high % 8 == 0 && high <= rx * 1024 - FRAME_BYTES,
	     "XOFF is sent at %u of %u KiB: no room for one frame more", high, rx);
	RULE((*r(XNIC_FCRTL) & 0xfff8) < high, "XON is sent above XOFF");
	/* Doubt 14. Datasheet, CTRL_EXT.DRV_LOAD; e1000e sets it at open, clears it at close. */
	RULE(*r(XNIC_CTRL_EXT) & XNIC_CTRL_EXT_DRV_LOAD,
	     "the firmware has not been told of a driver");
	RULE(c.master, "received without being a bus master");
	RULE(c.resets, "enabled without a reset");
}

/* Doubts 9 and 10: as e1000e sets them up for this part (its init_hw and initialize_hw_bits). */
static void rule_reserved(void)
{
	uint32_t ext = *r(XNIC_CTRL_EXT), tarc0 = *r(XNIC_TARC(0)), tarc1 = *r(XNIC_TARC(1));

	RULE(ext & XNIC_CTRL_EXT_BIT_22 && !(ext & XNIC_CTRL_EXT_BIT_23), "CTRL_EXT %08x", ext);
	RULE(!(*r(XNIC_CTRL) & XNIC_CTRL_UNDOCUMENTED_29), "CTRL bit 29");
	RULE((*r(XNIC_GCR) & (BIT(22) | BIT(27))) == (BIT(22) | BIT(27)), "GCR %08x: bits 22, 27",
	     *r(XNIC_GCR));
	RULE(*r(XNIC_GCR2) & 1, "GCR2 bit 0");
	/* Nobody else writes the counts of arbitration (6:0) on this part, nor bit 21. */
	RULE((tarc0 & ~XNIC_TARC_ENABLE) == (3 | XNIC_TARC_BIT_26), "TARC0 %08x", tarc0);
	RULE((tarc1 & ~XNIC_TARC_ENABLE) == 3, "TARC1 %08x", tarc1);
	RULE(*r(XNIC_TXDCTL(0)) == *r(XNIC_TXDCTL(1)) && *r(XNIC_TXDCTL(0)) & BIT(22),
	     "TXDCTL %08x and %08x: alike, with bit 22", *r(XNIC_TXDCTL(0)), *r(XNIC_TXDCTL(1)));
}

static void rule_reset(void)
{
	/* Datasheet, CTRL.GIO Master Disable: wait for STATUS. */
	RULE(*r(XNIC_CTRL) & XNIC_CTRL_MASTER_DISABLE &&
		     !(*r(XNIC_STATUS) & XNIC_STATUS_MASTER_ENABLE),
	     "reset with requests under way on the bus");
	RULE(!rx_enabled() && !tx_enabled() && !*r(XNIC_IMS), "reset at full work");
	/* Doubt 4: what the FIFO holds when the receiver is switched off goes to memory, and counts
	 * as received; e1000e waits 10 ms. */
	RULE(!c.fifo || !rx_available(), "reset with %u frames in the FIFO", c.fifo);
	/* Doubt 7: e1000e owns it, too. */
	RULE(*r(XNIC_EXTCNF_CTRL) & XNIC_EXTCNF_MDIO_SW_OWNED,
	     "reset while the PHY is not the driver's");
}

/* ---- registers ---- */

static void forget(uint32_t from, uint32_t to)
{
	memset(r(from), 0, to - from);
}

/* What keeps its value through a software reset: PBA, tables, addresses of rings. */
static void reset(void)
{
	uint32_t loaded = *r(XNIC_CTRL_EXT) & XNIC_CTRL_EXT_DRV_LOAD; /* the firmware's to know */

	rule_reset();
	c.resets++;
	c.rx_used = false;
	c.tx_used = false;
	c.fifo = 0;
	c.reset_ns = c.ns;
	c.pba = *r(XNIC_PBA);
	forget(0, 0x1000);
	forget(XNIC_STATISTICS_FIRST, XNIC_STATISTICS_LAST + 4);
	forget(XNIC_GCR, XNIC_GCR + 4);
	forget(XNIC_GCR2, XNIC_GCR2 + 4);
	for (unsigned int q = 0; q < XNIC_HW_QUEUES; q++) {
		*r(XNIC_RDH(q)) = *r(XNIC_RDT(q)) = *r(XNIC_TDH(q)) = *r(XNIC_TDT(q)) = 0;
		*r(XNIC_TARC(q)) = TARC_DEFAULT;
		*r(XNIC_TXDCTL(q)) = 0;
	}
	*r(XNIC_CTRL_EXT) = loaded;
	*r(XNIC_EXTCNF_CTRL) = FIRMWARE_OWNED;
	*r(XNIC_STATUS) = XNIC_STATUS_MASTER_ENABLE | XNIC_STATUS_LU;
}

static void mdic(uint32_t value)
{
	uint32_t reg = (value & XNIC_MDIC_REG) >> 16, data = 0;

	/* Datasheet, EXTCNF_CTRL: whoever has not got the PHY disturbs the other's access. */
	RULE(*r(XNIC_EXTCNF_CTRL) & XNIC_EXTCNF_MDIO_SW_OWNED, "PHY register %u: not the driver's",
	     reg);
	/* e1000e waits 25 ms after a reset. */
	RULE(c.ns - c.reset_ns > NVM_READ_NS + PHY_READY_NS, "PHY register %u: too early", reg);
	if (c.phy_hangs && (reg == 21 || reg == 10))
		data = reg == 21 ? 0xffff : 0xff;
	*r(XNIC_MDIC) = (value & ~XNIC_MDIC_DATA) | XNIC_MDIC_READY | data;
}

static void switch_receiver(uint32_t value)
{
	if (rx_enabled() && !(value & XNIC_RCTL_EN))
		card_arrive(c.traffic);
	*r(XNIC_RCTL) = value;
	if (!(value & XNIC_RCTL_EN))
		return;
	rule_rx_enable();
	c.rx_used = true;
}

static void switch_transmitter(uint32_t value)
{
	*r(XNIC_TCTL) = value;
	if (!(value & XNIC_TCTL_EN))
		return;
	rule_reserved();
	c.tx_used = true;
}

static void control(uint32_t value)
{
	if (value & XNIC_CTRL_RST) {
		reset();
		return;
	}
	if (value & XNIC_CTRL_MASTER_DISABLE && !(*r(XNIC_CTRL) & XNIC_CTRL_MASTER_DISABLE))
		c.master_off_ns = c.ns;
	*r(XNIC_CTRL) = value;
}

static bool is_ring(uint32_t reg)
{
	for (unsigned int q = 0; q < XNIC_HW_QUEUES; q++)
		if (reg == XNIC_RDBAL(q) || reg == XNIC_RDBAH(q) || reg == XNIC_RDLEN(q) ||
		    reg == XNIC_RDH(q) || reg == XNIC_TDBAL(q) || reg == XNIC_TDBAH(q) ||
		    reg == XNIC_TDLEN(q) || reg == XNIC_TDH(q))
			return true;
	return false;
}

static void store(uint32_t reg, uint32_t value)
{
	if (is_ring(reg))
		rule_ring(reg);
	/* Datasheet: lengths are multiples of 128 bytes, addresses of 16. */
	RULE((reg != XNIC_RDLEN(0) && reg != XNIC_TDLEN(0)) || value % 128 == 0, "length %u",
	     value);
	RULE((reg != XNIC_RDBAL(0) && reg != XNIC_TDBAL(0)) || value % 16 == 0, "base %08x", value);
	RULE(reg != XNIC_RDT(0) || !rx_enabled() || value < *r(XNIC_RDLEN(0)) / 16, "tail %u",
	     value);
	/* Doubt 11: e1000e writes 1 where it means none. */
	RULE(reg < XNIC_EITR(0) || reg > XNIC_EITR(4) || value, "EITR %05x: 0 in MSI-X mode", reg);
	RULE(reg != XNIC_TARC(0) || !c.tx_used || tx_enabled(), "TARC while the transmitter stops");
	*r(reg) = value;
}

void card_write(const uint8_t *at, uint32_t value)
{
	uint32_t reg = at - card_bar;

	RULE(c.ns - c.reset_ns >= 1000000 || !c.resets, "%05x written within 1 ms of a reset", reg);
	pass(ACCESS_NS);
	switch (reg) {
	case XNIC_CTRL:
		control(value);
		break;
	case XNIC_RCTL:
		switch_receiver(value);
		break;
	case XNIC_TCTL:
		switch_transmitter(value);
		break;
	case XNIC_MDIC:
		mdic(value);
		break;
	case XNIC_EXTCNF_CTRL:
		if (*r(reg) & FIRMWARE_OWNED)
			value &= ~XNIC_EXTCNF_MDIO_SW_OWNED;
		*r(reg) = (value & ~FIRMWARE_OWNED) | (*r(reg) & FIRMWARE_OWNED);
		break;
	case XNIC_IMS:
		RULE(*r(XNIC_IVAR) & BIT(19), "unmasked before it has vectors");
		*r(reg) |= value;
		break;
	case XNIC_IMC:
		*r(XNIC_IMS) &= ~value;
		break;
	default:
		store(reg, value);
	}
}

uint32_t card_read(const uint8_t *at)
{
	uint32_t reg = at - card_bar, value;

	RULE(c.ns - c.reset_ns >= 1000000 || !c.resets, "%05x read within 1 ms of a reset", reg);
	pass(ACCESS_NS);
	value = *r(reg);
	if (reg >= XNIC_STATISTICS_FIRST && reg <= XNIC_STATISTICS_LAST)
		*r(reg) = 0;
	return value;
}

uint64_t card_now_us(void)
{
	return c.ns / 1000;
}

void card_wait_us(uint64_t us)
{
	while (us--)
		pass(1000);
}

/* It may come to us receiving into another's memory. */
void card_set_master(void)
{
	RULE(!c.rx_used && !c.tx_used, "a bus master while rings of before may be in use");
	c.master = true;
}

void card_clear_master(void)
{
	c.master = false;
}

/* Doubt 2: descriptors that were fetched ahead are used long after the rings were stopped. */
void card_given_back(const char *what)
{
	RULE(!c.master || (!c.rx_used && !c.tx_used),
	     "%s given back: the device may still write to it, or read it", what);
}

void card_ring_freed(uint64_t address)
{
	for (unsigned int q = 0; q < XNIC_HW_QUEUES; q++) {
		uint64_t rx = *r(XNIC_RDBAL(q)) | (uint64_t)*r(XNIC_RDBAH(q)) << 32;
		uint64_t tx = *r(XNIC_TDBAL(q)) | (uint64_t)*r(XNIC_TDBAH(q)) << 32;

		RULE(address != rx || !*r(XNIC_RDLEN(q)) || !c.rx_used || !c.master,
		     "the memory of receive ring %u freed in use", q);
		RULE(address != tx || !*r(XNIC_TDLEN(q)) || !c.tx_used || !c.master,
		     "the memory of transmit ring %u freed in use", q);
	}
}

void card_phy_reset(bool reset)
{
	c.phy_hangs &= !reset;
}

/* ---- the test's ---- */

void card_power_on(bool busy)
{
	c = (__typeof__(c)){ .sent = c.sent };
	*r(XNIC_STATUS) = XNIC_STATUS_MASTER_ENABLE | XNIC_STATUS_LU;
	*r(XNIC_TARC(0)) = *r(XNIC_TARC(1)) = TARC_DEFAULT;
	*r(XNIC_PBA) = c.pba = 20;
	c.cable = true;
	c.rx_used = c.tx_used = busy;
	if (busy)
		*r(XNIC_RCTL) = XNIC_RCTL_EN;
	pass(NVM_READ_NS + PHY_READY_NS);
}

void card_arrive(unsigned int frames)
{
	while (frames-- && rx_enabled()) {
		unsigned int room = (c.pba & 0xffff) * 1024 / FRAME_BYTES;

		if (!rx_available())
			++*r(XNIC_RNBC);
		if (c.fifo >= room) {
			++*r(XNIC_MPC);
			c.lost++;
			continue;
		}
		c.fifo++;
		if (c.fifo * FRAME_BYTES > *r(XNIC_FCRTH) && *r(XNIC_CTRL) & XNIC_CTRL_TFCE &&
		    !c.xoff) {
			++*r(XNIC_XOFFTXC);
			c.xoff = true;
		}
	}
}

void card_traffic(unsigned int frames)
{
	c.traffic = frames;
}

void card_link(bool up)
{
	c.cable = up;
}

void card_hang_phy(void)
{
	c.phy_hangs = true;
}

uint32_t card_reg(uint32_t reg)
{
	return *r(reg);
}

unsigned int card_sent(void)
{
	return c.sent;
}

unsigned int card_resets(void)
{
	return c.resets;
}

unsigned int card_lost(void)
{
	return c.lost;
}

unsigned int card_written(void)
{
	return c.written;
}
