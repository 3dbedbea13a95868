/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pcap.c - writes every frame to a nanosecond pcap file, in a thread of its own (handover.h).
 *
 * The worker copies nothing: it hands over descriptors. The writer lets writev() take large frames
 * straight from the UMEM; small ones it gathers, because the kernel's work on a piece of a writev()
 * costs more than copying a small frame does (see COPY_MAX). A slow or full disk holds at most half
 * of the UMEM's frames; what then comes is counted as dropped by the worker.
 *
 * Records of one queue are in the order of reception; those of several queues alternate in bunches.
 *
 * A file that has its size or its time is followed by the next one before the next frame is
 * written. Where that cannot be had the last one goes on: no frame is lost for it.
 */
#include "../sink.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include "frame.h"
#include "handover.h"
#include "pcap_file.h"
#include "pcap_series.h"
#include "text.h"
#include "log.h"
#include "rights.h"
#include "wall.h"
#include "copies.h"

/* How long writing what is left may take before a pipe that nobody empties is given up. */
#define DRAIN_MS 800

/* A disk that is full, has room, and is full again says so this often at most. */
#define QUIET_NS (10 * NS_PER_S)

/*
 * Frames up to this size are gathered. Measured into tmpfs, ns a frame, copied / as a piece of its
 * own: 60 bytes 38 / 83, 128 bytes 120 / 298, 512 bytes 406 / 508, 1024 bytes 760 / 928, 1500 bytes
 * 1112 / 1096. Lower wastes the difference, higher the cache.
 */
#define COPY_MAX 1024

/* What goes in front of a frame's bytes: the record's header and, if a VLAN tag must be put back,
 * the MAC addresses and the tag. */
struct head {
	struct pcap_record record;
	uint8_t l2[VLAN_TAG_OFFSET + VLAN_HLEN];
};

struct pcap_sink {
	struct sink sink;
	struct handover handover;
	char *name;
	pthread_t thread;
	bool running;
	/* The writer's; counters are read by others. */
	struct pcap_file file;
	struct pcap_series series;
	struct afxdp_ring *copies; /* or NULL; set by the steward */
	uint64_t copies_written, copies_lost;
	bool full; /* the next record is the next file's */
	struct wall wall;
	uint64_t now; /* CLOCK_MONOTONIC when this round began */
	uint64_t bytes, write_errors;
	int last_error;
	bool over;	  /* the reader is gone; read by others */
	bool wanted;	  /* the start has succeeded; written by the steward */
	bool outage;	  /* the last write failed */
	bool said;	  /* and that was said */
	uint64_t said_ns; /* when one was said last */
	uint64_t lost;	  /* frames of outages whose end was not said */
};

/* Writer's side. */

/* A frame that was not stamped gets the time at which it was found. */
static uint64_t wall_ns(const struct pcap_sink *s, const struct afxdp_meta *meta)
{
	return s->wall.offset +
	       (int64_t)(meta && meta->flags & AFXDP_META_RX_NS ? meta->rx_ns : s->now);
}

/*
 * Start the record of a frame of @length bytes with all that comes before its own bytes.
 * @skip: set to how many of these are in the record already.
 *
 * Return: the record's bytes.
 */
static uint32_t begin_record(struct pcap_sink *s, const struct afxdp_xsk *xsk,
			     const struct xdp_desc *first, uint32_t length, uint32_t *skip)
{
	const struct afxdp_meta *meta = frame_meta(xsk, first->addr);
	uint64_t ns = wall_ns(s, meta);
	struct head head = {
		.record = { .sec = ns / NS_PER_S, .nsec = ns % NS_PER_S },
	};

	*skip = 0;
	if (meta && meta->flags & AFXDP_META_VLAN_STRIP && first->len >= VLAN_TAG_OFFSET) {
		vlan_put(head.l2, afxdp_xsk_data(xsk, first->addr), meta->flags, meta->vlan_tci);
		*skip = VLAN_TAG_OFFSET;
		length += VLAN_HLEN;
	}
	head.record.captured = length < s->series.spec.snaplen ? length : s->series.spec.snaplen;
	head.record.length = length;
	pcap_file_copy(&s->file, &head, *skip ? sizeof(head) : sizeof(head.record));
	return sizeof(head.record) + head.record.captured;
}

