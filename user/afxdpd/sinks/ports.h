/* SPDX-License-Identifier: GPL-2.0-only */
/* ports.h - the ports of a sink, each on cache lines of its own. A device may get more queues while
 * we run, so their number is known only at the end. */
#ifndef AFXDP_SINK_PORTS_H
#define AFXDP_SINK_PORTS_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "../sink.h"

/* Put this on a sink's own port type, whose first member is struct sink_port. */
#define SINK_PORT_ALIGNED __attribute__((aligned(AFXDP_CACHE_LINE)))

struct sink_ports {
	void *port[SINK_PORTS_MAX];
	size_t bytes;	   /* of one port */
	uint32_t attached; /* read by a sink's own thread too, so that it may start before them */
};

/** sink_ports_init() - no ports yet; each will have @bytes. */
static inline void sink_ports_init(struct sink_ports *ports, size_t bytes)
{
	memset(ports, 0, sizeof(*ports));
	ports->bytes = bytes;
}

static inline void sink_ports_free(struct sink_ports *ports)
{
	/* One that was not published was made, too. */
	for (uint32_t i = 0; i < SINK_PORTS_MAX; i++)
		free(ports->port[i]);
}

static inline void *sink_ports_at(const struct sink_ports *ports, uint32_t i)
{
	return ports->port[i];
}

static inline uint32_t sink_ports_attached(const struct sink_ports *ports)
{
	return afxdp_load_acquire(&ports->attached);
}

/** sink_ports_next() - the zeroed port to attach next, not yet visible to sink_ports_attached();
 * NULL if all are taken or memory ran out. */
static inline void *sink_ports_next(struct sink_ports *ports, struct sink *sink,
				    struct afxdp_xsk *xsk)
{
	struct sink_port *port;

	if (ports->attached == SINK_PORTS_MAX)
		return NULL;
	port = ports->port[ports->attached];
	if (!port)
		port = aligned_alloc(AFXDP_CACHE_LINE, ports->bytes);
	if (!port)
		return NULL;
	ports->port[ports->attached] = port;
	memset(port, 0, ports->bytes);
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
