/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A plugin that has turned against its daemon: what it tries from inside is what somebody could who
 * has taken the engine over. report() tells what became of each: "ok", or the error's number. With
 * "MAP,LINK" as its argument, numbers of a map and of a link that are others'.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <afxdp/plugin.h>

/* HOSTILE_FUZZ: more. */
#define FUZZ (getenv("HOSTILE_FUZZ") ? atoi(getenv("HOSTILE_FUZZ")) : 300)

static unsigned int foreign_map, foreign_link;
static char worker_open[16] = "none", worker_socket[16] = "none", worker_bpf[16] = "none";

static const char *outcome(long ret, char *text)
{
	if (ret >= 0)
		snprintf(text, 16, "ok");
	else
		snprintf(text, 16, "%d", errno);
	return text;
}

static void say(FILE *f, const char *what, long ret)
{
	char text[16];

	fprintf(f, "\"%s\": \"%s\", ", what, outcome(ret, text));
}

static long bpf(int cmd, union bpf_attr *attr, unsigned int size)
{
	return syscall(SYS_bpf, cmd, attr, size);
}

static const struct bpf_insn pass[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 2 },
	{ .code = BPF_JMP | BPF_EXIT },
};

static long load(uint32_t type, const struct bpf_insn *insn, uint32_t n)
{
	union bpf_attr attr = { .prog_type = type,
				.insns = (uintptr_t)insn,
				.insn_cnt = n,
				.license = (uintptr_t) "GPL" };

	return bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
}

/* A program whose first instruction is @first. */
static long load_with(struct bpf_insn first, struct bpf_insn second)
{
	struct bpf_insn insn[4] = { first, second, pass[0], pass[1] };

	return load(BPF_PROG_TYPE_XDP, insn, 4);
}

static long call_helper(int helper)
{
	return load_with((struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .imm = helper }, pass[0]);
}

static long use_map(int fd)
{
	return load_with((struct bpf_insn){ .code = BPF_LD | BPF_IMM | BPF_DW,
					    .dst_reg = 1,
					    .src_reg = BPF_PSEUDO_MAP_FD,
					    .imm = fd },
			 (struct bpf_insn){ 0 });
}

static long link_to(int prog, int ifindex, int type)
{
	union bpf_attr attr = {
		.link_create = { .prog_fd = prog, .target_ifindex = ifindex, .attach_type = type }
	};

	return bpf(BPF_LINK_CREATE, &attr, sizeof(attr));
}

static long make_map(uint32_t type, uint32_t btf)
{
	union bpf_attr attr = { .map_type = type, .key_size = 4, .value_size = 4, .max_entries = 1 };

	attr.btf_fd = btf;
	return bpf(BPF_MAP_CREATE, &attr, sizeof(attr));
}

static long by_id(int cmd, uint32_t id)
{
	union bpf_attr attr = { .map_id = id };

	return bpf(cmd, &attr, sizeof(attr));
}

static void try_bpf(FILE *f)
{
	long prog = load(BPF_PROG_TYPE_XDP, pass, 2);
	union bpf_attr pin = { .pathname = (uintptr_t) "/sys/fs/bpf/hostile", .bpf_fd = prog };

	say(f, "load xdp", prog);
	say(f, "load kprobe", load(BPF_PROG_TYPE_KPROBE, pass, 2));
	say(f, "load tracing", load(BPF_PROG_TYPE_TRACING, pass, 2));
	say(f, "load probe_read_kernel", call_helper(BPF_FUNC_probe_read_kernel));
	say(f, "load probe_read", call_helper(BPF_FUNC_probe_read));
	say(f, "load trace_printk", call_helper(BPF_FUNC_trace_printk));
	say(f, "load map -1", use_map(-1));
	say(f, "load map 9999", use_map(9999));
	say(f, "load map stdin", use_map(0));
	say(f, "load nowhere", load(BPF_PROG_TYPE_XDP, (void *)16, 2));
	say(f, "load huge", load(BPF_PROG_TYPE_XDP, pass, 0x7fffffff));
	say(f, "link lo", link_to(prog, 1, BPF_XDP));
	say(f, "link cgroup", link_to(prog, 0, BPF_CGROUP_INET_INGRESS));
	say(f, "map prog_array", make_map(BPF_MAP_TYPE_PROG_ARRAY, 0));
	say(f, "map perf", make_map(BPF_MAP_TYPE_PERF_EVENT_ARRAY, 0));
	say(f, "map array", make_map(BPF_MAP_TYPE_ARRAY, 0));
	say(f, "map btf 9999", make_map(BPF_MAP_TYPE_ARRAY, 9999));
	say(f, "map at 0", bpf(BPF_MAP_CREATE, NULL, 64));
	say(f, "map of 1 MiB", bpf(BPF_MAP_CREATE, &pin, 1 << 20));
	say(f, "pin", bpf(BPF_OBJ_PIN, &pin, sizeof(pin)));
	say(f, "command 9999", bpf(9999, &pin, sizeof(pin)));
	say(f, "foreign map", by_id(BPF_MAP_GET_FD_BY_ID, foreign_map));
	say(f, "foreign link", by_id(BPF_LINK_GET_FD_BY_ID, foreign_link));
	if (prog >= 0)
		close(prog);
}

