/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * live.c - the XDP live-frames engine: loads the program of afxdpgen.bpf.c, keeps the kernel
 * running it, and reads the counts.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hold.h"
#include "live.h"
#include "sender.h"

#ifndef BPF_F_TEST_XDP_LIVE_FRAMES /* 5.18 */
#define BPF_F_TEST_XDP_LIVE_FRAMES (1U << 1)
#endif

/* The object, linked into the binary (rules.mk). */
extern const unsigned char gen_bpf_object[], gen_bpf_object_end[];

/* A live frame lives in one page, with the kernel's bookkeeping before and behind: 3400 bytes on
 * x86. Above this it may be the length that the kernel does not like. */
#define LIVE_SHORT 3000

/* Frames of one system call: about 20 ms at full speed, 4 ms of drops while nothing is due. The
 * kernel stays in one RCU reader meanwhile, and whoever waits for a grace period waits for its end;
 * so not more, and not fewer, because each call sets up a page pool. */
#define SLICE_SENDING (1U << 16)
#define SLICE_WAITING (1U << 14)

/* Where the program is not held (hold.h) a call costs 20 ms more. */
#define SLICE_UNHELD 16

/* Below this rate a sender sleeps between frames; above, the time to the next frame is shorter than
 * what sleeping and one system call cost (about 50 us), so it keeps the kernel's loop running. */
#define SLEEP_BELOW_TICKS (50000ULL << GEN_TICK_SHIFT)

#define TOO_LONG "frames of %u bytes are too long for XDP live frames"

/* Longer without one accepted frame while frames are offered: the receiver is stuck. */
#define STALL_NS 2000000000ULL

struct live {
	struct bpf_object *object;
	struct bpf_program *program;
	struct bpf_link *links[2];
	struct gen_state *state;
	uint8_t *first_frame;
	struct gen_hold hold;
};

static int cannot(struct gen_sender *s, int err, const char *what)
{
	snprintf(s->why, sizeof(s->why), "%s: %s", what, strerror(-err));
	return err == -ENOMEM ? err : -EOPNOTSUPP;
}

static struct bpf_map *map(struct live *l, const char *name)
{
	return bpf_object__find_map_by_name(l->object, name);
}

static int fill_map(struct live *l, const char *name, const void *from, size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map(l, name)),
		       0);

	if (p == MAP_FAILED)
		return -errno;
	memcpy(p, from, bytes);
	munmap(p, bytes);
	return 0;
}

static int prepare(struct gen_sender *s, struct live *l)
{
	const struct gen_traffic *t = s->traffic;
	uint32_t arena = t->arena_bytes + GEN_FRAME_ROOM;
	bool many = t->replay || t->count > 1;
	struct gen_constants *c;
	struct bpf_program *unused;
	size_t size;

	c = (void *)bpf_map__initial_value(map(l, ".rodata"), &size);
	if (!c || size != sizeof(*c))
		return -EINVAL;
	c->only = t->templates[0];
	memcpy(c->head, t->arena, t->shortest < sizeof(c->head) ? t->shortest : sizeof(c->head));
	c->templates = t->count;
	c->flows = t->flows;
	c->seed = t->seed;
	c->arena_bytes = arena;
	l->program = bpf_object__find_program_by_name(l->object, many ? "send_many" : "send_one");
	unused = bpf_object__find_program_by_name(l->object, many ? "send_one" : "send_many");
	bpf_program__set_autoload(unused, false);
	if (!many)
		return 0;
	if (bpf_map__set_max_entries(map(l, "table"), t->count) ||
	    bpf_map__set_value_size(map(l, "arena"), arena))
		return -ENOMEM;
	return 0;
}

static int fill(struct gen_sender *s, struct live *l)
{
	const struct gen_traffic *t = s->traffic;
	uint32_t key = 0, ifindex = s->interface->index;
	int err;

	if (bpf_map_update_elem(bpf_map__fd(map(l, "device")), &key, &ifindex, 0))
		return -errno;
	if (!t->replay && t->count == 1)
		return 0;
	err = fill_map(l, "table", t->templates, t->count * sizeof(*t->templates));
	if (err)
		return err;
	return fill_map(l, "arena", t->arena, t->arena_bytes);
}

