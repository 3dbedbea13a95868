// SPDX-License-Identifier: GPL-2.0-only
/*
 * domain.c - the active-driver runtime. What it promises is in domain.h.
 *
 * The baton is handed over, never competed for: who gives it up grants it to the thread that has
 * asked longest (domain->ready), so a thread that always finds messages cannot keep the others out.
 *
 * No wake-up is lost because both sides exchange one word, mailbox->waiter. The receiver puts
 * itself there, then looks; the sender links its message, then takes who is there. Whichever
 * exchange comes second sees what the other side did before its own.
 */
#include "domain.h"

/* In mailbox->waiter once nobody will receive any more. */
#define DOMAIN_CLOSED ((struct domain_thread *)1UL)

/* ---- the baton ---- */

/* domain->lock held; the baton is down. Return: who is to be woken. */
static struct domain_thread *baton_grant(struct domain *d)
{
	struct domain_thread *next = d->ready;

	if (next) {
		WRITE_ONCE(d->ready, next->next_ready);
		if (!next->next_ready)
			d->ready_end = &d->ready;
		WRITE_ONCE(next->turns, next->turns + 1);
		WRITE_ONCE(next->state, DOMAIN_RUNNING);
	}
	afxdp_store_release(&d->running, next);
	return next;
}

static void baton_take(struct domain_thread *self)
{
	struct domain *d = self->domain;

	os_lock(&d->lock);
	self->next_ready = NULL;
	WRITE_ONCE(self->state, DOMAIN_READY);
	WRITE_ONCE(*d->ready_end, self);
	d->ready_end = &self->next_ready;
	if (!d->running)
		baton_grant(d); /* to self: nobody else is ready when the baton is down */
	os_unlock(&d->lock);

	while (afxdp_load_acquire(&d->running) != self) {
		os_sleeper_arm(&self->sleeper);
		if (afxdp_load_acquire(&d->running) != self)
			os_sleeper_sleep(&self->sleeper, NULL);
	}
	os_lockmap_acquire(&d->lockmap);
}

static void baton_give(struct domain_thread *self, enum domain_thread_state state)
{
	struct domain *d = self->domain;
	struct domain_thread *next;

	os_lockmap_release(&d->lockmap);
	os_lock(&d->lock);
	WRITE_ONCE(self->state, state);
	next = baton_grant(d);
	os_unlock(&d->lock);
	if (next)
		os_sleeper_wake(&next->sleeper);
}

/* ---- set-up ---- */

void domain_init(struct domain *d, const char *name, const char *const *type_names,
		 unsigned int types)
{
	*d = (struct domain){ .name = name, .type_names = type_names, .types = types };
	d->state = "-";
	d->ready_end = &d->ready;
	os_lock_init(&d->lock);
	os_lockmap_init(&d->lockmap, "xnic_domain");
}

void domain_mailbox_init(struct domain_mailbox *box, struct domain *d, const char *name,
			 enum domain_direction direction)
{
	struct domain_mailbox **end = &d->boxes;

	*box = (struct domain_mailbox){ .domain = d, .name = name, .direction = direction };
	afxdp_mailbox_init(&box->fifo);
	while (*end)
		end = &(*end)->next;
	*end = box;
}

static int domain_thread_main(void *arg)
{
	struct domain_thread *self = arg;

	baton_take(self);
	self->result = self->run(self, self->arg);
	baton_give(self, DOMAIN_ENDED);
	return 0;
}

int domain_thread_start(struct domain *d, struct domain_thread *thread, const char *name,
			int (*run)(struct domain_thread *self, void *arg), void *arg)
{
	struct domain_thread **end = &d->threads;
	int err;

	*thread = (struct domain_thread){ .domain = d, .name = name, .run = run, .arg = arg };
	err = os_thread_create(&thread->os, domain_thread_main, thread, name);
	if (err)
		return err;
	os_sleeper_init(&thread->sleeper, &thread->os);
	os_lock(&d->lock);
	while (*end)
		end = &(*end)->next;
	WRITE_ONCE(*end, thread);
	os_unlock(&d->lock);
	os_thread_run(&thread->os);
	return 0;
}

/* ---- SEND ---- */

