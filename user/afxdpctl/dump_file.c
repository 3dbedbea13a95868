/* SPDX-License-Identifier: GPL-2.0-only */
/* dump_file.c - what dump writes: a pcapng section of one interface. */
#include "dump.h"

#include <errno.h>
#include "vlan.h"

int dump_file_begin(FILE *f, const char *ifname, uint32_t snap)
{
	const struct pcapng_interface i = { .name = ifname, .snap = snap };
	uint8_t blocks[2 * (PCAPNG_COMMENT_MAX + 128)];
	size_t n = pcapng_section(blocks, "afxdpctl " AFXDP_VERSION);

	n += pcapng_interface(blocks + n, &i);
	return fwrite(blocks, n, 1, f) == 1 ? 0 : -(errno ?: EIO);
}

int dump_file_packet(FILE *f, const struct pcapng_packet *p, const uint8_t *tag,
		     const uint8_t *bytes)
{
	uint8_t head[PCAPNG_HEAD], tail[PCAPNG_TAIL_MAX];
	const size_t n = pcapng_tail(tail, p), front = tag ? VLAN_TAG_OFFSET + VLAN_HLEN : 0;

	pcapng_head(head, p, n);
	fwrite(head, sizeof(head), 1, f);
	fwrite(tag, 1, front, f);
	fwrite(bytes, 1, p->captured - front, f);
	fwrite(tail, n, 1, f);
	return ferror(f) ? -(errno ?: EIO) : 0;
}

int dump_file_end(FILE *f, uint64_t ns, uint64_t copied, uint64_t lost)
{
	uint8_t block[PCAPNG_TAIL_MAX + 128];
	const struct pcapng_statistics s = {
		.ns = ns,
		.received = copied,
		.dropped = lost,
		.accepted = PCAPNG_UNKNOWN,
		.os_dropped = PCAPNG_UNKNOWN,
		.delivered = PCAPNG_UNKNOWN,
	};

	return fwrite(block, pcapng_statistics(block, &s), 1, f) == 1 ? 0 : -(errno ?: EIO);
}
