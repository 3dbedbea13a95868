/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* prog.c - our XDP program: load it, attach it, exchange it, read its counters, detach it. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dispatcher.h"
#include "prog_parts.h"
#include "rules.h"
#include "uapi.h"

extern const char afxdp_rx_object[], afxdp_rx_object_end[];
extern const char afxdp_rx_hw_object[], afxdp_rx_hw_object_end[];

int prog_failed(struct afxdp_prog *p, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(p->why, sizeof(p->why), format, args);
	va_end(args);
	return err;
}

static int map_fd(struct bpf_object *obj, const char *name)
{
	return bpf_object__find_map_fd_by_name(obj, name);
}

static bool joins(const struct afxdp_prog *p)
{
	return p->found.what == AFXDP_FOUND_DISPATCHER && !p->config.replace;
}

static const char *program_name(const struct afxdp_prog *p)
{
	if (!joins(p))
		return "afxdp_rx";
	return p->bare ? "afxdp_rx_bare" : "afxdp_rx_joined";
}

static int open_object(const struct afxdp_prog *p, struct bpf_object **out)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "afxdp_rx");
	const char *image = p->hw ? afxdp_rx_hw_object : afxdp_rx_object;
	const char *end = p->hw ? afxdp_rx_hw_object_end : afxdp_rx_object_end;
	struct bpf_program *prog;
	const uint32_t none = 0;
	struct bpf_object *obj;
	struct bpf_map *map;

	obj = bpf_object__open_mem(image, end - image, &opts);
	if (!obj)
		return -errno;
	*out = obj;
	bpf_object__for_each_map(map, obj) /* made where rules copy: rules/copies.c */
		if (!strncmp(bpf_map__name(map), "copy_", 5))
			bpf_map__set_autocreate(map, false);
	bpf_object__for_each_program(prog, obj)
		bpf_program__set_autoload(prog, !strcmp(bpf_program__name(prog), program_name(p)));
	prog = bpf_object__find_program_by_name(obj, program_name(p));
	afxdp_prog_set_const(obj, "longest_frame", &p->config.longest, sizeof(p->config.longest));
	if (p->config.splits_headers)
		afxdp_prog_set_const(obj, "whole_below", &none, sizeof(none));
	if (p->hw) {
		const uint8_t stripped = p->config.tags_stripped;

		afxdp_prog_set_const(obj, "tags_stripped", &stripped, sizeof(stripped));
		bpf_program__set_ifindex(prog, p->config.ifindex);
		bpf_program__set_flags(prog, bpf_program__flags(prog) | BPF_F_XDP_DEV_BOUND_ONLY);
	}
	afxdp_prog_set_const(obj, "needs", &p->needs, sizeof(p->needs));
	bpf_map__set_max_entries(bpf_object__find_map_by_name(obj, "ledger"), p->queues);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(obj, "xsks"),
				 p->queues * AFXDP_ROUTES);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(obj, "pace"), p->queues);
	return afxdp_prog_set_const(obj, "ledger_queues", &p->queues, sizeof(p->queues));
}

/* Load an object that nothing but its rules can keep the kernel from taking. */
static int load_object(struct afxdp_prog *p, struct bpf_object *obj)
{
	int err = bpf_object__load(obj);

	if (!err)
		return 0;
	return prog_failed(p, err, "the kernel does not take the XDP program: %s%s", strerror(-err),
			   err == -EPERM ? " (needs root, or CAP_BPF and CAP_NET_ADMIN)"
					 : " (-v shows the verifier's words)");
}

static int program_fd(const struct bpf_object *obj)
{
	return bpf_program__fd(bpf_object__find_program_by_name(obj, "afxdp_rx"));
}

static int find_maps(struct afxdp_prog *p)
{
	p->ledger_fd = map_fd(p->obj, "ledger");
	p->hits_fd = map_fd(p->obj, "rule_hits");
	p->xsks_fd = map_fd(p->obj, "xsks");
	p->config_fd = map_fd(p->obj, ".data.config");
	p->pace_fd = map_fd(p->obj, "pace");
	if (p->ledger_fd < 0 || p->hits_fd < 0 || p->xsks_fd < 0 || p->config_fd < 0)
		return -ENOENT;
	return 0;
}