static int mailbox_post(struct domain_mailbox *box, struct domain_msg *msg)
{
	struct domain_thread *waiter;

	os_counter_inc(&box->sent); /* first, so that no look finds more taken than sent */
	trace_xnic_msg_send(box, msg);
	afxdp_mailbox_send(&box->fifo, &msg->node);
	/* From here on @msg may be gone. */
	if (box->direction == DOMAIN_OUTGOING) {
		os_work_queue(&box->work);
		return 0;
	}
	waiter = afxdp_exchange(&box->waiter, NULL);
	if (waiter == DOMAIN_CLOSED) {
		(void)afxdp_exchange(&box->waiter, DOMAIN_CLOSED);
		return -ESHUTDOWN;
	}
	if (waiter)
		os_sleeper_wake(&waiter->sleeper);
	return 0;
}

int domain_send(struct domain_mailbox *box, struct domain_msg *msg)
{
	return mailbox_post(box, msg);
}

bool domain_notify(struct domain_mailbox *box, struct domain_msg *msg)
{
	if (!afxdp_msg_claim(&msg->node)) {
		os_counter_inc(&box->coalesced);
		return false;
	}
	mailbox_post(box, msg);
	return true;
}

static struct domain_msg *mailbox_take(struct domain_mailbox *box)
{
	struct afxdp_msg *node = afxdp_mailbox_take(&box->fifo);
	struct domain_msg *msg = (struct domain_msg *)node; /* its first member */
	unsigned long queued;

	if (!node)
		return NULL;
	queued = domain_queued(box);
	if (queued > box->deepest)
		WRITE_ONCE(box->deepest, queued);
	WRITE_ONCE(box->taken, box->taken + 1);
	/* Before the receiver looks at what a notification speaks of: what happens from here on
	 * sends it again. */
	if (READ_ONCE(node->queued))
		afxdp_msg_done(node);
	trace_xnic_msg_receive(box, msg);
	return msg;
}

/* Answers what nobody will receive. Threads have ended: the mailbox's receiver is who holds the
 * lock. */
static void mailbox_bury(struct domain_mailbox *box)
{
	struct domain *d = box->domain;
	struct domain_msg *msg;

	os_lock(&d->lock);
	while ((msg = mailbox_take(box)))
		domain_reply(msg, -ESHUTDOWN);
	os_unlock(&d->lock);
}

int domain_call(struct domain_mailbox *box, struct domain_msg *msg)
{
	struct domain *d = box->domain;
	struct domain_thread *running = READ_ONCE(d->running);
	struct os_done done;

	if (running && os_thread_is_current(&running->os))
		return -EDEADLK;
	/* What was queued before the stop is served, but callers that keep coming must not keep it
	 * from ending. */
	if (READ_ONCE(d->stopping))
		return -ESHUTDOWN;
	os_lockmap_acquire(&d->lockmap);
	os_lockmap_release(&d->lockmap);

	os_done_init(&done);
	msg->done = &done;
	msg->box = box;
	/* A sender that finds the mailbox closed buries what is in it: its own message, and any
	 * whose sender came between the closing and this. */
	if (mailbox_post(box, msg) == -ESHUTDOWN)
		mailbox_bury(box);
	os_done_wait(&done);
	return msg->status;
}

void domain_reply(struct domain_msg *msg, int status)
{
	struct os_done *done = msg->done;

	if (!done)
		return;
	trace_xnic_msg_reply(msg->box, msg, status);
	msg->status = status;
	msg->done = NULL;
	os_done_signal(done);
	/* From here on @msg may be gone. */
}

/* ---- WAIT ---- */

/* One look. Return: the index of the mailbox that had a message; -ESHUTDOWN; -EAGAIN. */
static int wait_look(struct domain *d, struct domain_mailbox *const *boxes, unsigned int n,
		     struct domain_msg **msg)
{
	/* Before looking: what was queued before the stop is served. */
	bool stopping = afxdp_load_acquire(&d->stopping);
	unsigned int i;

	for (i = 0; i < n; i++) {
		*msg = mailbox_take(boxes[i]);
		if (*msg) {
			domain_delay(boxes[i]);
			return i;
		}
	}
	return stopping ? -ESHUTDOWN : -EAGAIN;
}