static void try_calls(FILE *f)
{
	char *const argv[] = { "true", NULL };
	char path[64];
	int fd;

	say(f, "execve", execve("/bin/true", argv, argv));
	say(f, "fork", syscall(SYS_clone, 0, 0, 0, 0, 0));
	say(f, "ptrace", ptrace(PTRACE_TRACEME, 0, 0, 0));
	say(f, "mount", mount("none", "/tmp", "tmpfs", 0, NULL));
	say(f, "setns", setns(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), 0));
	say(f, "unshare", unshare(CLONE_NEWUSER));
	say(f, "setuid", syscall(SYS_setuid, 0));
	say(f, "kill", kill(getppid(), 0));
	say(f, "raw ip", socket(AF_INET, SOCK_RAW, 1));
	say(f, "vsock", socket(40, SOCK_STREAM, 0));
	say(f, "packet all", socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)));
	say(f, "packet dgram", socket(AF_PACKET, SOCK_DGRAM, 0));
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	say(f, "packet", fd);
	say(f, "packet hears", setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &fd, sizeof(fd)));
	close(fd);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	say(f, "busy udp", setsockopt(fd, SOL_SOCKET, 69, &fd, sizeof(fd)));
	say(f, "busy -1", setsockopt(-1, SOL_SOCKET, 69, &fd, sizeof(fd)));
	close(fd);
	snprintf(path, sizeof(path), "/proc/%d/mem", getppid());
	say(f, "parent's memory", open(path, O_RDWR | O_CLOEXEC));
	say(f, "shadow", open("/etc/shadow", O_RDWR | O_CLOEXEC));
}

/* ---- orders, as bytes ---- */

static int find_keeper(void)
{
	for (int fd = 3; fd < 256; fd++) {
		int type = 0;
		socklen_t len = sizeof(type);

		if (!getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) && type == SOCK_SEQPACKET)
			return fd;
	}
	return -1;
}

/* Return: the result in the reply, or 1 if there is none. */
static int order(int keeper, const void *bytes, size_t size, int fd, int fds)
{
	char control[CMSG_SPACE(8 * sizeof(int))] = { 0 };
	struct iovec io = { (void *)bytes, size };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1 };
	int32_t reply[128];

	if (fds) {
		struct cmsghdr *c = (struct cmsghdr *)control;

		m.msg_control = control;
		m.msg_controllen = CMSG_SPACE(fds * sizeof(int));
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(fds * sizeof(int));
		for (int i = 0; i < fds; i++)
			memcpy(CMSG_DATA(c) + i * sizeof(int), &fd, sizeof(fd));
	}
	if (sendmsg(keeper, &m, MSG_NOSIGNAL) < 0 || recv(keeper, reply, sizeof(reply), 0) < 8)
		return 1;
	return reply[1];
}

struct words {
	uint32_t what, serial, ifindex, flags;
	char label[16];
	uint8_t none[32];
};

static void try_order(FILE *f, int keeper, const char *name, struct words w, int fd, int fds)
{
	fprintf(f, "\"%s\": \"%d\", ", name, order(keeper, &w, sizeof(w), fd, fds));
}

