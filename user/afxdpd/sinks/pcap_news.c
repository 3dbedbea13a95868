/* SPDX-License-Identifier: GPL-2.0-only */
#include "pcap_news.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "pcapng.h"

/* Mbit/s as bits; 0 where the device does not say. */
static uint64_t link_speed(const char *ifname)
{
	struct ethtool_cmd command = { .cmd = ETHTOOL_GSET };
	struct ifreq request = { .ifr_data = (char *)&command };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint32_t speed = 0;

	if (fd < 0)
		return 0;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", ifname);
	if (!ioctl(fd, SIOCETHTOOL, &request))
		speed = ethtool_cmd_speed(&command);
	close(fd);
	return speed == (uint32_t)SPEED_UNKNOWN ? 0 : speed * 1000000ULL;
}

/* A section of its own for each set of rules: readers then need no number of an interface. */
static int make_header(struct pcap_news *n, const char *rules)
{
	const struct pcapng_interface i = {
		.name = n->ifname,
		.snap = n->snaplen,
		.speed = link_speed(n->ifname),
		.filter = rules,
	};
	uint8_t *header = malloc(PCAPNG_TEXT_MAX + 4096);

	if (!header)
		return -ENOMEM;
	n->header_len = pcapng_section(header, "afxdpd " AFXDP_VERSION);
	n->header_len += pcapng_interface(header + n->header_len, &i);
	free(n->header);
	n->header = header;
	return 0;
}

int pcap_news_init(struct pcap_news *n, const char *ifname, uint32_t snaplen)
{
	memset(n, 0, sizeof(*n));
	snprintf(n->ifname, sizeof(n->ifname), "%s", ifname);
	n->snaplen = snaplen;
	return make_header(n, NULL);
}

void pcap_news_free(struct pcap_news *n)
{
	free(n->rules);
	free(n->ledger);
	free(n->last);
	free(n->header);
}

void pcap_news_rules(struct pcap_news *n, const char *text)
{
	char *copy = strdup(text);

	if (copy)
		free(__atomic_exchange_n(&n->rules, copy, __ATOMIC_ACQ_REL));
}

void pcap_news_ledger(struct pcap_news *n, const struct sink_ledger *l)
{
	struct sink_ledger *copy = malloc(sizeof(*copy));

	if (!copy)
		return;
	*copy = *l;
	free(__atomic_exchange_n(&n->ledger, copy, __ATOMIC_ACQ_REL));
}

bool pcap_news_turn(struct pcap_news *n)
{
	char *rules;
	int err;

	if (!__atomic_load_n(&n->rules, __ATOMIC_RELAXED))
		return false;
	rules = __atomic_exchange_n(&n->rules, NULL, __ATOMIC_ACQ_REL);
	err = make_header(n, rules);
	free(rules);
	return !err;
}

size_t pcap_news_end(struct pcap_news *n, uint8_t *to, int64_t wall)
{
	struct sink_ledger *l = __atomic_exchange_n(&n->ledger, NULL, __ATOMIC_ACQ_REL);
	struct pcapng_statistics s = { 0 };

	if (l) {
		free(n->last);
		n->last = l;
	}
	l = n->last;
	if (!l)
		return 0;
	s.ns = l->ns + wall;
	s.began_ns = l->began_ns + wall;
	s.received = l->received;
	s.dropped = l->missed;
	s.accepted = l->captured;
	s.os_dropped = l->lost;
	s.delivered = l->delivered;
	s.comment = l->text;
	return pcapng_statistics(to, &s);
}
