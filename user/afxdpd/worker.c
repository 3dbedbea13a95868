/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * worker.c - the data path in user space. One turn: give back what the sink and the TX ring are
 * done with, take a batch from the RX ring, hand it to the sink, refill. No locks, no allocation,
 * no waiting for anybody.
 */
#include "worker_parts.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "prog.h"
#include "sandbox.h"
#include "sinks/transmit.h"

/* An adaptive worker that polls looks at the clock once in so many turns: 30 ns of clock against at
 * least 32 turns. */
#define CLOCK_TURNS 32

/* So often the depth of the ring is looked at: at least once in 2 ms with batches of 64 at ten
 * million frames/s, and not more often than every 5 us with empty turns. */
#define DEPTH_TURNS 256

static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* Where only stamped frames have metadata, the others have those of a frame that was there before
 * them: a time that is not later than the last one that was read is of such. */
static bool is_stamped(const struct worker *w, const struct afxdp_meta *meta)
{
	return (meta->flags & (AFXDP_META_MAGIC_MASK | AFXDP_META_RX_NS)) ==
		       (AFXDP_META_MAGIC | AFXDP_META_RX_NS) &&
	       (!w->sparse || meta->rx_ns > w->stamped_ns);
}

/*
 * Latency of the stamped frames among @n descriptors. The program stamps one frame in w->stamp;
 * which one is known from the last, so the metadata of the others stays out of the cache. When
 * frames were lost in between the place has shifted: look at each until a stamped one turns up.
 */
static void sample(struct worker *w, const struct xdp_desc *desc, uint32_t n)
{
	uint32_t i = w->next, step = w->pace.every ? 1 : w->stamp;
	uint64_t now = 0;

	while (i < n) {
		const struct afxdp_meta *meta;

		if (w->xsk.sg && i && desc[i - 1].options & XDP_PKT_CONTD) {
			i++; /* inside a frame: what lies before it is not metadata */
			continue;
		}
		meta = afxdp_xsk_meta(&w->xsk, desc[i].addr);
		if (!is_stamped(w, meta)) {
			i++;
			continue;
		}
		if (!now)
			now = worker_now();
		w->stamped_ns = meta->rx_ns;
		afxdp_hist_add(&w->latency, now > meta->rx_ns ? now - meta->rx_ns : 0);
		i += step;
	}
	w->next = i - n;
}

