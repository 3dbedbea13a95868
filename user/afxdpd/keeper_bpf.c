/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * keeper_bpf.c - bpf(2) in the engine's place: what afxdpd, libbpf and libxdp ask for, and nothing
 * else. Whatever the engine may have become, it cannot read the kernel's memory by a program (no
 * helper that does is let through), attach one elsewhere than where the options say, keep anything
 * beyond its own life (nothing is pinned here), or open what is others'.
 *
 * Attributes are those of linux/bpf.h up to the last field that means something to us; what newer
 * headers add behind it is not passed on.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "keeper_parts.h"
#include "uapi.h"

#define ATTR_MAX 256

/* The kernel's own limits: BPF_COMPLEXITY_LIMIT_INSNS, BTF_MAX_SIZE; of records one an instruction.
 */
#define INSNS_MAX   1000000
#define BTF_MAX	    (16U << 20)
#define LOG_MAX	    (16U << 20)
#define RECORD_MAX  64
#define LICENSE_MAX 128
#define MAPS_MAX    64 /* distinct ones in a program: MAX_USED_MAPS */

/* Fields that Debian 12's headers have under these names; sizes end behind the last of ours. */
#define END_OF(field) (offsetof(union bpf_attr, field) + sizeof(((union bpf_attr *)0)->field))

struct ask {
	struct warden *w;
	union bpf_attr attr;
	uint64_t log_at; /* in the engine */
	char *log;
};

static int call(int cmd, const union bpf_attr *attr, size_t size)
{
	int ret = syscall(SYS_bpf, cmd, attr, size);

	return ret < 0 ? -errno : ret;
}

/* @size bytes at @from in the engine. Return: a copy, or NULL with *@err set. */
static void *copy(const struct warden *w, uint64_t from, size_t size, int *err)
{
	void *to = malloc(size ?: 1);

	*err = !to ? -ENOMEM : warden_read(w, from, to, size);
	if (!*err)
		return to;
	free(to);
	return NULL;
}

/* ---- the verifier's words ---- */

static int open_log(struct ask *a, uint64_t at, uint32_t level, uint32_t size)
{
	a->log_at = at;
	if (!level || !at || size > LOG_MAX)
		return level && size > LOG_MAX ? -EINVAL : 0;
	a->log = calloc(1, size ?: 1);
	return a->log ? 0 : -ENOMEM;
}

static void close_log(struct ask *a, uint32_t size)
{
	if (a->log && size)
		(void)warden_write(a->w, a->log_at, a->log, strnlen(a->log, size - 1) + 1);
	free(a->log);
}

/* ---- maps and types ---- */

static int map_create(struct ask *a)
{
	static const uint8_t may[] = {
		BPF_MAP_TYPE_HASH,	    BPF_MAP_TYPE_ARRAY,	   BPF_MAP_TYPE_PERCPU_HASH,
		BPF_MAP_TYPE_PERCPU_ARRAY,  BPF_MAP_TYPE_LRU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH,
		BPF_MAP_TYPE_LPM_TRIE,	    BPF_MAP_TYPE_XSKMAP,   BPF_MAP_TYPE_RINGBUF,
		BPF_MAP_TYPE_ARRAY_OF_MAPS,
	};
	union bpf_attr *attr = &a->attr;
	int btf = 0, inner = 0, fd;

	if (attr->map_type > UINT8_MAX || !memchr(may, attr->map_type, sizeof(may)) ||
	    attr->map_ifindex || attr->btf_vmlinux_value_type_id)
		return -EPERM;
	if (attr->btf_fd)
		btf = warden_fd(a->w, attr->btf_fd);
	if (attr->inner_map_fd)
		inner = warden_fd(a->w, attr->inner_map_fd);
	attr->btf_fd = btf;
	attr->inner_map_fd = inner;
	fd = btf < 0 ? btf : inner;
	if (fd >= 0)
		fd = call(BPF_MAP_CREATE, attr, END_OF(map_extra));
	if (btf > 0)
		close(btf);
	if (inner > 0)
		close(inner);
	return fd;
}

static int btf_load(struct ask *a)
{
	union bpf_attr *attr = &a->attr;
	uint32_t log_size = attr->btf_log_size;
	void *btf;
	int err, fd;

	if (attr->btf_size > BTF_MAX)
		return -E2BIG;
	btf = copy(a->w, attr->btf, attr->btf_size, &err);
	if (!btf)
		return err;
	fd = open_log(a, attr->btf_log_buf, attr->btf_log_level, log_size);
	attr->btf = (uintptr_t)btf;
	attr->btf_log_buf = (uintptr_t)a->log;
	if (!fd)
		fd = call(BPF_BTF_LOAD, attr, END_OF(btf_log_level));
	close_log(a, log_size);
	free(btf);
	return fd;
}

