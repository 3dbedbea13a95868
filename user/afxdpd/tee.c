/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ask.h"
#include "daemon.h"
#include "text.h"

/* A program that could not be put in the other's place is tried again so much later. */
#define RETRY_NS 5000000000ULL

/* ---- account ---- */

static void add(struct tee_account *to, const struct tee_account *from)
{
	to->copied += from->copied;
	to->observed += from->observed;
	to->lost += from->lost;
	to->pending += from->pending;
}

static struct tee_account account_of_ring(const struct daemon *d, uint32_t slot,
					  const struct afxdp_ring *ring)
{
	struct tee_account a = { 0 };
	struct afxdp_copy_slot sum;

	if (afxdp_tee_count(&d->tee.maps, slot, &sum))
		return a;
	/* The last first: what is taken meanwhile was copied before. */
	a.pending = afxdp_ring_pending(ring);
	a.observed = afxdp_ring_observed(ring);
	a.copied = sum.copied;
	a.lost = sum.lost;
	/* It says what it likes. */
	if (a.observed > a.copied - a.lost)
		a.observed = a.copied - a.lost;
	return a;
}

static struct tee_account account_of(const struct daemon *d, uint32_t slot)
{
	const struct dump *u = &d->tee.dump[slot];

	return u->state < DUMP_RUNS ? (struct tee_account){ 0 }
				    : account_of_ring(d, slot, &u->ring);
}

static struct tee_account account_of_sink(const struct daemon *d, uint32_t i)
{
	const struct afxdp_ring *ring = &d->named[i].ring;

	return ring->size ? account_of_ring(d, AFXDP_COPY_SLOT(i + 1), ring)
			  : (struct tee_account){ 0 };
}

void tee_sum(const struct daemon *d, struct tee_account *sum)
{
	*sum = d->tee.past;
	for (uint32_t i = 0; i < AFXDP_COPIES_MAX; i++) {
		const struct tee_account a = account_of(d, i);

		add(sum, &a);
	}
	for (uint32_t i = 0; i < d->named_count; i++) {
		const struct tee_account a = account_of_sink(d, i);

		add(sum, &a);
	}
}

static json_t *account_json(const struct tee_account *a)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "copied", (json_int_t)a->copied, "observed",
			 (json_int_t)a->observed, "copy_lost", (json_int_t)a->lost, "pending",
			 (json_int_t)a->pending);
}

json_t *tee_json(const struct daemon *d)
{
	struct tee_account sum;
	json_t *list = json_array(), *all;

	for (uint32_t i = 0; i < AFXDP_COPIES_MAX; i++) {
		const struct dump *u = &d->tee.dump[i];
		const struct tee_account a = account_of(d, i);
		json_t *one;

		if (u->state < DUMP_RUNS)
			continue;
		one = account_json(&a);
		json_object_set_new(one, "expression", json_text(afxdp_copy_text(u->copy)));
		json_object_set_new(one, "every", json_integer(u->every));
		json_object_set_new(one, "snap", json_integer(u->snap));
		json_object_set_new(one, "uid", json_integer(u->uid));
		json_object_set_new(one, "pid", json_integer(u->pid));
		json_array_append_new(list, one);
	}
	tee_sum(d, &sum);
	all = account_json(&sum);
	json_object_set_new(all, "dumps", list);
	list = json_object();
	for (uint32_t i = 0; i < d->named_count; i++) {
		const struct tee_account a = account_of_sink(d, i);

		if (d->named[i].ring.size)
			json_object_set_new(list, d->named[i].name, account_json(&a));
	}
	json_object_set_new(all, "sinks", list);
	return all;
}

/* ---- ends ---- */

/* Nobody copies, nobody reads. What is in the ring is read by nobody. */
static void forget(struct daemon *d, uint32_t slot)
{
	struct dump *u = &d->tee.dump[slot];
	struct tee_account a = account_of(d, slot);

	a.lost = a.copied - a.observed;
	a.pending = 0;
	add(&d->tee.past, &a);
	afxdp_tee_clear(&d->tee.maps, slot);
	afxdp_ring_free(&u->ring);
	afxdp_copy_put(u->copy);
	*u = (struct dump){ .ring = AFXDP_RING_NONE };
}

/* No program copies for it any more. */
static void out(struct daemon *d, uint32_t slot)
{
	struct dump *u = &d->tee.dump[slot];
	const struct tee_account a = account_of(d, slot);

	u->state = DUMP_OUT;
	if (u->end)
		ask_answer(u->end, json_pack("{s:b, s:o}", "ok", 1, "account", account_json(&a)));
	u->end = NULL;
	if (u->gone)
		forget(d, slot);
}