static void wait_enlist(struct domain_thread *self, struct domain_mailbox *const *boxes,
			unsigned int n)
{
	unsigned int i;

	os_sleeper_arm(&self->sleeper);
	for (i = 0; i < n; i++) {
		struct domain_thread *other = afxdp_exchange(&boxes[i]->waiter, self);

		WARN_ON_ONCE(other && other != self);
	}
}

/* A sender that has taken us from a mailbox may still wake us later on; all sleeping here bears
 * that. */
static void wait_delist(struct domain_thread *self, struct domain_mailbox *const *boxes,
			unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		(void)os_cmpxchg(&boxes[i]->waiter, self, NULL);
}

int domain_wait(struct domain_thread *self, struct domain_mailbox *const *boxes, unsigned int n,
		long timeout_ms, struct domain_msg **msg)
{
	struct domain *d = self->domain;
	os_time limit, *deadline = NULL;
	bool in_time = timeout_ms != 0;
	bool listed = false;
	int from;

	if (timeout_ms > 0) {
		limit = os_deadline(timeout_ms);
		deadline = &limit;
	}
	if (READ_ONCE(d->ready))
		domain_yield(self);
	from = wait_look(d, boxes, n, msg);
	while (from == -EAGAIN && in_time) {
		wait_enlist(self, boxes, n);
		listed = true;
		from = wait_look(d, boxes, n, msg);
		if (from != -EAGAIN)
			break;
		baton_give(self, DOMAIN_WAITING);
		in_time = os_sleeper_sleep(&self->sleeper, deadline);
		baton_take(self);
		from = wait_look(d, boxes, n, msg);
	}
	if (listed)
		wait_delist(self, boxes, n);
	return from == -EAGAIN ? -ETIMEDOUT : from;
}

void domain_sleep(struct domain_thread *self, unsigned int ms)
{
	struct domain *d = self->domain;
	os_time limit = os_deadline(ms);
	bool woken = true;

	while (woken) {
		os_sleeper_arm(&self->sleeper);
		if (READ_ONCE(d->stopping))
			return;
		baton_give(self, DOMAIN_SLEEPING);
		woken = os_sleeper_sleep(&self->sleeper, &limit);
		baton_take(self);
	}
}

void domain_yield(struct domain_thread *self)
{
	baton_give(self, DOMAIN_READY);
	baton_take(self);
}

/* ---- stop ---- */

void domain_stop(struct domain *d)
{
	struct domain_thread *thread;
	struct domain_mailbox *box;
	bool stopped;

	os_lock(&d->lock);
	stopped = d->stopping;
	WRITE_ONCE(d->stopping, true);
	os_unlock(&d->lock);
	if (stopped)
		return;

	for (thread = d->threads; thread; thread = thread->next)
		os_sleeper_wake(&thread->sleeper);
	for (thread = d->threads; thread; thread = thread->next)
		os_thread_join(&thread->os);
	for (box = d->boxes; box; box = box->next) {
		if (box->direction == DOMAIN_OUTGOING) {
			os_work_finish(&box->work);
			continue;
		}
		(void)afxdp_exchange(&box->waiter, DOMAIN_CLOSED);
		mailbox_bury(box);
	}
}

/* ---- outgoing ---- */

static void outlet_run(struct os_work *work)
{
	struct domain_mailbox *box = container_of(work, struct domain_mailbox, work);
	struct domain_msg *msg;

	while ((msg = mailbox_take(box)))
		box->deliver(box, msg);
}

void domain_outlet_init(struct domain_mailbox *box, struct domain *d, const char *name,
			void (*deliver)(struct domain_mailbox *box, struct domain_msg *msg),
			void *context)
{
	domain_mailbox_init(box, d, name, DOMAIN_OUTGOING);
	box->deliver = deliver;
	box->context = context;
	os_work_init(&box->work, outlet_run);
}

const char *domain_thread_state_name(int state)
{
	static const char *const names[] = {
		[DOMAIN_READY] = "ready",     [DOMAIN_RUNNING] = "running",
		[DOMAIN_WAITING] = "waiting", [DOMAIN_SLEEPING] = "sleeping",
		[DOMAIN_ENDED] = "ended",
	};

	return names[state];
}
