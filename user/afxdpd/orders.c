/* SPDX-License-Identifier: GPL-2.0-only */
/* orders.c - what a worker does besides frames: answer, change, rest. */
#include "worker_parts.h"

#include <errno.h>
#include <poll.h>
#include "prog.h"
#include "sinks/transmit.h"

static void add_port(struct sink_count *sum, const struct sink_port *port)
{
	sum->delivered += sink_get(&port->here.delivered) + sink_get(&port->there.delivered);
	sum->dropped += sink_get(&port->here.dropped) + sink_get(&port->there.dropped);
}

/* Pointers are loaded and stored whole, for the steward looks at a worker that does not answer. */
struct sink_count worker_sink_count(const struct worker *w)
{
	struct sink_count sum = { sink_get(&w->earlier.delivered), sink_get(&w->earlier.dropped) };
	const struct sink_port *port = __atomic_load_n(&w->port, __ATOMIC_ACQUIRE);
	const struct sink_port *leaving = __atomic_load_n(&w->leaving, __ATOMIC_ACQUIRE);

	if (port)
		add_port(&sum, port);
	if (leaving)
		add_port(&sum, leaving);
	for (uint32_t i = 0; i < w->lanes; i++)
		if (w->lane[i].port)
			add_port(&sum, w->lane[i].port);
	return sum;
}

struct sink_count worker_lane_count(const struct lane *lane)
{
	struct sink_count sum = { 0 };

	if (lane->port)
		add_port(&sum, lane->port);
	sum.dropped += lane->cut;
	return sum;
}

/* The fill ring is the queue's: its counter is the same whichever socket is asked. */
static void add_rx_stats(struct afxdp_xsk_stats *sum, const struct afxdp_xsk_stats *lane)
{
	sum->rx_dropped += lane->rx_dropped;
	sum->rx_ring_full += lane->rx_ring_full;
}

void worker_look_at_sockets(const struct worker *w, struct worker_snapshot *s)
{
	afxdp_xsk_stats(&w->xsk, &s->xsk);
	for (uint32_t i = 0; i < w->lanes; i++) {
		struct afxdp_xsk_stats *lane = &s->lane[i].xsk;

		if (!afxdp_xsk_stats(&w->lane[i].xsk, lane))
			add_rx_stats(&s->xsk, lane);
	}
}

static void look(struct worker *w, struct worker_snapshot *s)
{
	uint32_t pos;

	s->count = w->count;
	s->sink = worker_sink_count(w);
	s->sink.dropped += w->count.cut;
	for (uint32_t i = 0; i < w->lanes; i++)
		s->lane[i] = (struct lane_snapshot){ .frames = w->lane[i].frames,
						     .sink = worker_lane_count(&w->lane[i]) };
	s->latency = w->latency;
	s->mode = w->mode;
	s->polling = w->mode == MODE_ADAPTIVE ? w->adapt.polling : w->mode != MODE_INTERRUPT;
	s->xsk = (struct afxdp_xsk_stats){ .complete = true };
	s->fill_level = s->rx_level = s->depth = 0;
	s->depth_changes = w->depth.changes;
	if (w->resting)
		return; /* the socket is the steward's */
	s->fill_level = w->xsk.fill.size - afxdp_prod_free(&w->xsk.fill, w->xsk.fill.size);
	s->rx_level = afxdp_cons_peek(&w->xsk.rx, w->xsk.rx.size, &pos);
	s->depth = w->xsk.depth;
	worker_look_at_sockets(w, s);
}

void worker_look(struct worker *w)
{
	look(w, &w->snapshot);
}

void worker_reply(struct worker_order *o)
{
	afxdp_post_send(o->reply_to, &o->msg);
}

static int set_mode(struct worker *w, enum mode mode)
{
	int err = w->resting ? 0
			     : afxdp_xsk_busy_poll(&w->xsk, mode == MODE_BUSY, BUSY_USECS,
						   BUSY_BUDGET);

	if (err && mode == MODE_BUSY)
		return err;
	w->mode = mode;
	w->adapt = (struct adapt){ .since = worker_now(), .frames = w->count.frames };
	return 0;
}

/* What is in the ring now is for the present sink. */
static void settle(struct worker *w)
{
	uint32_t pos, n = afxdp_cons_peek(&w->xsk.rx, w->xsk.rx.size, &pos), end = pos + n;

	while ((int32_t)(end - w->xsk.rx.tail) > 0 && worker_receive(w))
		worker_collect(w);
}

