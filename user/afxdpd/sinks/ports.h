/* SPDX-License-Identifier: GPL-2.0-only */
/* ports.h - the ports of a sink: one array, each port on cache lines of its own. */
#ifndef AFXDP_SINK_PORTS_H
#define AFXDP_SINK_PORTS_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "../sink.h"

/* Put this on a sink's own port type, whose first member is struct sink_port. */
#define SINK_PORT_ALIGNED __attribute__((aligned(AFXDP_CACHE_LINE)))

struct sink_ports {
	uint8_t *mem;
	size_t bytes; /* of one port */
	uint32_t room;
	uint32_t attached; /* read by a sink's own thread too, so that it may start before them */
};

/** sink_ports_init() - room for @room zeroed ports of @bytes each. Return: 0 or -ENOMEM. */
static inline int sink_ports_init(struct sink_ports *ports, uint32_t room, size_t bytes)
{
	ports->mem = aligned_alloc(AFXDP_CACHE_LINE, room * bytes);
	if (!ports->mem)
		return -ENOMEM;
	memset(ports->mem, 0, room * bytes);
	ports->bytes = bytes;
	ports->room = room;
	ports->attached = 0;
	return 0;
}

static inline void sink_ports_free(struct sink_ports *ports)
{
	free(ports->mem);
}

static inline void *sink_ports_at(const struct sink_ports *ports, uint32_t i)
{
	return ports->mem + i * ports->bytes;
}

static inline uint32_t sink_ports_attached(const struct sink_ports *ports)
{
	return afxdp_load_acquire(&ports->attached);
}

/** sink_ports_next() - the port to attach next, not yet visible to sink_ports_attached(); NULL if
 * all are taken. */
static inline void *sink_ports_next(struct sink_ports *ports, struct sink *sink,
				    struct afxdp_xsk *xsk)
{
	struct sink_port *port;

	if (ports->attached == ports->room)
		return NULL;
	port = sink_ports_at(ports, ports->attached);
	port->sink = sink;
	port->xsk = xsk;
	return port;
}

/** sink_ports_publish() - the port from sink_ports_next() is ready. */
static inline void sink_ports_publish(struct sink_ports *ports)
{
	afxdp_store_release(&ports->attached, ports->attached + 1);
}

#endif
