// SPDX-License-Identifier: GPL-2.0-only
/*
 * domain.c - kmod/domain.c under ThreadSanitizer, in 10^6 random steps: four clients send, notify
 * and call; three threads of one domain wait on random sets of their mailboxes, pass work on to
 * each other, yield and sleep. Checked all the while:
 *
 * - FIFO: a message sent after another's SEND had returned is received after it, whoever sent them;
 *   each client's messages arrive in sequence, none twice, none lost.
 * - One thread runs: the domain's state is plain memory here, so two at once are also a data race.
 * - WAIT on many: each message comes out of the mailbox that it was put into.
 * - No lost wake-up: now and then all is quiet but for one call of each client to a thread of its
 *   own, so that nobody else can wake that thread: the call is answered (else the alarm rings).
 * - Coalescing: whatever was written before a notification has been seen once all is over, and as
 *   many notifications were received as were queued.
 */
#include <signal.h>
#include <string.h>
#include "domain.h"
#include "t.h"

#define STEPS	1000000
#define BUSY	40 /* steps between quiet ones */
#define CLIENTS 3
#define THREADS 3
#define EACH	3		 /* mailboxes of a thread; the last one is internal */
#define BOXES	(THREADS * EACH) /* thread t owns boxes EACH * t to EACH * t + 2 */
#define POOL	32		 /* a client's messages under way */

enum {
	CALL,
	DEFER,
	POST,
	NOTE,
	HOP
};

static const char *const type_names[] = {
	[CALL] = "call", [DEFER] = "defer", [POST] = "post", [NOTE] = "note", [HOP] = "hop"
};

/* A client's message; @hop takes it from the thread that received it to the one that answers. */
struct request {
	struct domain_msg msg; /* first */
	struct {
		struct domain_msg msg; /* first */
		struct request *request;
	} hop;
	unsigned int client;
	unsigned int box;
	unsigned long sequence;
	unsigned long earlier; /* SENDs to this mailbox that had returned before this one began */
	unsigned long answer;
	bool busy;
};

struct shared {
	struct domain domain;
	struct domain_mailbox boxes[BOXES];
	struct domain_thread threads[THREADS];
	pthread_barrier_t quiet;

	/* Atomics. */
	unsigned long sent[BOXES];   /* requests whose SEND has returned */
	unsigned long level[BOXES];  /* what the mailbox's note speaks of */
	unsigned long queued[BOXES]; /* notes that were queued, not joined */
	struct domain_msg note[BOXES];

	/* The domain's state, touched with the baton only. */
	int inside;
	unsigned long received[BOXES];
	unsigned long expected[BOXES][CLIENTS];
	unsigned long seen[BOXES];
	unsigned long noted[BOXES];
	unsigned long hops;
};

static struct shared s;

