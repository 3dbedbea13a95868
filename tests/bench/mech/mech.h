/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mech.h - one mechanism of the receive path beside the naive way it replaces: the same work, the
 * same bounds, two real cores where the mechanism is about two cores.
 */
#ifndef BENCH_MECH_H
#define BENCH_MECH_H

#include <stddef.h>
#include <stdint.h>

/* Frames that may be under way between two threads: a ring of afxdpd's. */
#define MECH_BOUND 2048

/* Bytes of a frame buffer. */
#define MECH_FRAME 2048

struct mech {
	const char *group;
	const char *name;
	/** run() - do it @items times, @param at a time (or of @param bytes). Return: ns in all. */
	double (*run)(uint64_t items, unsigned int param);
	const unsigned int *params; /* ends with 0 */
	uint64_t items;		    /* of one measurement: some 50 ms of the slow way */
};

extern const struct mech mech_queue[], mech_pool[], mech_headroom[], mech_peers[];

/* Both ends of a transfer between threads. Each returns when it has moved @items. */
struct mech_pair {
	void (*produce)(void *state, uint64_t items, unsigned int batch);
	uint64_t (*consume)(void *state, uint64_t items, unsigned int batch); /* sum of the items */
	void *state;
};

/**
 * mech_transfer() - run both ends, each on its core, and time them from their common start to the
 * end of the later one. Items are the numbers 0, 1, ...: the sum says that none was lost or made
 * up. Under --single both ends run on one thread in turns of a batch, for tools that count
 * instructions.
 */
double mech_transfer(const struct mech_pair *p, uint64_t items, unsigned int batch);

double mech_now(void); /* ns */

/** mech_must() - end the program if @ok is not. */
void mech_must(int ok, const char *what);

static inline void mech_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	asm volatile("yield");
#endif
}

/* The compiler may not know what becomes of @p, nor leave out what was written there. */
static inline void mech_use(const void *p)
{
	asm volatile("" : : "r"(p) : "memory");
}

#endif
