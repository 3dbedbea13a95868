/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stamp.h - what makes one frame differ from the next: the flow it belongs to and its sequence
 * number, with every checksum right. The same code runs in the XDP program and in the AF_PACKET
 * engine, so that both send the same bytes for the same sequence number.
 */
#ifndef AFXDPGEN_STAMP_H
#define AFXDPGEN_STAMP_H

#include <linux/types.h>

/* Headers and sequence number of every frame we build end before this: Ethernet 14, VLAN 4,
 * IPv6 40, TCP 20, sequence 8. Power of two, because the XDP program masks offsets with it. */
#define GEN_HEAD 128

/* Flows vary the source address in this many steps and then the source port. */
#define GEN_FLOW_ADDRESSES 65536

#define GEN_L4_PSEUDO (1 << 0) /* the layer 4 checksum covers the addresses */
#define GEN_SCATTER   (1 << 2) /* flows have addresses all over the place, and one port */
#define GEN_L4_UDP    (1 << 1) /* a checksum of 0 is sent as 0xffff (RFC 768, RFC 8200) */

/*
 * A frame and where to stamp it. Offsets count from the first byte of the frame; 0 means that the
 * frame has no such field (all of a replayed one). Sums are of 16-bit words in network order, not
 * folded, over everything the checksum covers apart from what is stamped.
 */
struct gen_template {
	__u32 arena; /* where its bytes begin among those of all templates */
	__u32 flags;
	__u32 address0; /* low 32 bits of the source address of flow 0, host order */
	__u32 ip_sum;
	__u32 l4_sum;
	__u16 length;
	__u16 address;
	__u16 ip_check;
	__u16 port;
	__u16 port0; /* host order */
	__u16 l4_check;
	__u16 sequence;
	__u16 sequence_bytes; /* 8, 6, 4 or 2: as many low-order bytes as fit */
	__u32 reserved;
};

/* Elements of a BPF array lie at multiples of 8 bytes, those of a C array wherever they end. */
_Static_assert(sizeof(struct gen_template) % 8 == 0, "templates are mapped as an array");

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

/* Sixteen bits in network order without byte-order helpers: these are the same in BPF, user space
 * and on both endians, and compile to one rotate and one store. */
static __always_inline void gen_put16(__u8 *p, __u16 v)
{
	*(__u16 *)p = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap16(v) : v;
}

/* The checksum of RFC 1071 over words whose sum is @sum. Folding twice will do: 9018 bytes and a
 * pseudo header sum up to less than 2^29. */
static __always_inline __u16 gen_checksum(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* Fields lie in the first GEN_HEAD bytes; @end makes the XDP program's accesses provably safe. */
static __always_inline __u8 *gen_field(void *frame, void *end, __u32 offset, __u32 bytes)
{
	__u8 *p = (__u8 *)frame + (offset & (GEN_HEAD - 1));

	return (void *)(p + bytes) > end ? 0 : p;
}

/**
 * gen_flow() - which of @flows frame @n belongs to: in turn, or with a @seed in an order that looks
 * random and is the same every time. The mixer is the finalizer of splitmix64 (Steele, Lea, Flood,
 * OOPSLA 2014).
 */
static __always_inline __u32 gen_flow(__u64 n, __u64 seed, __u32 flows)
{
	if (seed) {
		n += seed * 0x9e3779b97f4a7c15ULL;
		n = (n ^ (n >> 30)) * 0xbf58476d1ce4e5b9ULL;
		n = (n ^ (n >> 27)) * 0x94d049bb133111ebULL;
		n ^= n >> 31;
	}
	return n % flows;
}

/* Scattered: multiples of an odd number, so that all are different; of one near 2^32 divided by the
 * golden ratio, so that they spread evenly (Knuth, The Art of Computer Programming, 6.4). */
static __always_inline __u32 gen_address(const struct gen_template *t, __u32 flow)
{
	return t->address0 +
	       (t->flags & GEN_SCATTER ? flow * 2654435769U : flow % GEN_FLOW_ADDRESSES);
}

/**
 * gen_stamp() - make the frame at @frame number @seq of flow @flow.
 * @t: its template; the bytes at @frame are a copy of the template's, or were stamped before.
 * @end: one past the frame's last byte.
 *
 * Return: false if the frame is shorter than its template says, which nothing of ours produces.
 */
static __always_inline int gen_stamp(const struct gen_template *t, void *frame, void *end,
				     __u32 flow, __u64 seq)
{
	__u32 address = gen_address(t, flow);
	__u16 port = t->port0 + (t->flags & GEN_SCATTER ? 0 : flow / GEN_FLOW_ADDRESSES);
	__u32 l4 = t->l4_sum, halves = (address >> 16) + (address & 0xffff);
	__u16 sum;
	__u32 i;
	__u8 *p;

	if (t->address) {
		p = gen_field(frame, end, t->address, 4);
		if (!p)
			return 0;
		gen_put16(p, address >> 16);
		gen_put16(p + 2, address);
		if (t->flags & GEN_L4_PSEUDO)
			l4 += halves;
	}
	if (t->ip_check) {
		p = gen_field(frame, end, t->ip_check, 2);
		if (!p)
			return 0;
		gen_put16(p, gen_checksum(t->ip_sum + halves));
	}
	if (t->port) {
		p = gen_field(frame, end, t->port, 2);
		if (!p)
			return 0;
		gen_put16(p, port);
		l4 += port;
	}
	for (i = 0; i < 4; i++) {
		__u16 word = seq >> 16 * i;

		if (2 * i >= t->sequence_bytes)
			break;
		p = gen_field(frame, end, t->sequence + t->sequence_bytes - 2 - 2 * i, 2);
		if (!p)
			return 0;
		gen_put16(p, word);
		l4 += word;
	}
	if (t->l4_check) {
		p = gen_field(frame, end, t->l4_check, 2);
		if (!p)
			return 0;
		sum = gen_checksum(l4);
		gen_put16(p, !sum && (t->flags & GEN_L4_UDP) ? 0xffff : sum);
	}
	return 1;
}

#endif
