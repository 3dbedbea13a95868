/* SPDX-License-Identifier: GPL-2.0-only */
/* refuse_preload.c - to be preloaded: the second socket that asks for preferred busy polling is
 * refused it, as a kernel may that has too little of something. (The daemon's keeper, which does
 * the asking for it, is not counted again.) */
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SO_PREFER_BUSY_POLL
#define SO_PREFER_BUSY_POLL 69
#endif

static int asked;

static int is_keeper(void)
{
	char name[16] = "";

	prctl(PR_GET_NAME, name);
	return !strcmp(name, "keeper");
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	if (level == SOL_SOCKET && name == SO_PREFER_BUSY_POLL && *(const int *)value &&
	    !is_keeper() && __atomic_add_fetch(&asked, 1, __ATOMIC_RELAXED) == 2) {
		errno = EPERM;
		return -1;
	}
	return (int)syscall(SYS_setsockopt, fd, level, name, value, len);
}
