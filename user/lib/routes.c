/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* routes.c - a queue's consumers: which socket frames of a route go to, and by which route those
 * that rules name are reached. */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <afxdp/copy.h>
#include "prog_parts.h"
#include "rules.h"

int prog_set_routes(struct afxdp_prog *p, struct afxdp_rules *rules, struct bpf_object *obj)
{
	uint32_t snap[AFXDP_COPIES_MAX] = { 0 };
	uint8_t of[AFXDP_ROUTES] = { 0 }, some = 1;
	const char *name;
	int err;

	for (uint32_t n = 0; (name = afxdp_rules_consumer(rules, n, NULL)); n++) {
		uint32_t route = 0;

		while (route < p->config.routes && strcmp(p->config.route[route], name))
			route++;
		if (route == p->config.routes)
			return prog_failed(p, -ENOENT,
					   "rules send frames to '%s', and there is no such sink",
					   name);
		of[n + 1] = route + 1;
		snap[AFXDP_COPY_SLOT(route + 1)] = afxdp_rules_copy_snap(rules, n);
	}
	if (!afxdp_rules_consumer(rules, 0, NULL))
		return 0;
	err = afxdp_prog_set_const(obj, "route_of", of, sizeof(of));
	if (!err)
		err = afxdp_prog_set_const(obj, "copy_snap", snap, sizeof(snap));
	return err ?: afxdp_prog_set_const(obj, "have_routes", &some, sizeof(some));
}

int afxdp_prog_claim_route(struct afxdp_prog *p, uint32_t queue, uint32_t route, int xsk_fd)
{
	uint32_t key = queue * AFXDP_ROUTES + route;

	return bpf_map_update_elem(p->xsks_fd, &key, &xsk_fd, 0) ? -errno : 0;
}

int afxdp_prog_claim(struct afxdp_prog *p, uint32_t queue, int xsk_fd)
{
	return afxdp_prog_claim_route(p, queue, 0, xsk_fd);
}

void afxdp_prog_unclaim(struct afxdp_prog *p, uint32_t queue)
{
	for (uint32_t route = 0; route < AFXDP_ROUTES; route++) {
		uint32_t key = queue * AFXDP_ROUTES + route;

		bpf_map_delete_elem(p->xsks_fd, &key);
	}
}
