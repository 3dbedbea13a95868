/* SPDX-License-Identifier: GPL-2.0-only */
/* options.h - what the command line of afxdpgen asks for. */
#ifndef AFXDPGEN_OPTIONS_H
#define AFXDPGEN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Smallest and largest frame we make, without FCS: Ethernet's minimum, and a jumbo payload. */
#define GEN_SIZE_MIN 60
#define GEN_SIZE_MAX 9014

#define GEN_CPUS_MAX 64

enum gen_proto {
	GEN_UDP,
	GEN_TCP,
	GEN_ICMP,
	GEN_ARP
};
enum gen_engine_choice {
	GEN_AUTO,
	GEN_XDP,
	GEN_PACKET
};

/* An address of either family; IPv4 in the first four bytes. */
struct gen_address {
	int family; /* AF_INET, AF_INET6, or 0: not given */
	uint8_t bytes[16];
};

struct gen_options {
	const char *interface;
	const char *pcap;
	const char *write; /* frames go to this file and to no interface */
	uint64_t count;	   /* 0: no limit */
	uint64_t duration; /* ns; 0: no limit */
	double pps;	   /* 0: as fast as it goes */
	uint64_t seed;
	uint32_t size;
	uint32_t flows;
	bool scatter;
	uint32_t batch;
	uint32_t burst;
	uint16_t vlan; /* 0: untagged */
	uint16_t sport;
	uint16_t dport;
	enum gen_proto proto;
	enum gen_engine_choice engine;
	bool ipv6;
	bool mix;
	bool spin; /* never sleep between frames */
	bool verbose;
	bool help;
	bool version;
	bool has_src_mac;
	uint8_t src_mac[6];
	uint8_t dst_mac[6];
	struct gen_address src;
	struct gen_address dst;
	int cpus[GEN_CPUS_MAX];
	size_t n_cpus; /* 0: one sender, on no CPU in particular */
};

/**
 * gen_options_parse() - read a command line.
 * @why: where the one line goes that says what is wrong and what to do.
 *
 * Strings in @o point into @argv. Return: 0 or -EINVAL with @why filled.
 */
int gen_options_parse(struct gen_options *o, int argc, char **argv, char *why, size_t why_size);

/** gen_options_usage() - the text of --help. */
const char *gen_options_usage(void);

#endif
