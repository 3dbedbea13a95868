/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "prog.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/membarrier.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "dispatcher.h"
#include "rules.h"
#include "uapi.h"

#define PIN_ROOT  "/sys/fs/bpf"
#define BPF_MAGIC 0xcafe4a11

extern const char afxdp_rx_object[], afxdp_rx_object_end[];
extern const char afxdp_rx_hw_object[], afxdp_rx_hw_object_end[];

static int failed(struct afxdp_prog *p, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(p->why, sizeof(p->why), format, args);
	va_end(args);
	return err;
}

/* The link through which @prog_id sits on @ifindex, or 0. */
static uint32_t find_link(unsigned int ifindex, uint32_t prog_id)
{
	uint32_t id = 0;

	while (!bpf_link_get_next_id(id, &id)) {
		struct bpf_link_info info = { 0 };
		uint32_t len = sizeof(info);
		int fd = bpf_link_get_fd_by_id(id), err;

		if (fd < 0)
			continue;
		err = bpf_obj_get_info_by_fd(fd, &info, &len);
		close(fd);
		if (!err && info.type == BPF_LINK_TYPE_XDP && info.xdp.ifindex == ifindex &&
		    info.prog_id == prog_id)
			return id;
	}
	return 0;
}

int afxdp_prog_look(unsigned int ifindex, struct afxdp_occupant *found)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);
	int err, fd;

	memset(found, 0, sizeof(*found));
	err = bpf_xdp_query(ifindex, 0, &query);
	if (err)
		return err;
	found->prog_id = query.prog_id ?: query.drv_prog_id ?: query.skb_prog_id ?: query.hw_prog_id;
	if (!found->prog_id)
		return 0;
	found->generic = query.skb_prog_id == found->prog_id;
	found->link_id = find_link(ifindex, found->prog_id);
	found->what = AFXDP_FOUND_FOREIGN;
	fd = bpf_prog_get_fd_by_id(found->prog_id);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	err = bpf_obj_get_info_by_fd(fd, &info, &len) ? -errno : 0;
	close(fd);
	if (err)
		return err;
	snprintf(found->name, sizeof(found->name), "%s", info.name);
	if (!strncmp(found->name, "afxdp_rx", 8))
		found->what = AFXDP_FOUND_OURS;
	else if (!strcmp(found->name, "xdp_dispatcher"))
		found->what = AFXDP_FOUND_DISPATCHER;
	return 0;
}

static int map_fd(struct bpf_object *obj, const char *name)
{
	return bpf_object__find_map_fd_by_name(obj, name);
}

int afxdp_prog_set_const(struct bpf_object *obj, const char *name, const void *value, size_t size)
{
	const struct btf *btf = bpf_object__btf(obj);
	int id = btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC);
	const struct btf_type *section = id < 0 ? NULL : btf__type_by_id(btf, id);
	const struct btf_var_secinfo *var = section ? btf_var_secinfos(section) : NULL;
	struct bpf_map *map;
	size_t map_size;
	uint8_t *image;

	for (int i = 0; section && i < btf_vlen(section); i++, var++) {
		const struct btf_type *t = btf__type_by_id(btf, var->type);

		if (strcmp(btf__name_by_offset(btf, t->name_off), name) || var->size != size)
			continue;
		bpf_object__for_each_map(map, obj) {
			const char *m = bpf_map__name(map);

			/* "afxdp_rx.rodata": the object's name comes first. */
			if (strlen(m) < 7 || strcmp(m + strlen(m) - 7, ".rodata"))
				continue;
			image = (uint8_t *)bpf_map__initial_value(map, &map_size);
			if (!image || var->offset + size > map_size)
				return -EINVAL;
			memcpy(image + var->offset, value, size);
			return 0;
		}
	}
	return -ENOENT;
}

static const char *program_name(const struct afxdp_prog *p)
{
	return p->bare ? "afxdp_rx_bare" : "afxdp_rx";
}

