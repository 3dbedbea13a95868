/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * check.h - the steps of a start that change something, as --check takes them: each finds what the
 * start would find wrong, in the same words, and touches nothing. All other steps are the start's
 * own (setup.c).
 *
 * What only the moment of the start decides is left to it: whether another daemon serves the
 * interface or has the metrics' address, another program is attached, a queue is taken. So a
 * configuration can be checked beside the daemon that is to read it.
 */
#ifndef AFXDP_CHECK_H
#define AFXDP_CHECK_H

struct daemon;

/* Return: 0, or an exit status with d->why set. */

/** check_report() - --report. */
int check_report(struct daemon *d);

/** check_clerk() - --control and --metrics. */
int check_clerk(struct daemon *d);

/** check_sinks() - all of them. */
int check_sinks(struct daemon *d);

#endif
