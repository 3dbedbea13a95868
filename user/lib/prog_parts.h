/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* prog_parts.h - what prog.c, need.c, routes.c, occupant.c and pins.c have in common. */
#ifndef AFXDP_PROG_PARTS_H
#define AFXDP_PROG_PARTS_H

#include "prog.h"

/* Put the one line into p->why. Return: @err. */
__attribute__((format(printf, 3, 4))) int prog_failed(struct afxdp_prog *p, int err,
						      const char *format, ...);

/* prog.c: @obj takes the place of the program in our link. Return: 0; -errno with p->why. */
int prog_exchange(struct afxdp_prog *p, const struct bpf_object *obj);

/* It has: it is the one from now on. Without rules the other stays loaded. */
void prog_become(struct afxdp_prog *p, struct bpf_object *obj, struct afxdp_rules *rules);

/* occupant.c: p->found is attached already. */

/* It is ours, and nobody's link: take its maps over; its verdicts are ours to set. */
int prog_adopt(struct afxdp_prog *p);

/* It may stay, so we cannot go on. Return: -EEXIST, with p->why. */
int prog_in_the_way(struct afxdp_prog *p);

/* --replace was given: detach it. Return: 0 or -errno. */
int prog_evict(struct afxdp_prog *p);

/* Put the kernel's words on why native mode cannot be had into p->refusal. */
void prog_ask_why(struct afxdp_prog *p);

/* routes.c */

/* Tell @obj, open and not loaded, by which routes the consumers of @rules are reached. Return: 0;
 * -ENOENT with p->why: there is no such route; -errno. */
int prog_set_routes(struct afxdp_prog *p, struct afxdp_rules *rules, struct bpf_object *obj);

#endif
