/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * domain.h - the active-driver runtime: cooperative domains, mailboxes, SEND and WAIT.
 *
 * After Ryzhyk, Zhu and Heiser, "The Case for Active Device Drivers" (APSys 2010). A driver's
 *control plane is a thread with a main loop instead of a set of entry points with locks:
 *
 * - A *domain* holds one or more threads, of which exactly one runs at a time with respect to the
 *   others: it holds the domain's baton. A thread gives the baton up in domain_wait(),
 *   domain_sleep() and domain_yield(), nowhere else, so the domain's state needs no locks. Against
 *   the rest of the kernel the threads are preempted like any other; whatever else they block in
 *   (a mutex, an allocation) they block in with the baton in hand.
 * - A *mailbox* carries messages in the order in which they were sent. Incoming: from the kernel's
 *   entry points to the domain. Internal: between its threads. Outgoing: from the domain to the
 *   kernel; its messages are delivered by a work item, which may take locks that the domain's
 *   threads must not (rtnl).
 * - SEND (domain_send(), domain_notify()) queues and returns, from any context including hard
 *   interrupts: it allocates nothing and takes no lock. WAIT (domain_wait()) blocks until one of
 *   several mailboxes has a message. At most one thread waits on a mailbox.
 * - An *adapter* is an entry point's few lines that fill a message and domain_call() it: send, and
 *   sleep until the domain has replied. Entry points that may not sleep domain_notify() instead.
 *
 * An adapter, and the loop that serves it:
 *
 *	static int xnic_open(struct net_device *dev)
 *	{
 *		struct domain_msg msg;
 *
 *		domain_msg_init(&msg, XNIC_OPEN);
 *		return domain_call(&priv->requests, &msg);
 *	}
 *
 *	while ((from = domain_wait(self, boxes, 2, DOMAIN_FOREVER, &msg)) >= 0)
 *		domain_reply(msg, msg->node.type == XNIC_OPEN ? up(priv) : -ENETDOWN);
 *
 * The same source runs in user space over tests/unit/shim, where it is tested and measured.
 */
#ifndef XNIC_DOMAIN_H
#define XNIC_DOMAIN_H

#include <afxdp/mailbox.h>
#include "domain_os.h"

struct domain;
struct domain_thread;

/* domain_wait(): no time limit. */
#define DOMAIN_FOREVER (-1L)

enum domain_direction {
	DOMAIN_INCOMING, /* kernel -> domain */
	DOMAIN_INTERNAL, /* between threads of the domain */
	DOMAIN_OUTGOING	 /* domain -> kernel, delivered by a work item */
};

/**
 * struct domain_msg - first member of every message, or the whole of one without parameters.
 * @node: its place in a mailbox. @node.type is the message's type, the receiver's to interpret.
 * @status: what domain_call() returns; set by domain_reply().
 * @done: where the sender sleeps; NULL unless sent by domain_call().
 * @box: where to, for the tracepoint; calls only.
 *
 * A message is its sender's memory. It belongs to the receiver from SEND until domain_reply() (of a
 * call), or until WAIT has returned it (of a notification, which may be sent again from then on; so
 * a notification carries no parameters of its own: it says "look").
 */
struct domain_msg {
	struct afxdp_msg node;
	int status;
	struct os_done *done;
	struct domain_mailbox *box;
};

/**
 * struct domain_mailbox - a FIFO of messages to one domain, or out of one. See
 * domain_mailbox_init().
 */
struct domain_mailbox {
	struct afxdp_mailbox fifo;
	struct domain_thread *waiter; /* who is to be woken by the next SEND; taken by that SEND */
	struct domain *domain;
	struct domain_mailbox *next; /* in domain->boxes */
	const char *name;
	enum domain_direction direction;
	void (*deliver)(struct domain_mailbox *box, struct domain_msg *msg); /* outgoing only */
	struct os_work work;						     /* outgoing only */
	void *context;							     /* the owner's */
	os_counter sent;
	os_counter coalesced;
	unsigned long taken;   /* written by the receiver */
	unsigned long deepest; /* most messages ever found queued; written by the receiver */
#ifdef XNIC_FAULTS
	unsigned int delay_ms; /* every message is held up for so long, baton in hand */
#endif
};