/* Open our object and give it its rules; nothing is loaded yet. */
static int open_ours(struct afxdp_prog *p)
{
	struct afxdp_rules *rules = p->config.rules;
	int err = open_object(p, &p->obj);

	if (err)
		return prog_failed(p, err, "cannot open the built-in BPF object: %s",
				   strerror(-err));
	if (!rules)
		return 0;
	p->config.run.default_verdict = afxdp_rules_default(rules);
	err = prog_set_routes(p, rules, p->obj);
	if (err)
		return err;
	return afxdp_rules_attach_object(rules, p->obj, p->why, sizeof(p->why));
}

/* libxdp says what is wrong to its log only; what is usual, we find out. */
static int cannot_join(struct afxdp_prog *p, int err)
{
	const char *ifname = p->config.ifname;
	int version = dispatcher_version(p->found.prog_id), own = dispatcher_own_version();

	if (version > 0 && own && version != own)
		return prog_failed(p, err,
				   "%s: libxdp's dispatcher there has version %d, and our libxdp "
				   "joins version %d only: 'xdp-loader unload %s --all' and load "
				   "its programs with our libxdp's xdp-loader, or use --replace",
				   ifname, version, own, ifname);
	if (libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_EXT, NULL) == 0)
		return prog_failed(
			p, err,
			"%s: this kernel takes no programs of type EXT, by which libxdp's "
			"dispatcher (id %u) is joined: take its place with --replace",
			ifname, p->found.prog_id);
	return prog_failed(p, err,
			   "%s: cannot join libxdp's dispatcher (id %u): %s: take its place with "
			   "--replace, or remove it with 'xdp-loader unload %s --all'",
			   ifname, p->found.prog_id, strerror(-err), ifname);
}

/* Load and attach in one go: until it is configured it passes everything. */
static int join_dispatcher(struct afxdp_prog *p)
{
	int err;

	do {
		err = open_ours(p);
		if (err)
			return err;
		err = dispatcher_join(p->obj, program_name(p), p->config.ifindex, &p->xdp,
				      &p->generic);
		if (!err) {
			p->attached = true;
			return 0;
		}
		bpf_object__close(p->obj);
		p->obj = NULL;
		p->bare = !p->bare; /* see afxdp_rx_bare */
	} while (err == -EINVAL && p->bare);
	return cannot_join(p, err);
}

static int load_alone(struct afxdp_prog *p)
{
	int err;

	p->hw = p->config.hw_metadata;
	err = open_ours(p);
	if (!err)
		err = load_object(p, p->obj);
	if (!err)
		p->prog_fd = program_fd(p->obj);
	return err;
}

static int load_ours(struct afxdp_prog *p)
{
	struct afxdp_rules *rules = p->config.rules;
	int err;

	p->queues = p->config.queues;
	p->needs = joins(p) ? AFXDP_NEED_ALL : p->needs; /* it cannot be exchanged there */
	err = joins(p) ? join_dispatcher(p) : load_alone(p);
	if (err)
		return err;
	if (rules) {
		err = afxdp_rules_loaded(rules, p->obj, p->why, sizeof(p->why));
		if (err)
			return err;
	}
	err = find_maps(p);
	if (!err)
		err = afxdp_prog_set(p, &p->config.run);
	return err ? prog_failed(p, err, "cannot set the XDP program up: %s", strerror(-err)) : 0;
}

static int share_maps(const struct afxdp_prog *p, struct bpf_object *obj)
{
	const struct {
		const char *name;
		int fd;
	} shared[] = { { "ledger", p->ledger_fd },
		       { "xsks", p->xsks_fd },
		       { "pace", p->pace_fd },
		       { ".data.config", p->config_fd } };
	int err = 0;

	for (size_t i = 0; i < sizeof(shared) / sizeof(*shared) && !err; i++)
		err = bpf_map__reuse_fd(bpf_object__find_map_by_name(obj, shared[i].name),
					shared[i].fd);
	return err;
}

void prog_become(struct afxdp_prog *p, struct bpf_object *obj, struct afxdp_rules *rules)
{
	bool alone = !rules && !p->config.rules;

	/* All objects hold these maps; each closes its own descriptors. */
	bpf_object__close(p->before);
	p->before = alone ? p->obj : NULL;
	p->needs_before = p->needs;
	if (!alone)
		bpf_object__close(p->obj);
	p->obj = obj;
	p->prog_fd = program_fd(obj);
	p->config.rules = rules;
	find_maps(p);
	if (p->pinned)
		afxdp_prog_pin_hits(p);
}

