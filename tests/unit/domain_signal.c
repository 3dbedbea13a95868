// SPDX-License-Identifier: GPL-2.0-only
/*
 * domain_signal.c - SEND from interrupts: a signal handler stands in for one. It strikes senders
 * and the domain's own threads between any two instructions, SEND and WAIT themselves included, and
 * notifies. A lock or an allocation on that way would deadlock here sooner or later.
 */
#include <signal.h>
#include <sys/time.h>
#include "domain.h"
#include "t.h"

#define INTERRUPTS 50000
#define BOXES	   2

static struct domain domain;
static struct domain_mailbox boxes[BOXES];
static struct domain_thread thread;
static struct domain_msg note[BOXES];
static unsigned long interrupts[BOXES]; /* what the notes speak of */
static unsigned long seen[BOXES];
static unsigned long total;

static void interrupt(int sig)
{
	unsigned long n = __atomic_fetch_add(&total, 1, __ATOMIC_RELAXED);
	unsigned int box = n % BOXES;
	int saved = errno;

	(void)sig;
	__atomic_fetch_add(&interrupts[box], 1, __ATOMIC_RELAXED);
	domain_notify(&boxes[box], &note[box]);
	errno = saved;
}

static int serve(struct domain_thread *self, void *arg)
{
	struct domain_mailbox *const from[] = { &boxes[0], &boxes[1] };
	struct domain_msg *msg;
	int i;

	(void)arg;
	while ((i = domain_wait(self, from, BOXES, DOMAIN_FOREVER, &msg)) >= 0) {
		if (msg == &note[i])
			seen[i] = READ_ONCE(interrupts[i]);
		domain_reply(msg, 0);
	}
	return 0;
}

static void *strike(void *target)
{
	while (READ_ONCE(total) < INTERRUPTS) {
		pthread_kill(*(pthread_t *)target, SIGUSR1);
		sched_yield();
	}
	return NULL;
}

int main(void)
{
	struct sigaction act = { .sa_handler = interrupt, .sa_flags = SA_RESTART };
	pthread_t self = pthread_self(), strikers[2];
	unsigned int i, calls;

	alarm(600); /* a deadlock shows as a hang */
	CHECK(!sigaction(SIGUSR1, &act, NULL));
	domain_init(&domain, "signal", NULL, 0);
	for (i = 0; i < BOXES; i++) {
		domain_mailbox_init(&boxes[i], &domain, "box", DOMAIN_INCOMING);
		domain_msg_init(&note[i], i);
	}
	CHECK(!domain_thread_start(&domain, &thread, "t", serve, NULL));
	CHECK(!pthread_create(&strikers[0], NULL, strike, &self));
	CHECK(!pthread_create(&strikers[1], NULL, strike, &thread.os.thread));
	for (calls = 0; READ_ONCE(total) < INTERRUPTS; calls++) {
		struct domain_msg msg;

		domain_msg_init(&msg, BOXES);
		CHECK(!domain_call(&boxes[calls % BOXES], &msg));
	}
	for (i = 0; i < 2; i++)
		pthread_join(strikers[i], NULL);
	domain_stop(&domain);
	for (i = 0; i < BOXES; i++)
		CHECK(seen[i] == interrupts[i], "mailbox %u: %lu of %lu seen", i, seen[i],
		      interrupts[i]);
	return 0;
}
