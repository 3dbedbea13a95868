/* SPDX-License-Identifier: GPL-2.0-only */
#include "handover.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "frame.h"

/* Values of handover.asleep. */
enum {
	AWAKE,
	NAPPING,  /* to be woken when frames have gathered, or when its time is over */
	SLEEPING, /* to be woken when there is one */
};

/*
 * How long a thread that found little to do lets frames gather. Longer, and at low load the last
 * frames reach the file later than anybody expects; shorter, and a thread that is woken for a
 * handful of frames spends more on waking up than on them.
 */
#define NAP_NS 5000000 /* 5 ms */
/* After this many descriptors in one round there are probably more already. */
#define BUSY   256

void handover_init(struct handover *h, const struct sink_env *env, size_t port_bytes)
{
	memset(h, 0, sizeof(*h));
	h->slots = 1;
	h->part = env->part ?: 2;
	while (h->slots <= env->frames / 2 / h->part)
		h->slots *= 2;
	sink_ports_init(&h->ports, port_bytes);
}

static void free_port(struct handover_port *p)
{
	free(p->ix);
	free(p->desc);
	free(p->addr);
}

void handover_free(struct handover *h)
{
	for (uint32_t i = 0; i < h->ports.attached; i++)
		free_port(sink_ports_at(&h->ports, i));
	sink_ports_free(&h->ports);
}

int handover_attach(struct handover *h, struct sink *sink, struct afxdp_xsk *xsk,
		    struct sink_port **port)
{
	struct handover_port *p = sink_ports_next(&h->ports, sink, xsk);

	if (!p)
		return -ENOSPC;
	p->handover = h;
	p->ix = aligned_alloc(AFXDP_CACHE_LINE, 2 * sizeof(*p->ix));
	p->desc = calloc(h->slots, sizeof(*p->desc));
	p->addr = calloc(h->slots, sizeof(*p->addr));
	if (!p->ix || !p->desc || !p->addr) {
		free_port(p);
		return -ENOMEM;
	}
	memset(p->ix, 0, 2 * sizeof(*p->ix));
	afxdp_prod_init(&p->todo, &p->ix[0].producer, &p->ix[0].consumer, h->slots);
	afxdp_cons_init(&p->from, &p->ix[0].producer, &p->ix[0].consumer, h->slots);
	afxdp_prod_init(&p->to, &p->ix[1].producer, &p->ix[1].consumer, h->slots);
	afxdp_cons_init(&p->done, &p->ix[1].producer, &p->ix[1].consumer, h->slots);
	sink_ports_publish(&h->ports);
	*port = &p->port;
	return 0;
}

void handover_wake(struct handover *h)
{
	if (__atomic_exchange_n(&h->asleep, AWAKE, __ATOMIC_SEQ_CST) != AWAKE)
		syscall(SYS_futex, &h->asleep, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* Descriptors that may be out: the UMEM may have fewer frames than was expected. */
static uint32_t bound(const struct handover_port *p)
{
	uint32_t frames = p->port.xsk->config.frames / p->handover->part;

	return frames && frames < p->todo.size ? frames : p->todo.size;
}

/* @out: descriptors that are out now. A napping thread is left alone until a quarter of what may be
 * out is: three quarters are left for the time that it takes to wake up. */
static void nudge(struct handover_port *p, uint32_t out)
{
	uint32_t asleep;

	/* Pairs with wait_for_frames(): either we see that it sleeps, or it sees what was handed
	 * over. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	asleep = __atomic_load_n(&p->handover->asleep, __ATOMIC_RELAXED);
	if (asleep == SLEEPING || (asleep == NAPPING && out >= bound(p) / 4))
		handover_wake(p->handover);
}

uint32_t handover_consume(struct sink_port *port, const struct xdp_desc *desc, uint32_t n,
			  uint64_t *back)
{
	struct handover_port *p = (struct handover_port *)port;
	uint32_t out = port->kept - port->reclaimed, most = bound(p);
	uint32_t room = out < most ? most - out : 0;
	uint32_t take = room < n ? frames_whole(desc, room) : n, pos, i;

	take = afxdp_prod_reserve(&p->todo, take, &pos);
	for (i = 0; i < take; i++)
		p->desc[(pos + i) & p->todo.mask] = desc[i];
	if (take) {
		afxdp_prod_submit(&p->todo);
		nudge(p, out + take);
	}
	if (take < n)
		sink_add(&port->here.dropped, frames_count(desc + take, n - take));
	for (i = take; i < n; i++)
		back[i - take] = desc[i].addr;
	return n - take;
}

uint32_t handover_reclaim(struct sink_port *port, uint64_t *back, uint32_t max)
{
	struct handover_port *p = (struct handover_port *)port;
	uint32_t pos, n = afxdp_cons_peek(&p->done, max, &pos);

	for (uint32_t i = 0; i < n; i++)
		back[i] = p->addr[(pos + i) & p->done.mask];
	if (n)
		afxdp_cons_release(&p->done, n);
	return n;
}

void handover_stop(struct handover *h)
{
	__atomic_store_n(&h->stopping, 1, __ATOMIC_SEQ_CST);
	handover_wake(h);
}

static bool anything_there(struct handover *h)
{
	uint32_t ports = sink_ports_attached(&h->ports), pos;

	for (uint32_t i = 0; i < ports; i++)
		if (handover_peek(sink_ports_at(&h->ports, i), 1, &pos))
			return true;
	return false;
}

static void wait_for_frames(struct handover *h, uint32_t how, const struct timespec *limit)
{
	__atomic_store_n(&h->asleep, how, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if ((how == NAPPING || !anything_there(h)) && !handover_stopping(h))
		syscall(SYS_futex, &h->asleep, FUTEX_WAIT_PRIVATE, how, limit, NULL, 0);
	__atomic_store_n(&h->asleep, AWAKE, __ATOMIC_SEQ_CST);
}

/* Copies come over a ring of 4 MiB that rings no bell of ours: 40 ms of small frames at a million a
 * second. */
#define LOOK_NS 10000000

void handover_wait(struct handover *h, uint32_t n)
{
	bool idle = !n && h->idle;

	h->idle = !n;
	if (n >= BUSY || handover_stopping(h))
		return;
	if (idle && __atomic_load_n(&h->looks, __ATOMIC_RELAXED))
		wait_for_frames(h, SLEEPING, &(struct timespec){ .tv_nsec = LOOK_NS });
	else if (idle)
		wait_for_frames(h, SLEEPING, NULL);
	else
		wait_for_frames(h, NAPPING, &(struct timespec){ .tv_nsec = NAP_NS });
}

void handover_give_back(struct handover_port *p, uint32_t pos, uint32_t n)
{
	uint32_t to;

	n = afxdp_prod_reserve(&p->to, n, &to); /* has room for all that may be out */
	for (uint32_t i = 0; i < n; i++)
		p->addr[(to + i) & p->to.mask] = handover_desc(p, pos + i)->addr;
	afxdp_cons_release(&p->from, n);
	afxdp_prod_submit(&p->to);
}