/* ---- programs ---- */

/* No kernel has that many. In branches that it never takes libbpf puts such calls where this kernel
 * lacks a function. */
#define NO_HELPER 1000000

/* Helpers that see the frame, maps and clocks. None that reads memory by address. */
static bool may_call(int32_t helper)
{
	static const uint8_t may[] = {
		BPF_FUNC_map_lookup_elem,
		BPF_FUNC_map_update_elem,
		BPF_FUNC_map_delete_elem,
		BPF_FUNC_ktime_get_ns,
		BPF_FUNC_get_prandom_u32,
		BPF_FUNC_get_smp_processor_id,
		BPF_FUNC_redirect,
		BPF_FUNC_csum_diff,
		BPF_FUNC_xdp_adjust_head,
		BPF_FUNC_redirect_map,
		BPF_FUNC_xdp_adjust_meta,
		BPF_FUNC_xdp_adjust_tail,
		BPF_FUNC_jiffies64,
		BPF_FUNC_ktime_get_boot_ns,
		BPF_FUNC_ringbuf_output,
		BPF_FUNC_ringbuf_reserve,
		BPF_FUNC_ringbuf_submit,
		BPF_FUNC_ringbuf_discard,
		BPF_FUNC_ringbuf_query,
		BPF_FUNC_ktime_get_coarse_ns,
		BPF_FUNC_for_each_map_elem,
		BPF_FUNC_loop,
		BPF_FUNC_xdp_get_buff_len,
		BPF_FUNC_xdp_load_bytes,
		BPF_FUNC_xdp_store_bytes,
		BPF_FUNC_map_lookup_percpu_elem,
		BPF_FUNC_ringbuf_reserve_dynptr,
		BPF_FUNC_ringbuf_submit_dynptr,
		BPF_FUNC_ringbuf_discard_dynptr,
		BPF_FUNC_ktime_get_tai_ns,
		BPF_FUNC_dynptr_write,
	};

	if (helper >= NO_HELPER)
		return true;
	return helper >= 0 && helper <= UINT8_MAX && memchr(may, helper, sizeof(may));
}

struct fds {
	uint32_t n;
	int theirs[MAPS_MAX], ours[MAPS_MAX];
};

static int translate(const struct warden *w, struct fds *f, int32_t *fd)
{
	uint32_t i;

	for (i = 0; i < f->n && f->theirs[i] != *fd; i++)
		;
	if (i == MAPS_MAX)
		return -E2BIG;
	if (i == f->n) {
		f->ours[i] = warden_fd(w, *fd);
		if (f->ours[i] < 0)
			return f->ours[i];
		f->theirs[i] = *fd;
		f->n++;
	}
	*fd = f->ours[i];
	return 0;
}

static void close_all(struct fds *f)
{
	for (uint32_t i = 0; i < f->n; i++)
		close(f->ours[i]);
}

/* Programs ask whether the kernel has a function, by its address. The same instruction gives them
 * its variables, and what these point to: not to us. */
static int is_function(struct btf **btf, const struct bpf_insn *insn)
{
	const struct btf_type *t;

	if (insn[1].imm) /* of a module */
		return -EPERM;
	if (!*btf)
		*btf = btf__load_vmlinux_btf();
	t = *btf ? btf__type_by_id(*btf, insn->imm) : NULL;
	return t && btf_is_func(t) ? 0 : -EPERM;
}

/* Which helpers it calls, and which maps it names, by our descriptors. */
static int look_through(const struct warden *w, struct bpf_insn *insn, uint32_t n, struct fds *f)
{
	struct btf *btf = NULL;
	int err = 0;

	for (uint32_t i = 0; i < n && !err; i++) {
		struct bpf_insn *at = &insn[i];

		if (at->code == (BPF_JMP | BPF_CALL) && !at->src_reg) {
			err = may_call(at->imm) ? 0 : -EPERM;
		} else if (at->code == (BPF_JMP | BPF_CALL) &&
			   at->src_reg == BPF_PSEUDO_KFUNC_CALL) {
			err = at->off ? -EPERM : 0; /* of the kernel itself, not of a module */
		} else if (at->code == (BPF_LD | BPF_IMM | BPF_DW)) {
			if (at->src_reg == BPF_PSEUDO_MAP_FD || at->src_reg == BPF_PSEUDO_MAP_VALUE)
				err = translate(w, f, &at->imm);
			else if (at->src_reg == BPF_PSEUDO_BTF_ID)
				err = i + 1 < n ? is_function(&btf, at) : -EINVAL;
			else if (at->src_reg && at->src_reg != BPF_PSEUDO_FUNC)
				err = -EPERM;
			i++; /* the other half of it */
		}
	}
	btf__free(btf);
	return err;
}

