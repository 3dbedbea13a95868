/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "compile.h"

bool function_put(struct function *f, struct bpf_insn insn)
{
	uint32_t room = f->room ? f->room * 2 : 256;

	if (f->n == f->room) {
		struct bpf_insn *p = realloc(f->insn, room * sizeof(*p));

		if (!p)
			return false;
		f->insn = p;
		f->room = room;
	}
	f->insn[f->n++] = insn;
	return true;
}

struct function *program_add(struct program *p, enum function_kind kind)
{
	uint32_t room = p->room ? p->room * 2 : 8;

	if (p->functions == p->room) {
		struct function *f = realloc(p->function, room * sizeof(*f));

		if (!f)
			return NULL;
		p->function = f;
		p->room = room;
	}
	p->function[p->functions] = (struct function){ .kind = kind };
	return &p->function[p->functions++];
}

int program_copy(struct program *to, const struct program *from)
{
	for (uint32_t i = 0; i < from->functions; i++) {
		const struct function *was = &from->function[i];
		struct function *f = program_add(to, was->kind);
		size_t bytes = was->n * sizeof(*was->insn);

		if (!f)
			return -ENOMEM;
		*f = *was;
		f->room = was->n;
		f->insn = malloc(bytes ?: 1);
		if (!f->insn) {
			f->n = f->room = 0;
			return -ENOMEM;
		}
		memcpy(f->insn, was->insn, bytes);
	}
	return 0;
}

void program_free(struct program *p)
{
	while (p->functions)
		free(p->function[--p->functions].insn);
	free(p->function);
	*p = (struct program){ .functions = 0 };
}
