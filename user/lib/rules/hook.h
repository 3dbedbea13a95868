/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * hook.h - being asked by libbpf before it loads a program.
 *
 * libbpf lets a library handle ELF sections of its own; we handle "xdp" and "xdp.frags" as it does
 * itself, and put the rules in. Such handlers are in one table of the process, and so is the list
 * of programs that have rules.
 */
#ifndef AFXDP_RULES_HOOK_H
#define AFXDP_RULES_HOOK_H

#include <stddef.h>

struct afxdp_rules;
struct bpf_object;

/** hook_register() - once for the process; objects opened earlier are not covered. Return: 0 or
 * -errno. */
int hook_register(void);

/** hook_add() - the XDP programs of @obj get the rules of @r when they are loaded. */
int hook_add(struct bpf_object *obj, struct afxdp_rules *r);

/** hook_remove() - forget @r. */
void hook_remove(const struct afxdp_rules *r);

#endif
