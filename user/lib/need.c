/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* need.c - a program that finds out what is asked for, and nothing else. */
#include <bpf/libbpf.h>
#include "prog.h"

int afxdp_prog_need(struct afxdp_prog *p, uint8_t needs)
{
	uint8_t before = p->needs;
	struct bpf_object *obj;
	int err;

	if (needs == before || p->config.rules || p->adopted || p->xdp)
		return 0;
	p->needs = needs;
	err = afxdp_prog_prepare(p, NULL, &obj);
	if (!err) {
		err = afxdp_prog_commit(p, NULL, obj);
		if (err)
			bpf_object__close(obj);
	}
	if (err)
		p->needs = before;
	return err;
}
