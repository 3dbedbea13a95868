/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * queue.c - handing frames from one thread to another: our SPSC ring, in batches of 1 to 256,
 * beside a linked list under a spinlock. Both hold at most MECH_BOUND; nodes are made before.
 */
#include <pthread.h>
#include <string.h>

#include "afxdp/ring.h"
#include "mech.h"

/* --- the naive way ------------------------------------------------------------------------ */

struct node {
	struct node *next;
	uint64_t item;
};

/* Nodes are taken in turn: with more of them than the list may hold, the next one is free. */
enum {
	NODES = 2 * MECH_BOUND
};

struct list {
	pthread_spinlock_t lock;
	struct node *head;
	struct node **tail;
	unsigned int length;
	struct node nodes[NODES];
	uint64_t produced;
};

static void list_produce(void *state, uint64_t items, unsigned int batch)
{
	struct list *l = state;
	uint64_t end = l->produced + items;

	(void)batch;
	while (l->produced < end) {
		struct node *n = &l->nodes[l->produced % NODES];

		pthread_spin_lock(&l->lock);
		if (l->length == MECH_BOUND) {
			pthread_spin_unlock(&l->lock);
			mech_relax();
			continue;
		}
		n->item = l->produced++;
		n->next = NULL;
		*l->tail = n;
		l->tail = &n->next;
		l->length++;
		pthread_spin_unlock(&l->lock);
	}
}

static uint64_t list_consume(void *state, uint64_t items, unsigned int batch)
{
	struct list *l = state;
	uint64_t sum = 0;

	(void)batch;
	while (items) {
		struct node *n;

		pthread_spin_lock(&l->lock);
		n = l->head;
		if (!n) {
			pthread_spin_unlock(&l->lock);
			mech_relax();
			continue;
		}
		l->head = n->next;
		if (!l->head)
			l->tail = &l->head;
		l->length--;
		sum += n->item;
		pthread_spin_unlock(&l->lock);
		items--;
	}
	return sum;
}

static double run_list(uint64_t items, unsigned int batch)
{
	static struct list list;
	struct mech_pair pair = { list_produce, list_consume, &list };

	memset(&list, 0, sizeof(list));
	pthread_spin_init(&list.lock, PTHREAD_PROCESS_PRIVATE);
	list.tail = &list.head;
	return mech_transfer(&pair, items, batch);
}

/* --- ours ----------------------------------------------------------------------------------- */

struct ring {
	struct afxdp_ring_indices indices;
	struct afxdp_prod prod __attribute__((aligned(AFXDP_CACHE_LINE)));
	uint64_t produced;
	struct afxdp_cons cons __attribute__((aligned(AFXDP_CACHE_LINE)));
	uint64_t slots[MECH_BOUND] __attribute__((aligned(AFXDP_CACHE_LINE)));
};

static void ring_produce(void *state, uint64_t items, unsigned int batch)
{
	struct ring *r = state;
	uint64_t end = r->produced + items;

	while (r->produced < end) {
		uint64_t left = end - r->produced;
		uint32_t at, n, i;

		n = afxdp_prod_reserve(&r->prod, left < batch ? left : batch, &at);
		if (!n) {
			mech_relax();
			continue;
		}
		for (i = 0; i < n; i++)
			r->slots[(at + i) & r->prod.mask] = r->produced++;
		afxdp_prod_submit(&r->prod);
	}
}

static uint64_t ring_consume(void *state, uint64_t items, unsigned int batch)
{
	struct ring *r = state;
	uint64_t sum = 0;

	while (items) {
		uint32_t at, n, i;

		n = afxdp_cons_peek(&r->cons, items < batch ? items : batch, &at);
		if (!n) {
			mech_relax();
			continue;
		}
		for (i = 0; i < n; i++)
			sum += r->slots[(at + i) & r->cons.mask];
		afxdp_cons_release(&r->cons, n);
		items -= n;
	}
	return sum;
}

static double run_ring(uint64_t items, unsigned int batch)
{
	static struct ring ring;
	struct mech_pair pair = { ring_produce, ring_consume, &ring };

	memset(&ring, 0, sizeof(ring));
	afxdp_prod_init(&ring.prod, &ring.indices.producer, &ring.indices.consumer, MECH_BOUND);
	afxdp_cons_init(&ring.cons, &ring.indices.producer, &ring.indices.consumer, MECH_BOUND);
	return mech_transfer(&pair, items, batch);
}

static const unsigned int one[] = { 1, 0 };
static const unsigned int batches[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256, 0 };

const struct mech mech_queue[] = {
	{ "queue", "list+spinlock", run_list, one, 1000000 },
	{ "queue", "ring", run_ring, batches, 5000000 },
	{},
};
