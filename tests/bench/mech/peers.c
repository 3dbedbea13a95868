/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * peers.c - the same transfer by queues that others have built: Concurrency Kit's SPSC ring, DPDK's
 * rte_ring in single-producer single-consumer mode, liburcu's wait-free queue. Those without a
 * bound are bounded here as cheaply as can be: by the consumer's count, looked at only when the
 * last look no longer suffices.
 */
#include <stdlib.h>
#include <string.h>

#include <ck_ring.h>
#include <rte_ring.h>
#include <urcu/wfcqueue.h>

#include "mech.h"

/* --- ck ----------------------------------------------------------------------------------- */

/* ck keeps one slot free. */
struct ck {
	ck_ring_t ring;
	ck_ring_buffer_t slots[2 * MECH_BOUND];
	uint64_t produced;
};

static void ck_produce(void *state, uint64_t items, unsigned int batch)
{
	struct ck *c = state;

	(void)batch;
	while (items) {
		if (!ck_ring_enqueue_spsc(&c->ring, c->slots, (void *)c->produced)) {
			mech_relax();
			continue;
		}
		c->produced++;
		items--;
	}
}

static uint64_t ck_consume(void *state, uint64_t items, unsigned int batch)
{
	struct ck *c = state;
	uint64_t sum = 0;
	void *item;

	(void)batch;
	while (items) {
		if (!ck_ring_dequeue_spsc(&c->ring, c->slots, &item)) {
			mech_relax();
			continue;
		}
		sum += (uint64_t)item;
		items--;
	}
	return sum;
}

static double run_ck(uint64_t items, unsigned int batch)
{
	static struct ck ck;
	struct mech_pair pair = { ck_produce, ck_consume, &ck };

	memset(&ck, 0, sizeof(ck));
	ck_ring_init(&ck.ring, MECH_BOUND);
	return mech_transfer(&pair, items, batch);
}

/* --- DPDK --------------------------------------------------------------------------------- */

struct rte {
	struct rte_ring *ring;
	uint64_t produced;
};

static void rte_produce(void *state, uint64_t items, unsigned int batch)
{
	struct rte *r = state;
	void *burst[256];
	unsigned int i, n;

	while (items) {
		n = items < batch ? items : batch;
		for (i = 0; i < n; i++)
			burst[i] = (void *)(r->produced + i);
		n = rte_ring_sp_enqueue_burst(r->ring, burst, n, NULL);
		if (!n)
			mech_relax();
		r->produced += n;
		items -= n;
	}
}

static uint64_t rte_consume(void *state, uint64_t items, unsigned int batch)
{
	struct rte *r = state;
	void *burst[256];
	unsigned int i, n;
	uint64_t sum = 0;

	while (items) {
		n = rte_ring_sc_dequeue_burst(r->ring, burst, items < batch ? items : batch, NULL);
		if (!n)
			mech_relax();
		for (i = 0; i < n; i++)
			sum += (uint64_t)burst[i];
		items -= n;
	}
	return sum;
}

static double run_rte(uint64_t items, unsigned int batch)
{
	/* One more than it may hold, as rte_ring keeps one slot free. */
	size_t size = rte_ring_get_memsize(2 * MECH_BOUND);
	struct rte rte = { .ring = aligned_alloc(RTE_CACHE_LINE_SIZE, (size + 63) & ~63UL) };
	struct mech_pair pair = { rte_produce, rte_consume, &rte };
	double ns;

	mech_must(rte.ring && !rte_ring_init(rte.ring, "mech", 2 * MECH_BOUND,
					     RING_F_SP_ENQ | RING_F_SC_DEQ),
		  "rte_ring_init");
	ns = mech_transfer(&pair, items, batch);
	free(rte.ring);
	return ns;
}

/* --- liburcu ------------------------------------------------------------------------------ */

struct urcu_node {
	struct cds_wfcq_node node;
	uint64_t item;
};

enum {
	NODES = 2 * MECH_BOUND
};

struct urcu {
	struct cds_wfcq_tail tail;
	struct cds_wfcq_head head __attribute__((aligned(128)));
	uint64_t consumed __attribute__((aligned(128)));
	uint64_t produced __attribute__((aligned(128)));
	uint64_t seen;
	struct urcu_node nodes[NODES];
};

static void urcu_produce(void *state, uint64_t items, unsigned int batch)
{
	struct urcu *u = state;

	(void)batch;
	while (items) {
		struct urcu_node *n = &u->nodes[u->produced % NODES];

		if (u->produced - u->seen >= MECH_BOUND) {
			u->seen = __atomic_load_n(&u->consumed, __ATOMIC_ACQUIRE);
			mech_relax();
			continue;
		}
		cds_wfcq_node_init(&n->node);
		n->item = u->produced++;
		cds_wfcq_enqueue(&u->head, &u->tail, &n->node);
		items--;
	}
}

static uint64_t urcu_consume(void *state, uint64_t items, unsigned int batch)
{
	struct urcu *u = state;
	uint64_t sum = 0;

	(void)batch;
	while (items) {
		struct cds_wfcq_node *n = __cds_wfcq_dequeue_blocking(&u->head, &u->tail);

		if (!n) {
			mech_relax();
			continue;
		}
		sum += caa_container_of(n, struct urcu_node, node)->item;
		__atomic_store_n(&u->consumed, u->consumed + 1, __ATOMIC_RELEASE);
		items--;
	}
	return sum;
}

static double run_urcu(uint64_t items, unsigned int batch)
{
	static struct urcu urcu;
	struct mech_pair pair = { urcu_produce, urcu_consume, &urcu };

	memset(&urcu, 0, sizeof(urcu));
	cds_wfcq_init(&urcu.head, &urcu.tail);
	return mech_transfer(&pair, items, batch);
}

static const unsigned int one[] = { 1, 0 };
static const unsigned int batches[] = { 1, 32, 64, 0 };

const struct mech mech_peers[] = {
	{ "queue", "ck_ring", run_ck, one, 5000000 },
	{ "queue", "rte_ring", run_rte, batches, 5000000 },
	{ "queue", "wfcqueue", run_urcu, one, 2000000 },
	{},
};
