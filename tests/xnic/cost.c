// SPDX-License-Identifier: GPL-2.0-only
/*
 * cost OBJECT FUNCTION IFACE COMMAND [ARG...] - run COMMAND and say on standard error, in a line of
 * JSON, how often IFACE was polled meanwhile and how long that took. OBJECT is cost.bpf.o, FUNCTION
 * the poll function of IFACE's driver. Times are nanoseconds: with scripts/vm --icount,
 * instructions.
 */
#include <errno.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

struct cost {
	unsigned long long polls;
	unsigned long long ns;
	unsigned long long least;
};

static int run(char **argv)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		execvp(argv[0], argv);
		fprintf(stderr, "cost: cannot run '%s': %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int attach(struct bpf_object *obj, const char *name, bool ret, const char *function)
{
	struct bpf_program *prog = bpf_object__find_program_by_name(obj, name);

	if (bpf_program__attach_kprobe(prog, ret, function))
		return 0;
	fprintf(stderr, "cost: cannot probe '%s': %s; is its driver loaded?\n", function,
		strerror(errno));
	return -1;
}

int main(int argc, char **argv)
{
	unsigned int zero = 0, index;
	struct cost c = {};
	struct bpf_object *obj;
	struct bpf_map *rodata;
	int status;

	if (argc < 5) {
		fprintf(stderr, "usage: cost OBJECT FUNCTION IFACE COMMAND [ARG...]\n");
		return 2;
	}
	index = if_nametoindex(argv[3]);
	obj = bpf_object__open_file(argv[1], NULL);
	rodata = obj ? bpf_object__find_map_by_name(obj, ".rodata") : NULL;
	if (!index || !rodata || bpf_map__set_initial_value(rodata, &index, sizeof(index)) ||
	    bpf_object__load(obj)) {
		fprintf(stderr, "cost: cannot load '%s' for '%s': %s\n", argv[1], argv[3],
			strerror(errno));
		return 1;
	}
	if (attach(obj, "begin", false, argv[2]) || attach(obj, "end", true, argv[2]))
		return 1;
	status = run(argv + 4);
	bpf_map_lookup_elem(bpf_object__find_map_fd_by_name(obj, "costs"), &zero, &c);
	fprintf(stderr, "{\"polls\":%llu,\"ns\":%llu,\"least\":%llu}\n", c.polls, c.ns, c.least);
	return status;
}
