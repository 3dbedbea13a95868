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

struct afxdp_knobs {
	int defer_fd, flush_fd; /* open for reading and writing as long as we live, so that a daemon
				 * that has given up root can restore; -1: out of reach */
	int saved_fd;		/* the file with the old values; -1: nothing was changed */
	char saved[96];
	unsigned int ifindex;
	long old_defer, old_flush;
};

#define AFXDP_KNOBS_NONE                                       \
	{                                                      \
		.defer_fd = -1, .flush_fd = -1, .saved_fd = -1 \
	}

/**
 * afxdp_knobs_init() - find the knobs of @ifname in this network namespace, and put back what a
 * killed daemon left changed.
 *
 * Return: 0; 1 if old values were restored; -errno if the knobs are out of reach.
 */
int afxdp_knobs_init(struct afxdp_knobs *k, const char *ifname, unsigned int ifindex);

/** afxdp_knobs_set() - remember the old values, then set new ones. Return: 0 or -errno. */
int afxdp_knobs_set(struct afxdp_knobs *k, long defer_hard_irqs, long gro_flush_timeout_ns);

/** afxdp_knobs_restore() - put the old values back, if they were changed. */
void afxdp_knobs_restore(struct afxdp_knobs *k);
void afxdp_knobs_close(struct afxdp_knobs *k);

#endif
