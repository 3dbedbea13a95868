/* SPDX-License-Identifier: GPL-2.0-only */
/* metrics.h - the ledger for Prometheus: GET /metrics, text format 0.0.4. Served by the control
 * thread. */
#ifndef AFXDP_METRICS_H
#define AFXDP_METRICS_H

#include <stddef.h>

struct daemon;
struct metrics;

/**
 * metrics_open() - listen on @address, ADDR:PORT or [ADDR6]:PORT.
 * @why: one line when it fails (size @size).
 *
 * Return: 0; -EINVAL if @address is not one; other -errno.
 */
int metrics_open(struct metrics **metrics, struct daemon *d, const char *address, char *why,
		 size_t size);

/** metrics_fd() - readable when there is something to do for metrics_serve(). */
int metrics_fd(const struct metrics *metrics);
void metrics_serve(struct metrics *metrics);
void metrics_close(struct metrics *metrics);

#endif