static void set_stamp(struct worker *w, const struct worker_stamp *s)
{
	if (s->settle && !w->resting)
		settle(w);
	w->stamp = s->every;
	w->sparse = s->sparse;
	w->stamped_ns = worker_now();
	w->next = 0;
}

/* One port can leave at a time: the steward asks for the next only when it has this one back. */
static int set_port(struct worker *w, struct sink_port *port)
{
	if (w->leaving)
		return -EBUSY;
	__atomic_store_n(&w->leaving, w->port, __ATOMIC_RELEASE);
	__atomic_store_n(&w->port, port, __ATOMIC_RELEASE);
	w->ops = port->sink->ops;
	return 0;
}

void worker_forget_port(struct worker *w)
{
	struct sink_count sum = w->earlier;

	if (w->leaving)
		add_port(&sum, w->leaving);
	__atomic_store_n(&w->leaving, NULL, __ATOMIC_RELEASE);
	sink_add(&w->earlier.delivered, sum.delivered - w->earlier.delivered);
	sink_add(&w->earlier.dropped, sum.dropped - w->earlier.dropped);
}

/* The old port has all its frames back, and the steward wants it. */
static void leave_port(struct worker *w)
{
	struct worker_order *o = w->leave;

	worker_forget_port(w);
	w->leave = NULL;
	worker_reply(o);
}

static bool left(const struct worker *w)
{
	return w->leave && (!w->leaving || w->leaving->kept == w->leaving->reclaimed);
}

void worker_leave(struct worker *w)
{
	if (left(w))
		leave_port(w);
}

/* ---- resting ---- */

/* How often a worker that is to rest comes round for what is still on the wire: 50 times 2 ms. What
 * the device has not sent by then it does not send any more. */
#define LAST_ROUNDS 50

static bool keeps(const struct sink_port *port)
{
	/* What hangs on a socket of its own the sink lets go itself. */
	return port && port->kept != port->reclaimed && !port->sink->ops->detach;
}

static bool lanes_keep(const struct worker *w)
{
	bool any = false;

	for (uint32_t i = 0; i < w->lanes; i++)
		any |= keeps(w->lane[i].port);
	return any;
}

/* Of the sink that sends from the worker's own TX ring, if one does. */
static struct sink_port *sending_port(const struct worker *w)
{
	for (uint32_t i = 0; i < w->lanes; i++)
		if (w->lane[i].ops->sends)
			return w->lane[i].port;
	return w->port;
}

/* What the kernel has not taken from the TX ring by now was not delivered. */
static void give_up_unsent(struct worker *w)
{
	if (w->xsk.tx_pending)
		transmit_take_back(&w->xsk, sending_port(w));
}

void worker_drain(struct worker *w)
{
	struct timespec nap = { .tv_nsec = COLLECT_MS * 1000000L };

	w->emptying = true;
	do {
		worker_collect(w);
	} while (worker_receive(w));
	worker_collect(w);
	for (int i = 0; i < LAST_ROUNDS && w->xsk.tx_pending && transmit_waiting(&w->xsk); i++) {
		nanosleep(&nap, NULL);
		worker_collect(w);
	}
	give_up_unsent(w);
}

static void handle(struct worker *w, struct worker_order *o);

static void take_mail(struct worker *w)
{
	struct afxdp_msg *msg;

	afxdp_post_silence(&w->post);
	while ((msg = afxdp_post_take(&w->post)))
		handle(w, (struct worker_order *)msg);
}

/* The program hands us nothing any more: empty the rings, and wait for what the sink has. */
static void come_home(struct worker *w)
{
	struct pollfd bell = { .fd = w->post.bell, .events = POLLIN };
	uint32_t rounds = 0;

	w->emptying = true;
	while (!w->stopping) {
		worker_collect(w);
		worker_leave(w);
		if (worker_receive(w))
			continue;
		if (!keeps(w->port) && !keeps(w->leaving) && !lanes_keep(w) &&
		    (!w->xsk.tx_pending || ++rounds > LAST_ROUNDS))
			return;
		if (w->xsk.tx_pending)
			afxdp_xsk_wake_tx(&w->xsk);
		poll(&bell, 1, COLLECT_MS);
		take_mail(w);
	}
}

