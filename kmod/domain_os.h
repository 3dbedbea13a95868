/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * domain_os.h - what domain.c asks of the system: a thread, something to sleep on, a lock, a work
 * item, a counter, a clock. In user space (tests, benchmarks) tests/unit/shim/domain_os_user.h
 * gives the same names.
 */
#ifndef XNIC_DOMAIN_OS_H
#define XNIC_DOMAIN_OS_H

#ifndef __KERNEL__
#include <domain_os_user.h>
#else

#include <linux/atomic.h>
#include <linux/bug.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/container_of.h>
#include <linux/errno.h>
#include <linux/kthread.h>
#include <linux/lockdep.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#define os_cmpxchg(p, old, new) cmpxchg(p, old, new)

typedef atomic_long_t os_counter;
#define os_counter_inc(c)	atomic_long_inc(c)
#define os_counter_read(c)	((unsigned long)atomic_long_read(c))

/* ---- a lock for a few instructions, in process context ---- */
struct os_lock {
	spinlock_t spinlock; /* of whoever has the struct os_lock */
};

#define os_lock_init(l) spin_lock_init(&(l)->spinlock)
#define os_lock(l)	spin_lock(&(l)->spinlock)
#define os_unlock(l)	spin_unlock(&(l)->spinlock)

/* ---- what lockdep is told: the baton is a lock that callers wait for ---- */
struct os_lockmap {
	struct lockdep_map map;
};

#define os_lockmap_init(m, name)                            \
	do {                                                \
		static struct lock_class_key key;           \
		lockdep_init_map(&(m)->map, name, &key, 0); \
	} while (0)
#define os_lockmap_acquire(m) lock_map_acquire(&(m)->map)
#define os_lockmap_release(m) lock_map_release(&(m)->map)

/* ---- the end of a call, on the caller's stack ---- */
struct os_done {
	struct completion completion;
};

#define os_done_init(d)	  init_completion(&(d)->completion)
#define os_done_signal(d) complete(&(d)->completion)
#define os_done_wait(d)	  wait_for_completion(&(d)->completion)

/* ---- deadlines ---- */
typedef unsigned long os_time; /* jiffies */

static inline os_time os_deadline(long timeout_ms)
{
	return jiffies + msecs_to_jiffies(timeout_ms) + 1; /* a tick has begun already */
}

/* ---- threads ---- */
struct os_thread {
	struct task_struct *task;
};

static inline int os_thread_create(struct os_thread *t, int (*fn)(void *), void *arg,
				   const char *name)
{
	t->task = kthread_create(fn, arg, "%s", name);
	if (IS_ERR(t->task))
		return PTR_ERR(t->task);
	get_task_struct(t->task); /* wakers may look at it after it has ended */
	return 0;
}

static inline void os_thread_run(struct os_thread *t)
{
	wake_up_process(t->task);
}

static inline void os_thread_join(struct os_thread *t)
{
	kthread_stop(t->task);
	put_task_struct(t->task);
}

static inline bool os_thread_is_current(const struct os_thread *t)
{
	return t->task == current;
}

/* ---- one thread's sleep: arm, look once more, sleep until somebody wakes it ---- */
struct os_sleeper {
	struct task_struct *task;
	int woken;
};

static inline void os_sleeper_init(struct os_sleeper *s, struct os_thread *t)
{
	s->task = t->task;
	s->woken = 0;
}

static inline void os_sleeper_arm(struct os_sleeper *s)
{
	(void)xchg(&s->woken, 0);
}

/* Any context. */
static inline void os_sleeper_wake(struct os_sleeper *s)
{
	if (!xchg(&s->woken, 1))
		wake_up_process(s->task);
}

/* Return: false if @deadline passed first. Idle, not uninterruptible: a driver that waits for work
 * is neither load nor a hung task. */
static inline bool os_sleeper_sleep(struct os_sleeper *s, const os_time *deadline)
{
	bool woken;

	for (;;) {
		long left = MAX_SCHEDULE_TIMEOUT;

		set_current_state(TASK_IDLE);
		woken = READ_ONCE(s->woken);
		if (deadline)
			left = (long)(*deadline - jiffies);
		if (woken || left <= 0)
			break;
		schedule_timeout(left);
	}
	__set_current_state(TASK_RUNNING);
	return woken;
}

#define os_msleep(ms) msleep(ms)

/* ---- work items, for outgoing mailboxes ---- */
struct os_work {
	struct work_struct work;
	void (*fn)(struct os_work *work);
};

static inline void os_work_run(struct work_struct *work)
{
	struct os_work *w = container_of(work, struct os_work, work);

	w->fn(w);
}

static inline void os_work_init(struct os_work *w, void (*fn)(struct os_work *work))
{
	INIT_WORK(&w->work, os_work_run);
	w->fn = fn;
}

#define os_work_queue(w)  ((void)queue_work(system_wq, &(w)->work))
/* What is queued has been done when this returns, and nothing will be queued any more. */
#define os_work_finish(w) ((void)flush_work(&(w)->work))

#include "trace.h"

#endif /* __KERNEL__ */
#endif
