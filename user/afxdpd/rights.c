/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rights.c - giving capabilities up. They belong to threads, not to processes, and some threads are
 * there already: the clerk, the sink's, a plugin's own. Each is sent a signal and gives up its own;
 * whether all have is not believed, but read from /proc.
 */
#include "rights.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "sandbox.h"

/* A thread that has not heard of it in so many steps of a millisecond blocks signals. */
#ifdef __SANITIZE_THREAD__
#define PATIENCE 100
#else
#define PATIENCE 5000
#endif

#define BIT(cap) (UINT64_C(1) << (cap))

/* To become another user: the last that go. */
#define SETIDS (BIT(CAP_SETUID) | BIT(CAP_SETGID))

/* What every thread may have at most; for the signal's handler, which is told nothing else. */
static uint64_t allowed;

int rights_find_user(const char *name, struct user *user)
{
	struct passwd *pw = getpwnam(name);

	if (!pw)
		return -ENOENT;
	snprintf(user->name, sizeof(user->name), "%s", name);
	user->uid = pw->pw_uid;
	user->gid = pw->pw_gid;
	return 0;
}

static int get_caps(uint64_t *permitted, uint64_t *effective)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return -errno;
	*permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted;
	*effective = (uint64_t)data[1].effective << 32 | data[0].effective;
	return 0;
}

/* None of them inheritable. */
static int set_caps(uint64_t caps)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	for (int i = 0; i < 2; i++)
		data[i].permitted = data[i].effective = caps >> 32 * i;
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

const char *rights_missing(void)
{
	static const struct {
		unsigned int cap;
		bool or_sys_admin; /* as before Linux 5.8 */
		const char *what;
	} needs[] = {
		{ CAP_NET_ADMIN, false, "CAP_NET_ADMIN (to attach an XDP program)" },
		{ CAP_NET_RAW, false, "CAP_NET_RAW (to open AF_XDP sockets)" },
		{ CAP_BPF, true, "CAP_BPF (to load the XDP program)" },
		{ CAP_PERFMON, true, "CAP_PERFMON (to load the XDP program)" },
	};
	uint64_t permitted, have;

	if (get_caps(&permitted, &have))
		return NULL; /* then each step says for itself what it lacks */
	for (size_t i = 0; i < sizeof(needs) / sizeof(*needs); i++)
		if (!(have & BIT(needs[i].cap)) &&
		    !(needs[i].or_sys_admin && have & BIT(CAP_SYS_ADMIN)))
			return needs[i].what;
	return NULL;
}

/* ---- one thread ---- */

/* No way back: of nothing that is executed, and of nothing that is inherited. */
static void close_ways_back(void)
{
	for (int cap = 0; cap < 64 && !prctl(PR_CAPBSET_DROP, cap, 0, 0, 0); cap++)
		;
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

static int give_up_here(void)
{
	uint64_t permitted, effective;
	int err = get_caps(&permitted, &effective);

	close_ways_back();
	return err ?: set_caps(permitted & __atomic_load_n(&allowed, __ATOMIC_RELAXED));
}

static void on_signal(int signal)
{
	int saved = errno;

	(void)signal;
	give_up_here();
	errno = saved;
}

/* ---- all threads ---- */

/* The capabilities of thread @tid that are not @allowed; 0 also if it has ended. */
static uint64_t excess(const char *tid)
{
	char path[64], line[256];
	uint64_t more = 0, caps;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%.20s/status", tid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "CapInh: %" SCNx64, &caps) == 1 ||
		    sscanf(line, "CapPrm: %" SCNx64, &caps) == 1 ||
		    sscanf(line, "CapEff: %" SCNx64, &caps) == 1 ||
		    sscanf(line, "CapAmb: %" SCNx64, &caps) == 1)
			more |= caps & ~allowed;
	if (f)
		fclose(f);
	return more;
}