/* --count: how many of @frames the sink may still have. */
static uint64_t grant(struct worker *w, uint64_t frames)
{
	uint64_t left = __atomic_load_n(w->budget, __ATOMIC_RELAXED), take;

	do {
		take = left < frames ? left : frames;
	} while (take && !__atomic_compare_exchange_n(w->budget, &left, left - take, false,
						      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	if (take == left && afxdp_msg_claim(&w->done))
		afxdp_post_send(w->daemon, &w->done);
	return take;
}

/* Descriptors that make up the first @frames frames of @n. */
static uint32_t descs_of(const struct xdp_desc *desc, uint32_t n, uint64_t frames)
{
	uint32_t i = 0;

	while (i < n && frames)
		frames -= !(desc[i++].options & XDP_PKT_CONTD);
	return i;
}

/* The same of a lane: its frames are not one in w->stamp, so it is left to chance whether the first
 * one has a time. */
static void sample_first(struct worker *w, const struct xdp_desc *desc)
{
	const struct afxdp_meta *meta = afxdp_xsk_meta(&w->xsk, desc->addr);
	uint64_t now;

	if (!is_stamped(w, meta))
		return;
	now = worker_now();
	afxdp_hist_add(&w->latency, now > meta->rx_ns ? now - meta->rx_ns : 0);
}

/* Hand whole frames to the sink of @lane, or NULL. Return: how many of w->back it has given back. */
static inline uint32_t deliver(struct worker *w, struct lane *lane, const struct xdp_desc *desc,
			       uint32_t n)
{
	struct sink_port *port = lane ? lane->port : w->port;
	const struct sink_ops *ops = lane ? lane->ops : w->ops;
	uint64_t bytes = 0, frames = 0, *back = w->back;
	uint32_t i, got = 0, take = n;

	for (i = 0; i < n; i++) {
		bytes += desc[i].len;
		frames += !(desc[i].options & XDP_PKT_CONTD);
	}
	if (w->stamp && lane)
		sample_first(w, desc);
	else if (w->stamp)
		sample(w, desc, n);
	if (w->budget) {
		uint64_t granted = grant(w, frames);

		take = descs_of(desc, n, granted);
		w->count.cut += frames - granted;
		if (lane)
			lane->cut += frames - granted;
	}
	if (take) {
		got = ops->consume(port, desc, take, back);
		port->kept += take - got;
	}
	for (i = take; i < n; i++)
		back[got++] = desc[i].addr;
	if (lane)
		lane->frames += frames;
	w->count.frames += frames;
	w->count.bytes += bytes;
	w->count.batches++;
	return got;
}

/* A batch whose last frame's end is not there yet, or lies beyond the end of the ring's array: make
 * it one piece of whole frames. */
static uint32_t gather(struct worker *w, const struct afxdp_xsk *x, uint32_t pos, uint32_t n)
{
	uint32_t i, whole = 0;

	if (n > BATCH_MAX + FRAME_DESCS)
		n = BATCH_MAX + FRAME_DESCS;
	for (i = 0; i < n; i++) {
		w->desc[i] = x->rx_desc[(pos + i) & x->rx.mask];
		if (!(w->desc[i].options & XDP_PKT_CONTD))
			whole = i + 1;
	}
	return whole;
}

/* Take one batch, of @max descriptors or a frame, from the RX ring of @x, which is that of @lane or
 * (NULL) the worker's own. Return: descriptors taken. */
static inline uint32_t receive_from(struct worker *w, struct afxdp_xsk *x, struct lane *lane,
				    uint32_t max)
{
	const struct xdp_desc *desc;
	uint32_t pos, n = afxdp_cons_peek(&x->rx, max, &pos), to_end, back;

	if (!n)
		return 0;
	to_end = x->rx.size - (pos & x->rx.mask);
	if (n > to_end)
		n = to_end;
	desc = &x->rx_desc[pos & x->rx.mask];
	if (desc[n - 1].options & XDP_PKT_CONTD) {
		n = gather(w, x, pos, afxdp_cons_peek(&x->rx, max + FRAME_DESCS, &pos));
		if (!n)
			return 0;
		desc = w->desc;
	}
	back = deliver(w, lane, desc, n);
	afxdp_cons_release(&x->rx, n);
	afxdp_xsk_refill(&w->xsk, w->back, back);
	return n;
}

/* How many descriptors the sink of @lane may have now. One that has its share gets no more: what
 * comes waits in its ring, and is lost there if that is full. In the end it gets all, and drops
 * what it cannot take. */
static uint32_t lane_room(const struct worker *w, const struct lane *lane)
{
	uint64_t out = lane->port->kept - lane->port->reclaimed;

	if (!lane->ops->reclaim || w->emptying)
		return w->batch;
	if (out >= lane->share)
		return 0;
	return lane->share - out < w->batch ? lane->share - out : w->batch;
}

/* What waits in a lane's ring does not circulate: others take its place. */
static void lane_look(struct worker *w, struct lane *lane)
{
	struct afxdp_cons *rx = &lane->xsk.rx;

	rx->seen = afxdp_load_acquire(rx->producer);
	if (rx->seen == lane->arrived)
		return;
	w->xsk.elsewhere += rx->seen - lane->arrived;
	lane->arrived = rx->seen;
	afxdp_xsk_refill(&w->xsk, NULL, 0);
}

static uint32_t receive_lanes(struct worker *w)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->lanes; i++) {
		struct lane *lane = &w->lane[i];
		uint32_t room = lane_room(w, lane);

		lane_look(w, lane);
		if (room)
			n += receive_from(w, &lane->xsk, lane, room);
	}
	return n;
}

/* One batch from each RX ring. */
static uint32_t receive(struct worker *w)
{
	uint32_t n = receive_from(w, &w->xsk, NULL, w->batch);

	return w->lanes ? n + receive_lanes(w) : n;
}

