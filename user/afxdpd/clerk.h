/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * clerk.h - the thread that speaks with everybody outside: clients of the control socket, scrapers
 * of metrics, whoever reads stdout. It waits for none of them: it reads what is there, writes what
 * there is room for, and hangs up on whoever takes too long. The steward hears from it whole
 * requests, and hands it whole answers.
 */
#ifndef AFXDP_CLERK_H
#define AFXDP_CLERK_H

#include <stddef.h>
#include "post.h"

struct clerk;

/**
 * clerk_open() - listen, and start the thread.
 * @control: --control, or NULL. @metrics: --metrics, or NULL. @out: where clerk_print() prints.
 * @home: where requests (struct ask) go to.
 * @why: one line when it fails (size @size).
 *
 * Return: 0; -EADDRINUSE if a daemon serves @ifname already; other -errno.
 */
int clerk_open(struct clerk **clerk, const char *ifname, const char *control, const char *metrics,
	       int out, struct afxdp_post *home, char *why, size_t size);

/** clerk_print() - @text, from malloc(), is printed when there is room; if the last one still
 * waits, not at all. */
void clerk_print(struct clerk *c, char *text);

/** clerk_close() - when every request has been answered. NULL is fine. */
void clerk_close(struct clerk *c);

#endif
