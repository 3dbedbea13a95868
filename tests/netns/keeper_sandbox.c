/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * keeper_sandbox PID: what the keeper's list of system calls refuses and lets through, tried in a
 * process that has entered it as the keeper does, with every right there is. Not under sanitizers,
 * which the list makes way for. PID: of a process to lay hands on.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
/* The daemon's own: it is in no library. */
#include "../../user/afxdpd/sandbox.c"

static int failed;

static void expect(const char *what, long ret, int wanted)
{
	int err = ret < 0 ? errno : 0;

	if (err == wanted)
		return;
	printf("%s: %s, expected %s\n", what, strerror(err), strerror(wanted));
	failed = 1;
}

#define AS(wanted, ...) expect(#__VA_ARGS__, syscall(__VA_ARGS__), wanted)
#define REFUSED(...)	AS(EPERM, __VA_ARGS__)

static void refused(pid_t pid)
{
	char *const argv[] = { "true", NULL };
	char byte = 0;
	struct iovec io = { &byte, 1 };

	REFUSED(SYS_execve, "/bin/true", argv, NULL);
	REFUSED(SYS_execveat, AT_FDCWD, "/bin/true", argv, NULL, 0);
	REFUSED(SYS_ptrace, PTRACE_SEIZE, pid, 0, 0);
	REFUSED(SYS_process_vm_writev, pid, &io, 1, &io, 1, 0);
	REFUSED(SYS_process_vm_readv, pid, &io, 1, &io, 1, 0);
	REFUSED(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL);
	REFUSED(SYS_move_mount, -1, "", AT_FDCWD, "/tmp", 0);
	REFUSED(SYS_open_tree, AT_FDCWD, "/", 0);
	REFUSED(SYS_umount2, "/nowhere", 0);
	REFUSED(SYS_pivot_root, "/", "/");
	REFUSED(SYS_chroot, "/");
	REFUSED(SYS_setns, 0, CLONE_NEWNET);
	REFUSED(SYS_unshare, CLONE_NEWNS);
	REFUSED(SYS_clone, CLONE_NEWNET | SIGCHLD, 0, 0, 0, 0);
	REFUSED(SYS_kill, pid, 0);
	REFUSED(SYS_init_module, "", 0, "");
	REFUSED(SYS_kexec_load, 0, 0, NULL, 0);
	REFUSED(SYS_setresuid, 0, 0, 0);
	REFUSED(SYS_capset, NULL, NULL);
	REFUSED(SYS_perf_event_open, NULL, 0, -1, -1, 0);
	REFUSED(SYS_io_uring_setup, 1, NULL);
	REFUSED(SYS_userfaultfd, 0);
	REFUSED(SYS_reboot, 0, 0, 0, NULL);
	REFUSED(SYS_sethostname, "x", 1);
	AS(ENOSYS, SYS_clone3, NULL, 0);
}

/* The controls: answered by the kernel itself. */
static void let_through(void)
{
	int status;
	pid_t pid;

	AS(EINVAL, SYS_bpf, BPF_MAP_CREATE, "", 0);
	AS(EBADF, SYS_pidfd_getfd, -1, 0, 0);
	AS(EBADF, SYS_setsockopt, -1, 0, 0, NULL, 0);
	AS(0, SYS_socket, AF_UNIX, SOCK_DGRAM, 0);
	AS(0, SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY);
	pid = fork();
	if (!pid)
		_exit(7);
	expect("fork()", pid, 0);
	if (waitpid(pid, &status, 0) != pid || status != 7 << 8)
		failed = printf("a helper's status: %#x\n", status);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || sandbox_keeper()) {
		perror("keeper_sandbox");
		return 1;
	}
	refused(atoi(argv[1]));
	let_through();
	return failed;
}