static void rest(struct worker *w)
{
	struct worker_order *o = w->rest;

	w->rest = NULL;
	come_home(w);
	if (w->stopping)
		return;
	give_up_unsent(w);
	/* Not w->snapshot, which the steward may be reading, or ask for again before it has read
	 * this one. */
	look(w, &w->last);
	w->resting = true;
	worker_reply(o);
}

void worker_stay(struct worker *w)
{
	struct pollfd bell = { .fd = w->post.bell, .events = POLLIN };

	while (w->resting && !w->stopping) {
		poll(&bell, 1, -1);
		take_mail(w);
		if (w->rest)
			rest(w);
	}
}

void worker_read_mail(struct worker *w)
{
	take_mail(w);
	if (w->rest)
		rest(w);
	worker_stay(w);
}

static int go(struct worker *w)
{
	uint64_t changes = w->depth.changes;
	int err;

	w->resting = w->emptying = false;
	/* Another socket counts its losses from 0, on another device perhaps. */
	depth_init(&w->depth, w->xsk.config.ring, w->depth_wanted, w->batch);
	w->depth.changes = changes;
	w->xsk.depth = w->depth.now;
	w->next = w->empty_turns = w->busy_turns = 0;
	w->stamped_ns = worker_now();
	w->empty_since = 0;
	w->polls_napi = w->polls_nothing = false;
	w->pace = (struct pace){ true, w->stamped_ns, w->count.frames };
	afxdp_pace(w->pace_fd, w->queue, w->pace.every);
	/* Whatever the one before was told, this one has not been. */
	w->adapt = (struct adapt){ .since = worker_now(), .frames = w->count.frames };
	err = w->mode == MODE_BUSY ? set_mode(w, w->mode) : 0;
	w->resting = err;
	return err;
}

static void handle(struct worker *w, struct worker_order *o)
{
	o->result = 0;
	switch (o->msg.type) {
	case WORKER_MODE:
		o->result = set_mode(w, o->mode);
		break;
	case WORKER_SINK:
		o->result = set_port(w, o->port);
		break;
	case WORKER_LEAVE:
		w->leave = o;
		worker_leave(w);
		return; /* or later */
	case WORKER_STAMP:
		set_stamp(w, &o->stamp);
		break;
	case WORKER_SNAPSHOT:
		worker_look(w);
		break;
	case WORKER_REST:
		w->rest = o;
		return; /* answered when it rests */
	case WORKER_GO:
		o->result = go(w);
		break;
	case WORKER_STOP:
		w->stopping = true;
		return; /* answered when the rings are empty */
	}
	worker_reply(o);
}

void worker_close_sockets(struct worker *w)
{
	if (w->xsk.fd < 0)
		return;
	for (uint32_t i = 0; i < w->lanes; i++)
		afxdp_xsk_close(&w->lane[i].xsk);
	afxdp_xsk_close(&w->xsk);
}

/* What the kernel refused for a lane may have found the fill ring empty, whose counter is for all:
 * no more of them than that. */
void worker_lane_losses(const struct worker_snapshot *s, uint32_t lane, bool zerocopy,
			struct afxdp_account *a)
{
	uint64_t empty = zerocopy ? 0 : s->xsk.rx_fill_ring_empty_descs, own;

	for (uint32_t i = 0; i < lane; i++)
		empty -= empty < s->lane[i].xsk.rx_dropped ? empty : s->lane[i].xsk.rx_dropped;
	own = s->lane[lane].xsk.rx_dropped < empty ? s->lane[lane].xsk.rx_dropped : empty;
	a->ring_full += s->lane[lane].xsk.rx_ring_full;
	a->fill_empty += own;
	a->kernel_dropped += s->lane[lane].xsk.rx_dropped - own;
}

void worker_keep_socket(struct worker *w)
{
	struct afxdp_xsk_stats *s = &w->seen.xsk;

	for (uint32_t i = 0; i < w->lanes; i++)
		worker_lane_losses(&w->seen, i, w->xsk.zerocopy, &w->lane[i].past);
	for (uint32_t i = 0; i < w->lanes; i++)
		w->seen.lane[i].xsk = (struct afxdp_xsk_stats){ 0 };

	afxdp_account_add_socket(&w->past, s, w->xsk.zerocopy);
	afxdp_xsk_stats_add(&w->past_xsk, s);
	*s = (struct afxdp_xsk_stats){ .complete = true };
}
