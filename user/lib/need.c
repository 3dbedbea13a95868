/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* need.c - a program that finds out what is asked for, and nothing else: another takes its place
 * when that changes. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "prog_parts.h"

int afxdp_prog_need(struct afxdp_prog *p, uint8_t needs)
{
	uint8_t before = p->needs;
	struct bpf_object *obj = NULL;
	int err = 0;

	if (needs == before || p->config.rules || p->adopted || p->xdp)
		return 0;
	p->needs = needs;
	if (p->needs_before == needs) {
		obj = p->before;
		p->before = NULL;
	}
	if (!obj)
		err = afxdp_prog_prepare(p, NULL, &obj);
	if (!err)
		err = prog_exchange(p, obj);
	if (err) {
		bpf_object__close(obj);
		p->needs = before;
	} else {
		prog_become(p, obj, NULL);
		p->needs_before = before;
	}
	return err;
}

void afxdp_quiesce(void)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		usleep(50000); /* no membarrier here (nohz_full): longer than any NAPI poll */
}

void afxdp_pace(int pace_fd, uint32_t queue, uint32_t every)
{
	/* Who may not, or has none, has the stamps that there are. */
	if (pace_fd >= 0)
		(void)bpf_map_update_elem(pace_fd, &queue, &every, 0);
}
