/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * protocols.c - an example of a plugin for afxdpd: counts frames and bytes of each protocol.
 *
 *	afxdpd -i eth1 -s plugin:protocols.so --report -
 *
 * An argument names protocols that it leaves to be counted as dropped by the sink, for want of a
 * better example of how that is said: plugin:protocols.so:arp,icmp
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <afxdp/plugin.h>

enum protocol {
	ARP,
	ICMP,
	ICMPV6,
	TCP,
	UDP,
	SCTP,
	OTHER,
	PROTOCOLS
};

static const char *const names[PROTOCOLS] = {
	"arp", "icmp", "icmpv6", "tcp", "udp", "sctp", "other"
};

/* One worker's counters: it alone writes them, and they share no cache line with another's. */
struct lane {
	struct protocols *all;
	uint64_t frames[PROTOCOLS];
	uint64_t bytes[PROTOCOLS];
} __attribute__((aligned(128)));

struct protocols {
	bool unwanted[PROTOCOLS];
	uint32_t workers;
	struct lane lane[];
};

static void add(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

static uint64_t get(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* The XDP program has parsed the frame already: its metadata says where layer 3 begins. */
static enum protocol protocol_of(const struct afxdp_plugin_frame *f)
{
	const uint8_t *l3;

	if (!f->meta || f->len < 14)
		return OTHER;
	if (!(f->meta->flags & AFXDP_META_L3))
		return f->data[12] == 8 && f->data[13] == 6 ? ARP : OTHER;
	l3 = f->data + f->meta->l3_offset;
	if (f->meta->l3_offset + 20u > f->len)
		return OTHER;
	/* The next header of IPv6 is not followed: an example should stay short. */
	switch (f->meta->flags & AFXDP_META_IPV6 ? l3[6] : l3[9]) {
	case 1:
		return ICMP;
	case 6:
		return TCP;
	case 17:
		return UDP;
	case 58:
		return ICMPV6;
	case 132:
		return SCTP;
	default:
		return OTHER;
	}
}

static uint32_t protocols_frames(void *context, const struct afxdp_plugin_frame *frames, uint32_t n)
{
	struct lane *lane = context;
	uint32_t dropped = 0;

	for (uint32_t i = 0; i < n; i++) {
		enum protocol p = protocol_of(&frames[i]);

		if (lane->all->unwanted[p]) {
			dropped++;
			continue;
		}
		add(&lane->frames[p], 1);
		add(&lane->bytes[p], frames[i].length);
	}
	return dropped;
}

static int unwant(struct protocols *all, const char *arg, char *why, size_t size)
{
	while (arg) {
		size_t len = strcspn(arg, ",");
		int p = 0;

		while (p < PROTOCOLS && (strlen(names[p]) != len || strncmp(names[p], arg, len)))
			p++;
		if (p == PROTOCOLS) {
			snprintf(why, size, "there is no protocol '%.*s'", (int)len, arg);
			return -EINVAL;
		}
		all->unwanted[p] = true;
		arg = arg[len] ? arg + len + 1 : NULL;
	}
	return 0;
}

static int protocols_open(const char *arg, const struct afxdp_plugin_env *env, void **state,
			  char *why, size_t size)
{
	size_t bytes = sizeof(struct protocols) + env->workers * sizeof(struct lane);
	struct protocols *all = aligned_alloc(_Alignof(struct protocols), bytes);
	int err;

	if (!all)
		return -ENOMEM;
	memset(all, 0, bytes);
	err = unwant(all, arg, why, size);
	if (err) {
		free(all);
		return err;
	}
	*state = all;
	return 0;
}

static int protocols_start(void *state, uint32_t worker, void **lane)
{
	struct protocols *all = state;

	all->lane[worker].all = all;
	all->workers = worker + 1;
	*lane = &all->lane[worker];
	return 0;
}

static char *protocols_report(void *state)
{
	const struct protocols *all = state;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	for (int p = 0; p < PROTOCOLS; p++) {
		uint64_t frames = 0, bytes = 0;

		for (uint32_t i = 0; i < all->workers; i++) {
			frames += get(&all->lane[i].frames[p]);
			bytes += get(&all->lane[i].bytes[p]);
		}
		fprintf(f, "%s\"%s\":{\"frames\":%llu,\"bytes\":%llu}", p ? "," : "{", names[p],
			(unsigned long long)frames, (unsigned long long)bytes);
	}
	fputc('}', f);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

static void protocols_close(void *state)
{
	free(state);
}

extern const struct afxdp_plugin afxdp_plugin;
const struct afxdp_plugin afxdp_plugin = {
	.abi = AFXDP_PLUGIN_ABI,
	.size = sizeof(struct afxdp_plugin),
	.name = "protocols",
	.open = protocols_open,
	.start = protocols_start,
	.frames = protocols_frames,
	.report = protocols_report,
	.close = protocols_close,
};
