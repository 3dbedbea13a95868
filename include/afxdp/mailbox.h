/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * mailbox.h - FIFO of messages to one thread, from any number of senders, without locks.
 *
 * An intrusive queue after Vyukov (many producers, one consumer): a sender swaps the tail for its
 * message, then links the previous one to it. SEND never blocks, never allocates and may be called
 * from any context: the message is the sender's own memory, and stays so until the receiver is done
 * with it. The receiver alone takes messages out, in the order in which senders swapped the tail.
 * Between a sender's swap and its link the queue looks empty to the receiver; the sender's
 * notification, which comes after the link, makes it look again. So: link first, then notify; clear
 * the notification first, then look.
 *
 * How the receiver sleeps (eventfd, wait queue) is not this file's business: see user/lib/post.h
 * and kmod/domain.h.
 */
#ifndef AFXDP_MAILBOX_H
#define AFXDP_MAILBOX_H

#include <afxdp/ring.h>

#ifdef __KERNEL__
#include <linux/atomic.h>
#define afxdp_exchange(p, v) xchg(p, v)
#else
#define afxdp_exchange(p, v) __atomic_exchange_n(p, v, __ATOMIC_ACQ_REL)
#endif

/* First member of every message. @queued guards a preallocated message against being sent twice:
 * see afxdp_msg_claim(). */
struct afxdp_msg {
	struct afxdp_msg *next;
	uint32_t type;
	uint32_t queued;
};

struct afxdp_mailbox {
	struct afxdp_msg *tail __attribute__((aligned(AFXDP_CACHE_LINE))); /* senders swap this */
	struct afxdp_msg *head __attribute__((aligned(AFXDP_CACHE_LINE))); /* the receiver's own */
	struct afxdp_msg stub; /* keeps the queue from ever being without a node */
};

static inline void afxdp_mailbox_init(struct afxdp_mailbox *box)
{
	box->stub.next = NULL;
	box->stub.type = 0;
	box->stub.queued = 0;
	box->head = &box->stub;
	box->tail = &box->stub;
}

/**
 * afxdp_mailbox_send() - queue @msg. Any thread, any context.
 *
 * The receiver must be notified afterwards by whatever it sleeps on.
 */
static inline void afxdp_mailbox_send(struct afxdp_mailbox *box, struct afxdp_msg *msg)
{
	struct afxdp_msg *prev;

	afxdp_store_release(&msg->next, NULL);
	prev = afxdp_exchange(&box->tail, msg);
	afxdp_store_release(&prev->next, msg);
}

/**
 * afxdp_msg_claim() - for a preallocated message that several events share: whether the caller is
 * the one to send it.
 *
 * False means that it is queued already, and the receiver will see this event too (it must call
 * afxdp_msg_done() before it looks at the state that the message speaks of).
 */
static inline bool afxdp_msg_claim(struct afxdp_msg *msg)
{
	return !afxdp_exchange(&msg->queued, 1);
}

static inline void afxdp_msg_done(struct afxdp_msg *msg)
{
	(void)afxdp_exchange(&msg->queued, 0);
}

/**
 * afxdp_mailbox_take() - the oldest message, or NULL. The receiver only.
 */
static inline struct afxdp_msg *afxdp_mailbox_take(struct afxdp_mailbox *box)
{
	struct afxdp_msg *head = box->head;
	struct afxdp_msg *next = afxdp_load_acquire(&head->next);

	if (head == &box->stub) {
		if (!next)
			return NULL;
		box->head = next;
		head = next;
		next = afxdp_load_acquire(&head->next);
	}
	if (next) {
		box->head = next;
		return head;
	}
	/* The last node can only be taken once another stands behind it: put the stub there. */
	if (afxdp_load_acquire(&box->tail) != head)
		return NULL; /* a sender is between swap and link; its notification follows */
	afxdp_mailbox_send(box, &box->stub);
	next = afxdp_load_acquire(&head->next);
	if (!next)
		return NULL;
	box->head = next;
	return head;
}

/** afxdp_mailbox_pending() - whether a take may find something; cheap enough for every turn of a
 * spinning worker. */
static inline bool afxdp_mailbox_pending(struct afxdp_mailbox *box)
{
	return box->head != &box->stub || afxdp_load_acquire(&box->stub.next);
}

#endif