/* One frame of @descs descriptors from @pos on, @length bytes together. */
static void add_record(struct pcap_sink *s, struct handover_port *p, uint32_t pos, uint32_t descs,
		       uint32_t length)
{
	uint32_t skip, bytes, left;

	bytes = begin_record(s, p->port.xsk, handover_desc(p, pos), length, &skip);
	left = bytes - sizeof(struct pcap_record) - (skip ? sizeof(((struct head *)0)->l2) : 0);
	for (uint32_t i = 0; i < descs && left; i++) {
		const struct xdp_desc *d = handover_desc(p, pos + i);
		const uint8_t *data = (uint8_t *)afxdp_xsk_data(p->port.xsk, d->addr) + skip;
		uint32_t n = d->len - skip < left ? d->len - skip : left;

		if (length <= COPY_MAX)
			pcap_file_copy(&s->file, data, n);
		else
			pcap_file_piece(&s->file, data, n);
		left -= n;
		skip = 0;
	}
	pcap_file_end(&s->file, bytes);
}

/* At most; a frame that is cut off still has its record's header. */
static uint64_t record_bytes(const struct pcap_sink *s, uint32_t length)
{
	uint32_t snaplen = s->series.spec.snaplen;

	return sizeof(struct head) + (length < snaplen ? length : snaplen);
}

/* Collect records of the @n descriptors from @pos on. Return: descriptors of the records that had
 * room. */
static uint32_t collect(struct pcap_sink *s, struct handover_port *p, uint32_t pos, uint32_t n)
{
	uint32_t i = 0;

	while (i < n) {
		uint32_t descs = 1, length = handover_desc(p, pos + i)->len;

		while (handover_desc(p, pos + i + descs - 1)->options & XDP_PKT_CONTD) {
			if (i + descs == n)
				return i; /* the peek ended inside a frame */
			length += handover_desc(p, pos + i + descs++)->len;
		}
		if (!pcap_file_fits(&s->file, descs + 1,
				    sizeof(struct head) + (length <= COPY_MAX ? length : 0)))
			break;
		s->full = pcap_series_full(&s->series, &s->file, record_bytes(s, length), s->now);
		if (s->full)
			break;
		add_record(s, p, pos + i, descs, length);
		i += descs;
	}
	return i;
}

static void say_outage(struct pcap_sink *s, int err)
{
	if (err == -ECANCELED)
		log_line(LEVEL_WARNING,
			 "sink 'pcap:%s': its reader was too slow; the last frames "
			 "are dropped",
			 s->name);
	else
		log_line(LEVEL_WARNING,
			 "sink 'pcap:%s': %s; frames are dropped until it can be "
			 "written",
			 s->name, strerror(-err));
}

static void complain(struct pcap_sink *s, int err)
{
	sink_add(&s->write_errors, 1);
	__atomic_store_n(&s->last_error, -err, __ATOMIC_RELAXED);
	if (err == -EPIPE) {
		__atomic_store_n(&s->over, true, __ATOMIC_RELAXED);
		return; /* whoever runs the daemon says it */
	}
	if (s->outage)
		return;
	s->outage = true;
	if (s->said_ns && s->now - s->said_ns < QUIET_NS)
		return;
	s->said_ns = s->now;
	s->said = true;
	say_outage(s, err);
}

/* Frames could be written again. */
static void recovered(struct pcap_sink *s)
{
	s->outage = false;
	if (!s->said)
		return; /* with the next outage that is said */
	s->said = false;
	log_line(LEVEL_INFO, "sink 'pcap:%s': it can be written again; %llu frames were lost",
		 s->name, (unsigned long long)s->lost);
	s->lost = 0;
}

/* Write what is collected. Return: how many records got there. */
static uint32_t write_records(struct pcap_sink *s)
{
	uint32_t records = s->file.records, written;
	uint64_t bytes;
	int err = pcap_file_write(&s->file, &written, &bytes);

	s->lost += records - written;
	if (err)
		complain(s, err);
	else if (s->outage && records)
		recovered(s);
	sink_add(&s->bytes, bytes);
	return written;
}

/* Write what one worker handed over. Return: descriptors. */
static uint32_t write_port(struct pcap_sink *s, struct handover_port *p)
{
	uint32_t pos, n = handover_peek(p, PCAP_RECORDS, &pos), records, written, got;

	if (!n)
		return 0;
	if (pcap_series_late(&s->series, s->now))
		pcap_series_next(&s->series, &s->file, s->now);
	got = collect(s, p, pos, n);
	if (!got && s->full) {
		pcap_series_next(&s->series, &s->file, s->now);
		got = collect(s, p, pos, n);
	}
	records = s->file.records;
	written = write_records(s);
	sink_add(&p->port.there.delivered, written);
	sink_add(&p->port.there.dropped, records - written);
	handover_give_back(p, pos, got);
	return got;
}