void tee_gone(struct daemon *d, struct tee_gone *gone)
{
	struct dump *u = &d->tee.dump[gone->slot];
	uint32_t slot = gone->slot;

	free(gone);
	u->gone = true;
	if (u->state == DUMP_RUNS)
		u->state = DUMP_LEAVES;
	else if (u->state == DUMP_OUT)
		forget(d, slot);
}

static struct dump *dump_of(struct daemon *d, const struct ask *ask)
{
	for (uint32_t i = 0; i < AFXDP_COPIES_MAX; i++) {
		struct dump *u = &d->tee.dump[i];

		if (u->state >= DUMP_RUNS && u->client == ask->client && u->serial == ask->serial)
			return u;
	}
	return NULL;
}

void tee_end(struct daemon *d, struct ask *ask)
{
	struct dump *u = dump_of(d, ask);

	if (!u || u->end) {
		daemon_refuse(d, ask, "no dump was begun on this connection");
		return;
	}
	u->end = ask;
	if (u->state == DUMP_RUNS)
		u->state = DUMP_LEAVES;
	else if (u->state == DUMP_OUT)
		out(d, u - d->tee.dump);
}

static bool any_leaves(const struct tee *t)
{
	for (uint32_t i = 0; i < AFXDP_COPIES_MAX; i++)
		if (t->dump[i].state == DUMP_LEAVES)
			return true;
	return false;
}

void tee_tick(struct daemon *d)
{
	struct tee *t = &d->tee;

	if (!any_leaves(t) || d->stop || daemon_now() < t->retry_ns || !port_idle(d) ||
	    !daemon_rules_at_rest(d))
		return;
	if (daemon_observe(d, NULL, NULL))
		t->retry_ns = daemon_now() + RETRY_NS;
}

/* ---- beginnings ---- */

struct copies tee_wanted(struct daemon *d)
{
	struct tee *t = &d->tee;
	struct copies c = { .tee = &t->maps, .generation = ++t->generation };

	for (uint32_t i = 0; i < AFXDP_COPIES_MAX; i++)
		if (t->dump[i].state == DUMP_RUNS)
			c.copy[c.n++] = t->dump[i].copy;
	return c;
}

static uint32_t number(const struct ask *ask, const char *key, uint32_t otherwise)
{
	const json_t *value = json_object_get(ask->request, key);
	json_int_t n = json_integer_value(value);

	return !value ? otherwise : n < 0 || n > UINT32_MAX ? 0 : n;
}

/* Return: why @w cannot be; NULL if it can. */
static const char *check(struct daemon *d, const struct wish *w)
{
	if (!w->every)
		return "dump: one frame in how many? From 1 on";
	if (!w->snap || w->snap > AFXDP_COPY_SNAP_MAX)
		return "dump: bytes of a frame are from 1 to 16384";
	if (w->slot + d->named_count == AFXDP_COPIES_MAX)
		return "dump: as many are under way as there can be: end one of them "
		       "('afxdpctl status' shows who began them)";
	if (d->tee.maps.rings_fd < 0 && afxdp_tee_open(&d->tee.maps))
		return "dump: the kernel gives us no maps to copy into: that needs the rights "
		       "that loading a program needs, and --user gives them up";
	return NULL;
}

void tee_start(struct daemon *d, struct ask *ask)
{
	const char *text = json_string_value(json_object_get(ask->request, "expression"));
	struct wish w = { .text = text && *text ? text : "all",
			  .every = number(ask, "every", 1),
			  .snap = number(ask, "snap", AFXDP_COPY_SNAP) };
	const char *why;

	/* The last ones are those of sinks with names. */
	while (w.slot + d->named_count < AFXDP_COPIES_MAX && d->tee.dump[w.slot].state)
		w.slot++;
	why = dump_of(d, ask) ? "dump: this connection has one already" : check(d, &w);
	if (why)
		daemon_refuse(d, ask, "%s", why);
	else if (!daemon_observe(d, &w, ask))
		d->tee.dump[w.slot].state = DUMP_COMING;
}

/* Which rules those of @generation are, for who prints a rule's text beside its number. */
static json_t *rules_of(const struct afxdp_rules *rules, uint16_t generation)
{
	json_t *texts = json_array();

	for (uint32_t i = 0; rules && i < afxdp_rules_count(rules); i++)
		json_array_append_new(texts, json_text(afxdp_rules_text(rules, i)));
	return json_pack("{s:i, s:o}", "generation", generation, "texts", texts);
}

static void tell(const struct dump *u, json_t *line)
{
	const struct ask to = { .client = u->client, .serial = u->serial, .reply_to = u->clerk };

	ask_tell(&to, line);
}

