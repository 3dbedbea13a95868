/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pcap.c - writes every frame to a nanosecond pcap file, or a pcapng file, in a thread of its own
 * (handover.h).
 *
 * The worker copies nothing: it hands over descriptors. The writer lets writev() take large frames
 * straight from the UMEM; small ones it gathers, because the kernel's work on a piece of a writev()
 * costs more than copying a small frame does (pcap_records.c). A slow or full disk holds at most
 * half of the UMEM's frames; what then comes is counted as dropped by the worker.
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
#include "pcap_header.h"
#include "pcap_news.h"
#include "pcap_outage.h"
#include "pcap_records.h"
#include "rights.h"
#include "text.h"

/* How long writing what is left may take before a pipe that nobody empties is given up. */
#define DRAIN_MS 800

/* And somebody who asks for another file. */
#define ROTATE_MS 2000

struct pcap_sink {
	struct sink sink;
	struct handover handover;
	char *text;	  /* pcap:FILE,... or pcapng:FILE,... */
	const char *name; /* behind the colon */
	uint8_t header[PCAP_HEADER];
	pthread_t thread;
	bool running;
	/* The writer's; counters are read by others. */
	struct pcap_records out;
	struct pcap_news news;	   /* out.ng */
	struct afxdp_ring *copies; /* or NULL; set by the steward */
	uint64_t copies_written, copies_lost;
	uint64_t bytes, write_errors;
	int last_error;
	bool over;		  /* the reader is gone; read by others */
	bool wanted;		  /* the start has succeeded; written by the steward */
	uint32_t rotate, rotated; /* files asked for, and had */
	int rotate_err;
	struct pcap_outage outage;
};

/* Writer's side. */

static void complain(struct pcap_sink *s, int err)
{
	sink_add(&s->write_errors, 1);
	__atomic_store_n(&s->last_error, -err, __ATOMIC_RELAXED);
	if (err == -EPIPE)
		__atomic_store_n(&s->over, true, __ATOMIC_RELAXED);
	else /* that, whoever runs the daemon says */
		pcap_outage_begins(&s->outage, err, s->out.now);
}

/* Write what is collected. Return: how many records got there. */
static uint32_t write_records(struct pcap_sink *s)
{
	uint32_t records = s->out.file.records, written;
	uint64_t bytes;
	int err = pcap_file_write(&s->out.file, &written, &bytes);

	s->outage.lost += records - written;
	if (err)
		complain(s, err);
	else if (records)
		pcap_outage_ends(&s->outage);
	sink_add(&s->bytes, bytes);
	return written;
}

/* What a file lost, by itself. */
static void end_file(struct pcap_sink *s)
{
	uint8_t block[PCAP_NEWS_END];
	size_t n;
	int err;

	if (!s->out.ng || !s->out.file.begun || s->outage.now)
		return;
	n = pcap_news_end(&s->news, block, s->out.wall.offset);
	err = n ? pcap_file_put(&s->out.file, block, n) : 0;
	if (err)
		complain(s, err);
}

static void next_file(struct pcap_sink *s)
{
	end_file(s);
	pcap_series_next(&s->out.series, &s->out.file, s->out.now);
}

/* Other rules: a section of their own, in this file and at the start of the next ones. */
static void hear_news(struct pcap_sink *s)
{
	struct pcap_file *f = &s->out.file;
	int err;

	if (!s->out.ng || !pcap_news_turn(&s->news))
		return;
	f->header = s->news.header;
	f->header_len = s->news.header_len;
	err = f->begun ? pcap_file_put(f, f->header, f->header_len) : 0;
	if (err)
		complain(s, err);
}

/* Write what one worker handed over. Return: descriptors. */
static uint32_t write_port(struct pcap_sink *s, struct handover_port *p)
{
	uint32_t pos, n = handover_peek(p, PCAP_RECORDS, &pos), records, written, got;

	if (!n)
		return 0;
	if (pcap_series_late(&s->out.series, s->out.now))
		next_file(s);
	got = pcap_records_collect(&s->out, p, pos, n);
	if (!got && s->out.full) {
		next_file(s);
		got = pcap_records_collect(&s->out, p, pos, n);
	}
	records = s->out.file.records;
	written = write_records(s);
	sink_add(&p->port.there.delivered, written);
	sink_add(&p->port.there.dropped, records - written);
	handover_give_back(p, pos, got);
	return got;
}