/* afxdp_ring_each: one copy. Return: whether there may be no room for another. */
static int add_copy(void *arg, const struct afxdp_copied *c, const uint8_t *bytes)
{
	struct pcap_sink *s = arg;
	uint64_t ns = s->wall.offset + (int64_t)c->ns;
	uint32_t n = c->captured < s->series.spec.snaplen ? c->captured : s->series.spec.snaplen;
	struct head head = { .record = { ns / NS_PER_S, ns % NS_PER_S, n, c->length } };
	bool tag = c->flags & AFXDP_META_VLAN_STRIP && n >= VLAN_TAG_OFFSET;
	uint32_t skip = tag ? VLAN_TAG_OFFSET : 0;

	if (tag) {
		vlan_put(head.l2, bytes, c->flags, c->vlan_tci);
		head.record.captured += VLAN_HLEN;
		head.record.length += VLAN_HLEN;
	}
	pcap_file_copy(&s->file, &head, tag ? sizeof(head) : sizeof(head.record));
	pcap_file_copy(&s->file, bytes + skip, n - skip);
	pcap_file_end(&s->file, sizeof(head.record) + head.record.captured);
	return !pcap_file_fits(&s->file, 2, sizeof(head) + AFXDP_COPY_SNAP_MAX);
}

/* Copies are not waited for when all is over. Return: how many there were. */
static uint32_t write_copies(struct pcap_sink *s)
{
	struct afxdp_ring *ring = __atomic_load_n(&s->copies, __ATOMIC_ACQUIRE);
	uint32_t records, written;

	if (!ring)
		return 0;
	if (pcap_series_late(&s->series, s->now) ||
	    pcap_series_full(&s->series, &s->file, PCAP_SCRATCH, s->now))
		pcap_series_next(&s->series, &s->file, s->now);
	afxdp_ring_read(ring, add_copy, s);
	records = s->file.records;
	if (!records)
		return 0;
	written = write_records(s);
	sink_add(&s->copies_written, written);
	sink_add(&s->copies_lost, records - written);
	return handover_stopping(&s->handover) ? 0 : records;
}

static uint32_t write_round(struct pcap_sink *s)
{
	uint32_t ports = sink_ports_attached(&s->handover.ports), n = 0;

	s->now = clock_ns(CLOCK_MONOTONIC);
	wall_turn(&s->wall, s->now);
	for (uint32_t i = 0; i < ports; i++)
		n += write_port(s, sink_ports_at(&s->handover.ports, i));
	return n + write_copies(s);
}

/* What an existing file had goes when the start has succeeded, not before. */
static void begin_file(struct pcap_sink *s)
{
	int err;

	if (!__atomic_load_n(&s->wanted, __ATOMIC_ACQUIRE) || s->file.begun || s->outage)
		return;
	err = pcap_file_begin(&s->file);
	if (err)
		complain(s, err);
}

static void *writer(void *arg)
{
	struct pcap_sink *s = arg;
	bool stopping;
	uint32_t n;

	do {
		stopping = handover_stopping(&s->handover);
		n = write_round(s);
		begin_file(s);
		handover_wait(&s->handover, n);
	} while (n || !stopping);
	if (s->lost && !s->over)
		log_line(LEVEL_WARNING, "sink 'pcap:%s': %llu frames were lost%s", s->name,
			 (unsigned long long)s->lost, s->outage ? "" : " in further outages");
	return NULL;
}

/* The side of the sink's own thread. */

