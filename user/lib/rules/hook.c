/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "hook.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include "internal.h"

struct entry {
	struct entry *next;
	const struct bpf_program *prog;
	struct afxdp_rules *rules;
};

static struct {
	pthread_mutex_t lock;
	pthread_once_t once;
	struct entry *entries;
	int err;
} hook = { .lock = PTHREAD_MUTEX_INITIALIZER, .once = PTHREAD_ONCE_INIT };

static struct afxdp_rules *rules_of(const struct bpf_program *prog)
{
	struct afxdp_rules *r = NULL;

	pthread_mutex_lock(&hook.lock);
	for (const struct entry *e = hook.entries; e; e = e->next)
		if (e->prog == prog)
			r = e->rules;
	pthread_mutex_unlock(&hook.lock);
	return r;
}

/* libbpf is about to load @prog. @frags: its section says that it takes frames in several buffers,
 * which libbpf's own handler would have passed on. */
static int prepare(struct bpf_program *prog, struct bpf_prog_load_opts *opts, long frags)
{
	struct afxdp_rules *r = rules_of(prog);

	if (frags && bpf_program__type(prog) == BPF_PROG_TYPE_XDP)
		opts->prog_flags |= BPF_F_XDP_HAS_FRAGS;
	return r ? rules_link(r, prog, opts) : 0;
}

static void do_register(void)
{
	LIBBPF_OPTS(libbpf_prog_handler_opts, opts, .prog_prepare_load_fn = prepare);
	int id = libbpf_register_prog_handler("xdp", BPF_PROG_TYPE_XDP, BPF_XDP, &opts);

	if (id >= 0) {
		opts.cookie = 1;
		id = libbpf_register_prog_handler("xdp.frags", BPF_PROG_TYPE_XDP, BPF_XDP, &opts);
	}
	if (id >= 0) {
		/* For sections of no known kind: the only handler that stays with a program whose
		 * type libxdp changes (libbpf 1.5). It leaves strangers' programs as they are. */
		opts.cookie = 0;
		id = libbpf_register_prog_handler(NULL, BPF_PROG_TYPE_UNSPEC, 0, &opts);
	}
	hook.err = id < 0 ? id : 0;
}

int hook_register(void)
{
	pthread_once(&hook.once, do_register);
	return hook.err;
}

int hook_add(struct bpf_object *obj, struct afxdp_rules *r)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, obj) {
		struct entry *e = malloc(sizeof(*e));

		if (!e) {
			hook_remove(r);
			return -ENOMEM;
		}
		pthread_mutex_lock(&hook.lock);
		*e = (struct entry){ hook.entries, prog, r };
		hook.entries = e;
		pthread_mutex_unlock(&hook.lock);
	}
	return 0;
}

void hook_remove(const struct afxdp_rules *r)
{
	pthread_mutex_lock(&hook.lock);
	for (struct entry **e = &hook.entries; *e;) {
		struct entry *gone = *e;

		if (gone->rules != r) {
			e = &gone->next;
			continue;
		}
		*e = gone->next;
		free(gone);
	}
	pthread_mutex_unlock(&hook.lock);
}
