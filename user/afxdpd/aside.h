/* SPDX-License-Identifier: GPL-2.0-only */
/* aside.h - work that may block, in a thread that nobody waits for. */
#ifndef AFXDP_ASIDE_H
#define AFXDP_ASIDE_H

/** aside_start() - run @run(@arg) in a detached thread that takes no signals: it posts its result,
 * and owns @arg until then. Return: 0 or -errno, and @run has not been called. */
int aside_start(void *(*run)(void *), void *arg);

#endif
