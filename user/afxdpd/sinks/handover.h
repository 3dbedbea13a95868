/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * handover.h - how frames get from the workers to a thread of the sink and back: for each worker a
 * ring of descriptors there and a ring of addresses back, both SPSC.
 *
 * Bound: a port never has more than half of its UMEM's frames, or its part of them, out (handed
 * over, with the thread, or on their way back). So a thread that is stuck cannot starve the fill
 * ring: the worker drops what goes beyond the bound at once, and counts it. It also means that
 * neither ring can ever be full.
 *
 * The thread lets frames gather: it is woken when a quarter of the bound is out, and looks by
 * itself some milliseconds after it last found some. Only when it then finds none it sleeps until
 * there is one. So under load the worker makes a system call for hundreds of frames, not for a
 * batch, and none at all while the thread has enough to do; without load the thread does not run.
 */
#ifndef AFXDP_SINK_HANDOVER_H
#define AFXDP_SINK_HANDOVER_H

#include "ports.h"

struct handover {
	struct sink_ports ports;
	uint32_t slots;			   /* of each ring */
	uint32_t part;			   /* struct sink_env.part */
	bool looks;			   /* there may be more than ports: see handover_wait() */
	bool idle;			   /* the thread found nothing when it last looked */
	uint32_t asleep SINK_PORT_ALIGNED; /* futex: whether the thread waits, and for what */
	uint32_t stopping;
};

/* First member of the port of a sink that hands over. */
struct handover_port {
	struct sink_port port;
	struct handover *handover;
	/* The worker's. */
	struct afxdp_prod todo;
	struct afxdp_cons done;
	/* The thread's. */
	struct afxdp_cons from SINK_PORT_ALIGNED;
	struct afxdp_prod to;
	/* Both. */
	struct xdp_desc *desc;
	uint64_t *addr;
	struct afxdp_ring_indices *ix; /* of the two rings */
};

/** handover_init() - no ports yet. @port_bytes: size of the sink's port type. */
void handover_init(struct handover *h, const struct sink_env *env, size_t port_bytes);
void handover_free(struct handover *h);

/** handover_attach() - for the attach operation of @sink. */
int handover_attach(struct handover *h, struct sink *sink, struct afxdp_xsk *xsk,
		    struct sink_port **port);

/** handover_consume(), handover_reclaim() - the operations of these names. */
uint32_t handover_consume(struct sink_port *port, const struct xdp_desc *desc, uint32_t n,
			  uint64_t *back);
uint32_t handover_reclaim(struct sink_port *port, uint64_t *back, uint32_t max);

/** handover_wake() - have the thread make a round soon. Any thread. */
void handover_wake(struct handover *h);

/** handover_stop() - tell the thread to end when it has dealt with what is there. Any thread. */
void handover_stop(struct handover *h);

/** handover_stopping() - whether it was told so. The thread must ask before it looks at the rings:
 * if they are empty then, they stay so. */
static inline bool handover_stopping(const struct handover *h)
{
	return __atomic_load_n(&h->stopping, __ATOMIC_SEQ_CST);
}

/** handover_wait() - for the thread, after a round over all ports that found @n descriptors. If
 * h->looks it never waits for longer than LOOK_NS. */
void handover_wait(struct handover *h, uint32_t n);

/** handover_peek() - see afxdp_cons_peek(); read with handover_desc(). */
static inline uint32_t handover_peek(struct handover_port *p, uint32_t max, uint32_t *pos)
{
	return afxdp_cons_peek(&p->from, max, pos);
}

static inline const struct xdp_desc *handover_desc(const struct handover_port *p, uint32_t pos)
{
	return &p->desc[pos & p->from.mask];
}

/** handover_give_back() - the thread is done with the @n descriptors from @pos on. */
void handover_give_back(struct handover_port *p, uint32_t pos, uint32_t n);

#endif
