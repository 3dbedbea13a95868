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
#include <sys/types.h>
#include "post.h"

struct clerk;

struct clerk_config {
	unsigned int ifindex;	       /* what is served; 0: there is no such interface yet */
	const char *ifname;	       /* its name now */
	const char *wanted;	       /* what the user called it */
	const char *control, *metrics; /* the options, or NULL */
	uid_t uid;		       /* whom we shall run as */
	int out;		       /* where clerk_print() prints */
	struct afxdp_post *home;       /* where requests (struct ask) go to */
};

/**
 * clerk_open() - listen, and start the thread.
 * @why: one line when it fails (size @size).
 *
 * Return: 0; -EADDRINUSE if a daemon serves that interface already; other -errno.
 */
int clerk_open(struct clerk **clerk, const struct clerk_config *config, char *why, size_t size);

/** clerk_serves() - what is served now: clients look for it by number, and see the name. */
void clerk_serves(struct clerk *c, unsigned int ifindex, const char *ifname);

/** clerk_print() - @text, from malloc(), is printed when there is room; if the last one still
 * waits, not at all. */
void clerk_print(struct clerk *c, char *text);

/** clerk_narrow() - it makes fewer system calls from here on (sandbox.h). */
void clerk_narrow(struct clerk *c);

/** clerk_close() - when every request has been answered. NULL is fine. */
void clerk_close(struct clerk *c);

#endif