static void collect_from(struct worker *w, struct sink_port *port)
{
	uint32_t n;

	if (!port || port->kept == port->reclaimed || !port->sink->ops->reclaim)
		return;
	n = port->sink->ops->reclaim(port, w->back, BATCH_MAX);
	port->reclaimed += n;
	afxdp_xsk_refill(&w->xsk, w->back, n);
}

/* Frames the sinks and the TX ring are done with go back to the kernel. */
static void collect(struct worker *w)
{
	afxdp_xsk_complete(&w->xsk);
	/* What the device had no room for waits in the TX ring, maybe with no frame behind it. */
	if (w->xsk.tx_pending)
		transmit_kick(&w->xsk);
	collect_from(w, w->port);
	collect_from(w, w->leaving);
	for (uint32_t i = 0; i < w->lanes; i++)
		collect_from(w, w->lane[i].port);
}

static bool out(const struct sink_port *port)
{
	return port->kept != port->reclaimed;
}

static bool frames_out(const struct worker *w)
{
	bool any = w->xsk.tx_pending || out(w->port) || w->leaving;

	for (uint32_t i = 0; i < w->lanes; i++)
		any |= out(w->lane[i].port);
	return any;
}

/* As the rule says now. */
static void set_depth(struct worker *w)
{
	if (w->xsk.depth == w->depth.now)
		return;
	w->xsk.depth = w->depth.now;
	afxdp_xsk_refill(&w->xsk, NULL, 0);
}

static void judge_pace(struct worker *w, uint64_t now)
{
	if (pace_judge(&w->pace, now, w->count.frames))
		afxdp_pace(w->pace_fd, w->queue, w->pace.every);
}

/* While frames come: how many should circulate, and how many are stamped? */
static void judge_load(struct worker *w)
{
	struct afxdp_xsk_stats s = { 0 };
	uint64_t now = worker_now();

	judge_pace(w, now);
	if (depth_counts_lost(&w->depth, now))
		afxdp_xsk_stats(&w->xsk, &s);
	depth_turn(&w->depth, now, w->count.frames, w->count.batches,
		   s.rx_ring_full + s.rx_fill_ring_empty_descs);
	set_depth(w);
}

static void sleep_in_poll(struct worker *w)
{
	struct pollfd fds[2 + LANES_MAX] = {
		{ .fd = w->xsk.fd, .events = POLLIN },
		{ .fd = w->post.bell, .events = POLLIN },
	};
	bool shallow = w->depth.now != w->depth.deep;
	int timeout = shallow || frames_out(w) ? COLLECT_MS : -1, n;

	if (w->xsk.tx_pending && afxdp_xsk_tx_wants_wakeup(&w->xsk))
		afxdp_xsk_wake_tx(&w->xsk);
	/* One that gets nothing now is not worth waking up for. */
	for (uint32_t i = 0; i < w->lanes; i++)
		fds[2 + i] = (struct pollfd){ lane_room(w, &w->lane[i]) ? w->lane[i].xsk.fd : -1,
					      POLLIN, 0 };
	n = poll(fds, 2 + w->lanes, timeout);
	if (n > 0)
		w->count.wakeups++;
	if (shallow && !n)
		depth_rests(&w->depth, worker_now(), w->count.frames);
	else if (w->depth.trying)
		depth_paused(&w->depth, worker_now(), w->count.frames);
	set_depth(w);
	if (!w->pace.every)
		judge_pace(w, worker_now());
	/* Silence it here as well: its message may have been read before it rang. */
	if (fds[1].revents)
		afxdp_post_silence(&w->post);
	if (fds[0].revents & (POLLERR | POLLHUP | POLLNVAL)) {
		/* The device is gone. The control thread hears it from netlink and stops us; until
		 * then do not turn in circles. */
		struct timespec nap = { .tv_nsec = COLLECT_MS * 1000000L };

		nanosleep(&nap, NULL);
	}
}

