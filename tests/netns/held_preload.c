/* SPDX-License-Identifier: GPL-2.0-only */
/* held_preload.c - to be preloaded: as long as the file HELD_FILE is there, a worker stays in its
 * poll(), as one that is not given a core would. Once it is held there is something in
 * HELD_FILE.yes, which is opened at the start: a worker may open nothing. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int yes = -1;

__attribute__((constructor)) static void begin(void)
{
	const char *file = getenv("HELD_FILE");
	char path[256];

	snprintf(path, sizeof(path), "%s.yes", file ? file : "/dev/null");
	yes = file ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
}

static void hold(const char *file)
{
	char name[16] = "";

	prctl(PR_GET_NAME, name);
	if (!file || strncmp(name, "rx", 2) || access(file, F_OK))
		return;
	if (write(yes, "x", 1) < 0)
		return;
	while (!access(file, F_OK))
		usleep(1000);
}

int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	int ready = (int)syscall(SYS_poll, fds, n, timeout);

	hold(getenv("HELD_FILE"));
	return ready;
}
