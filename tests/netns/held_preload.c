/* SPDX-License-Identifier: GPL-2.0-only */
/* held_preload.c - to be preloaded: as long as the file HELD_FILE is there, a worker stays in its
 * poll(), as one that is not given a core would. Once it is held there is HELD_FILE.yes, too. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void hold(const char *file)
{
	char name[16] = "", yes[256];

	prctl(PR_GET_NAME, name);
	if (!file || strncmp(name, "rx", 2) || access(file, F_OK))
		return;
	snprintf(yes, sizeof(yes), "%s.yes", file);
	close(open(yes, O_WRONLY | O_CREAT, 0600));
	while (!access(file, F_OK))
		usleep(1000);
}

int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	int ready = (int)syscall(SYS_poll, fds, n, timeout);

	hold(getenv("HELD_FILE"));
	return ready;
}