/* Copies are not waited for when all is over. Return: how many there were. */
static uint32_t write_copies(struct pcap_sink *s)
{
	struct afxdp_ring *ring = __atomic_load_n(&s->copies, __ATOMIC_ACQUIRE);
	uint32_t records, written;

	if (!ring)
		return 0;
	if (pcap_series_late(&s->out.series, s->out.now) ||
	    pcap_series_full(&s->out.series, &s->out.file, PCAP_SCRATCH, s->out.now))
		next_file(s);
	afxdp_ring_read(ring, pcap_records_copy, &s->out);
	records = s->out.file.records;
	if (!records)
		return 0;
	written = write_records(s);
	sink_add(&s->copies_written, written);
	sink_add(&s->copies_lost, records - written);
	return handover_stopping(&s->handover) ? 0 : records;
}

/* What an existing file had goes when the start has succeeded, not before. */
static void begin_file(struct pcap_sink *s)
{
	int err;

	if (!__atomic_load_n(&s->wanted, __ATOMIC_ACQUIRE) || s->out.file.begun || s->outage.now)
		return;
	err = pcap_file_begin(&s->out.file);
	if (err)
		complain(s, err);
}

static uint32_t write_round(struct pcap_sink *s)
{
	uint32_t ports = sink_ports_attached(&s->handover.ports), n = 0;

	s->out.now = clock_ns(CLOCK_MONOTONIC);
	wall_turn(&s->out.wall, s->out.now);
	/* What frames were captured by is told before the start has succeeded, and comes first. */
	if (s->out.ng && !__atomic_load_n(&s->wanted, __ATOMIC_ACQUIRE) &&
	    !handover_stopping(&s->handover))
		return 0;
	hear_news(s);
	begin_file(s);
	for (uint32_t i = 0; i < ports; i++)
		n += write_port(s, sink_ports_at(&s->handover.ports, i));
	return n + write_copies(s);
}

static void rotate_file(struct pcap_sink *s)
{
	uint32_t wanted = __atomic_load_n(&s->rotate, __ATOMIC_ACQUIRE);

	if (wanted == s->rotated)
		return;
	end_file(s);
	s->rotate_err = pcap_series_rotate(&s->out.series, &s->out.file, s->out.now);
	__atomic_store_n(&s->rotated, wanted, __ATOMIC_RELEASE);
}

