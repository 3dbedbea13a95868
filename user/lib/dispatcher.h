/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* dispatcher.h - living beside other programs under libxdp's dispatcher. Only its .c speaks to
 * libxdp. */
#ifndef AFXDP_DISPATCHER_H
#define AFXDP_DISPATCHER_H

#include <stdbool.h>
#include <stdint.h>

struct bpf_object;
struct xdp_program;

/**
 * dispatcher_join() - load @obj's program @name as the last program of @ifindex's dispatcher, and
 * attach it.
 * @xdp: set to the handle. @generic: set to the dispatcher's mode.
 *
 * Return: 0; -EINVAL if the kernel does not let this program in; other -errno.
 */
int dispatcher_join(struct bpf_object *obj, const char *name, unsigned int ifindex,
		    struct xdp_program **xdp, bool *generic);
void dispatcher_leave(struct xdp_program *xdp, unsigned int ifindex, bool generic);
/** dispatcher_lost() - whether ours is in no dispatcher of @ifindex any more. */
bool dispatcher_lost(unsigned int ifindex);
void dispatcher_free(struct xdp_program *xdp);

/**
 * dispatcher_remove() - take the dispatcher and all its programs off @ifindex.
 *
 * Return: 0 or -errno, as for a version that this libxdp does not know.
 */
int dispatcher_remove(unsigned int ifindex);

/**
 * dispatcher_version() - the version of the dispatcher that is loaded as program @prog_id, as its
 * configuration says (libxdp's protocol.org, "dispatcher version"). libxdp joins its own only.
 *
 * Return: 1 or more; 0 if it is not known; -errno.
 */
int dispatcher_version(uint32_t prog_id);

/** dispatcher_own_version() - the one that the libxdp makes with which this library was built; 0 if
 * it does not say. */
int dispatcher_own_version(void);

#endif
