/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * knobs.h - the two NAPI settings of a device that busy polling needs, changed by us and always put
 * back.
 *
 * napi_defer_hard_irqs and gro_flush_timeout together keep the interrupt of a queue off while a
 * busy-polling thread comes round often enough (Documentation/networking/napi.rst). They belong to
 * the device, not to us: the old values are written to a file under /run/afxdp first, and a start
 * that finds such a file restores them, so that a killed daemon leaves no trace.
 */
#ifndef AFXDP_KNOBS_H
#define AFXDP_KNOBS_H

#include <stdbool.h>
#include <stddef.h>

struct afxdp_knobs {
	int dir; /* the device's directory in a sysfs of this network namespace; -1: out of reach */
	char saved[96]; /* the file with the old values */
	unsigned int ifindex;
	long old_defer, old_flush;
	bool changed;
};

/**
 * afxdp_knobs_init() - find the knobs of @ifname in this network namespace, and put back what a
 * killed daemon left changed.
 * @why: one line if they are out of reach (size @size).
 *
 * Return: 0; 1 if old values were restored; -errno if the knobs are out of reach.
 */
int afxdp_knobs_init(struct afxdp_knobs *k, const char *ifname, unsigned int ifindex, char *why,
		     size_t size);

/** afxdp_knobs_set() - remember the old values, then set new ones. Return: 0 or -errno. */
int afxdp_knobs_set(struct afxdp_knobs *k, long defer_hard_irqs, long gro_flush_timeout_ns);

/** afxdp_knobs_restore() - put the old values back, if they were changed. */
void afxdp_knobs_restore(struct afxdp_knobs *k);
void afxdp_knobs_close(struct afxdp_knobs *k);

#endif
