/* SPDX-License-Identifier: GPL-2.0-only */
/* port_parts.h - what port.c (states), begin.c and end.c (of a life) have of each other. */
#ifndef AFXDP_PORT_PARTS_H
#define AFXDP_PORT_PARTS_H

#include "port.h"

struct life;

/* port.c */

/** port_say() - put the reason of what comes into p->why. */
__attribute__((format(printf, 2, 3))) void port_say(struct daemon *d, const char *format, ...);

/** port_enter() - p->why says why; it is printed, unless it was already. */
void port_enter(struct daemon *d, enum port_state state);

/** port_next() - nothing is open, or what is has come to rest: to the state that fits. */
void port_next(struct daemon *d);

/** port_retry() - not again before p->retry_ns, which is later each time. */
void port_retry(struct daemon *d);

/* begin.c and end.c */

/** port_attaching() - @l (or NULL) is being attached to sockets. */
bool port_attaching(const struct life *l);

/** port_open() - begin to open @now. */
void port_open(struct daemon *d, const struct afxdp_nic *now);

/** port_opening() - go on with it. */
void port_opening(struct daemon *d, enum port_event event);

/** port_detach() - the program is to run nowhere any more; its counters stay. */
void port_detach(struct daemon *d);

/** port_lose_program() - it is closed; its counters are noted. */
void port_lose_program(struct daemon *d);

/** port_rest() - frames go to the stack again, and workers come to rest. */
void port_rest(struct daemon *d);

/** port_sinks_let_go() - go on with that. Return: whether all have. */
bool port_sinks_let_go(struct daemon *d);

/** port_late_sink() - one that has not, or NULL. */
const struct life *port_late_sink(const struct daemon *d);

/** port_close() - workers rest, sinks have let go: close the sockets, and on to port_next(). */
void port_close(struct daemon *d);

#endif
