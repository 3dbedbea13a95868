/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * domain_os_user.h - kmod/domain_os.h for user space: the same names over pthreads and futexes, so
 * that kmod/domain.c runs, unchanged, under the sanitizers and the benchmarks.
 */
#ifndef AFXDP_DOMAIN_OS_USER_H
#define AFXDP_DOMAIN_OS_USER_H

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define READ_ONCE(x)		      __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v)	      __atomic_store_n(&(x), (v), __ATOMIC_RELAXED)
#define WARN_ON_ONCE(x)		      assert(!(x))
#define container_of(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))

#define os_cmpxchg(p, old, new) __sync_val_compare_and_swap(p, old, new)

typedef unsigned long os_counter;
#define os_counter_inc(c)  ((void)__atomic_fetch_add(c, 1, __ATOMIC_RELAXED))
#define os_counter_read(c) __atomic_load_n(c, __ATOMIC_RELAXED)

/* With OS_JITTER a thread now and then gives its CPU away where a race would have its window: the
 * tests' threads meet there more often than chance would have it. */
#ifdef OS_JITTER
static inline void os_jitter(void)
{
	static __thread unsigned int state = 1;

	state = state * 1664525 + 1013904223;
	if (state >> 29 == 0)
		sched_yield();
}
#else
#define os_jitter() ((void)0)
#endif

/* ---- a lock ---- */
struct os_lock {
	pthread_mutex_t mutex;
};

#define os_lock_init(l) ((void)pthread_mutex_init(&(l)->mutex, NULL))
#define os_lock(l)	(os_jitter(), (void)pthread_mutex_lock(&(l)->mutex))
#define os_unlock(l)	((void)pthread_mutex_unlock(&(l)->mutex))

struct os_lockmap {
	char unused;
};

#define os_lockmap_init(m, name) ((void)(m))
#define os_lockmap_acquire(m)	 ((void)(m))
#define os_lockmap_release(m)	 ((void)(m))

/* ---- deadlines ---- */
typedef struct timespec os_time; /* CLOCK_MONOTONIC */

static inline os_time os_deadline(long timeout_ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += timeout_ms / 1000;
	t.tv_nsec += timeout_ms % 1000 * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	return t;
}

static inline void os_msleep(unsigned int ms)
{
	usleep(ms * 1000);
}

/*
 * How often a sleeper gives the CPU away before it sleeps in earnest. A peer that answers meanwhile
 * saves both the system calls of sleep and wake-up; on one CPU this is a plain switch to it. 0 is
 * what the kernel side does; the benchmark measures both.
 */
#ifndef OS_YIELDS
#define OS_YIELDS 0
#endif

/* ---- a word to sleep on: 0 nothing yet, 1 signalled, 2 somebody sleeps ---- */
enum {
	OS_WORD_CLEAR,
	OS_WORD_SET,
	OS_WORD_ASLEEP
};

static inline void os_word_set(int *word)
{
	if (afxdp_exchange(word, OS_WORD_SET) == OS_WORD_ASLEEP)
		syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* Return: false if @deadline (NULL: none) passed first. */
static inline bool os_word_wait(int *word, const os_time *deadline)
{
	for (int i = 0; i < OS_YIELDS; i++) {
		if (afxdp_load_acquire(word) == OS_WORD_SET)
			return true;
		sched_yield();
	}
	while (afxdp_load_acquire(word) != OS_WORD_SET) {
		(void)os_cmpxchg(word, OS_WORD_CLEAR, OS_WORD_ASLEEP);
		if (syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, OS_WORD_ASLEEP, deadline,
			    NULL, FUTEX_BITSET_MATCH_ANY) &&
		    errno == ETIMEDOUT)
			return afxdp_load_acquire(word) == OS_WORD_SET;
	}
	return true;
}

/* ---- the end of a call ---- */
struct os_done {
	int word;
};

#define os_done_init(d)	  ((void)((d)->word = OS_WORD_CLEAR))
#define os_done_signal(d) os_word_set(&(d)->word)
#define os_done_wait(d)	  ((void)os_word_wait(&(d)->word, NULL))

/* ---- threads ---- */
struct os_thread {
	pthread_t thread;
	struct os_done started;
	int (*fn)(void *arg);
	void *arg;
};

static inline void *os_thread_main(void *thread)
{
	struct os_thread *t = thread;

	os_done_wait(&t->started);
	t->fn(t->arg);
	return NULL;
}

static inline int os_thread_create(struct os_thread *t, int (*fn)(void *), void *arg,
				   const char *name)
{
	(void)name;
	t->fn = fn;
	t->arg = arg;
	os_done_init(&t->started);
	return -pthread_create(&t->thread, NULL, os_thread_main, t);
}

#define os_thread_run(t)	os_done_signal(&(t)->started)
#define os_thread_join(t)	((void)pthread_join((t)->thread, NULL))
#define os_thread_is_current(t) pthread_equal((t)->thread, pthread_self())

/* ---- one thread's sleep ---- */
struct os_sleeper {
	int word;
};

#define os_sleeper_init(s, t)	      ((void)((s)->word = OS_WORD_CLEAR))
#define os_sleeper_arm(s)	      (os_jitter(), (void)afxdp_exchange(&(s)->word, OS_WORD_CLEAR))
#define os_sleeper_wake(s)	      (os_jitter(), os_word_set(&(s)->word))
#define os_sleeper_sleep(s, deadline) os_word_wait(&(s)->word, deadline)

/* ---- work items: a thread each ---- */
struct os_work {
	struct os_sleeper sleeper;
	pthread_t thread;
	bool finish;
	void (*fn)(struct os_work *work);
};

static inline void *os_work_main(void *work)
{
	struct os_work *w = work;
	bool finish;

	do {
		os_sleeper_sleep(&w->sleeper, NULL);
		os_sleeper_arm(&w->sleeper);
		finish = afxdp_load_acquire(&w->finish);
		w->fn(w);
	} while (!finish);
	return NULL;
}

static inline void os_work_init(struct os_work *w, void (*fn)(struct os_work *work))
{
	w->fn = fn;
	w->finish = false;
	w->sleeper.word = OS_WORD_CLEAR;
	if (pthread_create(&w->thread, NULL, os_work_main, w))
		abort();
}

#define os_work_queue(w) os_sleeper_wake(&(w)->sleeper)

static inline void os_work_finish(struct os_work *w)
{
	afxdp_store_release(&w->finish, true);
	os_sleeper_wake(&w->sleeper);
	pthread_join(w->thread, NULL);
}

/* ---- tracepoints ---- */
#define trace_xnic_msg_send(box, msg)	       ((void)(box), (void)(msg))
#define trace_xnic_msg_receive(box, msg)       ((void)(box), (void)(msg))
#define trace_xnic_msg_reply(box, msg, status) ((void)(box), (void)(msg), (void)(status))

#endif