static int start_writer(struct pcap_sink *s)
{
	sigset_t all, old;
	int err;

	/* Signals are the control thread's; SIGPIPE is to be an error of the write. */
	rights_mask(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = -pthread_create(&s->thread, NULL, writer, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		return err;
	pthread_setname_np(s->thread, "pcap");
	s->running = true;
	return 0;
}

static int pcap_check(const char *arg, char *why, size_t size)
{
	struct pcap_spec spec;

	return pcap_spec_parse(&spec, arg, why, size);
}

static int pcap_open_sink(struct sink **sink, const char *arg, const struct sink_env *env,
			  char *why, size_t size)
{
	struct pcap_sink *s = aligned_alloc(AFXDP_CACHE_LINE, sizeof(*s));
	int err = -ENOMEM;

	if (!s)
		goto memory;
	memset(s, 0, sizeof(*s));
	s->sink.ops = &sink_pcap_ops;
	s->name = strdup(arg);
	handover_init(&s->handover, env, sizeof(struct handover_port));
	if (!s->name)
		goto free;
	err = pcap_series_open(&s->series, &s->file, arg, clock_ns(CLOCK_MONOTONIC), why, size);
	if (err)
		goto free_said;
	err = start_writer(s);
	if (err)
		goto close;
	*sink = &s->sink;
	return 0;
close:
	pcap_series_close(&s->series, &s->file);
free:
	snprintf(why, size, "sink 'pcap:%s': %s", arg, strerror(-err));
free_said:
	handover_free(&s->handover);
	free(s->name);
	free(s);
	return err;
memory:
	snprintf(why, size, "sink 'pcap:%s': %s", arg, strerror(-err));
	return err;
}

static int pcap_attach(struct sink *sink, struct afxdp_xsk *xsk, struct sink_port **port)
{
	struct pcap_sink *s = (struct pcap_sink *)sink;

	return handover_attach(&s->handover, sink, xsk, port);
}

static void pcap_begin(struct sink *sink)
{
	struct pcap_sink *s = (struct pcap_sink *)sink;

	__atomic_store_n(&s->wanted, true, __ATOMIC_RELEASE);
	handover_wake(&s->handover);
}

static void pcap_tee(struct sink *sink, struct afxdp_ring *ring)
{
	struct pcap_sink *s = (struct pcap_sink *)sink;

	__atomic_store_n(&s->handover.looks, true, __ATOMIC_RELAXED);
	__atomic_store_n(&s->copies, ring, __ATOMIC_RELEASE);
	handover_wake(&s->handover);
}

static const char *pcap_over(struct sink *sink)
{
	const struct pcap_sink *s = (struct pcap_sink *)sink;

	return __atomic_load_n(&s->over, __ATOMIC_RELAXED) ? "its reader is gone" : NULL;
}

/* Wait for the writer's end, but only so long. */
static bool join(struct pcap_sink *s, uint32_t ms)
{
	uint64_t end = clock_ns(CLOCK_MONOTONIC) + ms * 1000000ULL;
	struct timespec nap = { .tv_nsec = 1000000 };

	while (pthread_tryjoin_np(s->thread, NULL)) {
		if (clock_ns(CLOCK_MONOTONIC) > end)
			return false;
		nanosleep(&nap, NULL);
	}
	return true;
}

static void pcap_finish(struct sink *sink)
{
	struct pcap_sink *s = (struct pcap_sink *)sink;

	if (!s->running)
		return;
	s->running = false;
	handover_stop(&s->handover);
	if (join(s, DRAIN_MS))
		return;
	/* A pipe that nobody empties can be told. A disk that does not answer cannot: then the
	 * frames stay the writer's, and we wait with it. */
	pcap_file_give_up(&s->file);
	pthread_join(s->thread, NULL);
}

static json_t *pcap_report(struct sink *sink)
{
	struct pcap_sink *s = (struct pcap_sink *)sink;
	int err = __atomic_load_n(&s->last_error, __ATOMIC_RELAXED);
	uint32_t ports = sink_ports_attached(&s->handover.ports);
	uint64_t frames = 0;

	for (uint32_t i = 0; i < ports; i++) {
		const struct sink_port *port = sink_ports_at(&s->handover.ports, i);

		frames += sink_get(&port->there.delivered);
	}
	return json_pack("{s:s, s:o, s:I, s:I, s:I, s:I, s:s?}", "name", "pcap", "file",
			 json_text(s->name), "files", (json_int_t)sink_get(&s->series.files),
			 "frames", (json_int_t)frames, "bytes", (json_int_t)sink_get(&s->bytes),
			 "write_errors", (json_int_t)sink_get(&s->write_errors), "error",
			 err ? strerror(err) : NULL);
}

static void pcap_close_sink(struct sink *sink)
{
	struct pcap_sink *s = (struct pcap_sink *)sink;

	pcap_finish(sink);
	pcap_series_close(&s->series, &s->file);
	handover_free(&s->handover);
	free(s->name);
	free(s);
}

const struct sink_ops sink_pcap_ops = {
	.name = "pcap",
	.arg = "FILE[,size=BYTES][,seconds=N][,files=N][,snaplen=BYTES]",
	.own_thread = true,
	.help = "write frames to FILE (- is stdout) as nanosecond pcap",
	.stamp = 1,
	.needs = SINK_NEED_META | AFXDP_NEED_TAG,
	.check = pcap_check,
	.open = pcap_open_sink,
	.attach = pcap_attach,
	.begin = pcap_begin,
	.over = pcap_over,
	.tee = pcap_tee,
	.finish = pcap_finish,
	.report = pcap_report,
	.close = pcap_close_sink,
	.consume = handover_consume,
	.reclaim = handover_reclaim,
};