static int open_object(const struct afxdp_prog *p, struct bpf_object **out)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "afxdp_rx");
	const char *image = p->hw ? afxdp_rx_hw_object : afxdp_rx_object;
	const char *end = p->hw ? afxdp_rx_hw_object_end : afxdp_rx_object_end;
	struct bpf_program *prog;
	struct bpf_object *obj;

	obj = bpf_object__open_mem(image, end - image, &opts);
	if (!obj)
		return -errno;
	*out = obj;
	bpf_object__for_each_program(prog, obj)
		bpf_program__set_autoload(prog, !strcmp(bpf_program__name(prog), program_name(p)));
	prog = bpf_object__find_program_by_name(obj, program_name(p));
	if (p->hw) {
		const uint8_t stripped = p->config.tags_stripped;

		afxdp_prog_set_const(obj, "tags_stripped", &stripped, sizeof(stripped));
		bpf_program__set_ifindex(prog, p->config.ifindex);
		bpf_program__set_flags(prog, bpf_program__flags(prog) | BPF_F_XDP_DEV_BOUND_ONLY);
	}
	bpf_map__set_max_entries(bpf_object__find_map_by_name(obj, "ledger"), p->queues);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(obj, "xsks"), p->queues);
	return afxdp_prog_set_const(obj, "ledger_queues", &p->queues, sizeof(p->queues));
}

