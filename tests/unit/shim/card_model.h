/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * card_model.h - an 82574L that has a FIFO, fetches descriptors ahead, takes its time, forgets in a
 * reset what a part forgets, shares its PHY with a firmware, and above all does not forgive: what a
 * driver must not do to the part ends the test, with the rule. QEMU's model knows none of this.
 */
#ifndef AFXDP_CARD_MODEL_H
#define AFXDP_CARD_MODEL_H

#include <stdbool.h>
#include <stdint.h>

/* ---- what the driver sees ---- */
extern uint8_t card_bar[0x20000]; /* no memory, only addresses */
void card_write(const uint8_t *at, uint32_t value);
uint32_t card_read(const uint8_t *at);
uint64_t card_now_us(void);
void card_wait_us(uint64_t us);
void card_set_master(void);
void card_clear_master(void);

/** card_given_back() - memory that the device may have been told of is somebody else's now. */
void card_given_back(const char *what);

/** card_ring_freed() - the same for a ring, at the address that the device was told. */
void card_ring_freed(uint64_t address);

/** card_phy_reset() - the PHY is told to negotiate anew, or, which helps if it is stuck, is @reset.
 */
void card_phy_reset(bool reset);

/* ---- what the test does to it ---- */

/** card_power_on() - as it comes to the driver: another one's rings may be in use (@busy). */
void card_power_on(bool busy);

/** card_arrive() - frames come in on queue 0, back to back. */
void card_arrive(unsigned int frames);

/** card_traffic() - whenever the receiver is switched off, so many frames have just come in. */
void card_traffic(unsigned int frames);

/** card_link() - the cable; without, the transmitter keeps what it has. */
void card_link(bool up);

/** card_hang_phy() - both of the PHY's error counts stay at their ends. */
void card_hang_phy(void);

/** card_reg() - a register's value, without the effects of a read. */
uint32_t card_reg(uint32_t reg);

unsigned int card_sent(void);	 /* frames (descriptors, here) that have left */
unsigned int card_resets(void);	 /* software resets */
unsigned int card_lost(void);	 /* frames that the FIFO had no room for */
unsigned int card_written(void); /* descriptors written back to the receive ring */

#endif