static unsigned int random_next(unsigned int *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void enter(void)
{
	s.inside++;
	CHECK(s.inside == 1, "%d threads of the domain run", s.inside);
}

static void leave(void)
{
	s.inside--;
}

/* ---- the domain ---- */

static unsigned long answer_of(const struct request *r)
{
	return r->sequence * 31 + r->client * 7 + r->box;
}

static void receive_request(struct request *r, unsigned int box, unsigned int *seed)
{
	unsigned int to;

	CHECK(r->box == box, "sent to mailbox %u, came out of %u", r->box, box);
	CHECK(r->sequence == s.expected[box][r->client], "client %u: %lu where %lu was due",
	      r->client, r->sequence, s.expected[box][r->client]);
	CHECK(s.received[box] >= r->earlier, "overtook a message that was sent before");
	s.expected[box][r->client]++;
	s.received[box]++;
	switch (r->msg.node.type) {
	case CALL:
		r->answer = answer_of(r);
		domain_reply(&r->msg, box);
		break;
	case DEFER:
		to = random_next(seed) % THREADS;
		domain_msg_init(&r->hop.msg, HOP);
		r->hop.request = r;
		CHECK(!domain_send(&s.boxes[EACH * to + EACH - 1], &r->hop.msg));
		break;
	default:
		domain_reply(&r->msg, 0); /* nobody waits: must do nothing */
		afxdp_store_release(&r->busy, false);
	}
}

static void receive(struct domain_msg *msg, unsigned int box, unsigned int *seed)
{
	struct request *r;

	switch (msg->node.type) {
	case NOTE:
		CHECK(msg == &s.note[box]);
		s.noted[box]++;
		s.seen[box] = READ_ONCE(s.level[box]);
		break;
	case HOP:
		r = container_of((void *)msg, struct request, hop);
		s.hops++;
		r->answer = answer_of(r);
		domain_reply(&r->msg, r->box);
		break;
	default:
		receive_request((struct request *)msg, box, seed);
	}
}

/* A thread: sometimes it gives way, sometimes it looks at a part of its mailboxes only. */
static int serve(struct domain_thread *self, void *arg)
{
	unsigned int mine = EACH * (unsigned int)(size_t)arg, seed = mine + 1, n, i, first;
	struct domain_mailbox *boxes[EACH];
	struct domain_msg *msg;
	long timeout;
	int from;

	enter();
	for (;;) {
		first = random_next(&seed) % EACH;
		n = random_next(&seed) & 1 ? EACH : 1 + random_next(&seed) % EACH;
		for (i = 0; i < n; i++)
			boxes[i] = &s.boxes[mine + (first + i) % EACH];
		timeout = n == EACH ? DOMAIN_FOREVER : random_next(&seed) & 1;
		leave();
		switch (random_next(&seed) % 64) {
		case 0:
			domain_sleep(self, 1);
			break;
		case 1:
			domain_yield(self);
			break;
		}
		from = domain_wait(self, boxes, n, timeout, &msg);
		enter();
		if (from >= 0) {
			CHECK((unsigned int)from < n && msg);
			receive(msg, mine + (first + (unsigned int)from) % EACH, &seed);
		} else {
			CHECK(!msg);
			CHECK(from == -ESHUTDOWN || (from == -ETIMEDOUT && timeout >= 0));
			if (from == -ESHUTDOWN && n == EACH)
				break;
		}
	}
	leave();
	return (int)mine;
}

/* ---- its clients ---- */

struct client {
	pthread_t thread;
	unsigned int id;
	unsigned int seed;
	unsigned long next[BOXES];
	struct request pool[POOL];
};

/* An incoming one. */
static unsigned int any_box(struct client *c)
{
	return random_next(&c->seed) % THREADS * EACH + random_next(&c->seed) % (EACH - 1);
}

static struct request *request_fill(struct client *c, struct request *r, unsigned int type,
				    unsigned int box)
{
	r->client = c->id;
	r->box = box;
	r->sequence = c->next[box]++;
	r->answer = 0;
	r->earlier = afxdp_load_acquire(&s.sent[box]);
	domain_msg_init(&r->msg, type);
	return r;
}

static void notify(unsigned int box)
{
	__atomic_fetch_add(&s.level[box], 1, __ATOMIC_RELAXED);
	if (domain_notify(&s.boxes[box], &s.note[box]))
		__atomic_fetch_add(&s.queued[box], 1, __ATOMIC_RELAXED);
}

static void call_and_check(struct request *r)
{
	int status = domain_call(&s.boxes[r->box], &r->msg);

	__atomic_fetch_add(&s.sent[r->box], 1, __ATOMIC_RELEASE);
	CHECK(status == (int)r->box && r->answer == answer_of(r), "another's answer: %d, %lu",
	      status, r->answer);
}

/* All clients stand still but for a call each, to a thread that no other calls. */
static void quiet_step(struct client *c)
{
	struct request call;

	pthread_barrier_wait(&s.quiet);
	request_fill(c, &call, CALL, EACH * c->id + random_next(&c->seed) % (EACH - 1));
	call_and_check(&call);
	pthread_barrier_wait(&s.quiet);
}

static void *client_main(void *arg)
{
	struct client *c = arg;
	struct request call, *r;
	unsigned int step, kind, slot;

	for (step = 0; step < STEPS / CLIENTS; step++) {
		if (step % BUSY == 0) {
			quiet_step(c);
			continue;
		}
		kind = random_next(&c->seed) % 64;
		slot = random_next(&c->seed) % POOL;
		if (kind < 40 && !afxdp_load_acquire(&c->pool[slot].busy)) {
			r = request_fill(c, &c->pool[slot], POST, any_box(c));
			r->busy = true;
			kind = r->box; /* the message is the receiver's from here on */
			CHECK(!domain_send(&s.boxes[kind], &r->msg));
			__atomic_fetch_add(&s.sent[kind], 1, __ATOMIC_RELEASE);
		} else if (kind < 58) {
			notify(random_next(&c->seed) % BOXES);
		} else if (kind < 63) {
			call_and_check(request_fill(c, &call, kind & 1 ? CALL : DEFER, any_box(c)));
		} else {
			sched_yield();
		}
	}
	return NULL;
}

static void ring_alarm(int sig)
{
	unsigned int i;

	(void)sig;
	for (i = 0; i < THREADS; i++)
		fprintf(stderr, "thread %u: %s\n", i,
			domain_thread_state_name(READ_ONCE(s.threads[i].state)));
	for (i = 0; i < BOXES; i++)
		fprintf(stderr, "mailbox %u: %lu queued\n", i, domain_queued(&s.boxes[i]));
	fprintf(stderr, "hung: a wake-up or a message was lost\n");
	_exit(1);
}

int main(void)
{
	static struct client clients[CLIENTS];
	unsigned long requests = 0, joined = 0;
	unsigned int i, j;

	signal(SIGALRM, ring_alarm);
	alarm(900);
	domain_init(&s.domain, "test", type_names, sizeof(type_names) / sizeof(type_names[0]));
	for (i = 0; i < BOXES; i++) {
		domain_mailbox_init(&s.boxes[i], &s.domain, "box",
				    i % EACH == EACH - 1 ? DOMAIN_INTERNAL : DOMAIN_INCOMING);
		domain_msg_init(&s.note[i], NOTE);
	}
	for (i = 0; i < THREADS; i++)
		CHECK(!domain_thread_start(&s.domain, &s.threads[i], "thread", serve,
					   (void *)(size_t)i));
	CHECK(!pthread_barrier_init(&s.quiet, NULL, CLIENTS));
	for (i = 0; i < CLIENTS; i++) {
		clients[i].id = i;
		clients[i].seed = i + 1000;
		CHECK(!pthread_create(&clients[i].thread, NULL, client_main, &clients[i]));
	}
	for (i = 0; i < CLIENTS; i++)
		pthread_join(clients[i].thread, NULL);
	domain_stop(&s.domain);

	for (i = 0; i < THREADS; i++)
		CHECK(s.threads[i].state == DOMAIN_ENDED && s.threads[i].result == (int)(EACH * i));
	for (i = 0; i < BOXES; i++) {
		CHECK(!domain_queued(&s.boxes[i]), "mailbox %u: left unserved", i);
		CHECK(s.received[i] == s.sent[i], "mailbox %u: %lu received, %lu sent", i,
		      s.received[i], s.sent[i]);
		for (j = 0; j < CLIENTS; j++)
			CHECK(s.expected[i][j] == clients[j].next[i]);
		CHECK(s.seen[i] == s.level[i], "mailbox %u: a notification was missed", i);
		CHECK(s.noted[i] == s.queued[i], "mailbox %u: %lu notes received, %lu queued", i,
		      s.noted[i], s.queued[i]);
		CHECK(s.level[i] == s.queued[i] + os_counter_read(&s.boxes[i].coalesced));
		requests += s.received[i];
		joined += s.level[i] - s.queued[i];
	}
	printf("%lu requests, %lu passed on, %lu notifications joined another\n", requests, s.hops,
	       joined);
	return 0;
}