static void *writer(void *arg)
{
	struct pcap_sink *s = arg;
	bool stopping;
	uint32_t n;

	do {
		stopping = handover_stopping(&s->handover);
		n = write_round(s);
		rotate_file(s);
		handover_wait(&s->handover, n);
	} while (n || !stopping);
	if (!s->over)
		pcap_outage_last(&s->outage);
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

static int pcap_check(const char *arg, const struct sink_env *env, char *why, size_t size)
{
	(void)env;
	return pcap_series_check("pcap", arg, why, size);
}

static int pcapng_check(const char *arg, const struct sink_env *env, char *why, size_t size)
{
	(void)env;
	return pcap_series_check("pcapng", arg, why, size);
}

static int make_header(struct pcap_sink *s, const char *ifname)
{
	const uint32_t snaplen = s->out.series.spec.snaplen;
	struct pcap_file *f = &s->out.file;
	int err;

	f->header = s->header;
	f->header_len = sizeof(s->header);
	if (!s->out.ng)
		return pcap_header_make(s->header, snaplen);
	err = pcap_news_init(&s->news, ifname, snaplen);
	f->late = true; /* the rules are told when frames can come */
	f->header = s->news.header;
	f->header_len = s->news.header_len;
	s->out.reserve = PCAP_NEWS_END;
	return err;
}

static int open_files(struct pcap_sink *s, const char *ifname, char *why, size_t size)
{
	int err = pcap_spec_parse(&s->out.series.spec, s->sink.ops->name, s->name, why, size);

	if (err)
		return err;
	s->out.file.spec = &s->out.series.spec;
	err = make_header(s, ifname);
	if (err)
		snprintf(why, size, "sink '%s': %s", s->text, strerror(-err));
	return err
		       ?: pcap_series_open(&s->out.series, &s->out.file, s->text,
					   clock_ns(CLOCK_MONOTONIC), why, size);
}

static void free_sink(struct pcap_sink *s)
{
	pcap_news_free(&s->news);
	handover_free(&s->handover);
	free(s->text);
	free(s);
}

static int open_sink(struct sink **sink, const struct sink_ops *ops, const char *arg,
		     const struct sink_env *env, char *why, size_t size)
{
	struct pcap_sink *s = aligned_alloc(AFXDP_CACHE_LINE, sizeof(*s));
	int err = -ENOMEM;

	if (!s)
		goto memory;
	memset(s, 0, sizeof(*s));
	s->sink.ops = ops;
	s->out.ng = ops == &sink_pcapng_ops;
	handover_init(&s->handover, env, sizeof(struct handover_port));
	if (asprintf(&s->text, "%s:%s", ops->name, arg) < 0) {
		s->text = NULL;
		goto free;
	}
	s->outage.text = s->text;
	s->name = strchr(s->text, ':') + 1;
	err = open_files(s, env->ifname, why, size);
	if (err)
		goto free_said;
	err = start_writer(s);
	if (err)
		goto close;
	*sink = &s->sink;
	return 0;
close:
	pcap_series_close(&s->out.series, &s->out.file);
free:
	snprintf(why, size, "sink '%s:%s': %s", ops->name, arg, strerror(-err));
free_said:
	free_sink(s);
	return err;
memory:
	snprintf(why, size, "sink '%s:%s': %s", ops->name, arg, strerror(-err));
	return err;
}

static int pcap_open_sink(struct sink **sink, const char *arg, const struct sink_env *env,
			  char *why, size_t size)
{
	return open_sink(sink, &sink_pcap_ops, arg, env, why, size);
}

static int pcapng_open_sink(struct sink **sink, const char *arg, const struct sink_env *env,
			    char *why, size_t size)
{
	return open_sink(sink, &sink_pcapng_ops, arg, env, why, size);
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

/* The writer does it between two rounds. It is waited for: whoever asks may compress the file that
 * went before, as logrotate does. */
static int pcap_rotate(struct sink *sink, char *why, size_t size)
{
	struct pcap_sink *s = (struct pcap_sink *)sink;
	uint32_t wanted = s->rotate + 1;
	uint64_t end = clock_ns(CLOCK_MONOTONIC) + ROTATE_MS * 1000000ULL;
	struct timespec nap = { .tv_nsec = 1000000 };

	__atomic_store_n(&s->rotate, wanted, __ATOMIC_RELEASE);
	handover_wake(&s->handover);
	while (__atomic_load_n(&s->rotated, __ATOMIC_ACQUIRE) != wanted) {
		if (clock_ns(CLOCK_MONOTONIC) > end) {
			snprintf(why, size,
				 "sink '%s': it is still writing what it has; the next file "
				 "follows",
				 s->text);
			return -ETIMEDOUT;
		}
		nanosleep(&nap, NULL);
	}
	if (s->rotate_err)
		snprintf(why, size, "sink '%s': %s", s->text, s->out.series.why);
	return s->rotate_err;
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
	pcap_file_give_up(&s->out.file);
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
	return json_pack("{s:s, s:o, s:I, s:I, s:I, s:I, s:s?}", "name", sink->ops->name, "file",
			 json_text(s->name), "files", (json_int_t)sink_get(&s->out.series.files),
			 "frames", (json_int_t)frames, "bytes", (json_int_t)sink_get(&s->bytes),
			 "write_errors", (json_int_t)sink_get(&s->write_errors), "error",
			 err ? strerror(err) : NULL);
}

static void pcapng_rules(struct sink *sink, const char *text)
{
	struct pcap_sink *s = (struct pcap_sink *)sink;

	pcap_news_rules(&s->news, text);
}

static void pcapng_ledger(struct sink *sink, const struct sink_ledger *l)
{
	struct pcap_sink *s = (struct pcap_sink *)sink;

	pcap_news_ledger(&s->news, l);
}

static void pcap_close_sink(struct sink *sink)
{
	struct pcap_sink *s = (struct pcap_sink *)sink;

	pcap_finish(sink);
	/* The writer is gone; a pipe has room, or not. */
	pcap_file_give_up(&s->out.file);
	if (!s->over)
		end_file(s);
	pcap_series_close(&s->out.series, &s->out.file);
	free_sink(s);
}

/* Of both. */
#define CAPTURE_OPS                                                                     \
	.own_thread = true, .stamp = 1, .needs = SINK_NEED_META | AFXDP_NEED_TAG,       \
	.attach = pcap_attach, .begin = pcap_begin, .over = pcap_over, .tee = pcap_tee, \
	.rotate = pcap_rotate, .finish = pcap_finish, .report = pcap_report,            \
	.close = pcap_close_sink, .consume = handover_consume, .reclaim = handover_reclaim

const struct sink_ops sink_pcap_ops = {
	CAPTURE_OPS,
	.name = "pcap",
	.arg = "FILE[,size=BYTES][,seconds=N][,files=N][,snaplen=BYTES][,mode=OCTAL][,append|,excl]",
	.help = "write frames to FILE (- is stdout) as nanosecond pcap",
	.check = pcap_check,
	.open = pcap_open_sink,
};

const struct sink_ops sink_pcapng_ops = {
	CAPTURE_OPS,	       .name = "pcapng",
	.arg = "FILE[,...]",   .help = "the same as pcapng, with verdict, rule, rules and ledger",
	.check = pcapng_check, .open = pcapng_open_sink,
	.rules = pcapng_rules, .ledger = pcapng_ledger,
};