enum domain_thread_state {
	DOMAIN_READY,	 /* wants the baton */
	DOMAIN_RUNNING,	 /* holds it */
	DOMAIN_WAITING,	 /* in WAIT, its mailboxes empty */
	DOMAIN_SLEEPING, /* in domain_sleep() */
	DOMAIN_ENDED
};

/** struct domain_thread - one thread of a domain. See domain_thread_start(). */
struct domain_thread {
	struct domain *domain;
	struct domain_thread *next;	  /* in domain->threads */
	struct domain_thread *next_ready; /* in domain->ready */
	const char *name;
	int (*run)(struct domain_thread *self, void *arg);
	void *arg;
	struct os_thread os;
	struct os_sleeper sleeper;
	int state;	     /* enum domain_thread_state */
	int result;	     /* what run() returned */
	unsigned long turns; /* times it was given the baton */
};

/** struct domain - threads and mailboxes that belong together. See domain_init(). */
struct domain {
	const char *name;
	const char *const *type_names; /* message types' names, for the view and the tracepoints */
	unsigned int types;
	const char *state; /* the main loop's own; domain_set_state() */
	struct domain_thread *threads;
	struct domain_mailbox *boxes;
	struct os_lock lock;	       /* guards what follows, and threads' states */
	struct domain_thread *running; /* who holds the baton */
	struct domain_thread *ready;   /* who wants it, in the order of asking */
	struct domain_thread **ready_end;
	bool stopping;
	struct os_lockmap lockmap;
};

/**
 * domain_init() - a domain without threads or mailboxes.
 * @name: kept by reference; a constant, or something that outlives the domain.
 * @type_names: names of the message types 0 to @types - 1; kept by reference.
 */
void domain_init(struct domain *d, const char *name, const char *const *type_names,
		 unsigned int types);

/**
 * domain_mailbox_init() - an empty incoming or internal mailbox of @d.
 * @name: kept by reference.
 *
 * To be called before the first domain_thread_start().
 */
void domain_mailbox_init(struct domain_mailbox *box, struct domain *d, const char *name,
			 enum domain_direction direction);

/**
 * domain_outlet_init() - an empty outgoing mailbox of @d.
 * @deliver: called for every message, one at a time, in order, in a context that may sleep and may
 * take rtnl. The message is the sender's again once it returns. @context: stored in @box for it.
 */
void domain_outlet_init(struct domain_mailbox *box, struct domain *d, const char *name,
			void (*deliver)(struct domain_mailbox *box, struct domain_msg *msg),
			void *context);

/**
 * domain_thread_start() - add a thread to @d and let it run.
 * @name: the task's name (15 characters show); kept by reference.
 * @run: the thread's body, entered with the baton. It returns once WAIT has told it -ESHUTDOWN.
 *
 * Return: 0, or -errno when no thread can be had; @d is as it was then.
 */
int domain_thread_start(struct domain *d, struct domain_thread *thread, const char *name,
			int (*run)(struct domain_thread *self, void *arg), void *arg);

/**
 * domain_stop() - end every thread of @d, and wait for them. May sleep.
 *
 * What is queued already is still served: WAIT says -ESHUTDOWN only when its mailboxes are empty.
 * What no thread takes any more, calls that come too late included, is answered with -ESHUTDOWN;
 * outgoing messages are delivered before this returns (so do not hold what the deliver functions
 * take). Afterwards @d may be freed once no sender is left. Stopping a domain twice, or one that
 * has no thread, does no harm.
 */
void domain_stop(struct domain *d);

/**
 * domain_msg_init() - prepare a message. Once for a preallocated one, before each call for others.
 */