int tee_prepare(struct daemon *d, struct reading *r)
{
	for (uint32_t i = 0; i < AFXDP_COPIES_MAX; i++)
		if (d->tee.dump[i].state == DUMP_RUNS)
			tell(&d->tee.dump[i], rules_of(r->rules, r->copies.generation));
	return r->fresh ? afxdp_tee_set(&d->tee.maps, r->wish.slot, r->ring.fd, r->wish.snap) : 0;
}

/* @r has failed, or is over: the slot it was to have. */
static void begun(struct daemon *d, struct reading *r, int err)
{
	struct dump *u = &d->tee.dump[r->wish.slot];

	if (err || !r->fresh) {
		if (r->fresh)
			afxdp_tee_clear(&d->tee.maps, r->wish.slot);
		*u = (struct dump){ .ring = AFXDP_RING_NONE };
		return;
	}
	*u = (struct dump){ .state = DUMP_RUNS,
			    .copy = r->fresh,
			    .ring = r->ring,
			    .every = r->wish.every,
			    .snap = r->wish.snap };
	r->fresh = NULL;
	r->ring = AFXDP_RING_NONE;
}

void tee_changed(struct daemon *d, struct reading *r, int err)
{
	if (r->wish.text)
		begun(d, r, err);
	if (err && r->observe && !r->wish.text)
		d->tee.retry_ns = daemon_now() + RETRY_NS;
	for (uint32_t i = 0; i < AFXDP_COPIES_MAX && !err; i++) {
		struct dump *u = &d->tee.dump[i];

		if (u->state < DUMP_RUNS || u->state == DUMP_OUT ||
		    afxdp_rules_observed(d->rules, u->copy))
			continue;
		if (u->state == DUMP_RUNS)
			tell(u, json_pack("{s:s}", "over",
					  "the rules that are in force now have no such set"));
		out(d, i);
	}
}

json_t *tee_reply(struct daemon *d, struct reading *r, struct ask *ask)
{
	struct dump *u = &d->tee.dump[r->wish.slot];
	struct tee_gone *held = malloc(sizeof(*held));
	int fd = fcntl(u->ring.fd, F_DUPFD_CLOEXEC, 3);
	json_t *reply;

	if (fd < 0 || !held) {
		free(held);
		if (fd >= 0)
			close(fd);
		u->state = DUMP_LEAVES;
		u->gone = true;
		daemon_failed(d, -ENOMEM, "dump: no memory, or no descriptor, for its ring");
		return daemon_refusal(d->why);
	}
	*held = (struct tee_gone){ .msg.type = TEE_GONE, .slot = r->wish.slot };
	u->client = ask->client;
	u->serial = ask->serial;
	u->clerk = ask->reply_to;
	u->uid = ask->uid;
	u->pid = ask->pid;
	ask->held = &held->msg;
	ask->pass = fd + 1;
	reply = rules_of(d->rules, r->copies.generation);
	json_object_set_new(reply, "ok", json_true());
	json_object_set_new(reply, "interface", json_text(d->nic.name));
	return reply;
}

/* As much as a dump's. */
#define RING_SIZE (4 << 20)

void tee_open_named(struct daemon *d)
{
	for (uint32_t i = 0; i < d->named_count; i++) {
		struct named *n = &d->named[i];
		int err = 0;

		if (!n->life->ops->tee || !n->life->sink || n->ring.size)
			continue;
		if (d->tee.maps.rings_fd < 0)
			err = afxdp_tee_open(&d->tee.maps);
		if (!err)
			err = afxdp_ring_new(&n->ring, RING_SIZE);
		if (!err)
			err = afxdp_tee_set(&d->tee.maps, AFXDP_COPY_SLOT(i + 1), n->ring.fd,
					    AFXDP_COPY_SNAP);
		if (!err)
			n->life->ops->tee(n->life->sink, &n->ring);
		else
			daemon_note("sink %s: it gets no copies ('copy to %s'), for the kernel "
				    "gives it no ring: %s",
				    n->name, n->name, strerror(-err));
	}
}

void tee_close(struct daemon *d)
{
	struct tee *t = &d->tee;

	for (uint32_t i = 0; i < AFXDP_COPIES_MAX; i++) {
		struct dump *u = &t->dump[i];

		if (u->end)
			daemon_refuse(d, u->end, "afxdpd ends");
		u->end = NULL;
		if (u->state >= DUMP_RUNS)
			forget(d, i);
	}
	/* A sink that did not come back may read its ring still. */
	for (uint32_t i = 0; i < NAMED_MAX && !d->forced; i++)
		if (d->named[i].ring.size)
			afxdp_ring_free(&d->named[i].ring);
	afxdp_tee_close(&t->maps);
}
