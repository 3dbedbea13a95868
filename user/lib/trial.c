/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "trial.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <afxdp/classifier.h>
#include "prog.h"
#include "rules.h"

extern const char afxdp_rx_object[], afxdp_rx_object_end[];

#define PROGRAM "afxdp_rx"

/* Test runs come in at lo's first queue. */
#define QUEUE 0

struct afxdp_trial {
	struct bpf_object *obj;
	struct bpf_program *prog;
	struct afxdp_trial_note *note;
	int xsk;
};

static int open_object(struct afxdp_trial *t)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = PROGRAM);
	const uint8_t yes = 1;
	struct bpf_program *prog;

	t->obj = bpf_object__open_mem(afxdp_rx_object, afxdp_rx_object_end - afxdp_rx_object,
				      &opts);
	if (!t->obj)
		return -errno;
	bpf_object__for_each_program(prog, t->obj)
		bpf_program__set_autoload(prog, !strcmp(bpf_program__name(prog), PROGRAM));
	t->prog = bpf_object__find_program_by_name(t->obj, PROGRAM);
	return afxdp_prog_set_const(t->obj, "on_trial", &yes, sizeof(yes));
}

/* A redirect is decided by a test run and not carried out: a socket that was never bound is
 * consumer enough. */
static int claim(struct afxdp_trial *t)
{
	uint32_t queue = QUEUE;
	int map = bpf_object__find_map_fd_by_name(t->obj, "xsks");

	t->xsk = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (t->xsk < 0 || bpf_map_update_elem(map, &queue, &t->xsk, 0))
		return -errno;
	return 0;
}

static int read_note(struct afxdp_trial *t)
{
	int map = bpf_object__find_map_fd_by_name(t->obj, ".data.trial");

	t->note = mmap(NULL, sizeof(*t->note), PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
	if (t->note != MAP_FAILED)
		return 0;
	t->note = NULL;
	return -errno;
}

static int failed(char *err, size_t errlen, int ret, const char *what)
{
	snprintf(err, errlen, "%s: %s%s", what, strerror(-ret),
		 ret == -EPERM ? " (needs root, or CAP_BPF and CAP_NET_ADMIN)" : "");
	return ret;
}

int afxdp_trial_open(struct afxdp_trial **out, struct afxdp_rules *rules, char *err, size_t errlen)
{
	struct afxdp_trial *t = calloc(1, sizeof(*t));
	int ret;

	*out = NULL;
	if (!t)
		return failed(err, errlen, -ENOMEM, "cannot try rules");
	t->xsk = -1;
	ret = open_object(t);
	if (ret) {
		failed(err, errlen, ret, "cannot open the built-in BPF object");
		goto close;
	}
	ret = afxdp_rules_attach_object(rules, t->obj, err, errlen);
	if (ret)
		goto close;
	ret = bpf_object__load(t->obj);
	if (ret) {
		failed(err, errlen, ret, "the kernel does not take the XDP program");
		goto close;
	}
	ret = afxdp_rules_loaded(rules, t->obj, err, errlen);
	if (ret)
		goto close;
	ret = claim(t);
	if (!ret)
		ret = read_note(t);
	if (ret) {
		failed(err, errlen, ret, "cannot try the XDP program");
		goto close;
	}
	*out = t;
	return 0;
close:
	afxdp_trial_close(t);
	return ret;
}

int afxdp_trial_frame(struct afxdp_trial *t, const void *frame, uint32_t len, uint64_t ns,
		      struct afxdp_trial_answer *answer)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len, .repeat = 1);
	int err;

	if (len < AFXDP_TRIAL_MIN)
		return -EINVAL;
	t->note->now = ns;
	err = bpf_prog_test_run_opts(bpf_program__fd(t->prog), &opts);
	if (err)
		/* It says so of nothing else that we ask for. */
		return err == -EINVAL || err == -ENOMEM ? -E2BIG : err;
	*answer = (struct afxdp_trial_answer){ AFXDP_CLASS_VERDICT(t->note->class),
					       AFXDP_CLASS_RULE(t->note->class) };
	if (opts.retval == XDP_ABORTED)
		answer->verdict = AFXDP_ABORT;
	return 0;
}

int afxdp_trial_size(const struct afxdp_trial *t, struct afxdp_trial_size *size)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(t->prog), &info, &len))
		return -errno;
	*size = (struct afxdp_trial_size){ .instructions = info.xlated_prog_len /
							   sizeof(struct bpf_insn),
					   .machine = info.jited_prog_len,
					   .verified = info.verified_insns };
	return 0;
}

void afxdp_trial_close(struct afxdp_trial *t)
{
	if (!t)
		return;
	if (t->note)
		munmap(t->note, sizeof(*t->note));
	if (t->xsk >= 0)
		close(t->xsk);
	bpf_object__close(t->obj);
	free(t);
}
