// SPDX-License-Identifier: GPL-2.0-only
/*
 * ctlcost.c - what it costs to have something done by the one who owns it: kmod/domain.c beside a
 * mutex, an ordered workqueue and a kthread_worker. Prints "ctlcost: WHAT NS" for every round when
 * it is loaded. Under scripts/vm --icount a nanosecond is an instruction.
 *
 * Trips: ask, and wait until it is done. Posts: ask BATCH times without waiting, then wait for all.
 */
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "domain.h"

#define TRIPS  2000
#define BATCH  64
#define POSTS  (BATCH * 64)
#define ROUNDS 5

struct state {
	unsigned long done; /* what all of them do: one more */

	struct mutex mutex;
	struct workqueue_struct *queue;
	struct work_struct work[BATCH];
	struct kthread_worker *worker;
	struct kthread_work kwork[BATCH];
	struct domain domain;
	struct domain_mailbox box;
	struct domain_thread thread;
	struct domain_msg msg[BATCH];
};

static struct state s;

static noinline void act(void)
{
	WRITE_ONCE(s.done, s.done + 1);
}

/* ---- trips ---- */

static void trip_mutex(void)
{
	mutex_lock(&s.mutex);
	act();
	mutex_unlock(&s.mutex);
}

static void work_run(struct work_struct *work)
{
	act();
}

static void trip_workqueue(void)
{
	queue_work(s.queue, &s.work[0]);
	flush_work(&s.work[0]);
}

static void kwork_run(struct kthread_work *work)
{
	act();
}

static void trip_worker(void)
{
	kthread_queue_work(s.worker, &s.kwork[0]);
	kthread_flush_work(&s.kwork[0]);
}

static int domain_run(struct domain_thread *self, void *arg)
{
	struct domain_mailbox *const boxes[] = { &s.box };
	struct domain_msg *msg;

	while (domain_wait(self, boxes, 1, DOMAIN_FOREVER, &msg) >= 0) {
		act();
		domain_reply(msg, 0);
	}
	return 0;
}

static void trip_domain(void)
{
	struct domain_msg msg;

	domain_msg_init(&msg, 0);
	domain_call(&s.box, &msg);
}

/* ---- posts ---- */

static void post_workqueue(void)
{
	unsigned int i;

	for (i = 0; i < BATCH; i++)
		queue_work(s.queue, &s.work[i]);
	flush_workqueue(s.queue);
}

static void post_worker(void)
{
	unsigned int i;

	for (i = 0; i < BATCH; i++)
		kthread_queue_work(s.worker, &s.kwork[i]);
	kthread_flush_worker(s.worker);
}

static void post_domain(void)
{
	unsigned int i;

	for (i = 0; i < BATCH - 1; i++) {
		domain_msg_init(&s.msg[i], 0);
		domain_send(&s.box, &s.msg[i]);
	}
	trip_domain(); /* behind all of them */
}

/* ---- */

static const struct {
	const char *name;
	void (*once)(void);
	unsigned int times;
	unsigned int each; /* act() calls of one time */
} measures[] = {
	{ "trip-mutex", trip_mutex, TRIPS, 1 },
	{ "trip-workqueue", trip_workqueue, TRIPS, 1 },
	{ "trip-kthread_worker", trip_worker, TRIPS, 1 },
	{ "trip-domain", trip_domain, TRIPS, 1 },
	{ "post-workqueue", post_workqueue, POSTS / BATCH, BATCH },
	{ "post-kthread_worker", post_worker, POSTS / BATCH, BATCH },
	{ "post-domain", post_domain, POSTS / BATCH, BATCH },
};

static int measure(unsigned int which)
{
	unsigned int n = measures[which].times * measures[which].each, i;
	unsigned long before;
	u64 start;

	measures[which].once(); /* all that is done once is done */
	before = s.done;
	start = ktime_get_ns();
	for (i = 0; i < measures[which].times; i++)
		measures[which].once();
	start = ktime_get_ns() - start;
	if (s.done - before != n) {
		pr_err("ctlcost: %s: done %lu times instead of %u\n", measures[which].name,
		       s.done - before, n);
		return -EIO;
	}
	pr_info("ctlcost: %s %llu\n", measures[which].name, div_u64(start, n));
	return 0;
}

static int __init ctlcost_init(void)
{
	unsigned int round, i;
	int err = -ENOMEM;

	mutex_init(&s.mutex);
	for (i = 0; i < BATCH; i++) {
		INIT_WORK(&s.work[i], work_run);
		kthread_init_work(&s.kwork[i], kwork_run);
	}
	domain_init(&s.domain, "ctlcost", NULL, 0);
	domain_mailbox_init(&s.box, &s.domain, "box", DOMAIN_INCOMING);
	s.queue = alloc_ordered_workqueue("ctlcost", 0);
	if (!s.queue)
		return err;
	s.worker = kthread_create_worker(0, "ctlcost");
	if (IS_ERR(s.worker)) {
		err = PTR_ERR(s.worker);
		goto destroy_queue;
	}
	err = domain_thread_start(&s.domain, &s.thread, "ctlcost", domain_run, NULL);
	for (round = 0; round < ROUNDS && !err; round++)
		for (i = 0; i < ARRAY_SIZE(measures) && !err; i++)
			err = measure(i);
	domain_stop(&s.domain);
	kthread_destroy_worker(s.worker);
destroy_queue:
	destroy_workqueue(s.queue);
	return err;
}
module_init(ctlcost_init);

static void __exit ctlcost_exit(void)
{
}
module_exit(ctlcost_exit);

MODULE_DESCRIPTION("What a request to the owner of something costs");
MODULE_LICENSE("GPL");
