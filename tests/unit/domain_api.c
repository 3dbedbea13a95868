// SPDX-License-Identifier: GPL-2.0-only
/* domain_api.c - kmod/domain.h, promise by promise: what domain.c's random steps do not force.
 * Under ThreadSanitizer. */
#include "domain.h"
#include "t.h"

enum {
	HELLO,
	NEST,
	STUCK,
	QUIT
};

static const char *const type_names[] = { "hello", NULL, "stuck" };

struct fixture {
	struct domain domain;
	struct domain_mailbox boxes[3];
	struct domain_thread threads[2];
	struct domain_msg *held; /* a call not answered yet */
	struct domain_msg note;
	unsigned long served;
	unsigned int order[8]; /* types in the order in which they came */
};

static void fixture_init(struct fixture *f)
{
	unsigned int i;

	*f = (struct fixture){ 0 };
	domain_init(&f->domain, "api", type_names, 3);
	for (i = 0; i < 3; i++)
		domain_mailbox_init(&f->boxes[i], &f->domain, "box", DOMAIN_INCOMING);
}

/* Serves all mailboxes until it is told to end; answers HELLO with 7. */
static int serve(struct domain_thread *self, void *arg)
{
	struct fixture *f = arg;
	struct domain_mailbox *const boxes[] = { &f->boxes[0], &f->boxes[1], &f->boxes[2] };
	struct domain_msg *msg, nested;
	int from;

	while ((from = domain_wait(self, boxes, 3, DOMAIN_FOREVER, &msg)) >= 0) {
		f->order[f->served % 8] = msg->node.type;
		WRITE_ONCE(f->served, f->served + 1);
		switch (msg->node.type) {
		case NEST:
			domain_msg_init(&nested, HELLO);
			domain_reply(msg, domain_call(&f->boxes[0], &nested));
			break;
		case STUCK:
			f->held = msg;
			break;
		case QUIT:
			domain_reply(msg, 0);
			return 5;
		default:
			domain_reply(msg, 7);
		}
	}
	return from;
}

static int call(struct domain_mailbox *box, unsigned int type)
{
	struct domain_msg msg;

	domain_msg_init(&msg, type);
	return domain_call(box, &msg);
}

static void names(void)
{
	struct fixture f;

	fixture_init(&f);
	CHECK(domain_type_name(&f.domain, HELLO)[0] == 'h');
	CHECK(domain_type_name(&f.domain, NEST)[0] == '?' &&
	      domain_type_name(&f.domain, 99)[0] == '?');
	domain_stop(&f.domain); /* without a thread */
	CHECK(call(&f.boxes[0], HELLO) == -ESHUTDOWN);
}

/* A thread of a domain that calls its own would wait for itself. */
static void calls(void)
{
	struct fixture f;

	fixture_init(&f);
	CHECK(!domain_thread_start(&f.domain, &f.threads[0], "t", serve, &f));
	CHECK(call(&f.boxes[2], HELLO) == 7);
	CHECK(call(&f.boxes[1], NEST) == -EDEADLK);
	CHECK(call(&f.boxes[0], QUIT) == 0);
	domain_stop(&f.domain);
	domain_stop(&f.domain); /* twice */
	CHECK(f.threads[0].result == 5 && f.threads[0].state == DOMAIN_ENDED);
	CHECK(call(&f.boxes[0], HELLO) == -ESHUTDOWN, "after the stop");
}

static int serve_stopping(struct domain_thread *self, void *arg)
{
	while (!READ_ONCE(self->domain->stopping))
		sched_yield();
	return serve(self, arg);
}

/* What was queued before the thread first ran comes mailbox by mailbox, first listed first, FIFO in
 * each; and is still served when the domain is being stopped. */
static void order_and_drain(void)
{
	static const unsigned int sent_to[] = { 2, 1, 1, 0, 2, 0 };
	static const unsigned int expected[] = { 3 + 10, 5 + 10, 1 + 10, 2 + 10, 0 + 10, 4 + 10 };
	struct domain_msg msg[6];
	struct fixture f;
	unsigned int i;

	fixture_init(&f);
	CHECK(!domain_thread_start(&f.domain, &f.threads[0], "t", serve_stopping, &f));
	for (i = 0; i < 6; i++) {
		domain_msg_init(&msg[i], i + 10);
		CHECK(!domain_send(&f.boxes[sent_to[i]], &msg[i]));
	}
	CHECK(domain_queued(&f.boxes[0]) == 2);
	domain_stop(&f.domain);
	CHECK(f.served == 6);
	for (i = 0; i < 6; i++)
		CHECK(f.order[i] == expected[i], "place %u: %u", i, f.order[i]);
	CHECK(f.boxes[1].deepest == 2 && f.boxes[1].taken == 2 && !domain_queued(&f.boxes[0]));
	CHECK(f.threads[0].result == -ESHUTDOWN);
}

