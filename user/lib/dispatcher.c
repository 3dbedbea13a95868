/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "dispatcher.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xdp/libxdp.h>
#include <xdp/prog_dispatcher.h>

/* A daemon that was killed leaves its program in the dispatcher, for a dispatcher belongs to nobody:
 * take it out before ours goes in. (It passes everything meanwhile: its sockets are gone.) */
static void remove_leftover(unsigned int ifindex)
{
	struct xdp_multiprog *mp = xdp_multiprog__get_from_ifindex(ifindex);
	struct xdp_program *prog = NULL;

	if (!mp || libxdp_get_error(mp))
		return;
	while ((prog = xdp_multiprog__next_prog(prog, mp))) {
		if (!strncmp(xdp_program__name(prog), "afxdp_rx", 8)) {
			xdp_program__detach(prog, ifindex, xdp_multiprog__attach_mode(mp), 0);
			break;
		}
	}
	xdp_multiprog__close(mp);
}

int dispatcher_join(struct bpf_object *obj, const char *name, unsigned int ifindex,
		    struct xdp_program **xdp, bool *generic)
{
	DECLARE_LIBXDP_OPTS(xdp_program_opts, opts, .obj = obj, .prog_name = name);
	struct bpf_program *prog = bpf_object__find_program_by_name(obj, name);
	struct xdp_multiprog *mp;
	enum xdp_attach_mode mode;
	int err;

	if (!prog)
		return -ENOENT;
	/* Its section does not say it. */
	bpf_program__set_type(prog, BPF_PROG_TYPE_XDP);
	remove_leftover(ifindex);
	mp = xdp_multiprog__get_from_ifindex(ifindex);
	if (!mp || libxdp_get_error(mp))
		mode = XDP_MODE_NATIVE; /* the leftover was alone there */
	else
		mode = xdp_multiprog__attach_mode(mp);
	if (mp && !libxdp_get_error(mp))
		xdp_multiprog__close(mp);

	*xdp = xdp_program__create(&opts);
	err = libxdp_get_error(*xdp);
	if (err) {
		*xdp = NULL;
		return err;
	}
	/* Behind everybody else (50 is the default): what they pass is what the stack would get. */
	xdp_program__set_run_prio(*xdp, 90);
	xdp_program__set_chain_call_enabled(*xdp, XDP_PASS, true);
	xdp_program__set_xdp_frags_support(*xdp, true);
	err = xdp_program__attach(*xdp, ifindex, mode, 0);
	if (err) {
		xdp_program__close(*xdp);
		*xdp = NULL;
		return err;
	}
	*generic = mode == XDP_MODE_SKB;
	return 0;
}

void dispatcher_leave(struct xdp_program *xdp, unsigned int ifindex, bool generic)
{
	xdp_program__detach(xdp, ifindex, generic ? XDP_MODE_SKB : XDP_MODE_NATIVE, 0);
}

bool dispatcher_lost(unsigned int ifindex)
{
	struct xdp_multiprog *mp = xdp_multiprog__get_from_ifindex(ifindex);
	struct xdp_program *prog = NULL;
	bool found = false;

	if (!mp || libxdp_get_error(mp))
		return libxdp_get_error(mp) == -ENOENT;
	while (!found && (prog = xdp_multiprog__next_prog(prog, mp)))
		found = !strncmp(xdp_program__name(prog), "afxdp_rx", 8);
	xdp_multiprog__close(mp);
	return !found;
}

void dispatcher_free(struct xdp_program *xdp)
{
	xdp_program__close(xdp);
}

int dispatcher_remove(unsigned int ifindex)
{
	struct xdp_multiprog *mp = xdp_multiprog__get_from_ifindex(ifindex);
	int err;

	err = libxdp_get_error(mp);
	if (!mp || err)
		return err;
	err = xdp_multiprog__detach(mp);
	xdp_multiprog__close(mp);
	return err;
}

int dispatcher_own_version(void)
{
#ifdef XDP_DISPATCHER_VERSION
	return XDP_DISPATCHER_VERSION;
#else
	return 0;
#endif
}

/* The first two bytes of the configuration are a magic number and the version, since version 2. */
static int version_of(int map_fd)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info), zero = 0;
	uint8_t *value;
	int version;

	if (bpf_obj_get_info_by_fd(map_fd, &info, &len))
		return -errno;
	if (info.type != BPF_MAP_TYPE_ARRAY || info.value_size < 2)
		return 0;
	value = calloc(1, info.value_size);
	if (!value)
		return -ENOMEM;
	if (bpf_map_lookup_elem(map_fd, &zero, value))
		version = -errno;
	else
		version = value[0] == XDP_DISPATCHER_MAGIC ? value[1] : 1;
	free(value);
	return version;
}

int dispatcher_version(uint32_t prog_id)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info), map_id = 0;
	int prog = bpf_prog_get_fd_by_id(prog_id), map, version;

	if (prog < 0)
		return -errno;
	/* It has this one map: its constants. */
	info.nr_map_ids = 1;
	info.map_ids = (uintptr_t)&map_id;
	version = bpf_obj_get_info_by_fd(prog, &info, &len) ? -errno : 0;
	close(prog);
	if (version || !info.nr_map_ids)
		return version;
	map = bpf_map_get_fd_by_id(map_id);
	if (map < 0)
		return -errno;
	version = version_of(map);
	close(map);
	return version;
}