int afxdp_prog_prepare(struct afxdp_prog *p, struct afxdp_rules *rules, struct bpf_object **out)
{
	struct bpf_object *obj = NULL;
	int err;

	if (p->adopted || p->xdp || p->link_fd < 0)
		return prog_failed(
			p, -EOPNOTSUPP,
			"%s: rules can only be replaced in a program of our own link, not in "
			"one that "
			"was adopted or that a dispatcher calls",
			p->config.ifname);
	err = open_object(p, &obj);
	if (!err)
		err = share_maps(p, obj);
	if (err) {
		prog_failed(p, err, "cannot open the built-in BPF object: %s", strerror(-err));
		goto close;
	}
	err = rules ? prog_set_routes(p, rules, obj) : 0;
	if (!err && rules)
		err = afxdp_rules_attach_object(rules, obj, p->why, sizeof(p->why));
	if (!err)
		err = load_object(p, obj);
	if (!err && rules)
		err = afxdp_rules_loaded(rules, obj, p->why, sizeof(p->why));
	if (err)
		goto close;
	*out = obj;
	return 0;
close:
	bpf_object__close(obj);
	return err;
}

int prog_exchange(struct afxdp_prog *p, const struct bpf_object *obj)
{
	if (!bpf_link_update(p->link_fd, program_fd(obj), NULL))
		return 0;
	return prog_failed(p, -errno, "%s: cannot put the new program in the old one's place: %s",
			   p->config.ifname,
			   errno == ENOLINK
				   ? "it is not attached any more, for somebody has detached it"
				   : strerror(errno));
}

int afxdp_prog_commit(struct afxdp_prog *p, struct afxdp_rules *rules, struct bpf_object *obj)
{
	struct afxdp_rules *old = p->config.rules;
	struct afxdp_config run = p->config.run;
	int err;

	if (rules && old && afxdp_rules_go_on(rules, old))
		return prog_failed(p, -EIO, "%s: cannot carry the limits' state over",
				   p->config.ifname);
	/* The default is compiled into the rules, so no frame meets one generation's rules and the
	 * other's default. */
	err = prog_exchange(p, obj);
	if (err)
		return err;
	afxdp_quiesce();
	run.default_verdict = rules ? afxdp_rules_default(rules) : AFXDP_CAPTURE;
	afxdp_prog_set(p, &run);
	if (rules && old)
		afxdp_rules_inherit(rules, old);
	prog_become(p, obj, rules);
	return 0;
}

int afxdp_prog_load(struct afxdp_prog *p, const struct afxdp_prog_config *config)
{
	int err;

	memset(p, 0, sizeof(*p));
	p->config = *config;
	p->needs = AFXDP_NEED_ALL & ~config->unasked;
	p->prog_fd = p->link_fd = p->ledger_fd = p->hits_fd = p->xsks_fd = p->config_fd =
		p->pace_fd = -1;
	err = afxdp_prog_look(config->ifindex, &p->found);
	if (err)
		return prog_failed(p, err, "%s: cannot ask which XDP program is attached: %s",
				   config->ifname, strerror(-err));
	if (!config->replace) {
		if (p->found.what == AFXDP_FOUND_OURS && !p->found.link_id && !config->rules)
			return prog_adopt(p);
		if (p->found.what == AFXDP_FOUND_OURS || p->found.what == AFXDP_FOUND_FOREIGN)
			return prog_in_the_way(p);
	}
	return load_ours(p);
}

static int link_create(struct afxdp_prog *p, uint32_t flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flags);
	int fd = bpf_link_create(p->prog_fd, p->config.ifindex, BPF_XDP, &opts);

	if (fd < 0)
		return -errno;
	p->link_fd = fd;
	return 0;
}

