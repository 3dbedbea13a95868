/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* occupant.c - who sits on an interface already: finding out, taking over, or making room. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "dispatcher.h"
#include "prog_parts.h"
#include "uapi.h"

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

bool afxdp_prog_detached(const struct afxdp_prog *p)
{
	struct bpf_link_info info = { 0 };
	uint32_t len = sizeof(info);
	LIBBPF_OPTS(bpf_xdp_query_opts, query);

	if (!p->attached)
		return false;
	if (p->xdp)
		return dispatcher_lost(p->config.ifindex);
	if (p->adopted)
		return !bpf_xdp_query(p->config.ifindex, 0, &query) &&
		       query.prog_id != p->found.prog_id && query.drv_prog_id != p->found.prog_id &&
		       query.skb_prog_id != p->found.prog_id;
	/* A link that was detached lives on as long as its descriptor, on no interface. */
	return p->link_fd >= 0 && !bpf_obj_get_info_by_fd(p->link_fd, &info, &len) &&
	       !info.xdp.ifindex;
}

int prog_adopt(struct afxdp_prog *p)
{
	uint32_t ids[16], len = sizeof(struct bpf_prog_info);
	struct bpf_prog_info info = { .nr_map_ids = 16, .map_ids = (uintptr_t)ids };
	int err;

	p->prog_fd = bpf_prog_get_fd_by_id(p->found.prog_id);
	if (p->prog_fd < 0 || bpf_obj_get_info_by_fd(p->prog_fd, &info, &len))
		return prog_failed(p, -errno, "cannot look at the attached program %u: %s",
				   p->found.prog_id, strerror(errno));
	for (uint32_t i = 0; i < info.nr_map_ids && i < 16; i++) {
		struct bpf_map_info map = { 0 };
		int fd = bpf_map_get_fd_by_id(ids[i]);

		len = sizeof(map);
		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &map, &len))
			return prog_failed(p, -errno, "cannot look at map %u: %s", ids[i],
					   strerror(errno));
		if (!strcmp(map.name, "ledger") && map.value_size == sizeof(struct afxdp_ledger)) {
			p->ledger_fd = fd;
			p->queues = map.max_entries;
		} else if (!strcmp(map.name, "rule_hits")) {
			p->hits_fd = fd;
		} else if (!strcmp(map.name, "xsks")) {
			p->xsks_fd = fd;
		} else if (!strcmp(map.name, "pace")) {
			p->pace_fd = fd;
		} else if (!strcmp(map.name, ".data.config") &&
			   map.value_size == sizeof(struct afxdp_config)) {
			p->config_fd = fd;
		} else {
			close(fd);
		}
	}
	if (p->ledger_fd < 0 || p->xsks_fd < 0 || p->config_fd < 0)
		return prog_failed(
			p, -EEXIST,
			"%s: the attached program %s (id %u) is of another version: "
			"replace it with --replace, or detach it with 'ip link set dev %s xdp off'",
			p->config.ifname, p->found.name, p->found.prog_id, p->config.ifname);
	p->generic = p->found.generic;
	err = afxdp_prog_set(p, &p->config.run);
	if (err)
		return prog_failed(p, err, "cannot configure the attached program %u: %s",
				   p->found.prog_id, strerror(-err));
	p->adopted = true;
	p->attached = true;
	p->needs = AFXDP_NEED_ALL;
	return 0;
}

int prog_in_the_way(struct afxdp_prog *p)
{
	const char *ifname = p->config.ifname;

	if (p->found.link_id)
		return prog_failed(
			p, -EEXIST,
			"%s: XDP program %s (id %u) is attached by link %u of another process: "
			"stop that process, or take its place with --replace",
			ifname, p->found.name, p->found.prog_id, p->found.link_id);
	if (p->found.what == AFXDP_FOUND_OURS)
		return prog_failed(
			p, -EEXIST,
			"%s: the program loaded by ip link (id %u) has no rules: take its place "
			"with --replace, or detach it with 'ip link set dev %s xdp off'",
			ifname, p->found.prog_id, ifname);
	return prog_failed(
		p, -EEXIST,
		"%s: a foreign XDP program, %s (id %u), is attached: take its place with "
		"--replace, "
		"or detach it with 'ip link set dev %s xdp off'",
		ifname, p->found.name[0] ? p->found.name : "unnamed", p->found.prog_id, ifname);
}

/* A link cannot take a plain attachment's place in one step, so for
 * a moment frames go to the stack unfiltered, as they did before any program was there. */
int afxdp_prog_evict(unsigned int ifindex)
{
	struct afxdp_occupant o;
	int err = afxdp_prog_look(ifindex, &o), fd;

	if (err || o.what == AFXDP_FOUND_NOTHING)
		return err;
	/* One of a version that our libxdp does not know goes like any other program. */
	if (o.what == AFXDP_FOUND_DISPATCHER && !dispatcher_remove(ifindex))
		return 0;
	if (!o.link_id)
		return bpf_xdp_detach(ifindex, o.generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE,
				      NULL);
	fd = bpf_link_get_fd_by_id(o.link_id);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	err = bpf_link_detach(fd) ? -errno : 0;
	close(fd);
	return err;
}

int prog_evict(struct afxdp_prog *p)
{
	const struct afxdp_agent *agent = p->config.agent;

	return agent ? agent->evict(agent->arg, p->config.ifindex)
		     : afxdp_prog_evict(p->config.ifindex);
}

void prog_ask_why(struct afxdp_prog *p)
{
	const struct afxdp_agent *agent = p->config.agent;

	if (agent)
		agent->refusal(agent->arg, p->config.ifindex, p->prog_fd, XDP_FLAGS_DRV_MODE,
			       p->refusal, sizeof(p->refusal));
	else if (p->config.refusal)
		p->config.refusal(p->config.ifindex, p->prog_fd, XDP_FLAGS_DRV_MODE, p->refusal,
				  sizeof(p->refusal));
}
