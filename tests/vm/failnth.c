// SPDX-License-Identifier: GPL-2.0-only
/*
 * LD_PRELOAD library for fault sweeps (lib-faults.sh): lets the FAIL_NTH-th allocation that the
 * kernel makes for the main thread of a program fail, counted from its main(), and tells in the
 * file FAIL_NTH_LEFT at exit how many it was short of that: 0 says that it has happened. The kernel
 * clears the counter at fork, so a wrapper process could not do this, and one that execs would
 * sweep through exec and the dynamic linker first. See
 * Documentation/fault-injection/fault-injection.rst.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int counter_fd = -1;

__attribute__((constructor)) static void arm(void)
{
	const char *nth = getenv("FAIL_NTH");

	if (!nth)
		return;
	counter_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (counter_fd < 0 || write(counter_fd, nth, strlen(nth)) < 0)
		_exit(125);
}

__attribute__((destructor)) static void report(void)
{
	const char *path = getenv("FAIL_NTH_LEFT");
	char left[16];
	ssize_t len;
	int fd;

	if (counter_fd < 0 || !path)
		return;
	/* Opened beforehand, because an open now could be what fails. */
	len = pread(counter_fd, left, sizeof(left), 0);
	if (len <= 0 || pwrite(counter_fd, "0", 1, 0) != 1)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	if (write(fd, left, len) != len)
		unlink(path);
	close(fd);
}
