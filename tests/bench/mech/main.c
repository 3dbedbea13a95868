/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mech [--rounds N] [--single] [GROUP[/NAME[/PARAM]]]: measures mechanisms, all variants of a group
 * in turn, round after round. One line of CSV each:
 * group,round,subject,param,items,ns_per_item,cycles_per_item,sane. --single runs both ends of a
 * transfer on one thread, for valgrind.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mech.h"

static int single;

void mech_must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "mech: %s\n", what);
	exit(1);
}

double mech_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static uint64_t cycles(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#else
	return 0;
#endif
}

struct end {
	const struct mech_pair *pair;
	pthread_barrier_t *barrier;
	uint64_t items;
	uint64_t sum;
	unsigned int batch;
	int core;
	int consumer;
	double done;
};

static void pin(int core)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(core, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void *end_main(void *arg)
{
	struct end *e = arg;

	pin(e->core);
	pthread_barrier_wait(e->barrier);
	if (e->consumer)
		e->sum = e->pair->consume(e->pair->state, e->items, e->batch);
	else
		e->pair->produce(e->pair->state, e->items, e->batch);
	e->done = mech_now();
	return NULL;
}

static double in_turns(const struct mech_pair *p, uint64_t items, unsigned int batch)
{
	double start = mech_now();
	uint64_t i, sum = 0;

	for (i = 0; i < items; i += batch) {
		p->produce(p->state, batch, batch);
		sum += p->consume(p->state, batch, batch);
	}
	mech_use(&sum);
	return mech_now() - start;
}

double mech_transfer(const struct mech_pair *p, uint64_t items, unsigned int batch)
{
	struct end ends[2];
	pthread_barrier_t barrier;
	pthread_t threads[2];
	double start;
	int i;

	if (single)
		return in_turns(p, items, batch);
	pthread_barrier_init(&barrier, NULL, 3);
	for (i = 0; i < 2; i++) {
		ends[i] = (struct end){ .pair = p,
					.barrier = &barrier,
					.items = items,
					.batch = batch,
					.core = i,
					.consumer = i };
		mech_must(!pthread_create(&threads[i], NULL, end_main, &ends[i]), "no thread");
	}
	start = mech_now();
	pthread_barrier_wait(&barrier);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&barrier);
	mech_must(ends[1].sum == items * (items - 1) / 2, "items were lost");
	return (ends[0].done > ends[1].done ? ends[0].done : ends[1].done) - start;
}

/* "group", "group/name" or "group/name/param" */
static int selected(const struct mech *m, unsigned int param, const char *wish)
{
	char full[128];
	size_t n = strlen(wish);

	snprintf(full, sizeof(full), "%s/%s/%u", m->group, m->name, param);
	return !strncmp(full, wish, n) && (!full[n] || full[n] == '/');
}

static void measure(const struct mech *m, int round, const char *wish, uint64_t items)
{
	const unsigned int *p;

	for (p = m->params; *p; p++) {
		uint64_t n = (items ? items : m->items) / 256 * 256, c;
		double ns;

		if (wish && !selected(m, *p, wish))
			continue;
		c = cycles();
		ns = m->run(n, *p);
		c = cycles() - c;
		printf("%s,%d,%s,%u,%llu,%.4f,%.3f,yes\n", m->group, round, m->name, *p,
		       (unsigned long long)n, ns / n, (double)c / n);
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	static const struct mech *const groups[] = { mech_queue, mech_peers, mech_pool,
						     mech_headroom };
	const char *wish = NULL;
	uint64_t items = 0;
	int rounds = 1, r, i;
	size_t g;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--single"))
			single = 1;
		else if (!strcmp(argv[i], "--rounds") && i + 1 < argc)
			rounds = atoi(argv[++i]);
		else if (!strcmp(argv[i], "--items") && i + 1 < argc)
			items = strtoull(argv[++i], NULL, 10);
		else
			wish = argv[i];
	}
	pin(0);
	puts("benchmark,round,subject,param,items,ns_per_item,cycles_per_item,sane");
	for (r = 1; r <= rounds; r++)
		for (g = 0; g < sizeof(groups) / sizeof(*groups); g++)
			for (i = 0; groups[g][i].name; i++)
				measure(&groups[g][i], r, wish, items);
	return 0;
}