static inline void domain_msg_init(struct domain_msg *msg, uint32_t type)
{
	msg->node.next = NULL;
	msg->node.type = type;
	msg->node.queued = 0;
	msg->status = 0;
	msg->done = NULL;
	msg->box = NULL;
}

/**
 * domain_send() - queue @msg. Any context; never blocks.
 *
 * @msg must not be queued already; where that cannot be known use domain_notify().
 *
 * Return: 0, or -ESHUTDOWN if the domain has been stopped (@msg is not to be used again then).
 */
int domain_send(struct domain_mailbox *box, struct domain_msg *msg);

/**
 * domain_notify() - queue the preallocated @msg unless it is queued already. Any context, any
 * number of callers at once; never blocks.
 *
 * After it returns, the receiver will be given @msg at least once, and will then see whatever the
 * caller wrote before.
 *
 * Return: true if this call queued it, false if it joined one that was queued.
 */
bool domain_notify(struct domain_mailbox *box, struct domain_msg *msg);

/**
 * domain_call() - send @msg to an incoming mailbox and sleep, uninterruptibly, until the domain has
 * replied.
 *
 * The caller may hold rtnl, so no thread of the domain may ever take it: lockdep is told so, and
 * reports the cycle on the first call. (Nor may a thread of another domain be the caller: lockdep
 * cannot tell it from a thread that calls its own.)
 *
 * Return: the reply's status; -ESHUTDOWN if the domain is being stopped or has been; -EDEADLK if
 * the caller is a thread of that domain.
 */
int domain_call(struct domain_mailbox *box, struct domain_msg *msg);

/**
 * domain_reply() - the receiver is done with @msg. May be called long after WAIT returned it, by
 * any thread; exactly once for a call.
 *
 * A no-op but for its tracepoint if nobody waits, so that a loop can end every message with it.
 */
void domain_reply(struct domain_msg *msg, int status);

/**
 * domain_wait() - WAIT: give up the baton until one of @n mailboxes has a message, or for
 * @timeout_ms milliseconds (0: only look; DOMAIN_FOREVER: no limit).
 * @boxes: mailboxes of @self's domain on which no other thread waits; those listed first are looked
 * at first.
 * @msg: set to the message, NULL if there is none.
 *
 * Return: the index in @boxes of the mailbox that @msg came from; -ETIMEDOUT; -ESHUTDOWN when the
 * domain is being stopped and these mailboxes are empty.
 */
int domain_wait(struct domain_thread *self, struct domain_mailbox *const *boxes, unsigned int n,
		long timeout_ms, struct domain_msg **msg);

/** domain_sleep() - give up the baton for @ms milliseconds, or until the domain is stopped. */
void domain_sleep(struct domain_thread *self, unsigned int ms);

/** domain_yield() - let the domain's other threads run, each until it gives the baton up. */
void domain_yield(struct domain_thread *self);

/** domain_set_state() - what the view shows as the domain's state. @state: a constant. */
static inline void domain_set_state(struct domain *d, const char *state)
{
	WRITE_ONCE(d->state, state);
}

/** domain_queued() - messages in @box now; a look from outside, out of date at once. */
static inline unsigned long domain_queued(struct domain_mailbox *box)
{
	return os_counter_read(&box->sent) - READ_ONCE(box->taken);
}

#ifdef XNIC_FAULTS
/** domain_delay() - fault injection: hold up the message just taken from @box. */
static inline void domain_delay(struct domain_mailbox *box)
{
	unsigned int ms = READ_ONCE(box->delay_ms);

	if (ms)
		os_msleep(ms);
}
#else
#define domain_delay(box) ((void)(box))
#endif

/** domain_type_name() - the name of a message type, "?" if it has none. */
static inline const char *domain_type_name(const struct domain *d, uint32_t type)
{
	return type < d->types && d->type_names[type] ? d->type_names[type] : "?";
}

/** domain_thread_state_name() - a word for enum domain_thread_state. */
const char *domain_thread_state_name(int state);

#endif