static int attach(struct live *l)
{
	static const char *const names[] = { "on_xmit", "on_redirect_error" };
	size_t i;

	for (i = 0; i < 2; i++) {
		l->links[i] = bpf_program__attach(
			bpf_object__find_program_by_name(l->object, names[i]));
		if (!l->links[i])
			return -errno;
	}
	return 0;
}

static void live_close(struct gen_sender *s)
{
	struct live *l = s->private;
	size_t i;

	if (!l)
		return;
	gen_unhold(&l->hold);
	for (i = 0; i < 2; i++)
		bpf_link__destroy(l->links[i]);
	if (l->state)
		munmap(l->state, sizeof(*l->state));
	bpf_object__close(l->object);
	free(l->first_frame);
	free(l);
	s->private = NULL;
}

static int live_open(struct gen_sender *s)
{
	struct live *l;
	int err;

	if (s->traffic->longest >= GEN_FRAME_ROOM) {
		snprintf(s->why, sizeof(s->why), TOO_LONG, s->traffic->longest);
		return -EOPNOTSUPP;
	}
	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	s->private = l;
	l->hold = (struct gen_hold)GEN_HOLD_NONE;
	l->first_frame = calloc(1, s->traffic->longest);
	l->object = bpf_object__open_mem(gen_bpf_object, gen_bpf_object_end - gen_bpf_object, NULL);
	if (!l->object || !l->first_frame) {
		err = cannot(s, -errno, "the BPF object does not open");
		goto fail;
	}
	err = prepare(s, l);
	if (err) {
		err = cannot(s, err, "the BPF object does not fit");
		goto fail;
	}
	err = bpf_object__load(l->object);
	if (err) {
		err = cannot(s, err, "the kernel does not load the BPF program");
		goto fail;
	}
	err = fill(s, l);
	if (err) {
		err = cannot(s, err, "frames cannot be put into BPF maps");
		goto fail;
	}
	err = attach(l);
	if (err) {
		err = cannot(s, err, "tracepoint xdp_devmap_xmit is not to be had");
		goto fail;
	}
	l->state = mmap(NULL, sizeof(*l->state), PROT_READ | PROT_WRITE, MAP_SHARED,
			bpf_map__fd(map(l, ".data.state")), 0);
	if (l->state == MAP_FAILED) {
		l->state = NULL;
		err = cannot(s, -errno, "BPF map cannot be mapped");
		goto fail;
	}
	gen_hold(&l->hold, bpf_program__fd(l->program));
	return 0;
fail:
	live_close(s);
	return err;
}

/* A device that has sent may come back: a receiver that starts anew leaves a veth without its ring
 * for a while. */
static bool may_pass(int error)
{
	return error == -ENXIO || error == -EOPNOTSUPP || error == -ENETDOWN;
}

/* What keeps the kernel or the device from sending at all, in words. */
static int refusal(struct gen_sender *s, int error, bool sent)
{
	const struct gen_interface *i = s->interface;
	bool veth = !strcmp(i->driver, "veth");

	if (sent)
		snprintf(s->why, sizeof(s->why), "'%s' does not send any more: %s", i->name,
			 strerror(-error));
	else if ((error == -ENXIO || error == -EOPNOTSUPP) && veth)
		snprintf(s->why, sizeof(s->why),
			 "the peer of '%s' takes no XDP frames: attach an XDP program to it, or "
			 "'ethtool -K PEER gro on'",
			 i->name);
	else if (error == -EOPNOTSUPP)
		snprintf(s->why, sizeof(s->why),
			 "driver '%s' of '%s' cannot send XDP frames (some can once an XDP program "
			 "is attached)",
			 i->driver, i->name);
	else
		snprintf(s->why, sizeof(s->why), "'%s' does not send: %s", i->name,
			 strerror(-error));
	if (sent)
		return error == -EOPNOTSUPP ? -EIO : error;
	return error == -ENXIO || error == -EMSGSIZE ? -EOPNOTSUPP : error;
}

/* Whether the next frame is far enough off to sleep. */
static bool sleeps(const struct gen_sender *s)
{
	return s->pace.interval > SLEEP_BELOW_TICKS && !s->spin;
}