/* Load an object that nothing but its rules can keep the kernel from taking. */
static int load_object(struct afxdp_prog *p, struct bpf_object *obj)
{
	int err = bpf_object__load(obj);

	if (!err)
		return 0;
	return failed(p, err, "the kernel does not take the XDP program: %s%s", strerror(-err),
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
		return failed(p, err, "cannot open the built-in BPF object: %s", strerror(-err));
	if (!rules)
		return 0;
	p->config.run.default_verdict = afxdp_rules_default(rules);
	return afxdp_rules_attach_object(rules, p->obj, p->why, sizeof(p->why));
}

/* Load and attach in one go: until it is configured it passes everything. */
static int join_dispatcher(struct afxdp_prog *p)
{
	const char *ifname = p->config.ifname;
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
	return failed(p, err,
		      "%s: cannot join libxdp's dispatcher (id %u): %s: take its place with "
		      "--replace, or remove it with 'xdp-loader unload %s --all'",
		      ifname, p->found.prog_id, strerror(-err), ifname);
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
	if (p->found.what == AFXDP_FOUND_DISPATCHER && !p->config.replace)
		err = join_dispatcher(p);
	else
		err = load_alone(p);
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
	return err ? failed(p, err, "cannot set the XDP program up: %s", strerror(-err)) : 0;
}

static int share_maps(const struct afxdp_prog *p, struct bpf_object *obj)
{
	const struct {
		const char *name;
		int fd;
	} shared[] = { { "ledger", p->ledger_fd },
		       { "xsks", p->xsks_fd },
		       { ".data.config", p->config_fd } };
	int err = 0;

	for (size_t i = 0; i < sizeof(shared) / sizeof(*shared) && !err; i++)
		err = bpf_map__reuse_fd(bpf_object__find_map_by_name(obj, shared[i].name),
					shared[i].fd);
	return err;
}

static void pin_hits(struct afxdp_prog *p);

/* The new program @obj is in the link: it is the one from now on. */
static void become(struct afxdp_prog *p, struct bpf_object *obj, struct afxdp_rules *rules)
{
	/* Both objects hold these maps; each closes its own descriptors. */
	bpf_object__close(p->obj);
	p->obj = obj;
	p->prog_fd = program_fd(obj);
	p->config.rules = rules;
	find_maps(p);
	if (p->pinned)
		pin_hits(p);
}

int afxdp_prog_swap(struct afxdp_prog *p, struct afxdp_rules *rules)
{
	struct afxdp_rules *old = p->config.rules;
	struct afxdp_config run = p->config.run;
	struct bpf_object *obj = NULL;
	int err;

	if (p->adopted || p->xdp || p->link_fd < 0)
		return failed(p, -EOPNOTSUPP,
			      "%s: rules can only be replaced in a program of our own link, not in "
			      "one that "
			      "was adopted or that a dispatcher calls",
			      p->config.ifname);
	err = open_object(p, &obj);
	if (!err)
		err = share_maps(p, obj);
	if (err) {
		failed(p, err, "cannot open the built-in BPF object: %s", strerror(-err));
		goto close;
	}
	err = rules ? afxdp_rules_attach_object(rules, obj, p->why, sizeof(p->why)) : 0;
	if (!err)
		err = load_object(p, obj);
	if (!err && rules)
		err = afxdp_rules_loaded(rules, obj, p->why, sizeof(p->why));
	if (err)
		goto close;
	/* The default is compiled into the rules, so no frame meets one generation's rules and the
	 * other's default. */
	if (bpf_link_update(p->link_fd, program_fd(obj), NULL)) {
		err = failed(p, -errno, "%s: cannot put the new program in the old one's place: %s",
			     p->config.ifname, strerror(errno));
		goto close;
	}
	afxdp_quiesce();
	run.default_verdict = rules ? afxdp_rules_default(rules) : AFXDP_CAPTURE;
	afxdp_prog_set(p, &run);
	if (rules && old)
		afxdp_rules_inherit(rules, old);
	become(p, obj, rules);
	return 0;
close:
	bpf_object__close(obj);
	return err;
}

/* Take over the maps of our program that `ip link` has attached; its verdicts are ours to set. */
static int adopt(struct afxdp_prog *p)
{
	uint32_t ids[16], len = sizeof(struct bpf_prog_info);
	struct bpf_prog_info info = { .nr_map_ids = 16, .map_ids = (uintptr_t)ids };
	int err;

	p->prog_fd = bpf_prog_get_fd_by_id(p->found.prog_id);
	if (p->prog_fd < 0 || bpf_obj_get_info_by_fd(p->prog_fd, &info, &len))
		return failed(p, -errno, "cannot look at the attached program %u: %s",
			      p->found.prog_id, strerror(errno));
	for (uint32_t i = 0; i < info.nr_map_ids && i < 16; i++) {
		struct bpf_map_info map = { 0 };
		int fd = bpf_map_get_fd_by_id(ids[i]);

		len = sizeof(map);
		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &map, &len))
			return failed(p, -errno, "cannot look at map %u: %s", ids[i],
				      strerror(errno));
		if (!strcmp(map.name, "ledger") && map.value_size == sizeof(struct afxdp_ledger)) {
			p->ledger_fd = fd;
			p->queues = map.max_entries;
		} else if (!strcmp(map.name, "rule_hits")) {
			p->hits_fd = fd;
		} else if (!strcmp(map.name, "xsks")) {
			p->xsks_fd = fd;
		} else if (!strcmp(map.name, ".data.config") &&
			   map.value_size == sizeof(struct afxdp_config)) {
			p->config_fd = fd;
		} else {
			close(fd);
		}
	}
	if (p->ledger_fd < 0 || p->xsks_fd < 0 || p->config_fd < 0)
		return failed(
			p, -EEXIST,
			"%s: the attached program %s (id %u) is of another version: "
			"replace it with --replace, or detach it with 'ip link set dev %s xdp off'",
			p->config.ifname, p->found.name, p->found.prog_id, p->config.ifname);
	err = afxdp_prog_set(p, &p->config.run);
	if (err)
		return failed(p, err, "cannot configure the attached program %u: %s",
			      p->found.prog_id, strerror(-err));
	p->adopted = true;
	p->attached = true;
	p->generic = p->found.generic;
	return 0;
}

