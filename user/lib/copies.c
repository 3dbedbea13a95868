/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "copies.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <afxdp/ring.h>

/* Larger than any record: what a length in a ring says beyond that is no record's. */
#define RECORD_MAX (2 * AFXDP_COPY_SNAP_MAX)

int afxdp_tee_open(struct afxdp_tee *t)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts);
	int inner = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "copy_ring", 0, 0, 65536, NULL), err;

	*t = AFXDP_TEE_NONE;
	if (inner < 0)
		return -errno;
	opts.inner_map_fd = inner;
	t->rings_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "copy_rings", sizeof(uint32_t),
				     sizeof(uint32_t), AFXDP_COPIES_MAX, &opts);
	if (t->rings_fd >= 0)
		t->slots_fd = bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "copy_slots",
					     sizeof(uint32_t), sizeof(struct afxdp_copy_slot),
					     AFXDP_COPIES_MAX, NULL);
	err = t->slots_fd < 0 ? -errno : 0;
	close(inner);
	if (err)
		afxdp_tee_close(t);
	return err;
}

void afxdp_tee_close(struct afxdp_tee *t)
{
	if (t->rings_fd >= 0)
		close(t->rings_fd);
	if (t->slots_fd >= 0)
		close(t->slots_fd);
	*t = AFXDP_TEE_NONE;
}

int afxdp_tee_set(const struct afxdp_tee *t, uint32_t slot, int ring_fd, uint32_t snap)
{
	int cpus = libbpf_num_possible_cpus(), err = 0;
	struct afxdp_copy_slot *all = cpus < 0 ? NULL : calloc(cpus, sizeof(*all));

	if (!all)
		return cpus < 0 ? cpus : -ENOMEM;
	for (int i = 0; i < cpus; i++)
		all[i].snap = snap;
	if (bpf_map_update_elem(t->slots_fd, &slot, all, BPF_ANY) ||
	    bpf_map_update_elem(t->rings_fd, &slot, &ring_fd, BPF_ANY))
		err = -errno;
	free(all);
	return err;
}

void afxdp_tee_clear(const struct afxdp_tee *t, uint32_t slot)
{
	bpf_map_delete_elem(t->rings_fd, &slot);
}

int afxdp_tee_count(const struct afxdp_tee *t, uint32_t slot, struct afxdp_copy_slot *sum)
{
	int cpus = libbpf_num_possible_cpus(), err = 0;
	struct afxdp_copy_slot *all = cpus < 0 ? NULL : calloc(cpus, sizeof(*all));

	*sum = (struct afxdp_copy_slot){ 0 };
	if (!all)
		return cpus < 0 ? cpus : -ENOMEM;
	if (bpf_map_lookup_elem(t->slots_fd, &slot, all))
		err = -errno;
	for (int i = 0; i < cpus && !err; i++) {
		sum->copied += all[i].copied;
		sum->lost += all[i].lost;
		sum->snap = all[i].snap;
	}
	free(all);
	return err;
}

/* ---- rings ---- */

static size_t page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}

static int map_ring(struct afxdp_ring *r)
{
	void *page = mmap(NULL, page_size(), PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);
	void *rest;

	if (page == MAP_FAILED)
		return -errno;
	r->page = page;
	/* The records are there twice, so that none is in two pieces. */
	rest = mmap(NULL, page_size() + 2 * r->size, PROT_READ, MAP_SHARED, r->fd, page_size());
	if (rest == MAP_FAILED)
		return -errno;
	r->producer = rest;
	return 0;
}

int afxdp_ring_map(struct afxdp_ring *r, int fd)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);
	int err = 0;

	*r = (struct afxdp_ring){ .fd = fd };
	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		err = -errno;
	else if (info.type != BPF_MAP_TYPE_RINGBUF)
		err = -EINVAL;
	r->size = info.max_entries;
	if (!err)
		err = map_ring(r);
	if (err)
		afxdp_ring_free(r);
	return err;
}

int afxdp_ring_new(struct afxdp_ring *r, size_t size)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "copies", 0, 0, size, NULL);

	*r = AFXDP_RING_NONE;
	return fd < 0 ? -errno : afxdp_ring_map(r, fd);
}

void afxdp_ring_free(struct afxdp_ring *r)
{
	if (r->page)
		munmap(r->page, page_size());
	if (r->producer)
		munmap((void *)r->producer, page_size() + 2 * r->size);
	if (r->fd >= 0)
		close(r->fd);
	*r = AFXDP_RING_NONE;
}

uint64_t afxdp_ring_observed(const struct afxdp_ring *r)
{
	return afxdp_load_acquire(&r->page->observed);
}

/* The record at @pos. @len: set to its bytes, or, with BPF_RINGBUF_BUSY_BIT, to what is no length
 * yet. Return: where the next one is; 0 if there is none. */
static uint64_t look_at(const struct afxdp_ring *r, uint64_t pos, const uint8_t **record,
			uint32_t *len)
{
	const uint8_t *head = r->producer + page_size() + (pos & (r->size - 1));

	if (pos == afxdp_load_acquire((const uint64_t *)r->producer) || pos % 8)
		return 0;
	*len = afxdp_load_acquire((const uint32_t *)head);
	*record = head + BPF_RINGBUF_HDR_SZ;
	return pos + ((*len & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT)) +
		      BPF_RINGBUF_HDR_SZ + 7) /
			     8 * 8;
}

uint64_t afxdp_ring_pending(const struct afxdp_ring *r)
{
	uint64_t first = afxdp_load_acquire(&r->page->consumer), pos = first, next, n = 0;
	const uint8_t *record;
	uint32_t len;

	while ((next = look_at(r, pos, &record, &len)) && next - pos <= RECORD_MAX &&
	       next - first <= r->size) {
		n += !(len & BPF_RINGBUF_DISCARD_BIT);
		pos = next;
	}
	return n;
}

int afxdp_ring_read(struct afxdp_ring *r, afxdp_ring_each *each, void *arg)
{
	uint64_t pos = afxdp_load_acquire(&r->page->consumer), next;
	const uint8_t *record;
	uint32_t len;
	int ret = 0;

	while (!ret && (next = look_at(r, pos, &record, &len)) && !(len & BPF_RINGBUF_BUSY_BIT)) {
		if (!(len & BPF_RINGBUF_DISCARD_BIT)) {
			ret = each(arg, (const struct afxdp_copied *)record,
				   record + sizeof(struct afxdp_copied));
			afxdp_store_release(&r->page->observed, r->page->observed + 1);
		}
		pos = next;
		/* Ordered against the next look at what is written: who writes wakes us if it finds
		 * us there, see kernel/bpf/ringbuf.c. */
		__atomic_store_n(&r->page->consumer, pos, __ATOMIC_SEQ_CST);
	}
	return ret;
}
