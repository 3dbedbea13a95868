/* SPDX-License-Identifier: GPL-2.0-only */
/* library.c - a stranger's program on the installed libafxdp: counts N frames of queue 0 and ends. */
#include <afxdp/afxdp.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t receive(struct afxdp_xsk *xsk, uint64_t want, uint64_t *bytes)
{
	struct pollfd fd = { .fd = xsk->fd, .events = POLLIN };
	uint64_t frames = 0, back[64];

	while (frames < want && poll(&fd, 1, 10000) > 0) {
		uint32_t pos, n = afxdp_cons_peek(&xsk->rx, 64, &pos);

		for (uint32_t k = 0; k < n; k++) {
			const struct xdp_desc *d = &xsk->rx_desc[(pos + k) & xsk->rx.mask];

			*bytes += d->len;
			back[k] = d->addr;
		}
		afxdp_cons_release(&xsk->rx, n);
		afxdp_xsk_refill(xsk, back, n);
		frames += n;
	}
	return frames;
}

int main(int argc, char **argv)
{
	struct afxdp_prog_config program = { .queues = 1,
					     .run = { .default_verdict = AFXDP_CAPTURE } };
	struct afxdp_xsk_config socket = { .frames = 4096, .frame_size = 2048, .ring = 2048 };
	uint64_t bytes = 0, frames;
	struct afxdp_ledger ledger;
	struct afxdp_prog prog;
	struct afxdp_xsk xsk;
	const char *why;
	int err;

	if (argc != 3)
		return 2;
	program.ifname = argv[1];
	program.ifindex = socket.ifindex = if_nametoindex(argv[1]);
	err = afxdp_prog_load(&prog, &program);
	if (err) {
		fprintf(stderr, "%s\n", prog.why);
		return 1;
	}
	err = afxdp_xsk_open(&xsk, &socket, &why);
	if (err) {
		fprintf(stderr, "%s: %s\n", why, strerror(-err));
		return 1;
	}
	err = afxdp_prog_claim(&prog, 0, xsk.fd);
	if (!err)
		err = afxdp_prog_attach(&prog);
	if (err) {
		fprintf(stderr, "%s\n", prog.why);
		return 1;
	}
	puts("ready");
	fflush(stdout);
	frames = receive(&xsk, strtoull(argv[2], NULL, 10), &bytes);
	afxdp_prog_detach(&prog);
	afxdp_prog_ledger(&prog, 0, &ledger);
	printf("%llu frames, %llu bytes, captured %llu\n", (unsigned long long)frames,
	       (unsigned long long)bytes, (unsigned long long)ledger.captured);
	afxdp_xsk_close(&xsk);
	afxdp_prog_close(&prog);
	return 0;
}