static int in_the_way(struct afxdp_prog *p)
{
	const char *ifname = p->config.ifname;

	if (p->found.link_id)
		return failed(
			p, -EEXIST,
			"%s: XDP program %s (id %u) is attached by link %u of another process: "
			"stop that process, or take its place with --replace",
			ifname, p->found.name, p->found.prog_id, p->found.link_id);
	if (p->found.what == AFXDP_FOUND_OURS)
		return failed(
			p, -EEXIST,
			"%s: the program loaded by ip link (id %u) has no rules: take its place "
			"with --replace, or detach it with 'ip link set dev %s xdp off'",
			ifname, p->found.prog_id, ifname);
	return failed(p, -EEXIST,
		      "%s: a foreign XDP program, %s (id %u), is attached: take its place with "
		      "--replace, "
		      "or detach it with 'ip link set dev %s xdp off'",
		      ifname, p->found.name[0] ? p->found.name : "unnamed", p->found.prog_id,
		      ifname);
}

int afxdp_prog_load(struct afxdp_prog *p, const struct afxdp_prog_config *config)
{
	int err;

	memset(p, 0, sizeof(*p));
	p->config = *config;
	p->prog_fd = p->link_fd = p->ledger_fd = p->hits_fd = p->xsks_fd = p->config_fd = -1;
	err = afxdp_prog_look(config->ifindex, &p->found);
	if (err)
		return failed(p, err, "%s: cannot ask which XDP program is attached: %s",
			      config->ifname, strerror(-err));
	if (!config->replace) {
		if (p->found.what == AFXDP_FOUND_OURS && !p->found.link_id && !config->rules)
			return adopt(p);
		if (p->found.what == AFXDP_FOUND_OURS || p->found.what == AFXDP_FOUND_FOREIGN)
			return in_the_way(p);
	}
	return load_ours(p);
}

/* Make room: --replace was given. A link cannot take a plain attachment's place in one step, so for
 * a moment frames go to the stack unfiltered, as they did before any program was there. */
static int evict(struct afxdp_prog *p)
{
	struct afxdp_occupant *o = &p->found;
	int err, fd;

	if (o->what == AFXDP_FOUND_NOTHING)
		return 0;
	if (o->what == AFXDP_FOUND_DISPATCHER)
		return dispatcher_remove(p->config.ifindex);
	if (!o->link_id)
		return bpf_xdp_detach(p->config.ifindex,
				      o->generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE, NULL);
	fd = bpf_link_get_fd_by_id(o->link_id);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	err = bpf_link_detach(fd) ? -errno : 0;
	close(fd);
	return err;
}

static int link_create(struct afxdp_prog *p, uint32_t flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flags);
	int fd = bpf_link_create(p->prog_fd, p->config.ifindex, BPF_XDP, &opts);

	if (fd < 0)
		return -errno;
	p->link_fd = fd;
	p->generic = flags == XDP_FLAGS_SKB_MODE;
	return 0;
}

int afxdp_prog_attach(struct afxdp_prog *p)
{
	const char *ifname = p->config.ifname;
	int err;

	if (p->attached) /* adopted, or in a dispatcher */
		return 0;
	if (p->config.replace) {
		err = evict(p);
		if (err)
			return failed(p, err, "%s: cannot detach XDP program %s (id %u): %s",
				      ifname, p->found.name, p->found.prog_id, strerror(-err));
	}
	err = p->config.attach == AFXDP_ATTACH_GENERIC ? -EOPNOTSUPP
						       : link_create(p, XDP_FLAGS_DRV_MODE);
	if (err && p->hw && p->config.attach == AFXDP_ATTACH_AUTO)
		return failed(
			p, -EOPNOTSUPP,
			"%s: the driver does not take a program with metadata in native mode: %s",
			ifname, strerror(-err));
	if (err && p->config.attach == AFXDP_ATTACH_NATIVE)
		return failed(p, err,
			      "%s: the driver does not take an XDP program in native mode: %s; "
			      "'-a auto' falls back to generic mode",
			      ifname, strerror(-err));
	if (err == -EBUSY || err == -EEXIST)
		return failed(p, -EEXIST, "%s: another XDP program was attached meanwhile", ifname);
	if (err)
		err = link_create(p, XDP_FLAGS_SKB_MODE);
	if (err)
		return failed(p, err, "%s: cannot attach the XDP program: %s", ifname,
			      strerror(-err));
	p->attached = true;
	return 0;
}