/* What there is only to find out what the kernel can: libbpf's probes. */
static bool is_probe(const union bpf_attr *attr)
{
	return attr->prog_type == BPF_PROG_TYPE_SOCKET_FILTER && attr->insn_cnt <= 16;
}

static int may_load(const struct ask *a)
{
	const union bpf_attr *attr = &a->attr;

	if (attr->prog_type != BPF_PROG_TYPE_XDP && !is_probe(attr))
		return -EPERM;
	if (attr->prog_flags & ~(BPF_F_XDP_HAS_FRAGS | BPF_F_XDP_DEV_BOUND_ONLY) ||
	    attr->attach_btf_id || attr->attach_prog_fd || attr->fd_array || attr->core_relo_cnt)
		return -EPERM;
	if (attr->prog_ifindex && !warden_serves(a->w, attr->prog_ifindex))
		return -EPERM;
	if (!attr->insn_cnt || attr->insn_cnt > INSNS_MAX || attr->func_info_cnt > INSNS_MAX ||
	    attr->line_info_cnt > INSNS_MAX || attr->func_info_rec_size > RECORD_MAX ||
	    attr->line_info_rec_size > RECORD_MAX)
		return -E2BIG;
	return 0;
}

/* The length of the license, which ends where it ends. */
static int copy_license(const struct warden *w, uint64_t from, char *to)
{
	for (size_t i = 0; i < LICENSE_MAX; i++) {
		int err = warden_read(w, from + i, &to[i], 1);

		if (err || !to[i])
			return err;
	}
	return -EINVAL;
}

static int prog_load(struct ask *a)
{
	union bpf_attr *attr = &a->attr;
	uint32_t log_size = attr->log_size;
	struct fds fds = { 0 };
	char license[LICENSE_MAX];
	void *insn, *func = NULL, *line = NULL;
	int fd = may_load(a), btf = 0;

	if (fd)
		return fd;
	insn = copy(a->w, attr->insns, attr->insn_cnt * sizeof(struct bpf_insn), &fd);
	if (!fd)
		func = copy(a->w, attr->func_info,
			    (size_t)attr->func_info_cnt * attr->func_info_rec_size, &fd);
	if (!fd)
		line = copy(a->w, attr->line_info,
			    (size_t)attr->line_info_cnt * attr->line_info_rec_size, &fd);
	if (!fd)
		fd = copy_license(a->w, attr->license, license);
	if (!fd)
		fd = look_through(a->w, insn, attr->insn_cnt, &fds);
	if (!fd && attr->prog_btf_fd)
		btf = fd = warden_fd(a->w, attr->prog_btf_fd);
	if (fd >= 0)
		fd = open_log(a, attr->log_buf, attr->log_level, log_size);
	attr->insns = (uintptr_t)insn;
	attr->func_info = (uintptr_t)func;
	attr->line_info = (uintptr_t)line;
	attr->license = (uintptr_t)license;
	attr->log_buf = (uintptr_t)a->log;
	attr->prog_btf_fd = btf;
	if (fd >= 0)
		fd = call(BPF_PROG_LOAD, attr, END_OF(core_relo_rec_size));
	close_log(a, log_size);
	if (btf > 0)
		close(btf);
	close_all(&fds);
	free(insn);
	free(func);
	free(line);
	return fd;
}

/* ---- attaching, and looking at what is attached ---- */

static int link_create(struct ask *a)
{
	union bpf_attr *attr = &a->attr;
	int prog, fd;

	if (attr->link_create.attach_type != BPF_XDP ||
	    attr->link_create.flags & ~(XDP_FLAGS_DRV_MODE | XDP_FLAGS_SKB_MODE))
		return -EPERM;
	if (!warden_serves(a->w, attr->link_create.target_ifindex))
		return -EPERM;
	prog = warden_fd(a->w, attr->link_create.prog_fd);
	if (prog < 0)
		return prog;
	attr->link_create.prog_fd = prog;
	fd = call(BPF_LINK_CREATE, attr, END_OF(link_create.flags));
	close(prog);
	return fd;
}

static int map_freeze(struct ask *a)
{
	union bpf_attr *attr = &a->attr;
	int fd = warden_fd(a->w, attr->map_fd), err;

	if (fd < 0)
		return fd;
	attr->map_fd = fd;
	err = call(BPF_MAP_FREEZE, attr, END_OF(map_fd));
	close(fd);
	return err;
}