/* A call kept by a thread and answered long after, and one that nobody takes any more. */
static void *call_stuck(void *box)
{
	return (void *)(long)call(box, STUCK);
}

static void held_and_buried(void)
{
	struct domain_msg late;
	struct fixture f;
	pthread_t caller;
	void *status;

	fixture_init(&f);
	CHECK(!domain_thread_start(&f.domain, &f.threads[0], "t", serve, &f));
	CHECK(!pthread_create(&caller, NULL, call_stuck, &f.boxes[0]));
	while (READ_ONCE(f.boxes[0].taken) == 0)
		sched_yield();
	CHECK(call(&f.boxes[0], QUIT) == 0); /* the thread ends; what comes now stays */
	domain_reply(f.held, -EXDEV);
	pthread_join(caller, &status);
	CHECK((long)status == -EXDEV);

	CHECK(!pthread_create(&caller, NULL, call_stuck, &f.boxes[1]));
	while (!domain_queued(&f.boxes[1]))
		sched_yield();
	domain_stop(&f.domain);
	pthread_join(caller, &status);
	CHECK((long)status == -ESHUTDOWN);
	domain_msg_init(&late, HELLO);
	CHECK(domain_send(&f.boxes[0], &late) == -ESHUTDOWN);
}

/* From the moment the stop begins calls are refused, though the thread still runs: callers that
 * keep coming must not keep it. */
static int outlast_the_stop(struct domain_thread *self, void *arg)
{
	struct fixture *f = arg;

	(void)self;
	while (!READ_ONCE(f->domain.stopping))
		sched_yield();
	WRITE_ONCE(f->served, 1);
	while (READ_ONCE(f->served) == 1)
		sched_yield(); /* for a caller, who would wait for us */
	return 0;
}

static void *call_while_stopping(void *fixture)
{
	struct fixture *f = fixture;
	long status;

	while (!READ_ONCE(f->served))
		sched_yield();
	status = call(&f->boxes[0], HELLO);
	WRITE_ONCE(f->served, 2);
	return (void *)status;
}

static void refused_calls(void)
{
	struct fixture f;
	pthread_t caller;
	void *status;

	fixture_init(&f);
	CHECK(!domain_thread_start(&f.domain, &f.threads[0], "t", outlast_the_stop, &f));
	CHECK(!pthread_create(&caller, NULL, call_while_stopping, &f));
	domain_stop(&f.domain);
	pthread_join(caller, &status);
	CHECK((long)status == -ESHUTDOWN);
}

/* Calls that race with the stop: each is served or refused, none hangs. */
static void *call_until_refused(void *box)
{
	int status;

	while ((status = call(box, HELLO)) == 7)
		;
	return (void *)(long)status;
}

static void late_calls(void)
{
	pthread_t callers[4];
	struct fixture f;
	unsigned int round, i;
	void *status;

	for (round = 0; round < 500; round++) {
		fixture_init(&f);
		CHECK(!domain_thread_start(&f.domain, &f.threads[0], "t", serve, &f));
		for (i = 0; i < 4; i++)
			CHECK(!pthread_create(&callers[i], NULL, call_until_refused,
					      &f.boxes[i % 3]));
		for (i = round % 8; i; i--)
			sched_yield();
		domain_stop(&f.domain);
		for (i = 0; i < 4; i++) {
			pthread_join(callers[i], &status);
			CHECK((long)status == -ESHUTDOWN);
		}
	}
}

static long elapsed_us(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000000 + (now.tv_nsec - since->tv_nsec) / 1000;
}