static void try_orders(FILE *f, unsigned int ours)
{
	int keeper = find_keeper(), fd = open("/dev/null", O_RDWR | O_CLOEXEC), answered = 0;

	try_order(f, keeper, "listen again", (struct words){ .what = 0 }, fd, 1);
	try_order(f, keeper, "listen to nothing", (struct words){ .what = 0 }, fd, 0);
	try_order(f, keeper, "door again", (struct words){ .what = 1, .label = "x" }, fd, 0);
	try_order(f, keeper, "knobs of lo", (struct words){ .what = 3, .ifindex = 1 }, fd, 0);
	try_order(f, keeper, "knobs of none", (struct words){ .what = 3 }, fd, 0);
	try_order(f, keeper, "evict", (struct words){ .what = 6, .ifindex = ours }, fd, 0);
	try_order(f, keeper, "pin a file",
		  (struct words){ .what = 7, .ifindex = ours, .label = "x" }, fd, 3);
	try_order(f, keeper, "pin outside",
		  (struct words){ .what = 7, .ifindex = ours, .label = "../x" }, fd, 3);
	try_order(f, keeper, "no such order", (struct words){ .what = 99 }, fd, 0);
	try_order(f, keeper, "something in none", (struct words){ .what = 9, .none = "x" }, fd, 0);
	for (int i = 0; i < FUZZ; i++) {
		uint32_t bytes[40];

		for (size_t k = 0; k < 40; k++)
			bytes[k] = rand() % 4 ? 0 : rand();
		bytes[0] = rand() % 12;
		/* Not what would be right: another interface's, or none of ours to keep. */
		bytes[2] = rand() % 2 ? 1 : 0x7fffffff;
		answered += order(keeper, bytes, rand() % 3 ? 64 : 1 + rand() % 159, fd,
				  rand() % 5) != 1;
	}
	fprintf(f, "\"fuzzed\": \"%d\", ", answered);
	close(fd);
}

static void fuzz_bpf(FILE *f)
{
	static const uint8_t cmds[] = { 0, 5, 13, 14, 18, 22, 28, 30, 31 };
	long made = 0;

	for (int i = 0; i < FUZZ; i++) {
		union bpf_attr attr;
		uint32_t *words = (uint32_t *)&attr;
		long fd;

		for (size_t k = 0; k < sizeof(attr) / 4; k++)
			words[k] = rand() % 3 ? (uint32_t)rand() % 8 : (uint32_t)rand();
		fd = bpf(cmds[rand() % sizeof(cmds)], &attr, rand() % (sizeof(attr) + 1));
		if (fd > 2) {
			made++;
			close(fd);
		}
	}
	(void)made;
	fprintf(f, "\"bpf fuzzed\": \"%d\"", FUZZ);
}

static char ifname[16];

static char *hostile_report(void *state)
{
	static char *said; /* once frames have come, he tries it once */
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	char path[64], number[16] = "";
	int fd;

	(void)state;
	if (said || !strcmp(worker_open, "none")) {
		fclose(f);
		free(text);
		return strdup(said ? said : "{}");
	}
	snprintf(path, sizeof(path), "/sys/class/net/%s/ifindex", ifname);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (read(fd, number, sizeof(number) - 1) < 0)
			*number = '\0';
		close(fd);
	}
	srand(1);
	fprintf(f, "{\"worker open\": \"%s\", \"worker socket\": \"%s\", \"worker bpf\": \"%s\", ",
		worker_open, worker_socket, worker_bpf);
	try_calls(f);
	try_bpf(f);
	try_orders(f, getenv("HOSTILE_IFINDEX") ? atoi(getenv("HOSTILE_IFINDEX")) : atoi(number));
	fuzz_bpf(f);
	fprintf(f, "}");
	fclose(f);
	said = strdup(text);
	return text;
}

static uint32_t hostile_frames(void *lane, const struct afxdp_plugin_frame *frames, uint32_t n)
{
	union bpf_attr attr = { 0 };

	(void)lane;
	(void)frames;
	(void)n;
	outcome(open("/etc/passwd", O_RDONLY | O_CLOEXEC), worker_open);
	outcome(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), worker_socket);
	outcome(bpf(BPF_MAP_CREATE, &attr, sizeof(attr)), worker_bpf);
	return 0;
}

static int hostile_open(const char *arg, const struct afxdp_plugin_env *env, void **state,
			char *why, size_t size)
{
	(void)state;
	(void)why;
	(void)size;
	snprintf(ifname, sizeof(ifname), "%s", env->ifname);
	if (arg)
		sscanf(arg, "%u,%u", &foreign_map, &foreign_link);
	return 0;
}

extern const struct afxdp_plugin afxdp_plugin;
const struct afxdp_plugin afxdp_plugin = {
	.abi = AFXDP_PLUGIN_ABI,
	.size = sizeof(struct afxdp_plugin),
	.name = "hostile",
	.open = hostile_open,
	.frames = hostile_frames,
	.report = hostile_report,
};
