/* SPDX-License-Identifier: GPL-2.0-only */
/* unsent_preload.c - to be preloaded: the first UNSENT wakeups of an AF_XDP socket's TX ring find a
 * device that is busy. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int asked;

ssize_t sendto(int fd, const void *data, size_t len, int flags, const struct sockaddr *to,
	       socklen_t size)
{
	const char *unsent = getenv("UNSENT");

	if (!data && !len && unsent &&
	    __atomic_add_fetch(&asked, 1, __ATOMIC_RELAXED) <= atoi(unsent)) {
		errno = EAGAIN;
		return -1;
	}
	return syscall(SYS_sendto, fd, data, len, flags, to, size);
}
