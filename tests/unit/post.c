/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A mailbox with a bell, between two threads, under ThreadSanitizer: the owner sleeps in poll() and
 * must wake up for every message; requests come back as answers to a box of the sender's own.
 */
#include "t.h"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>
#include "post.h"

#define ROUNDS	  50000
#define IN_FLIGHT 4

struct message {
	struct afxdp_msg msg;
	uint64_t value; /* plain memory: handing over the message hands it over too */
};

static struct afxdp_post owner, sender;
static uint64_t owner_slept, sender_slept; /* each its own thread's */

/* Sleeps as a worker does: look without a system call, then poll, then silence, then take. */
static struct afxdp_msg *await(struct afxdp_post *post, uint64_t *slept)
{
	struct pollfd bell = { .fd = post->bell, .events = POLLIN };
	struct afxdp_msg *msg;

	for (;;) {
		afxdp_post_silence(post);
		msg = afxdp_post_take(post);
		if (msg)
			return msg;
		++*slept;
		CHECK(poll(&bell, 1, 10000) == 1, "slept through a message");
	}
}

static void *owner_run(void *arg)
{
	uint64_t expected = 0;
	uint32_t last;

	(void)arg;
	for (;;) {
		struct message *m = (struct message *)await(&owner, &owner_slept);

		CHECK(m->value == expected, "%lu after %lu", m->value, expected);
		m->value = ~m->value;
		expected++;
		last = m->msg.type;
		afxdp_post_send(&sender, &m->msg);
		if (last)
			return NULL;
	}
}

static void answer(uint64_t *answered)
{
	struct message *m = (struct message *)await(&sender, &sender_slept);

	CHECK(m->value == ~*answered, "answer %lu to %lu", ~m->value, *answered);
	++*answered;
}

static void test_two_threads(void)
{
	static struct message m[IN_FLIGHT];
	uint64_t sent = 0, answered = 0;
	pthread_t thread;

	CHECK(!pthread_create(&thread, NULL, owner_run, NULL), "thread");
	while (sent < ROUNDS) {
		/* From one at a time, where the owner falls asleep each time, to several. */
		uint64_t most = 1 + sent / 100 % IN_FLIGHT;

		while (sent - answered < most && sent < ROUNDS) {
			struct message *next = &m[sent % IN_FLIGHT];

			next->value = sent++;
			next->msg.type = sent == ROUNDS;
			afxdp_post_send(&owner, &next->msg);
		}
		answer(&answered);
	}
	while (answered < sent)
		answer(&answered);
	pthread_join(thread, NULL);
	CHECK(owner_slept > 0, "it never slept: nothing was tested");
}

/* Rung often and read once: one silence is enough, and a bell that is silent says so. */
static void test_bell(void)
{
	static struct message m[3];
	struct pollfd bell = { .fd = owner.bell, .events = POLLIN };

	CHECK(poll(&bell, 1, 0) == 0 && !afxdp_post_take(&owner), "not empty");
	for (int i = 0; i < 3; i++)
		afxdp_post_send(&owner, &m[i].msg);
	CHECK(poll(&bell, 1, 0) == 1, "does not ring");
	afxdp_post_silence(&owner);
	CHECK(poll(&bell, 1, 0) == 0, "rings on");
	for (int i = 0; i < 3; i++)
		CHECK(afxdp_post_take(&owner) == &m[i].msg, "message %d", i);
	CHECK(!afxdp_post_take(&owner), "a fourth message");
	afxdp_post_silence(&owner); /* of a silent bell: must not block */
}

int main(void)
{
	CHECK(!afxdp_post_init(&owner) && !afxdp_post_init(&sender), "eventfd");
	test_bell();
	test_two_threads();
	afxdp_post_free(&owner);
	afxdp_post_free(&sender);
	return 0;
}
