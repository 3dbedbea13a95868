/* SPDX-License-Identifier: GPL-2.0-only */
/* run.h - rules in the probe program (probe.bpf.c), and frames through it. */
#ifndef AFXDP_TESTS_RUN_H
#define AFXDP_TESTS_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <rules.h>
#include "probe.h"

struct probe_run {
	struct bpf_object *obj;
	struct afxdp_rules *rules;
	struct probe *probe;
	int fd;
	/* Bytes of the first buffer, if the kernel lets us choose (6.18 on): 0: as it likes. */
	uint32_t linear;
};

/* Does the kernel let BPF_PROG_TEST_RUN split a frame where we want it? */
bool probe_can_split(const struct probe_run *p);

/* Load @rules (which it owns from here on). Return: 0 or -errno; the verifier's words on stderr. */
int probe_load(struct probe_run *p, struct afxdp_rules *rules);
void probe_close(struct probe_run *p);

/* The classifier's answer for one frame; p->probe->matched are the `count` rules that matched. */
uint32_t probe_frame(struct probe_run *p, const uint8_t *frame, uint32_t len);

#endif
