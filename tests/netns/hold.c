/* SPDX-License-Identifier: GPL-2.0-only */
/* hold IFACE QUEUE - another program's AF_XDP socket on a queue, until it is killed. */
#include "t.h"

#include <net/if.h>
#include <string.h>
#include <unistd.h>
#include "xsk.h"

int main(int argc, char **argv)
{
	struct afxdp_xsk_config config = { .frames = 64, .frame_size = 2048, .ring = 64 };
	struct afxdp_xsk xsk;
	const char *why;
	int err;

	CHECK(argc == 3, "usage: hold IFACE QUEUE");
	config.ifindex = if_nametoindex(argv[1]);
	config.queue = strtoul(argv[2], NULL, 10);
	err = afxdp_xsk_open(&xsk, &config, &why);
	CHECK(!err, "%s: %s", why, strerror(-err));
	puts("holding");
	fflush(stdout);
	for (;;)
		pause();
}