int afxdp_prog_attach(struct afxdp_prog *p)
{
	const char *ifname = p->config.ifname;
	int err;

	if (p->attached) /* adopted, or in a dispatcher */
		return 0;
	if (p->config.replace) {
		err = prog_evict(p);
		if (err)
			return prog_failed(p, err, "%s: cannot detach XDP program %s (id %u): %s",
					   ifname, p->found.name, p->found.prog_id, strerror(-err));
	}
	err = p->config.attach == AFXDP_ATTACH_GENERIC ? -EOPNOTSUPP
						       : link_create(p, XDP_FLAGS_DRV_MODE);
	if (err && p->config.attach != AFXDP_ATTACH_GENERIC)
		prog_ask_why(p);
	if (err && p->hw && p->config.attach == AFXDP_ATTACH_AUTO)
		return prog_failed(
			p, -EOPNOTSUPP,
			"%s: the driver does not take a program with metadata in native mode: %s",
			ifname, strerror(-err));
	if (err && p->config.attach == AFXDP_ATTACH_NATIVE)
		return prog_failed(
			p, err,
			"%s: the driver does not take an XDP program in native mode: %s%s%s%s; "
			"'-a auto' falls back to generic mode",
			ifname, strerror(-err), p->refusal[0] ? " (" : "", p->refusal,
			p->refusal[0] ? ")" : "");
	if (err == -EBUSY || err == -EEXIST)
		return prog_failed(p, -EEXIST, "%s: another XDP program was attached meanwhile",
				   ifname);
	if (err) {
		p->generic = true;
		err = afxdp_prog_set(p, &p->config.run) ?: link_create(p, XDP_FLAGS_SKB_MODE);
	}
	if (err)
		return prog_failed(p, err, "%s: cannot attach the XDP program: %s", ifname,
				   strerror(-err));
	p->attached = true;
	return 0;
}

int afxdp_prog_set(struct afxdp_prog *p, const struct afxdp_config *run)
{
	uint32_t zero = 0;

	p->config.run = *run;
	p->config.run.generic = p->generic;
	return bpf_map_update_elem(p->config_fd, &zero, &p->config.run, 0) ? -errno : 0;
}

/* Sum a per-CPU value made of 64-bit counters. The kernel rounds each CPU's value to 8 bytes: so
 * are they. */
static int sum_percpu(int fd, uint32_t key, uint64_t *sum, size_t counters)
{
	int cpus = libbpf_num_possible_cpus();
	uint64_t *values;

	if (cpus < 0)
		return cpus;
	values = calloc(cpus, counters * sizeof(*values));
	if (!values)
		return -ENOMEM;
	if (bpf_map_lookup_elem(fd, &key, values)) {
		free(values);
		return -errno;
	}
	memset(sum, 0, counters * sizeof(*sum));
	for (int cpu = 0; cpu < cpus; cpu++)
		for (size_t i = 0; i < counters; i++)
			sum[i] += values[cpu * counters + i];
	free(values);
	return 0;
}

int afxdp_prog_ledger(const struct afxdp_prog *p, uint32_t queue, struct afxdp_ledger *sum)
{
	return sum_percpu(p->ledger_fd, queue, (uint64_t *)sum, sizeof(*sum) / sizeof(uint64_t));
}

int afxdp_prog_hits(const struct afxdp_prog *p, uint32_t rule, struct afxdp_hits *sum)
{
	return sum_percpu(p->hits_fd, rule, (uint64_t *)sum, sizeof(*sum) / sizeof(uint64_t));
}

void afxdp_prog_detach(struct afxdp_prog *p)
{
	struct afxdp_config pass = { .default_verdict = AFXDP_PASS };

	if (!p->attached)
		return;
	p->attached = false;
	if (p->adopted) {
		afxdp_prog_set(p, &pass);
	} else if (p->xdp) {
		dispatcher_leave(p->xdp, p->config.ifindex, p->generic);
	} else if (p->link_fd >= 0) {
		/* Closing would do; detaching says when it is done. */
		bpf_link_detach(p->link_fd);
		close(p->link_fd);
		p->link_fd = -1;
	}
	afxdp_quiesce();
}

void afxdp_prog_close(struct afxdp_prog *p)
{
	afxdp_prog_detach(p);
	if (p->pinned)
		afxdp_prog_unpin(p);
	if (p->adopted) {
		int fds[] = { p->ledger_fd, p->hits_fd, p->xsks_fd,
			      p->config_fd, p->pace_fd, p->prog_fd };

		for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
			if (fds[i] >= 0)
				close(fds[i]);
	}
	bpf_object__close(p->before);
	if (p->xdp)
		dispatcher_free(p->xdp);
	else
		bpf_object__close(p->obj);
	memset(p, 0, sizeof(*p));
	p->link_fd = -1;
}
