/* SPDX-License-Identifier: GPL-2.0-only */
#include "handover.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "frame.h"

/*
 * A thread that found little to do naps for so long, then looks again: frames gather, and the
 * worker need not wake it. Longer, and a ring of 1024 descriptors fills during a nap at some
 * million frames/s; shorter, and an idle moment costs more wake-ups.
 */
#define NAP_NS 100000 /* 100 us */
/* Naps in vain before it sleeps until it is woken: 5 ms and more without a frame is not load. */
#define NAPS   50
/* After this many descriptors in one round there are probably more already. */
#define BUSY   256

int handover_init(struct handover *h, const struct sink_env *env, size_t port_bytes)
{
	memset(h, 0, sizeof(*h));
	h->slots = 1;
	while (h->slots <= env->frames / 4)
		h->slots *= 2;
	return sink_ports_init(&h->ports, env->ports, port_bytes);
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

static void wake(struct handover *h)
{
	if (__atomic_exchange_n(&h->asleep, 0, __ATOMIC_SEQ_CST))
		syscall(SYS_futex, &h->asleep, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

uint32_t handover_consume(struct sink_port *port, const struct xdp_desc *desc, uint32_t n,
			  uint64_t *back)
{
	struct handover_port *p = (struct handover_port *)port;
	uint32_t room = p->todo.size - (uint32_t)(port->kept - port->reclaimed);
	uint32_t take = room < n ? frames_whole(desc, room) : n, pos, i;

	take = afxdp_prod_reserve(&p->todo, take, &pos);
	for (i = 0; i < take; i++)
		p->desc[(pos + i) & p->todo.mask] = desc[i];
	if (take) {
		afxdp_prod_submit(&p->todo);
		/* Pairs with sleep_until_woken(): either we see that it sleeps, or it sees these. */
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (__atomic_load_n(&p->handover->asleep, __ATOMIC_RELAXED))
			wake(p->handover);
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
	wake(h);
}

static bool anything_there(struct handover *h)
{
	uint32_t ports = sink_ports_attached(&h->ports), pos;

	for (uint32_t i = 0; i < ports; i++)
		if (handover_peek(sink_ports_at(&h->ports, i), 1, &pos))
			return true;
	return false;
}

static void sleep_until_woken(struct handover *h)
{
	__atomic_store_n(&h->asleep, 1, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!anything_there(h) && !handover_stopping(h))
		syscall(SYS_futex, &h->asleep, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0);
	__atomic_store_n(&h->asleep, 0, __ATOMIC_SEQ_CST);
}

void handover_wait(struct handover *h, uint32_t n)
{
	struct timespec nap = { .tv_nsec = NAP_NS };

	h->naps = n ? 0 : h->naps + 1;
	if (n >= BUSY || handover_stopping(h))
		return;
	if (h->naps < NAPS)
		nanosleep(&nap, NULL);
	else
		sleep_until_woken(h);
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

void handover_drop_rest(struct handover *h)
{
	for (uint32_t i = 0; i < h->ports.attached; i++) {
		struct handover_port *p = sink_ports_at(&h->ports, i);
		uint32_t pos, n = handover_peek(p, h->slots, &pos), frames = 0;

		for (uint32_t k = 0; k < n; k++)
			frames += !(handover_desc(p, pos + k)->options & XDP_PKT_CONTD);
		sink_add(&p->port.there.dropped, frames);
		if (n)
			handover_give_back(p, pos, n);
	}
}