/* Send the signal to each thread that has too much. Return: how many there are; -errno. */
static int tell_threads(void)
{
	DIR *tasks = opendir("/proc/self/task");
	const struct dirent *e;
	int n = 0;

	if (!tasks)
		return -errno;
	while ((e = readdir(tasks))) {
		if (*e->d_name == '.' || !excess(e->d_name))
			continue;
		n++;
		syscall(SYS_tgkill, getpid(), atoi(e->d_name), RIGHTS_SIGNAL);
	}
	closedir(tasks);
	return n;
}

/* No thread is to have more than @caps. Return: 0; -EBUSY if one does not listen; other -errno. */
static int limit_all(uint64_t caps)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	int err, n = 1;

	__atomic_store_n(&allowed, caps, __ATOMIC_RELAXED);
	err = give_up_here();
	for (int i = 0; !err && n && i < PATIENCE; i++) {
		n = tell_threads();
		if (n < 0)
			err = n;
		else if (n)
			nanosleep(&pause, NULL);
	}
#ifdef __SANITIZE_THREAD__ /* which has a thread of its own that hears nothing */
	return err;
#else
	return err ?: n ? -EBUSY : 0;
#endif
}

static int become(const struct user *user)
{
	/* glibc carries these to every thread. */
	if (initgroups(user->name, user->gid) || setresgid(user->gid, user->gid, user->gid) ||
	    setresuid(user->uid, user->uid, user->uid))
		return -errno;
	return 0;
}

static int give_up_caps(const struct user *user, uint64_t but)
{
	struct sigaction act = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	int err;

	sigemptyset(&act.sa_mask);
	if (sigaction(RIGHTS_SIGNAL, &act, NULL) || prctl(PR_SET_KEEPCAPS, !!but, 0, 0, 0))
		return -errno;
	err = user ? limit_all(SETIDS | but) : 0;
	if (!err && user)
		err = become(user);
	if (!err)
		err = limit_all(but);
	signal(RIGHTS_SIGNAL, SIG_IGN);
	return err;
}

/* A keeper that may look at any process need not be helped; one that may not must be of our user,
 * and be allowed to take copies of our descriptors. */
static void let_keeper_look(pid_t keeper)
{
	uint64_t permitted, effective;

	if (get_caps(&permitted, &effective) || !(permitted & BIT(CAP_SYS_PTRACE))) {
		(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
		(void)prctl(PR_SET_PTRACER, keeper, 0, 0, 0);
	}
}

/* UMEMs are locked memory, and nobody can lock ours for us: without a limit we need no capability
 * for that, so only who may not lift it (in some containers) has to keep one, if he has it. */
static uint64_t to_lock_memory(void)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	return setrlimit(RLIMIT_MEMLOCK, &unlimited) ? BIT(CAP_IPC_LOCK) : 0;
}

int rights_give_up(const struct user *user, pid_t keeper, int *listener, char *why, size_t size)
{
	int err = sandbox_possible();

	if (err) {
		snprintf(why, size,
			 "this kernel shows no system calls to another process "
			 "(seccomp, Linux 5.19)");
		return err;
	}
	let_keeper_look(keeper);
	err = give_up_caps(user, to_lock_memory());
	if (err == -EBUSY)
		snprintf(why, size, "a thread blocks the signal that tells it to: a plugin's?");
	else if (err && user)
		snprintf(why, size, "--user '%s': cannot become this user: %s", user->name,
			 strerror(-err));
	else
		snprintf(why, size, "%s", strerror(-err));
	if (!err) {
		err = sandbox_enter(listener);
		snprintf(why, size, "cannot limit system calls: %s", strerror(-err));
	}
	return err;
}

/* ---- the keeper ---- */

int rights_of_keeper(void)
{
	const uint64_t keep = BIT(CAP_NET_ADMIN) | BIT(CAP_NET_RAW) | BIT(CAP_BPF) |
			      BIT(CAP_PERFMON) | BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_PTRACE);
	uint64_t permitted, effective;
	int err = get_caps(&permitted, &effective);

	close_ways_back();
	if (!err)
		err = set_caps(permitted & keep);
	if (!err && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		err = -errno;
	return err ?: sandbox_keeper();
}