int afxdp_prog_claim(struct afxdp_prog *p, uint32_t queue, int xsk_fd)
{
	return bpf_map_update_elem(p->xsks_fd, &queue, &xsk_fd, 0) ? -errno : 0;
}

void afxdp_prog_unclaim(struct afxdp_prog *p, uint32_t queue)
{
	bpf_map_delete_elem(p->xsks_fd, &queue);
}

int afxdp_prog_set(struct afxdp_prog *p, const struct afxdp_config *run)
{
	uint32_t zero = 0;

	p->config.run = *run;
	return bpf_map_update_elem(p->config_fd, &zero, run, 0) ? -errno : 0;
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

static void pin_path(const struct afxdp_prog *p, const char *name, char *path, size_t size)
{
	snprintf(path, size, PIN_ROOT "/afxdp/%s/%s", p->config.ifname, name);
}

static const char *const pin_names[] = { "ledger", "rule_hits", "xsks" };

static void unpin(struct afxdp_prog *p)
{
	char path[128];

	for (int i = 0; i < 3; i++) {
		pin_path(p, pin_names[i], path, sizeof(path));
		unlink(path);
	}
	pin_path(p, "", path, sizeof(path));
	rmdir(path);
	rmdir(PIN_ROOT "/afxdp"); /* the last one out; fails while others have pins */
}

/* Show another generation's rule counters under the same name. */
static void pin_hits(struct afxdp_prog *p)
{
	char path[128];

	pin_path(p, "rule_hits", path, sizeof(path));
	unlink(path);
	bpf_obj_pin(p->hits_fd, path);
}

int afxdp_prog_pin(struct afxdp_prog *p)
{
	int fds[] = { p->ledger_fd, p->hits_fd, p->xsks_fd };
	struct statfs fs;
	char path[128];

	if (statfs(PIN_ROOT, &fs) || (uint32_t)fs.f_type != BPF_MAGIC)
		return failed(p, -ENOENT,
			      "no bpffs at " PIN_ROOT
			      " (ip netns exec hides it, nsenter --net does not): "
			      "running without pinned maps");
	unpin(p);
	mkdir(PIN_ROOT "/afxdp", 0755);
	pin_path(p, "", path, sizeof(path));
	if (mkdir(path, 0755) && errno != EEXIST)
		return failed(p, -errno, "cannot make %s: %s: running without pinned maps", path,
			      strerror(errno));
	for (int i = 0; i < 3; i++) {
		pin_path(p, pin_names[i], path, sizeof(path));
		if (fds[i] >= 0 && bpf_obj_pin(fds[i], path)) {
			int err = -errno;

			unpin(p);
			return failed(p, err, "cannot pin %s: %s: running without pinned maps",
				      path, strerror(-err));
		}
	}
	p->pinned = true;
	return 0;
}

void afxdp_prog_give(struct afxdp_prog *p, unsigned int uid, unsigned int gid)
{
	char path[128];

	if (!p->pinned)
		return;
	pin_path(p, "", path, sizeof(path));
	/* Should it fail, an empty-handed start later takes them away. */
	if (chown(path, uid, gid) || chown(PIN_ROOT "/afxdp", uid, gid))
		return;
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
		unpin(p);
	if (p->adopted) {
		int fds[] = { p->ledger_fd, p->hits_fd, p->xsks_fd, p->config_fd, p->prog_fd };

		for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
			if (fds[i] >= 0)
				close(fds[i]);
	}
	if (p->xdp)
		dispatcher_free(p->xdp);
	else
		bpf_object__close(p->obj);
	memset(p, 0, sizeof(*p));
	p->link_fd = -1;
}

void afxdp_quiesce(void)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		usleep(50000); /* no membarrier here (nohz_full): longer than any NAPI poll */
}
