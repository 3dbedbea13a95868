/* SPDX-License-Identifier: GPL-2.0-only */
/* crew.c - the senders of one run, one thread each; the main thread waits for them or a signal. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "crew.h"

/* By this signal a sender's thread tells the main one that it has ended. */
#define SIGNAL_ENDED SIGUSR1

static void our_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGNAL_ENDED);
}

void gen_crew_block_signals(void)
{
	sigset_t set;

	/* Shells start background jobs with SIGINT ignored, and what is ignored cannot be waited
	 * for. */
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	our_signals(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static int pin(struct gen_sender *s)
{
	size_t bytes = CPU_ALLOC_SIZE(s->cpu + 1);
	cpu_set_t *set;
	int err;

	if (s->cpu < 0)
		return 0;
	set = CPU_ALLOC(s->cpu + 1);
	if (!set)
		return -ENOMEM;
	CPU_ZERO_S(bytes, set);
	CPU_SET_S(s->cpu, bytes, set);
	err = -pthread_setaffinity_np(pthread_self(), bytes, set);
	CPU_FREE(set);
	if (err)
		snprintf(s->why, sizeof(s->why), "CPU %d cannot be used: %s", s->cpu,
			 strerror(-err));
	return err;
}

static void *member_main(void *arg)
{
	struct gen_member *m = arg;

	/* The default, 50 us, is several frames late. */
	prctl(PR_SET_TIMERSLACK, 1);
	m->result = pin(&m->sender);
	if (!m->result)
		m->result = m->sender.engine->send(&m->sender);
	__atomic_store_n(&m->ended, 1, __ATOMIC_RELEASE);
	kill(getpid(), SIGNAL_ENDED);
	return NULL;
}

/* Sender k of n sends sequence numbers k, k + n, ... at an n-th of the rate. */
static void plan(struct gen_crew *c, const struct gen_engine *engine, const struct gen_options *o,
		 const struct gen_interface *interface, const struct gen_traffic *traffic)
{
	double interval = o->pps > 0 ? 1e9 * (1 << GEN_TICK_SHIFT) / o->pps * (double)c->n : 0;
	size_t k;

	for (k = 0; k < c->n; k++)
		c->members[k].sender = (struct gen_sender){
			.engine = engine,
			.interface = interface,
			.traffic = traffic,
			.path = o->write,
			.pace = { .interval = interval + 0.5,
				  .duration = o->duration,
				  .burst = o->burst },
			.limit = o->count / c->n + (k < o->count % c->n),
			.first = k,
			.step = c->n,
			.batch = o->batch,
			.spin = o->spin,
			.cpu = o->n_cpus ? o->cpus[k] : -1,
		};
}

static void stop(struct gen_crew *c, size_t n)
{
	size_t k;

	for (k = 0; k < n; k++)
		c->members[k].sender.engine->stop(&c->members[k].sender);
}

/* Keeps the first error and its words. */
static void note(struct gen_crew *c, int *err, int new, const char *why)
{
	if (*err || !new)
		return;
	*err = new;
	snprintf(c->why, sizeof(c->why), "%s", *why ? why : strerror(-new));
}

static int send_all(struct gen_crew *c)
{
	size_t started, ended = 0, k;
	int err = 0, signal;
	sigset_t set;

	our_signals(&set);
	for (started = 0; started < c->n; started++) {
		struct gen_member *m = &c->members[started];

		note(c, &err, -pthread_create(&m->thread, NULL, member_main, m), "");
		if (err)
			break;
	}
	if (err)
		stop(c, started);
	while (ended < started) {
		sigwait(&set, &signal);
		if (signal != SIGNAL_ENDED) {
			c->interrupted = true;
			stop(c, started);
		}
		/* Signals of the same number merge: count, not trust, them. */
		for (ended = 0, k = 0; k < started; k++) {
			if (!__atomic_load_n(&c->members[k].ended, __ATOMIC_ACQUIRE))
				continue;
			ended++;
			if (c->members[k].result && !err)
				stop(c, started);
			note(c, &err, c->members[k].result, c->members[k].sender.why);
		}
	}
	for (k = 0; k < started; k++)
		pthread_join(c->members[k].thread, NULL);
	return err;
}

int gen_crew_run(struct gen_crew *c, const struct gen_engine *engine, const struct gen_options *o,
		 const struct gen_interface *interface, const struct gen_traffic *traffic)
{
	size_t open;
	int err = 0;

	*c = (struct gen_crew){ .n = o->n_cpus && !o->write ? o->n_cpus : 1 };
	/* A count below the number of senders leaves some without work. */
	if (o->count && o->count < c->n)
		c->n = o->count;
	c->members = calloc(c->n, sizeof(*c->members));
	if (!c->members) {
		note(c, &err, -ENOMEM, "");
		return err;
	}
	plan(c, engine, o, interface, traffic);
	for (open = 0; open < c->n && !err; open++)
		note(c, &err, engine->open(&c->members[open].sender), c->members[open].sender.why);
	if (!err)
		err = send_all(c);
	while (open--)
		engine->close(&c->members[open].sender);
	return err;
}

uint64_t gen_crew_sent(const struct gen_crew *c)
{
	uint64_t sent = 0;
	size_t k;

	for (k = 0; c->members && k < c->n; k++)
		sent += c->members[k].sender.sent;
	return sent;
}

void gen_crew_free(struct gen_crew *c)
{
	free(c->members);
	c->members = NULL;
}

/* A string as JSON: interface and file names may hold anything but a slash or NUL. */
static void print_string(const char *s, FILE *to)
{
	fputc('"', to);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fprintf(to, "\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			fprintf(to, "\\u%04x", *s);
		else
			fputc(*s, to);
	}
	fputc('"', to);
}

void gen_crew_print(const struct gen_crew *c, const struct gen_options *o, FILE *to)
{
	uint64_t first = UINT64_MAX, last = 0, bytes = 0, refused = 0, late = 0;
	uint64_t sent = gen_crew_sent(c);
	double duration = 0;
	size_t k;

	for (k = 0; k < c->n; k++) {
		const struct gen_sender *s = &c->members[k].sender;

		bytes += s->bytes;
		refused += s->refused;
		late += s->late;
		if (s->sent && s->first_ns < first)
			first = s->first_ns;
		if (s->sent && s->last_ns > last)
			last = s->last_ns;
	}
	if (sent)
		duration = (last - first) / 1e9;
	/* The last frame's slot belongs to it: ten frames at 10/s take one second. */
	if (sent && o->pps > 0)
		duration += 1 / o->pps;
	fprintf(to, "{\"sent\":%llu,\"bytes\":%llu,\"duration_s\":%.9f,\"pps\":%.1f,\"asked_pps\":",
		(unsigned long long)sent, (unsigned long long)bytes, duration,
		duration > 0 ? sent / duration : 0);
	if (o->pps > 0)
		fprintf(to, "%.3f", o->pps);
	else
		fputs("null", to);
	fprintf(to, ",\"refused\":%llu,\"late\":%llu,\"engine\":\"%s\",\"interface\":",
		(unsigned long long)refused, (unsigned long long)late,
		c->members[0].sender.engine->name);
	print_string(o->write ? o->write : o->interface, to);
	fprintf(to, ",\"interrupted\":%s,\"senders\":[", c->interrupted ? "true" : "false");
	for (k = 0; k < c->n; k++)
		fprintf(to, "%s{\"cpu\":%d,\"sent\":%llu,\"refused\":%llu}", k ? "," : "",
			c->members[k].sender.cpu, (unsigned long long)c->members[k].sender.sent,
			(unsigned long long)c->members[k].sender.refused);
	fputs("]}\n", to);
}