static void count_switch(struct worker *w, uint64_t now)
{
	if (adapt(&w->adapt, now, w->count.frames))
		w->count.mode_switches++;
}

/* A polling adaptive worker found its ring empty: whether it should sleep now. */
static bool gives_up(struct worker *w)
{
	uint64_t now;

	adapt_empty(&w->adapt);
	if (++w->empty_turns % CLOCK_TURNS)
		return false;
	now = worker_now();
	if (!w->empty_since)
		w->empty_since = now;
	if (now - w->empty_since > adapt_patience(&w->adapt)) {
		adapt_rest(&w->adapt, now);
		w->count.mode_switches++;
	} else {
		count_switch(w, now);
	}
	return !w->adapt.polling;
}

/* Poll NAPI by a system call; and once a frame has come, know whether that does anything. */
static void busy_poll(struct worker *w)
{
	w->count.busy_polls++;
	afxdp_xsk_wake_rx(&w->xsk);
	if (w->polls_napi || !w->count.frames)
		return;
	w->polls_napi = afxdp_xsk_can_busy_poll(&w->xsk);
	w->polls_nothing = !w->polls_napi;
	if (w->polls_nothing && afxdp_msg_claim(&w->vain))
		afxdp_post_send(w->daemon, &w->vain);
}

/* Nothing was there: wait as the mode says. */
static void idle(struct worker *w)
{
	switch (w->mode) {
	case MODE_BUSY:
		if (w->polls_nothing)
			break;
		busy_poll(w);
		return;
	case MODE_SPIN:
		break;
	case MODE_ADAPTIVE:
		if (w->adapt.polling && !gives_up(w))
			break;
		sleep_in_poll(w);
		count_switch(w, worker_now());
		w->empty_since = 0;
		return;
	default:
		sleep_in_poll(w);
		return;
	}
	if (afxdp_xsk_rx_wants_wakeup(&w->xsk))
		afxdp_xsk_wake_rx(&w->xsk);
	/* The sink's thread may share our core: we have time, it has frames. */
	if (w->mode == MODE_ADAPTIVE && w->port->kept != w->port->reclaimed)
		sched_yield();
	else
		relax();
}

uint32_t worker_receive(struct worker *w)
{
	return receive(w);
}

void worker_collect(struct worker *w)
{
	collect(w);
}

static void *worker_run(void *arg)
{
	struct worker *w = arg;

	sandbox_narrow();
	worker_stay(w);
	while (!w->stopping) {
		if (afxdp_mailbox_pending(&w->post.box)) {
			worker_read_mail(w);
			continue; /* it may have been the last */
		}
		if (frames_out(w)) {
			collect(w);
			worker_leave(w);
		}
		if (!(++w->turns % DEPTH_TURNS))
			judge_load(w);
		if (!receive(w)) {
			idle(w);
		} else if (w->mode == MODE_ADAPTIVE) {
			adapt_found(&w->adapt);
			w->empty_since = 0;
			if (!(++w->busy_turns % CLOCK_TURNS))
				count_switch(w, worker_now());
		}
	}
	if (!w->resting)
		worker_drain(w);
	worker_reply(&w->order[WORKER_STOP]);
	return NULL;
}

int worker_start(struct worker *w)
{
	sigset_t all, old;
	pthread_attr_t attr;
	cpu_set_t cpus;
	char name[16];
	int err;

	w->done.type = WORKER_DONE;
	w->vain.type = WORKER_VAIN;
	for (int i = 0; i < WORKER_ORDERS; i++)
		w->order[i].worker = w;
	w->adapt.since = worker_now();
	w->resting = true;
	pthread_attr_init(&attr);
	if (w->cpu >= 0) {
		CPU_ZERO(&cpus);
		CPU_SET(w->cpu, &cpus);
		pthread_attr_setaffinity_np(&attr, sizeof(cpus), &cpus);
	}
	/* Signals are the control thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = -pthread_create(&w->thread, &attr, worker_run, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	if (err)
		return err;
	snprintf(name, sizeof(name), "rx%u", w->queue);
	pthread_setname_np(w->thread, name);
	w->running = true;
	return 0;
}
