/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rate limits against the clock they go by: ten seconds, two CPUs at once, far more frames than the
 * limits let through.
 *
 * What passes is the burst and what the time since the first frame allows. It is never more. It is
 * less only if no frame came while a bucket was full, on a machine that does something else for
 * half a second: so each sender reckons what would have passed had it been alone, with all frames
 * of a call at the call's beginning, and with all of them at its end. With two senders it cannot be
 * less.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "../rules/run.h"
#include "t.h"

#define SECONDS 10
#define CPUS	2
#define KINDS	4

/* Of each limit below. */
#define BURST_SECONDS 0.5

/* Frames a call: a ms or so. */
#define REPEAT 2000

enum {
	AT_START,
	AT_END,
	MOMENTS
};

static const struct {
	uint8_t source;
	uint16_t port;
	uint64_t rate;
} kinds[KINDS] = { { 1, 1, 1000 }, { 1, 2, 100000 }, { 1, 3, 50000 }, { 2, 3, 50000 } };

/* The rules behind the limits count what passed: rule 3 + kind. */
#define PASSED 3
static const char rules_text[] = "limit 1000/s burst 500 udp dst port 1\n"
				 "limit 100000/s burst 50000 udp dst port 2\n"
				 "limit 50000/s burst 25000 per src udp dst port 3\n"
				 "count udp dst port 1\n"
				 "count udp dst port 2\n"
				 "count src host 10.0.0.1 and udp dst port 3\n"
				 "count src host 10.0.0.2 and udp dst port 3\n"
				 "default drop\n";

/* A bucket whose frames come REPEAT at a time. */
struct reckoned {
	double level, passed;
	uint64_t ns;
};

struct sender {
	pthread_t thread;
	int cpu, fd;
	uint64_t end_ns; /* stop then */
	/* Frames of each kind, and when: none came earlier or later. */
	uint64_t sent[KINDS], first_ns[KINDS], last_ns[KINDS];
	struct reckoned reckoned[KINDS][MOMENTS];
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void reckon(struct reckoned *r, double rate, uint64_t ns)
{
	double burst = rate * BURST_SECONDS, taken;

	r->level = r->ns ? r->level + rate * (ns - r->ns) / 1e9 : burst;
	if (r->level > burst)
		r->level = burst;
	taken = r->level < REPEAT ? r->level : REPEAT;
	r->level -= taken;
	r->passed += taken;
	r->ns = ns;
}

static void make_frame(uint8_t frame[64], int kind)
{
	memset(frame, 0, 64);
	frame[12] = 0x08;
	frame[14] = 0x45;
	frame[17] = 50;
	frame[23] = 17;
	frame[26] = 10;
	frame[29] = kinds[kind].source;
	frame[37] = kinds[kind].port;
	frame[39] = 30;
}

static void *send_all(void *arg)
{
	struct sender *s = arg;
	uint8_t frame[64];
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(s->cpu, &cpus);
	/* A CPU that we may not have: then both are on one, and ask less of the buckets. */
	sched_setaffinity(0, sizeof(cpus), &cpus);
	do {
		for (int kind = 0; kind < KINDS; kind++) {
			LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
				    .data_size_in = sizeof(frame), .repeat = REPEAT);
			struct reckoned *r = s->reckoned[kind];
			uint64_t start;
			int err;

			make_frame(frame, kind);
			start = now_ns();
			if (!s->sent[kind])
				s->first_ns[kind] = start;
			err = bpf_prog_test_run_opts(s->fd, &opts);
			CHECK(!err, "%s", strerror(-err));
			s->sent[kind] += REPEAT;
			s->last_ns[kind] = now_ns();
			reckon(&r[AT_START], kinds[kind].rate, start);
			reckon(&r[AT_END], kinds[kind].rate, s->last_ns[kind]);
		}
	} while (now_ns() < s->end_ns);
	return NULL;
}

/* @passed of the frames of @kind: as many as @s ask for, and may have? */
static void check(const struct sender s[CPUS], int kind, uint64_t passed)
{
	uint64_t sent = 0, first = UINT64_MAX, last = 0;
	double rate = kinds[kind].rate, asked, least = 0;

	for (int i = 0; i < CPUS; i++) {
		const struct reckoned *r = s[i].reckoned[kind];
		double alone = r[AT_START].passed < r[AT_END].passed ? r[AT_START].passed
								     : r[AT_END].passed;

		least = alone > least ? alone : least;
		sent += s[i].sent[kind];
		first = s[i].first_ns[kind] < first ? s[i].first_ns[kind] : first;
		last = s[i].last_ns[kind] > last ? s[i].last_ns[kind] : last;
	}
	asked = rate * ((last - first) / 1e9 + BURST_SECONDS);
	printf("%.0f/s: %lu of %lu passed in %.2f s: %.4f of what was asked, %.4f of the least\n",
	       rate, passed, sent, (last - first) / 1e9, passed / asked, passed / least);
	CHECK(passed <= asked + 1, "more than was asked");
	CHECK(passed >= 0.98 * least, "less than was asked");
}

int main(void)
{
	struct sender sender[CPUS];
	struct afxdp_rules *rules;
	struct probe_run p;
	struct afxdp_hits passed;
	uint64_t end;
	char err[512];

	libbpf_set_print(NULL);
	CHECK(!afxdp_rules_parse_text("rules", rules_text, strlen(rules_text), &rules, err,
				      sizeof(err)),
	      "%s", err);
	CHECK(!probe_load(&p, rules), "the kernel refuses");
	p.probe->parse = 1;
	end = now_ns() + SECONDS * 1000000000ULL;
	for (int i = 0; i < CPUS; i++) {
		sender[i] = (struct sender){ .cpu = i, .fd = p.fd, .end_ns = end };
		CHECK(!pthread_create(&sender[i].thread, NULL, send_all, &sender[i]), "thread");
	}
	for (int i = 0; i < CPUS; i++)
		pthread_join(sender[i].thread, NULL);
	for (int kind = 0; kind < KINDS; kind++) {
		CHECK(!afxdp_rules_hits(p.rules, PASSED + kind, &passed), "hits");
		check(sender, kind, passed.frames);
	}
	probe_close(&p);
	return 0;
}
