// SPDX-License-Identifier: GPL-2.0-only
/*
 * control.c - what a message of the control plane costs in user space: one round of measurements of
 * kmod/domain.c and, on the same CPUs in the same run, of what it stands beside. control.sh runs
 * rounds alternately and makes the table.
 *
 * Prints "WHAT PLACE CLIENTS VALUE": ns a round trip, or messages a second. PLACE is "one" (all on
 * the first CPU) or "two" (clients on the first CPU, the domain on the second).
 */
#include <stdio.h>
#include <string.h>
#include "domain.h"

#define TRIPS	 20000	/* round trips measured at once */
#define MESSAGES 400000 /* sent in all, whatever the number of clients */
#define WINDOW	 64	/* messages of a client under way: the size of a NAPI batch */
#define CLIENTS	 8

/* Exit rather than print a number that is not one. */
#define NEED(cond)                                                                    \
	do {                                                                          \
		if (!(cond)) {                                                        \
			fprintf(stderr, "control: sanity check failed: %s\n", #cond); \
			exit(1);                                                      \
		}                                                                     \
	} while (0)

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void pin(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	NEED(!sched_setaffinity(0, sizeof(set), &set));
}

/* ---- the domain ---- */

enum {
	CALL,
	POST
};

struct post {
	struct domain_msg msg; /* first */
	unsigned long sequence;
	unsigned int client;
	bool busy;
};

struct bench {
	struct domain domain;
	struct domain_mailbox box;
	struct domain_thread thread;
	unsigned int cpu; /* the domain's */
	unsigned int clients;
	bool posts;
	unsigned long next[CLIENTS]; /* due from each client */
	unsigned long served;
};

struct client {
	struct bench *b;
	pthread_t thread;
	unsigned int id;
	bool calls;
	struct post window[WINDOW];
};

static int serve(struct domain_thread *self, void *arg)
{
	struct bench *b = arg;
	struct domain_mailbox *const boxes[] = { &b->box };
	struct sched_param none = { 0 };
	struct domain_msg *msg;

	pin(b->cpu);
	/* A post is no reason to interrupt its sender, who may have more: else each one costs a
	 * switch there and back on one CPU. */
	if (b->posts)
		NEED(!sched_setscheduler(0, SCHED_BATCH, &none));
	while (domain_wait(self, boxes, 1, DOMAIN_FOREVER, &msg) >= 0) {
		b->served++;
		if (msg->node.type == CALL) {
			domain_reply(msg, 1);
		} else {
			struct post *p = (struct post *)msg;

			NEED(p->sequence == b->next[p->client]++); /* FIFO, nothing lost */
			afxdp_store_release(&p->busy, false);
		}
	}
	return 0;
}

static void bench_start(struct bench *b, unsigned int cpu, bool posts)
{
	memset(b, 0, sizeof(*b));
	b->posts = posts;
	b->cpu = cpu;
	domain_init(&b->domain, "bench", NULL, 0);
	domain_mailbox_init(&b->box, &b->domain, "box", DOMAIN_INCOMING);
	NEED(!domain_thread_start(&b->domain, &b->thread, "bench", serve, b));
}

static void call(struct bench *b)
{
	struct domain_msg msg;

	domain_msg_init(&msg, CALL);
	NEED(domain_call(&b->box, &msg) == 1);
}

static void *client_main(void *arg)
{
	struct client *c = arg;
	unsigned long n = (c->calls ? TRIPS : MESSAGES) / c->b->clients, i;

	pin(0);
	for (i = 0; i < n; i++) {
		struct post *p = &c->window[i % WINDOW];

		if (c->calls) {
			call(c->b);
			continue;
		}
		while (afxdp_load_acquire(&p->busy))
			sched_yield();
		p->busy = true;
		p->client = c->id;
		p->sequence = i;
		domain_msg_init(&p->msg, POST);
		NEED(!domain_send(&c->b->box, &p->msg));
	}
	return NULL;
}

/* Messages, or calls, a second with @clients at once. */
static double messages(unsigned int cpu, unsigned int clients, bool calls)
{
	static struct client c[CLIENTS];
	unsigned long total = (calls ? TRIPS : MESSAGES) / clients * clients;
	struct bench b;
	unsigned int i;
	double start;

	bench_start(&b, cpu, !calls);
	b.clients = clients;
	call(&b); /* the thread runs, on its CPU */
	start = now_ns();
	for (i = 0; i < clients; i++) {
		memset(&c[i], 0, sizeof(c[i]));
		c[i].b = &b;
		c[i].id = i;
		c[i].calls = calls;
		NEED(!pthread_create(&c[i].thread, NULL, client_main, &c[i]));
	}
	for (i = 0; i < clients; i++)
		pthread_join(c[i].thread, NULL);
	call(&b); /* behind all of theirs */
	start = (double)total * 1e9 / (now_ns() - start);
	domain_stop(&b.domain);
	NEED(b.served == total + 2);
	return start;
}

static double round_trip(unsigned int cpu)
{
	struct bench b;
	unsigned int i;
	double start;

	bench_start(&b, cpu, false);
	call(&b);
	start = now_ns();
	for (i = 0; i < TRIPS; i++)
		call(&b);
	start = (now_ns() - start) / TRIPS;
	domain_stop(&b.domain);
	NEED(b.served == TRIPS + 1);
	return start;
}

/* ---- what it stands beside ---- */

struct peer {
	pthread_t thread;
	unsigned int cpu;
	int to[2], from[2]; /* pipes */
	int ping, pong;	    /* futex words */
	pthread_mutex_t mutex;
	pthread_cond_t not_empty, answered;
	unsigned int asked, replied;
};

/* As `perf bench sched pipe`. */
static void *pipe_peer(void *arg)
{
	struct peer *p = arg;
	int i, value;

	pin(p->cpu);
	for (i = 0; i < TRIPS; i++) {
		NEED(read(p->to[0], &value, sizeof(value)) == sizeof(value) && value == i);
		NEED(write(p->from[1], &value, sizeof(value)) == sizeof(value));
	}
	return NULL;
}

static void pipe_trip(struct peer *p, int i)
{
	int value = i;

	NEED(write(p->to[1], &value, sizeof(value)) == sizeof(value));
	NEED(read(p->from[0], &value, sizeof(value)) == sizeof(value) && value == i);
}

/* Two bare words to sleep on: the least that two threads can do with futexes (shim's wait, shim's
 * yields). */
static void *futex_peer(void *arg)
{
	struct peer *p = arg;
	int i;

	pin(p->cpu);
	for (i = 0; i < TRIPS; i++) {
		os_word_wait(&p->ping, NULL);
		afxdp_store_release(&p->ping, OS_WORD_CLEAR);
		os_word_set(&p->pong);
	}
	return NULL;
}

static void futex_trip(struct peer *p, int i)
{
	(void)i;
	os_word_set(&p->ping);
	os_word_wait(&p->pong, NULL);
	afxdp_store_release(&p->pong, OS_WORD_CLEAR);
}

/* A request and its answer under a mutex and two condition variables: the usual way. */
static void *cond_peer(void *arg)
{
	struct peer *p = arg;
	unsigned int i;

	pin(p->cpu);
	for (i = 1; i <= TRIPS; i++) {
		pthread_mutex_lock(&p->mutex);
		while (p->asked != i)
			pthread_cond_wait(&p->not_empty, &p->mutex);
		p->replied = i;
		pthread_cond_signal(&p->answered);
		pthread_mutex_unlock(&p->mutex);
	}
	return NULL;
}

static void cond_trip(struct peer *p, int i)
{
	unsigned int n = (unsigned int)i + 1;

	pthread_mutex_lock(&p->mutex);
	p->asked = n;
	pthread_cond_signal(&p->not_empty);
	while (p->replied != n)
		pthread_cond_wait(&p->answered, &p->mutex);
	pthread_mutex_unlock(&p->mutex);
}

/* Two threads that only give the CPU away: what a switch and back costs at the very least here. */
static void *yield_peer(void *arg)
{
	struct peer *p = arg;
	int i;

	pin(p->cpu);
	for (i = 0; i < TRIPS; i++) {
		while (!afxdp_load_acquire(&p->ping))
			sched_yield();
		afxdp_store_release(&p->ping, 0);
	}
	return NULL;
}

static void yield_trip(struct peer *p, int i)
{
	(void)i;
	afxdp_store_release(&p->ping, 1);
	while (afxdp_load_acquire(&p->ping))
		sched_yield();
}

static double peer_trip(unsigned int cpu, void *(*peer)(void *), void (*trip)(struct peer *, int))
{
	struct peer p = { .cpu = cpu };
	double start;
	int i;

	NEED(!pipe(p.to) && !pipe(p.from));
	pthread_mutex_init(&p.mutex, NULL);
	pthread_cond_init(&p.not_empty, NULL);
	pthread_cond_init(&p.answered, NULL);
	NEED(!pthread_create(&p.thread, NULL, peer, &p));
	trip(&p, 0);
	start = now_ns();
	for (i = 1; i < TRIPS; i++)
		trip(&p, i);
	start = (now_ns() - start) / (TRIPS - 1);
	pthread_join(p.thread, NULL);
	for (i = 0; i < 2; i++) {
		close(p.to[i]);
		close(p.from[i]);
	}
	return start;
}

int main(void)
{
	static const char *const place[] = { "one", "two" };
	unsigned int cpu, n, places = sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 2 : 1;

	pin(0);
	for (cpu = 0; cpu < places; cpu++) {
		printf("trip-pipe %s 1 %.0f\n", place[cpu], peer_trip(cpu, pipe_peer, pipe_trip));
		printf("trip-domain %s 1 %.0f\n", place[cpu], round_trip(cpu));
		printf("trip-cond %s 1 %.0f\n", place[cpu], peer_trip(cpu, cond_peer, cond_trip));
		printf("trip-futex %s 1 %.0f\n", place[cpu],
		       peer_trip(cpu, futex_peer, futex_trip));
		printf("trip-yield %s 1 %.0f\n", place[cpu],
		       peer_trip(cpu, yield_peer, yield_trip));
		for (n = 1; n <= CLIENTS; n *= 2) {
			printf("messages %s %u %.0f\n", place[cpu], n, messages(cpu, n, false));
			printf("calls %s %u %.0f\n", place[cpu], n, messages(cpu, n, true));
		}
	}
	return 0;
}
