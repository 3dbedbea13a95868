/* SPDX-License-Identifier: GPL-2.0-only */
/* forward_target.h - the interface that frames leave by, as it is now. */
#ifndef AFXDP_SINK_FORWARD_TARGET_H
#define AFXDP_SINK_FORWARD_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../sink.h"
#include "forward_spec.h"

struct forward_target {
	unsigned int ifindex;
	bool up;
	uint32_t longest; /* frame that it sends, bytes */
};

/** forward_look() - Return: 0; -ENODEV if there is none of that name; other -errno. */
int forward_look(const char *ifname, struct forward_target *t);

/** forward_find() - what the sink's argument @arg says, and whether frames can leave by that.
 * Return: 0, or -errno with @why. */
int forward_find(struct forward_spec *spec, struct forward_target *t, const char *arg,
		 const struct sink_env *env, char *why, size_t size);

#endif
