/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cost - what rules cost a frame: nanoseconds of the whole XDP program, run by the kernel on one
 * frame in memory (BPF_PROG_TEST_RUN), so without driver, generator and cache misses on frames.
 *
 *	cost ROUNDS SUBJECT...
 *
 * A subject is `none` (no rules), `c=OBJECT` (afxdp_rx of that object), or a rules file. Subjects
 * take turns; prints a line `SUBJECT ROUND NS` for each.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "prog.h"
#include "rules.h"

/* A fifth of a second. */
#define REPEAT 2000000

#define SUBJECTS 16

struct subject {
	const char *name;
	struct afxdp_prog prog;
	struct bpf_object *obj;
	struct afxdp_rules *rules;
	int fd;
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "cost: %s: %s\n", what, why);
	exit(1);
}

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static void claim(int map)
{
	uint32_t queue = 0;
	int xsk = socket(AF_XDP, SOCK_RAW, 0);

	if (xsk < 0 || bpf_map_update_elem(map, &queue, &xsk, 0))
		die("AF_XDP", strerror(errno));
}

static void load_object(struct subject *s, const char *path)
{
	struct bpf_program *prog;

	s->obj = bpf_object__open(path);
	if (!s->obj)
		die(path, strerror(errno));
	bpf_object__for_each_program(prog, s->obj)
		bpf_program__set_autoload(prog, !strcmp(bpf_program__name(prog), "afxdp_rx"));
	if (bpf_object__load(s->obj))
		die(path, "does not load");
	s->fd = bpf_program__fd(bpf_object__find_program_by_name(s->obj, "afxdp_rx"));
	claim(bpf_object__find_map_fd_by_name(s->obj, "xsks"));
}

static void load(struct subject *s, const char *name)
{
	struct afxdp_prog_config config = { .ifname = "lo",
					    .ifindex = 1,
					    .queues = 1,
					    .run = { .default_verdict = AFXDP_DROP, .stamp = 16 } };
	char err[512];

	s->name = name;
	if (!strncmp(name, "c=", 2)) {
		s->name = "c";
		load_object(s, name + 2);
		return;
	}
	if (strcmp(name, "none") && afxdp_rules_parse_file(name, &s->rules, err, sizeof(err)))
		die(name, err);
	config.rules = s->rules;
	if (afxdp_prog_load(&s->prog, &config))
		die(name, s->prog.why);
	s->fd = s->prog.prog_fd;
	claim(s->prog.xsks_fd);
}

/* 64 bytes of UDP, 198.18.0.1 port 1024 to 198.19.0.1 port 4000, as afxdpgen sends. */
static void make_frame(uint8_t frame[64])
{
	static const uint8_t head[] = { 2,    0, 0,   0,  0, 2, 2,    0, 0,   0,    0, 1, 8,   0,
					0x45, 0, 0,   50, 0, 0, 0x40, 0, 64,  17,   0, 0, 198, 18,
					0,    1, 198, 19, 0, 1, 4,    0, 0xf, 0xa0, 0, 30 };

	memset(frame, 0, 64);
	memcpy(frame, head, sizeof(head));
}

static uint32_t run(const struct subject *s)
{
	uint8_t frame[64], out[256];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = sizeof(frame),
		    .data_out = out, .data_size_out = sizeof(out), .repeat = REPEAT);
	int err;

	make_frame(frame);
	err = bpf_prog_test_run_opts(s->fd, &opts);
	if (err)
		die(s->name, strerror(-err));
	return opts.duration;
}

int main(int argc, char **argv)
{
	static struct subject subject[SUBJECTS];
	int rounds = argc > 2 ? atoi(argv[1]) : 0;

	if (!rounds || argc - 2 > SUBJECTS)
		die("usage", "cost ROUNDS SUBJECT...");
	if (unshare(CLONE_NEWNET))
		die("namespace", strerror(errno));
	libbpf_set_print(quiet);
	for (int i = 0; i < argc - 2; i++)
		load(&subject[i], argv[i + 2]);
	for (int round = 1; round <= rounds; round++)
		for (int i = 0; i < argc - 2; i++)
			printf("%s %d %u\n", subject[i].name, round, run(&subject[i]));
	return 0;
}
