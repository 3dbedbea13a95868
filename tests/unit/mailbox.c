// SPDX-License-Identifier: GPL-2.0-only
/* mailbox.c - include/afxdp/mailbox.h: FIFO order and no loss with many senders, reuse of messages,
 * and shared notifications that never miss an event. For ThreadSanitizer. */
#include <afxdp/mailbox.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>
#include "t.h"

#define SENDERS	 4
#define MESSAGES 300000 /* of each sender */
#define POOL	 64	/* a sender's messages, used over and over */
#define EVENTS	 300000 /* of each notifier */

struct message {
	struct afxdp_msg msg; /* first */
	unsigned int sender;
	unsigned int sequence;
	unsigned int free; /* handed back by the receiver */
};

static struct afxdp_mailbox box;

static void one_thread(void)
{
	struct afxdp_msg m[5];
	unsigned int round, n, i;

	afxdp_mailbox_init(&box);
	CHECK(!afxdp_mailbox_take(&box) && !afxdp_mailbox_pending(&box), "empty at first");
	/* Every length, so that the stub comes to stand everywhere; the same messages every time. */
	for (round = 0; round < 100; round++) {
		n = round % 5 + 1;
		for (i = 0; i < n; i++) {
			m[i].type = round + i;
			afxdp_mailbox_send(&box, &m[i]);
			CHECK(afxdp_mailbox_pending(&box));
		}
		for (i = 0; i < n; i++) {
			struct afxdp_msg *got = afxdp_mailbox_take(&box);

			CHECK(got == &m[i] && got->type == round + i, "round %u, message %u", round,
			      i);
		}
		CHECK(!afxdp_mailbox_take(&box) && !afxdp_mailbox_pending(&box), "round %u", round);
	}
}

/* A sender that is held up between its swap of the tail and its link: what stands behind waits, and
 * nothing is lost however often the receiver looks meanwhile. */
static void half_sent(void)
{
	struct afxdp_msg m[3], *prev;
	unsigned int i;

	afxdp_mailbox_init(&box);
	afxdp_mailbox_send(&box, &m[0]);
	m[1].next = NULL;
	prev = afxdp_exchange(&box.tail, &m[1]);
	afxdp_mailbox_send(&box, &m[2]);
	for (i = 0; i < 3; i++)
		CHECK(!afxdp_mailbox_take(&box),
		      "what stands before the gap cannot be unlinked yet");
	CHECK(afxdp_mailbox_pending(&box));
	afxdp_store_release(&prev->next, &m[1]);
	for (i = 0; i < 3; i++)
		CHECK(afxdp_mailbox_take(&box) == &m[i], "message %u", i);
	CHECK(!afxdp_mailbox_take(&box) && !afxdp_mailbox_pending(&box));
}

static void *sender(void *arg)
{
	static struct message pool[SENDERS][POOL];
	unsigned int me = *(unsigned int *)arg, i;

	for (i = 0; i < MESSAGES; i++) {
		struct message *m = &pool[me][i % POOL];

		while (i >= POOL && !afxdp_load_acquire(&m->free))
			sched_yield();
		m->free = 0;
		m->sender = me;
		m->sequence = i;
		afxdp_mailbox_send(&box, &m->msg);
	}
	return NULL;
}

static void many_senders(void)
{
	unsigned int next[SENDERS] = { 0 }, ids[SENDERS], i;
	pthread_t threads[SENDERS];

	afxdp_mailbox_init(&box);
	for (i = 0; i < SENDERS; i++) {
		ids[i] = i;
		CHECK(!pthread_create(&threads[i], NULL, sender, &ids[i]));
	}
	for (i = 0; i < SENDERS * MESSAGES;) {
		struct message *m = (struct message *)afxdp_mailbox_take(&box);

		if (!m) {
			sched_yield();
			continue;
		}
		CHECK(m->sequence == next[m->sender], "sender %u: message %u where %u was due",
		      m->sender, m->sequence, next[m->sender]);
		next[m->sender]++;
		i++;
		afxdp_store_release(&m->free, 1);
	}
	for (i = 0; i < SENDERS; i++)
		pthread_join(threads[i], NULL);
	CHECK(!afxdp_mailbox_take(&box), "more than was sent");
}

/* What the shared notification speaks of: events so far. */
static unsigned long events;
static unsigned long sends;
static struct afxdp_msg note;

static void *notifier(void *arg)
{
	unsigned int i;

	(void)arg;
	for (i = 0; i < EVENTS; i++) {
		__atomic_fetch_add(&events, 1, __ATOMIC_RELAXED);
		if (afxdp_msg_claim(&note)) {
			__atomic_fetch_add(&sends, 1, __ATOMIC_RELAXED);
			afxdp_mailbox_send(&box, &note);
		}
	}
	return NULL;
}

static void notifications(void)
{
	unsigned long seen = 0, taken = 0, i;
	pthread_t threads[SENDERS];

	afxdp_mailbox_init(&box);
	for (i = 0; i < SENDERS; i++)
		CHECK(!pthread_create(&threads[i], NULL, notifier, NULL));
	/* Only what a notification announced is looked at: a missed one hangs this loop. */
	while (seen < SENDERS * EVENTS) {
		struct afxdp_msg *msg = afxdp_mailbox_take(&box);

		if (!msg) {
			sched_yield();
			continue;
		}
		CHECK(msg == &note);
		taken++;
		afxdp_msg_done(msg);
		seen = __atomic_load_n(&events, __ATOMIC_RELAXED);
	}
	for (i = 0; i < SENDERS; i++)
		pthread_join(threads[i], NULL);
	while (afxdp_mailbox_take(&box))
		taken++;
	CHECK(taken == sends, "sent %lu, taken %lu", sends, taken);
}

int main(void)
{
	alarm(600); /* a lost message shows as a hang */
	one_thread();
	half_sent();
	many_senders();
	notifications();
	return 0;
}