static bool done(const struct gen_sender *s, const volatile struct gen_state *st)
{
	return st->stop || st->pace.over || (s->limit && st->accepted >= s->limit);
}

/* One system call. */
static int run_slice(struct gen_sender *s, struct live *l)
{
	volatile struct gen_state *st = l->state;
	uint64_t repeat = (s->pace.interval ? SLICE_WAITING : SLICE_SENDING) *
			  (l->hold.link < 0 ? SLICE_UNHELD : 1);
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = l->first_frame,
		    .data_size_in = s->traffic->longest, .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
		    .batch_size = st->batch);

	if (!s->pace.interval && s->limit && repeat > s->limit - st->accepted)
		repeat = s->limit - st->accepted;
	if (sleeps(s))
		repeat = st->batch;
	opts.repeat = repeat;
	st->position = 0;
	if (bpf_prog_test_run_opts(bpf_program__fd(l->program), &opts) && errno != EINTR)
		return -errno;
	/* Leaves a trace of not being in an RCU reader now, which the timer tick would only find by
	 * chance between two calls: without, a grace period takes over 100 ms. */
	sched_yield();
	return 0;
}

/* No frame was accepted although some were offered; @since: the last time that was otherwise. */
static int stalled(struct gen_sender *s, int error, uint64_t since)
{
	if (gen_now() - since <= STALL_NS)
		return 0;
	if (error)
		return refusal(s, error, true);
	snprintf(
		s->why, sizeof(s->why),
		"'%s' has accepted no frame for %llu s (%u bytes each): is its receiver alive, its "
		"peer's MTU large enough?",
		s->interface->name, STALL_NS / 1000000000, s->traffic->longest);
	return -EIO;
}

static int run(struct gen_sender *s, struct live *l)
{
	volatile struct gen_state *st = l->state;
	uint64_t seen = 0, offered = 0, since = gen_now();
	int err = 0, error;

	while (!err && !done(s, st)) {
		if (sleeps(s) && st->pace.first_ns)
			gen_sleep_until(gen_pace_due((const struct gen_pace *)&st->pace));
		err = run_slice(s, l);
		if (err) {
			if (err == -EINVAL && s->traffic->longest > LIVE_SHORT)
				snprintf(s->why, sizeof(s->why), TOO_LONG, s->traffic->longest);
			else
				snprintf(s->why, sizeof(s->why), "XDP live frames: %s",
					 strerror(-err));
			return st->accepted ? err : -EOPNOTSUPP;
		}
		error = st->error;
		if (error && (!st->accepted || !may_pass(error)))
			return refusal(s, error, st->accepted);
		if (st->accepted != seen || (!error && st->emitted == offered)) {
			seen = st->accepted;
			offered = st->emitted;
			since = gen_now();
		}
		if (error) {
			gen_sleep_until(gen_now() + 1000000);
			st->error = 0;
		}
		err = stalled(s, error, since);
	}
	return err;
}

static int live_send(struct gen_sender *s)
{
	struct live *l = s->private;
	struct gen_state *st = l->state;
	int err;

	memcpy(l->first_frame, s->traffic->arena, s->traffic->templates[0].length);
	st->limit = s->limit;
	st->pace = s->pace;
	st->sequence = s->first;
	st->step = s->step;
	/* A capture is replayed in order: what is refused is the tail of a bulk of 16
	 * (DEV_MAP_BULK_SIZE), so no batch may be longer than one bulk. */
	st->batch = s->traffic->replay && s->batch > 16 ? 16 : s->batch;

	err = run(s, l);
	s->sent = st->accepted;
	s->bytes = st->bytes;
	s->refused = st->refused;
	s->late = st->pace.late;
	s->first_ns = st->pace.first_ns;
	s->last_ns = st->sending ? gen_now() : st->last_ns;
	return err;
}

static void live_stop(struct gen_sender *s)
{
	struct live *l = s->private;

	__atomic_store_n(&l->state->stop, 1, __ATOMIC_RELAXED);
}

const struct gen_engine gen_live_engine = {
	.name = "xdp",

	.open = live_open,
	.send = live_send,
	.stop = live_stop,
	.close = live_close,
};
