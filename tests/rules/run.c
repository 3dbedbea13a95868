/* SPDX-License-Identifier: GPL-2.0-only */
#include "run.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int probe_load(struct probe_run *p, struct afxdp_rules *rules)
{
	struct bpf_program *prog;
	char err[512] = "";
	int ret;

	*p = (struct probe_run){ .rules = rules, .fd = -1 };
	p->obj = bpf_object__open(AFXDP_PROBE);
	if (!p->obj)
		return -errno;
	prog = bpf_object__find_program_by_name(p->obj, "probe_main");
	ret = afxdp_rules_attach_object(rules, p->obj, err, sizeof(err));
	if (!ret)
		ret = bpf_object__load(p->obj);
	if (!ret)
		ret = afxdp_rules_loaded(rules, p->obj, err, sizeof(err));
	if (ret) {
		fprintf(stderr, "%s\n", err[0] ? err : strerror(-ret));
		return ret;
	}
	p->fd = bpf_program__fd(prog);
	p->probe = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE, MAP_SHARED,
			bpf_object__find_map_fd_by_name(p->obj, ".data.probe"), 0);
	if (p->probe == MAP_FAILED) {
		p->probe = NULL;
		return -errno;
	}
	return 0;
}

void probe_close(struct probe_run *p)
{
	if (p->probe)
		munmap(p->probe, getpagesize());
	afxdp_rules_free(p->rules);
	bpf_object__close(p->obj);
}

static int test_run(struct probe_run *p, const uint8_t *frame, uint32_t len, uint32_t linear,
		    uint32_t *answer)
{
	struct xdp_md ctx = { .data_end = linear };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len, .repeat = 1);
	int err;

	if (linear && linear < len) {
		opts.ctx_in = &ctx;
		opts.ctx_size_in = sizeof(ctx);
	}
	err = bpf_prog_test_run_opts(p->fd, &opts);
	*answer = opts.retval;
	return err;
}

bool probe_can_split(const struct probe_run *p)
{
	struct probe_run copy = *p;
	uint8_t frame[64] = { 0 };
	uint32_t answer;

	return !test_run(&copy, frame, sizeof(frame), 32, &answer);
}

uint32_t probe_frame(struct probe_run *p, const uint8_t *frame, uint32_t len)
{
	uint32_t answer;
	int err = test_run(p, frame, len, p->linear, &answer);

	if (err) {
		fprintf(stderr, "BPF_PROG_TEST_RUN, %u bytes (%u in the first buffer): %s\n", len,
			p->linear, strerror(-err));
		exit(1);
	}
	return answer;
}
