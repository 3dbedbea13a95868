/* SPDX-License-Identifier: GPL-2.0-only */
/* interface.h - what we have to know about the interface we send from. */
#ifndef AFXDPGEN_INTERFACE_H
#define AFXDPGEN_INTERFACE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gen_interface {
	char name[IF_NAMESIZE];
	char driver[32]; /* empty if it does not say */
	int index;
	uint32_t mtu;
	uint8_t mac[6];
};

/**
 * gen_interface_open() - look @name up.
 * Return: 0; -ENODEV: no such interface, down, or not Ethernet, with one line in @why.
 */
int gen_interface_open(struct gen_interface *i, const char *name, char *why, size_t why_size);

/** gen_interface_dropped() - the interface's transmit drop counter. Return: 0 or -errno. */
int gen_interface_dropped(const struct gen_interface *i, uint64_t *drops);

#endif
