// SPDX-License-Identifier: GPL-2.0-only
/*
 * busy IFACE QUEUE zerocopy|copy: an AF_XDP socket that polls the device in its own system calls
 * (SO_PREFER_BUSY_POLL). Says "ready" and the id of the NAPI that it is marked with; then for every
 * line of standard input calls recvfrom() as often as that says, and answers with the id again.
 */
#include <errno.h>
#include <linux/if_xdp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <xdp/xsk.h>

#define FRAMES	   64
#define FRAME_SIZE 4096

static void __attribute__((noreturn)) die(const char *what, int err)
{
	fprintf(stderr, "busy: %s: %s\n", what, strerror(err));
	exit(1);
}

static void set(int fd, int option, int value, const char *what)
{
	if (setsockopt(fd, SOL_SOCKET, option, &value, sizeof(value)))
		die(what, errno);
}

static void say(int fd, const char *word)
{
	unsigned int id = 0;
	socklen_t length = sizeof(id);

	if (getsockopt(fd, SOL_SOCKET, SO_INCOMING_NAPI_ID, &id, &length))
		die("SO_INCOMING_NAPI_ID", errno);
	printf("%s %u\n", word, id);
	fflush(stdout);
}

static int open_socket(const char *iface, unsigned int queue, const char *mode)
{
	struct xsk_umem_config area_config = { .fill_size = FRAMES,
					       .comp_size = FRAMES,
					       .frame_size = FRAME_SIZE };
	struct xsk_socket_config config = {
		.rx_size = FRAMES,
		.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
		.bind_flags = XDP_USE_NEED_WAKEUP | (strcmp(mode, "copy") ? XDP_ZEROCOPY : XDP_COPY)
	};
	/* Libxdp keeps them as long as the socket: as long as this process. */
	static struct xsk_ring_prod fill;
	static struct xsk_ring_cons done, rx;
	struct xsk_socket *xsk;
	struct xsk_umem *umem;
	void *area;
	int err;

	area = mmap(NULL, FRAMES * FRAME_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
	if (area == MAP_FAILED)
		die("memory", errno);
	err = xsk_umem__create(&umem, area, FRAMES * FRAME_SIZE, &fill, &done, &area_config);
	if (err)
		die("umem", -err);
	err = xsk_socket__create(&xsk, iface, queue, umem, &rx, NULL, &config);
	if (err)
		die("bind", -err);
	return xsk_socket__fd(xsk);
}

int main(int argc, char **argv)
{
	char line[32];
	int fd;

	if (argc != 4) {
		fprintf(stderr, "usage: busy IFACE QUEUE zerocopy|copy\n");
		return 2;
	}
	fd = open_socket(argv[1], atoi(argv[2]), argv[3]);
	set(fd, SO_PREFER_BUSY_POLL, 1, "SO_PREFER_BUSY_POLL");
	set(fd, SO_BUSY_POLL, 20, "SO_BUSY_POLL");
	set(fd, SO_BUSY_POLL_BUDGET, 64, "SO_BUSY_POLL_BUDGET");
	say(fd, "ready");
	while (fgets(line, sizeof(line), stdin)) {
		int calls = atoi(line);

		while (calls--)
			recvfrom(fd, NULL, 0, MSG_DONTWAIT, NULL, NULL);
		say(fd, "done");
	}
	return 0;
}
