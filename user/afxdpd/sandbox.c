/* SPDX-License-Identifier: GPL-2.0-only */
#include "sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "uapi.h"

/* Linux 5.19: only death disturbs who waits for the keeper. Without it a signal would have a call
 * made twice. */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

#if defined(__x86_64__)
#define ARCH	AUDIT_ARCH_X86_64
#define NR_HIGH 0x40000000U /* numbers of x32 begin there */
#elif defined(__aarch64__)
#define ARCH	AUDIT_ARCH_AARCH64
#define NR_HIGH UINT32_MAX
#else
#define ARCH	0
#define NR_HIGH 0
#endif

/* Sanitizers make calls of their own, and fork to report. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OTHERS SECCOMP_RET_ALLOW
#else
#define OTHERS REFUSE
#endif

#define ALLOW  SECCOMP_RET_ALLOW
#define ASK    SECCOMP_RET_USER_NOTIF
#define REFUSE (SECCOMP_RET_ERRNO | EPERM)
#define ABSENT (SECCOMP_RET_ERRNO | ENOSYS)

#define NEW_NAMESPACES                                                                 \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
	 CLONE_NEWPID | CLONE_NEWNET)

#define FILTER_MAX 1024

struct filter {
	struct sock_filter insn[FILTER_MAX];
	uint16_t n;
};

static void put(struct filter *f, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	if (f->n < FILTER_MAX)
		f->insn[f->n++] = (struct sock_filter){ code, yes, no, k };
}

static void load(struct filter *f, uint32_t offset)
{
	put(f, BPF_LD | BPF_W | BPF_ABS, offset, 0, 0);
}

static void leave(struct filter *f, uint32_t verdict)
{
	put(f, BPF_RET | BPF_K, verdict, 0, 0);
}

/* If what was loaded is @value: @verdict. */
static void on(struct filter *f, uint32_t value, uint32_t verdict)
{
	put(f, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
	leave(f, verdict);
}

/* The low half of an argument: all of an int. */
#define ARG(n) offsetof(struct seccomp_data, args[n])

/* What call @nr may be asked for is decided by what is put until end_call(). */
static uint16_t begin_call(struct filter *f, uint32_t nr)
{
	load(f, offsetof(struct seccomp_data, nr));
	put(f, BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 0);
	return f->n - 1;
}

static void end_call(struct filter *f, uint16_t at)
{
	f->insn[at].jf = f->n - at - 1;
}

static void begin_filter(struct filter *f)
{
	load(f, offsetof(struct seccomp_data, arch));
	put(f, BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
	leave(f, SECCOMP_RET_KILL_PROCESS);
	load(f, offsetof(struct seccomp_data, nr));
	put(f, BPF_JMP | BPF_JGE | BPF_K, NR_HIGH, 0, 1);
	leave(f, SECCOMP_RET_KILL_PROCESS);
}

/* ---- calls whose arguments matter ---- */

static void put_bpf(struct filter *f)
{
	/* By descriptor: what the kernel lets everybody do who has one. */
	static const uint8_t mine[] = {
		BPF_MAP_LOOKUP_ELEM,
		BPF_MAP_UPDATE_ELEM,
		BPF_MAP_DELETE_ELEM,
		BPF_MAP_GET_NEXT_KEY,
		BPF_MAP_LOOKUP_AND_DELETE_ELEM,
		BPF_MAP_LOOKUP_BATCH,
		BPF_MAP_UPDATE_BATCH,
		BPF_MAP_DELETE_BATCH,
		BPF_OBJ_GET_INFO_BY_FD,
		BPF_LINK_UPDATE,
		BPF_LINK_DETACH,
		BPF_PROG_BIND_MAP,
	};
	static const uint8_t keepers[] = {
		BPF_MAP_CREATE,	       BPF_PROG_LOAD,	     BPF_BTF_LOAD,
		BPF_LINK_CREATE,       BPF_MAP_FREEZE,	     BPF_PROG_GET_FD_BY_ID,
		BPF_LINK_GET_FD_BY_ID, BPF_MAP_GET_FD_BY_ID, BPF_LINK_GET_NEXT_ID,
	};
	uint16_t at = begin_call(f, SYS_bpf);

	load(f, ARG(0));
	for (size_t i = 0; i < sizeof(mine); i++)
		on(f, mine[i], ALLOW);
	for (size_t i = 0; i < sizeof(keepers); i++)
		on(f, keepers[i], ASK);
	leave(f, REFUSE);
	end_call(f, at);
}

static void put_socket(struct filter *f)
{
	uint16_t at = begin_call(f, SYS_socket);

	load(f, ARG(0));
	on(f, AF_UNIX, ALLOW);
	on(f, AF_INET, ALLOW);
	on(f, AF_INET6, ALLOW);
	on(f, AF_NETLINK, ALLOW);
	on(f, AF_XDP, ASK);
	on(f, AF_PACKET, ASK);
	leave(f, (SECCOMP_RET_ERRNO | EAFNOSUPPORT));
	end_call(f, at);
}

static void put_setsockopt(struct filter *f)
{
	uint16_t at = begin_call(f, SYS_setsockopt);

	load(f, ARG(1));
	put(f, BPF_JMP | BPF_JEQ | BPF_K, SOL_SOCKET, 1, 0);
	leave(f, ALLOW);
	load(f, ARG(2));
	on(f, SO_PREFER_BUSY_POLL, ASK);
	on(f, SO_BUSY_POLL, ASK);
	on(f, SO_BUSY_POLL_BUDGET, ASK);
	leave(f, ALLOW);
	end_call(f, at);
}

/* Threads, not processes. clone3() takes its flags from memory, where no filter sees them: glibc
 * goes back to clone(). */
static void put_clone(struct filter *f)
{
	uint16_t at = begin_call(f, SYS_clone);

	load(f, ARG(0));
	put(f, BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0);
	leave(f, OTHERS);
	put(f, BPF_JMP | BPF_JSET | BPF_K, NEW_NAMESPACES, 0, 1);
	leave(f, REFUSE);
	leave(f, ALLOW);
	end_call(f, at);
	load(f, offsetof(struct seccomp_data, nr));
	on(f, SYS_clone3, OTHERS == ALLOW ? ALLOW : ABSENT);
	at = begin_call(f, SYS_unshare);
	load(f, ARG(0));
	on(f, CLONE_FILES, ALLOW); /* a writer's own descriptors (life.c) */
	leave(f, REFUSE);
	end_call(f, at);
}

/* ---- the list ---- */

static const uint16_t plain[] = {
	/* Bytes, files: with the rights of the user that we are. */
	SYS_read,
	SYS_write,
	SYS_readv,
	SYS_writev,
	SYS_pread64,
	SYS_pwrite64,
	SYS_preadv,
	SYS_pwritev,
	SYS_preadv2,
	SYS_pwritev2,
	SYS_close,
	SYS_close_range,
	SYS_lseek,
	SYS_fstat,
	SYS_newfstatat,
	SYS_statx,
	SYS_statfs,
	SYS_fstatfs,
	SYS_faccessat,
	SYS_faccessat2,
	SYS_readlinkat,
	SYS_openat,
	SYS_openat2,
	SYS_getdents64,
	SYS_getcwd,
	SYS_fcntl,
	SYS_dup,
	SYS_dup3,
	SYS_ftruncate,
	SYS_fallocate,
	SYS_fadvise64,
	SYS_fsync,
	SYS_fdatasync,
	SYS_sync_file_range,
	SYS_unlinkat,
	SYS_renameat2,
	SYS_mkdirat,
	SYS_flock,
	SYS_umask,
	SYS_ioctl,
	SYS_memfd_create,
	SYS_splice,
	SYS_pipe2,
	/* Memory. */
	SYS_mmap,
	SYS_munmap,
	SYS_mremap,
	SYS_mprotect,
	SYS_madvise,
	SYS_mincore,
	SYS_mlock,
	SYS_mlock2,
	SYS_munlock,
	SYS_msync,
	SYS_brk,
	SYS_membarrier,
	/* Waiting and time. */
	SYS_ppoll,
	SYS_pselect6,
	SYS_epoll_create1,
	SYS_epoll_ctl,
	SYS_epoll_pwait,
	SYS_eventfd2,
	SYS_signalfd4,
	SYS_timerfd_create,
	SYS_timerfd_settime,
	SYS_timerfd_gettime,
	SYS_nanosleep,
	SYS_clock_nanosleep,
	SYS_clock_gettime,
	SYS_clock_getres,
	SYS_gettimeofday,
	SYS_times,
	SYS_inotify_init1,
	SYS_inotify_add_watch,
	/* Sockets. */
	SYS_bind,
	SYS_connect,
	SYS_listen,
	SYS_accept,
	SYS_accept4,
	SYS_socketpair,
	SYS_sendto,
	SYS_recvfrom,
	SYS_sendmsg,
	SYS_recvmsg,
	SYS_sendmmsg,
	SYS_recvmmsg,
	SYS_shutdown,
	SYS_getsockopt,
	SYS_getsockname,
	SYS_getpeername,
	/* Threads, signals, ourselves. */
	SYS_futex,
	SYS_set_robust_list,
	SYS_get_robust_list,
	SYS_rseq,
	SYS_sched_yield,
	SYS_sched_getaffinity,
	SYS_sched_setaffinity,
	SYS_sched_getparam,
	SYS_sched_getscheduler,
	SYS_getcpu,
	SYS_gettid,
	SYS_getpid,
	SYS_getppid,
	SYS_tgkill,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_rt_sigpending,
	SYS_rt_sigtimedwait,
	SYS_rt_sigsuspend,
	SYS_sigaltstack,
	SYS_restart_syscall,
	SYS_exit,
	SYS_exit_group,
	SYS_wait4,
	SYS_waitid,
	SYS_prctl,
	SYS_set_tid_address,
	SYS_getrandom,
	SYS_getrusage,
	SYS_prlimit64,
	SYS_uname,
	SYS_sysinfo,
	SYS_getuid,
	SYS_geteuid,
	SYS_getgid,
	SYS_getegid,
	SYS_getresuid,
	SYS_getresgid,
	SYS_getgroups,
	SYS_capget,
	SYS_seccomp,
#ifdef SYS_poll /* of processors that have the older ones too */
	SYS_poll,
	SYS_select,
	SYS_epoll_wait,
	SYS_epoll_create,
	SYS_open,
	SYS_stat,
	SYS_lstat,
	SYS_access,
	SYS_readlink,
	SYS_unlink,
	SYS_rename,
	SYS_mkdir,
	SYS_rmdir,
	SYS_dup2,
	SYS_pipe,
	SYS_eventfd,
	SYS_time,
	SYS_getrlimit,
	SYS_arch_prctl,
	SYS_getdents,
	SYS_renameat,
#endif
};

static void build(struct filter *f)
{
	f->n = 0;
	begin_filter(f);
	put_bpf(f);
	put_socket(f);
	put_setsockopt(f);
	put_clone(f);
	load(f, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		on(f, plain[i], ALLOW);
	leave(f, OTHERS);
}

static int install(const struct filter *f, unsigned int flags)
{
	const struct sock_fprog prog = { f->n, (struct sock_filter *)f->insn };
	int ret = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);

	return ret < 0 ? -errno : ret;
}

#define LISTEN (SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)

/* The keeper's: what the engine may, and what it is there for. Its helpers are processes. */
static const uint16_t keepers[] = {
	SYS_bpf,
	SYS_socket,
	SYS_setsockopt,
	SYS_pidfd_getfd,
	/* NAPI settings, through a sysfs of its own that is mounted nowhere. */
	SYS_fsopen,
	SYS_fsconfig,
	SYS_fsmount,
	/* The names of pins. */
	SYS_symlinkat,
#ifdef SYS_fork
	SYS_fork,
	SYS_vfork,
#endif
};

int sandbox_keeper(void)
{
	struct filter f = { .n = 0 };
	uint16_t at;
	int ret;

	if (!ARCH)
		return 0;
	begin_filter(&f);
	at = begin_call(&f, SYS_clone);
	load(&f, ARG(0));
	put(&f, BPF_JMP | BPF_JSET | BPF_K, NEW_NAMESPACES, 0, 1);
	leave(&f, REFUSE);
	leave(&f, ALLOW);
	end_call(&f, at);
	load(&f, offsetof(struct seccomp_data, nr));
	on(&f, SYS_clone3, OTHERS == ALLOW ? ALLOW : ABSENT);
	for (size_t i = 0; i < sizeof(keepers) / sizeof(*keepers); i++)
		on(&f, keepers[i], ALLOW);
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		on(&f, plain[i], ALLOW);
	leave(&f, OTHERS);
	ret = install(&f, 0);
	return ret < 0 ? ret : 0;
}

int sandbox_possible(void)
{
	/* A kernel that knows the flags finds no program at NULL; one that does not, wrong flags. */
	if (ARCH && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, LISTEN, NULL) < 0 &&
	    errno == EFAULT)
		return 0;
	return -EOPNOTSUPP;
}

int sandbox_enter(int *listener)
{
	struct filter f;
	int ret;

	build(&f);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	ret = install(&f, LISTEN | SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH);
	if (ret < 0)
		return ret;
	*listener = ret;
	return 0;
}

void sandbox_narrow(void)
{
	static const uint16_t no[] = {
		SYS_openat, SYS_openat2, SYS_socket,   SYS_connect,   SYS_bind,	   SYS_listen,
		SYS_clone,  SYS_unshare, SYS_unlinkat, SYS_renameat2, SYS_mkdirat, SYS_ioctl,
#ifdef SYS_open
		SYS_open,   SYS_unlink,	 SYS_rename,   SYS_mkdir,     SYS_rmdir,   SYS_renameat,
#endif
	};
	struct filter f = { .n = 0 };
	uint16_t at;

	if (OTHERS == ALLOW || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return;
	begin_filter(&f);
	at = begin_call(&f, SYS_bpf);
	load(&f, ARG(0));
	on(&f, BPF_MAP_LOOKUP_ELEM, ALLOW);
	on(&f, BPF_MAP_UPDATE_ELEM, ALLOW);
	leave(&f, REFUSE);
	end_call(&f, at);
	load(&f, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
		on(&f, no[i], REFUSE);
	leave(&f, ALLOW);
	(void)install(&f, 0);
}
