/* SPDX-License-Identifier: GPL-2.0-only */
#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int privileges_find(const char *name, struct user *user)
{
	struct passwd *pw = getpwnam(name);

	if (!pw)
		return -ENOENT;
	snprintf(user->name, sizeof(user->name), "%s", name);
	user->uid = pw->pw_uid;
	user->gid = pw->pw_gid;
	return 0;
}

const char *privileges_missing(void)
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
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	uint64_t have;

	if (syscall(SYS_capget, &header, data))
		return NULL; /* then each step says for itself what it lacks */
	have = (uint64_t)data[1].effective << 32 | data[0].effective;
	for (size_t i = 0; i < sizeof(needs) / sizeof(*needs); i++)
		if (!(have >> needs[i].cap & 1) &&
		    !(needs[i].or_sys_admin && have >> CAP_SYS_ADMIN & 1))
			return needs[i].what;
	return NULL;
}

static int keep_net_admin(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	data[0].permitted = data[0].effective = 1U << CAP_NET_ADMIN;
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

int privileges_drop(const struct user *user)
{
	/* glibc carries setgroups, setgid and setuid to every thread; the capabilities are ours
	 * alone. */
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) || initgroups(user->name, user->gid) ||
	    setgid(user->gid) || setuid(user->uid))
		return -errno;
	return keep_net_admin();
}
