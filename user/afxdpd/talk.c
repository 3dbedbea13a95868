/* SPDX-License-Identifier: GPL-2.0-only */
/* talk.c - how the steward speaks to others: orders out, and what comes back to its mailbox. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include "ask.h"
#include "daemon.h"

bool daemon_ordered(const struct daemon *d, enum word what)
{
	for (uint32_t i = 0; i < d->worker_count; i++)
		if (d->workers[i]->order[what].out)
			return true;
	return false;
}

const struct worker *daemon_late(const struct daemon *d, enum word what)
{
	for (uint32_t i = 0; i < d->worker_count; i++)
		if (d->workers[i]->order[what].out)
			return d->workers[i];
	return NULL;
}

static void send_order(struct daemon *d, struct worker *w, enum word what)
{
	struct worker_order *o = &w->order[what];

	o->msg.type = what;
	o->reply_to = &d->post;
	o->out = true;
	o->sent_ns = daemon_now();
	afxdp_post_send(&w->post, &o->msg);
}

void daemon_order_one(struct daemon *d, struct worker *w, enum word what)
{
	if (w->running && !w->order[what].out)
		send_order(d, w, what);
}

void daemon_order(struct daemon *d, enum word what,
		  void (*fill)(struct worker_order *o, uint32_t worker, const void *arg),
		  const void *arg)
{
	for (uint32_t i = 0; i < d->worker_count; i++) {
		struct worker *w = d->workers[i];
		struct worker_order *o = &w->order[what];

		if (!w->running || o->out)
			continue;
		if (fill)
			fill(o, i, arg);
		send_order(d, w, what);
	}
}

static void order_back(struct daemon *d, struct worker_order *o)
{
	struct worker *w = o->worker;

	o->out = false;
	switch (o->msg.type) {
	case WORKER_SNAPSHOT:
		w->seen = w->snapshot;
		break;
	case WORKER_MODE:
		daemon_mode_back(d);
		break;
	case WORKER_SINK:
	case WORKER_LEAVE:
		daemon_sink_step(d);
		break;
	case WORKER_REST:
		w->seen = w->last;
		worker_keep_socket(w);
		port_event(d, PORT_ORDER);
		break;
	case WORKER_GO:
		port_event(d, PORT_ORDER);
		break;
	}
}

/* Answered by daemon_serve(), not from within something else that is waiting. */
static void take_ask(struct daemon *d, struct ask *ask)
{
	struct ask **at = &d->asks;

	while (*at)
		at = &(*at)->next;
	ask->next = NULL;
	*at = ask;
}

/* Those that are there now: who asks meanwhile is served when signals have been heard. */
void daemon_serve(struct daemon *d)
{
	struct ask *ask = d->asks;

	d->asks = NULL;
	while (ask) {
		struct ask *next = ask->next;

		daemon_answer(d, ask);
		ask = next;
	}
}

void daemon_forget_asks(struct daemon *d)
{
	struct afxdp_msg *msg;

	while ((msg = afxdp_post_take(&d->post)))
		if (msg->type == ASK)
			ask_free((struct ask *)msg);
}

void daemon_read_post(struct daemon *d)
{
	struct afxdp_msg *msg;

	afxdp_post_silence(&d->post);
	while ((msg = afxdp_post_take(&d->post))) {
		if (msg->type < WORKER_ORDERS) {
			order_back(d, (struct worker_order *)msg);
			continue;
		}
		switch (msg->type) {
		case WORKER_DONE:
			d->stop = true; /* --count is reached */
			break;
		case WORKER_VAIN:
			daemon_polls_nothing(d);
			break;
		case ASK:
			take_ask(d, (struct ask *)msg);
			break;
		case TEE_GONE:
			tee_gone(d, (struct tee_gone *)msg);
			break;
		case OPENING:
			port_event(d, PORT_OPENED);
			break;
		case RELOAD:
			daemon_reload_back(d, (struct reload *)msg);
			break;
		case READING:
			daemon_rules_read(d, (struct reading *)msg);
			break;
		default: /* SINK_* */
			daemon_sink_back(d, life_back(msg));
		}
	}
}

/* Milliseconds until @end, rounded up, for poll(). */
static int left(uint64_t end)
{
	uint64_t now = daemon_now();

	return now >= end ? 0 : (int)((end - now) / 1000000 + 1);
}

bool daemon_await(struct daemon *d, bool (*done)(const struct daemon *d), uint32_t ms)
{
	uint64_t end = daemon_now() + ms * 1000000ULL;
	struct pollfd bell = { .fd = d->post.bell, .events = POLLIN };

	for (;;) {
		daemon_read_post(d);
		if (done(d))
			return true;
		if (daemon_now() >= end)
			return false;
		poll(&bell, 1, left(end));
	}
}

bool daemon_wait(struct daemon *d, bool (*done)(const struct daemon *d))
{
	struct pollfd fds[] = { { .fd = d->signals, .events = POLLIN },
				{ .fd = d->links, .events = POLLIN },
				{ .fd = d->post.bell, .events = POLLIN } };

	for (;;) {
		daemon_read_signals(d);
		daemon_read_post(d);
		daemon_serve(d);
		port_watch(d);
		daemon_log_tick();
		daemon_service_turn(d);
		if (d->stop)
			return false;
		if (done(d))
			return true;
		poll(fds, 3, d->options->duration ? 20 : 1000);
	}
}