/* The program that is attached to @ifindex, in our network namespace; 0: none. */
static uint32_t attached(unsigned int ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);

	if (bpf_xdp_query(ifindex, 0, &query))
		return 0;
	return query.prog_id ?: query.drv_prog_id ?: query.skb_prog_id ?: query.hw_prog_id;
}

/* XDP programs anybody may look at; links only where we serve. Another namespace's interface may
 * have the same number: not the same program. */
static int by_id(struct ask *a, int cmd)
{
	struct bpf_link_info link = { 0 };
	struct bpf_prog_info prog = { 0 };
	uint32_t len = cmd == BPF_LINK_GET_FD_BY_ID ? sizeof(link) : sizeof(prog);
	int fd = cmd == BPF_LINK_GET_FD_BY_ID ? bpf_link_get_fd_by_id(a->attr.link_id)
					      : bpf_prog_get_fd_by_id(a->attr.prog_id);
	bool may;

	if (fd < 0)
		return -errno;
	if (cmd == BPF_LINK_GET_FD_BY_ID)
		may = !bpf_obj_get_info_by_fd(fd, &link, &len) && link.type == BPF_LINK_TYPE_XDP &&
		      warden_serves(a->w, link.xdp.ifindex) &&
		      attached(link.xdp.ifindex) == link.prog_id;
	else
		may = !bpf_obj_get_info_by_fd(fd, &prog, &len) && prog.type == BPF_PROG_TYPE_XDP;
	if (may)
		return fd;
	close(fd);
	return -ENOENT;
}

/* Whether map @id is one of the program that is attached to @ifindex. */
static bool is_attached(unsigned int ifindex, uint32_t id)
{
	uint32_t ids[MAPS_MAX], len = sizeof(struct bpf_prog_info), n;
	struct bpf_prog_info info = { .nr_map_ids = MAPS_MAX, .map_ids = (uintptr_t)ids };
	int fd = bpf_prog_get_fd_by_id(attached(ifindex));

	if (fd < 0)
		return false;
	n = bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.nr_map_ids;
	close(fd);
	for (uint32_t i = 0; i < n && i < MAPS_MAX; i++)
		if (ids[i] == id)
			return true;
	return false;
}

static int map_by_id(struct ask *a)
{
	for (size_t i = 0; i < KEEPER_PORTS; i++) {
		unsigned int ifindex = a->w->port[i].ifindex;

		if (ifindex && is_attached(ifindex, a->attr.map_id)) {
			int fd = bpf_map_get_fd_by_id(a->attr.map_id);

			return fd < 0 ? -errno : fd;
		}
	}
	return -ENOENT;
}

static int next_id(struct ask *a, int cmd, uint64_t at)
{
	int err = call(cmd, &a->attr, END_OF(open_flags));

	return err
		       ?: warden_write(a->w, at + offsetof(union bpf_attr, next_id),
				       &a->attr.next_id, sizeof(a->attr.next_id));
}

/* ---- all of them ---- */

static int carry_out(struct ask *a, int cmd, uint64_t at, bool *is_fd)
{
	*is_fd = true;
	switch (cmd) {
	case BPF_MAP_CREATE:
		return map_create(a);
	case BPF_BTF_LOAD:
		return btf_load(a);
	case BPF_PROG_LOAD:
		return prog_load(a);
	case BPF_LINK_CREATE:
		return link_create(a);
	case BPF_PROG_GET_FD_BY_ID:
	case BPF_LINK_GET_FD_BY_ID:
		return by_id(a, cmd);
	case BPF_MAP_GET_FD_BY_ID:
		return map_by_id(a);
	case BPF_MAP_FREEZE:
		*is_fd = false;
		return map_freeze(a);
	case BPF_LINK_GET_NEXT_ID:
		*is_fd = false;
		return next_id(a, cmd, at);
	default:
		return -EPERM;
	}
}

int warden_bpf(struct warden *w, int cmd, uint64_t at, uint32_t size, int *fd)
{
	struct ask a = { .w = w };
	bool is_fd;
	int ret;

	*fd = -1;
	memset(&a.attr, 0, sizeof(a.attr));
	if (size > ATTR_MAX)
		return -E2BIG;
	ret = warden_read(w, at, &a.attr, size < sizeof(a.attr) ? size : sizeof(a.attr));
	if (!ret)
		ret = carry_out(&a, cmd, at, &is_fd);
	if (ret < 0)
		return ret;
	if (is_fd)
		*fd = ret;
	return 0;
}