/* Never early; a thread that only looks does not wait. */
static int limits(struct domain_thread *self, void *arg)
{
	struct fixture *f = arg;
	struct domain_mailbox *const boxes[] = { &f->boxes[0], &f->boxes[1] };
	struct domain_msg *msg, mine;
	struct timespec start;

	CHECK(domain_wait(self, boxes, 2, 0, &msg) == -ETIMEDOUT && !msg);
	clock_gettime(CLOCK_MONOTONIC, &start);
	CHECK(domain_wait(self, boxes, 2, 20, &msg) == -ETIMEDOUT && !msg);
	CHECK(elapsed_us(&start) >= 20000, "after %ld us", elapsed_us(&start));
	clock_gettime(CLOCK_MONOTONIC, &start);
	domain_sleep(self, 20);
	CHECK(elapsed_us(&start) >= 20000, "after %ld us", elapsed_us(&start));
	/* A message to oneself. */
	domain_msg_init(&mine, HELLO);
	CHECK(!domain_send(&f->boxes[1], &mine));
	CHECK(domain_wait(self, boxes, 2, 0, &msg) == 1 && msg == &mine);
	/* Nobody may still be listed where nobody waits. */
	CHECK(!f->boxes[0].waiter && !f->boxes[1].waiter);
	WRITE_ONCE(f->served, 1);
	/* The stop ends the longest sleep. */
	domain_sleep(self, 3600 * 1000);
	return domain_wait(self, boxes, 2, DOMAIN_FOREVER, &msg);
}

static void time_limits(void)
{
	struct fixture f;

	fixture_init(&f);
	CHECK(!domain_thread_start(&f.domain, &f.threads[0], "t", limits, &f));
	while (!READ_ONCE(f.served) || READ_ONCE(f.threads[0].state) != DOMAIN_SLEEPING)
		sched_yield();
	domain_stop(&f.domain);
	CHECK(f.served == 1 && f.threads[0].result == -ESHUTDOWN);
}

/* A thread that never runs out of messages lets the others have their turn. */
static int send_to_self(struct domain_thread *self, void *arg)
{
	struct fixture *f = arg;
	struct domain_mailbox *const boxes[] = { &f->boxes[0] };
	struct domain_msg *msg;

	domain_msg_init(&f->note, HELLO); /* not on this stack: it may outlive the thread */
	do {
		domain_notify(&f->boxes[0], &f->note);
	} while (!READ_ONCE(f->domain.stopping) &&
		 domain_wait(self, boxes, 1, DOMAIN_FOREVER, &msg) == 0);
	return 0;
}

static int serve_second(struct domain_thread *self, void *arg)
{
	struct fixture *f = arg;
	struct domain_mailbox *const boxes[] = { &f->boxes[1] };
	struct domain_msg *msg;

	while (domain_wait(self, boxes, 1, DOMAIN_FOREVER, &msg) == 0)
		domain_reply(msg, 9);
	return 0;
}

static void fairness(void)
{
	unsigned int i;
	struct fixture f;

	fixture_init(&f);
	CHECK(!domain_thread_start(&f.domain, &f.threads[0], "busy", send_to_self, &f));
	CHECK(!domain_thread_start(&f.domain, &f.threads[1], "other", serve_second, &f));
	for (i = 0; i < 200; i++)
		CHECK(call(&f.boxes[1], HELLO) == 9);
	domain_stop(&f.domain);
}

/* Outgoing: in order, one at a time, all before the stop returns; may call back into the domain. */
struct outgoing {
	struct domain_msg msg; /* first */
	unsigned int sequence;
};

struct outlet_fixture {
	struct fixture f;
	struct domain_mailbox outlet;
	struct outgoing messages[1000];
	unsigned int sent;
	unsigned int delivered;
	unsigned int hellos;
};

static void deliver(struct domain_mailbox *box, struct domain_msg *msg)
{
	struct outlet_fixture *o = box->context;
	struct outgoing *m = (struct outgoing *)msg;

	CHECK(m->sequence == o->delivered, "%u where %u was due", m->sequence, o->delivered);
	o->delivered++;
	if (m->sequence % 100 == 0 && call(&o->f.boxes[0], HELLO) == 7)
		o->hellos++;
}

static int send_out(struct domain_thread *self, void *arg)
{
	struct outlet_fixture *o = arg;
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		o->messages[i].sequence = i;
		domain_msg_init(&o->messages[i].msg, HELLO);
		CHECK(!domain_send(&o->outlet, &o->messages[i].msg));
	}
	return serve(self, &o->f);
}

static void outlets(void)
{
	static struct outlet_fixture o;

	fixture_init(&o.f);
	domain_outlet_init(&o.outlet, &o.f.domain, "out", deliver, &o);
	CHECK(!domain_thread_start(&o.f.domain, &o.f.threads[0], "t", send_out, &o));
	while (READ_ONCE(o.f.served) < 3)
		sched_yield();
	domain_stop(&o.f.domain);
	CHECK(o.delivered == 1000 && o.hellos >= 3);
}

int main(void)
{
	alarm(600); /* a hang is a failure */
	names();
	calls();
	order_and_drain();
	held_and_buried();
	refused_calls();
	late_calls();
	time_limits();
	fairness();
	outlets();
	return 0;
}
