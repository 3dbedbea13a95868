/* SPDX-License-Identifier: GPL-2.0-only */
#include "echo_frame.h"

#include <afxdp/checksum.h>
#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <stddef.h>
#include <string.h>

#define VLAN_HLEN      4
#define VLAN_TAGS      2 /* as many as the XDP program looks behind */
#define ETHERTYPE_QINQ 0x88a8

#define IP_HLEN_MIN 20
#define ICMP_HLEN   8 /* of echo messages, both versions */
#define ARP_BYTES   28
#define NS_BYTES    24
#define NA_BYTES    32 /* with the option that carries our MAC address */

#define TTL	64  /* of what we send as ourselves: the IANA's recommendation for hosts */
#define HOPS_ND 255 /* RFC 4861, 7.1.1: proof that no router has forwarded it */

/* The headers lie at any alignment: fields are reached by their offset in these, as bytes. */
#define FIELD(base, type, field) ((base) + offsetof(type, field))

struct view {
	const struct echo_self *self;
	uint8_t *l3, *l4;
	uint32_t here; /* bytes from l3 to the end of the first descriptor; of the answer, too */
	uint32_t rest; /* bytes in others */
	uint32_t room; /* bytes from l3 that may be written */
	bool group;    /* sent to more stations than us */
	bool to_all;   /* so must the answer be */
};

static void swap(uint8_t *a, uint8_t *b, size_t bytes)
{
	uint8_t t[sizeof(struct in6_addr)];

	memcpy(t, a, bytes);
	memcpy(a, b, bytes);
	memcpy(b, t, bytes);
}

/* A word under the checksum at @check changes: RFC 1624, equation 3. */
static void adjust(uint8_t *check, uint16_t from, uint16_t to)
{
	afxdp_put16(check,
		    ~afxdp_fold((uint16_t)~afxdp_get16(check) + (uint16_t)~from + (uint64_t)to));
}

static uint64_t pseudo_v6(const uint8_t *ip, uint16_t l4_bytes)
{
	return afxdp_sum(FIELD(ip, struct ip6_hdr, ip6_src), 2 * sizeof(struct in6_addr)) +
	       *FIELD(ip, struct ip6_hdr, ip6_nxt) + l4_bytes;
}

/* A host's address that can be somebody's on a wire: not "this network", loopback, multicast or
 * above. */
static bool unicast_v4(const uint8_t *addr)
{
	return addr[0] != 0 && addr[0] != IN_LOOPBACKNET && addr[0] < 224;
}

static bool unicast_v6(const uint8_t *addr)
{
	return addr[0] != 0xff && memcmp(addr, &in6addr_any, sizeof(in6addr_any)) &&
	       memcmp(addr, &in6addr_loopback, sizeof(in6addr_loopback));
}

static bool is_ours_v4(const struct echo_self *self, const uint8_t *addr)
{
	if (self->any)
		return unicast_v4(addr);
	for (uint32_t i = 0; i < self->v4_count; i++)
		if (!memcmp(addr, &self->v4[i], sizeof(self->v4[i])))
			return true;
	return false;
}

static bool is_ours_v6(const struct echo_self *self, const uint8_t *addr)
{
	if (self->any)
		return unicast_v6(addr);
	for (uint32_t i = 0; i < self->v6_count; i++)
		if (!memcmp(addr, &self->v6[i], sizeof(self->v6[i])))
			return true;
	return false;
}

static enum echo_answer answer_arp(struct view *v)
{
	static const uint8_t ethernet_ipv4_request[] = { 0, ARPHRD_ETHER, 8, 0, 6, 4,
							 0, ARPOP_REQUEST };
	uint8_t *arp = v->l3, *sender = FIELD(arp, struct ether_arp, arp_sha),
		*target = FIELD(arp, struct ether_arp, arp_tha),
		*sender_ip = FIELD(arp, struct ether_arp, arp_spa),
		*target_ip = FIELD(arp, struct ether_arp, arp_tpa);
	bool probe; /* RFC 5227: is this address free? */

	if (v->here < ARP_BYTES ||
	    memcmp(arp, ethernet_ipv4_request, sizeof(ethernet_ipv4_request)) ||
	    !is_ours_v4(v->self, target_ip) || !memcmp(sender_ip, target_ip, 4))
		return ECHO_IGNORED;
	probe = !memcmp(sender_ip, &(struct in_addr){ INADDR_ANY }, 4);
	if (probe ? v->self->any : !unicast_v4(sender_ip))
		return ECHO_IGNORED;
	/* Who asked is the target of the answer; the address asked for is ours. */
	swap(sender, target, ETH_ALEN + sizeof(struct in_addr));
	memcpy(sender, v->self->mac, ETH_ALEN);
	afxdp_put16(FIELD(arp, struct arphdr, ar_op), ARPOP_REPLY);
	return ECHO_ARP;
}

/* The part that both IP versions share. @bytes: of the layer 4 payload by the IP header's account. */
static bool reflect_udp(struct view *v, uint32_t bytes, bool needs_check)
{
	uint8_t *udp = v->l4;
	uint32_t in_first = v->here - (v->l4 - v->l3);
	uint16_t len, check;

	if (bytes < sizeof(struct udphdr) || in_first < sizeof(struct udphdr))
		return false;
	len = afxdp_get16(FIELD(udp, struct udphdr, len));
	check = afxdp_get16(FIELD(udp, struct udphdr, check));
	if (len < sizeof(struct udphdr) || len > bytes || !afxdp_get16(udp) ||
	    (!check && needs_check))
		return false;
	swap(FIELD(udp, struct udphdr, source), FIELD(udp, struct udphdr, dest), 2);
	return true;
}

static bool has_source_route(const uint8_t *ip, uint32_t header)
{
	uint32_t i = IP_HLEN_MIN;

	while (i < header && ip[i] != IPOPT_EOL) {
		uint32_t len = 1;

		if (ip[i] == IPOPT_LSRR || ip[i] == IPOPT_SSRR)
			return true;
		if (ip[i] != IPOPT_NOP) {
			if (i + 1 >= header || ip[i + 1] < 2)
				return true; /* broken: as bad */
			len = ip[i + 1];
		}
		i += len;
	}
	return false;
}

/* Ends swapped, and another TTL: the only word that changes the header's checksum. */
static void turn_v4(uint8_t *ip, uint8_t ttl)
{
	uint8_t *word = FIELD(ip, struct ip, ip_ttl);
	uint16_t before = afxdp_get16(word);

	*word = ttl;
	adjust(FIELD(ip, struct ip, ip_sum), before, afxdp_get16(word));
	swap(FIELD(ip, struct ip, ip_src), FIELD(ip, struct ip, ip_dst), sizeof(struct in_addr));
}

static bool valid_v4(const struct view *v, uint32_t *header, uint32_t *total)
{
	const uint8_t *ip = v->l3, *src = FIELD(ip, struct ip, ip_src),
		      *dst = FIELD(ip, struct ip, ip_dst);

	if (v->group || v->here < IP_HLEN_MIN || ip[0] >> 4 != IPVERSION)
		return false;
	*header = (ip[0] & 0xf) * 4;
	*total = afxdp_get16(FIELD(ip, struct ip, ip_len));
	return *header >= IP_HLEN_MIN && *header <= v->here && *total >= *header &&
	       *total <= v->here + v->rest &&
	       !(afxdp_get16(FIELD(ip, struct ip, ip_off)) & (IP_MF | IP_OFFMASK)) &&
	       afxdp_fold(afxdp_sum(ip, *header)) == 0xffff && unicast_v4(src) &&
	       is_ours_v4(v->self, dst) && memcmp(src, dst, sizeof(struct in_addr)) &&
	       !has_source_route(ip, *header);
}

static bool answer_ping(struct view *v, uint32_t payload)
{
	uint8_t *icmp = v->l4;

	if (payload < ICMP_HLEN || v->here - (v->l4 - v->l3) < ICMP_HLEN ||
	    afxdp_get16(icmp) != ICMP_ECHO << 8)
		return false;
	afxdp_put16(icmp, ICMP_ECHOREPLY << 8);
	adjust(FIELD(icmp, struct icmphdr, checksum), ICMP_ECHO << 8, ICMP_ECHOREPLY << 8);
	return true;
}

static enum echo_answer answer_v4(struct view *v)
{
	uint8_t *ip = v->l3, ttl;
	uint32_t header, total;

	if (!valid_v4(v, &header, &total))
		return ECHO_IGNORED;
	v->l4 = ip + header;
	ttl = *FIELD(ip, struct ip, ip_ttl);
	switch (*FIELD(ip, struct ip, ip_p)) {
	case IPPROTO_ICMP:
		if (!answer_ping(v, total - header))
			return ECHO_IGNORED;
		turn_v4(ip, TTL);
		return ECHO_ICMP;
	case IPPROTO_UDP:
		if (ttl <= 1 || !reflect_udp(v, total - header, false))
			return ECHO_IGNORED;
		turn_v4(ip, ttl - 1);
		return ECHO_UDP;
	default:
		return ECHO_IGNORED;
	}
}

static bool unspecified_v6(const uint8_t *addr)
{
	return !memcmp(addr, &in6addr_any, sizeof(in6addr_any));
}

static bool wants_neighbour(const struct view *v, uint32_t payload)
{
	const uint8_t *ip = v->l3, *ns = v->l4, *src = FIELD(ip, struct ip6_hdr, ip6_src);

	if (payload < NS_BYTES || v->rest || v->room < sizeof(struct ip6_hdr) + NA_BYTES ||
	    *FIELD(ip, struct ip6_hdr, ip6_hlim) != HOPS_ND ||
	    !is_ours_v6(v->self, FIELD(ns, struct nd_neighbor_solicit, nd_ns_target)) ||
	    afxdp_fold(pseudo_v6(ip, payload) + afxdp_sum(ns, payload)) != 0xffff)
		return false;
	/* RFC 4862: is this address free? */
	if (unspecified_v6(src))
		return v->group && !v->self->any;
	return unicast_v6(src);
}

static enum echo_answer answer_neighbour(struct view *v, uint32_t payload)
{
	static const struct in6_addr all_nodes = { { { 0xff, 2, [15] = 1 } } };
	uint8_t *ip = v->l3, *na = v->l4, *src = FIELD(ip, struct ip6_hdr, ip6_src),
		*dst = FIELD(ip, struct ip6_hdr, ip6_dst), *option = na + NS_BYTES;
	uint32_t flags = ND_NA_FLAG_OVERRIDE;

	if (!wants_neighbour(v, payload))
		return ECHO_IGNORED;
	if (unspecified_v6(src)) {
		memcpy(dst, &all_nodes, sizeof(all_nodes));
		v->to_all = true;
	} else {
		memcpy(dst, src, sizeof(struct in6_addr));
		flags |= ND_NA_FLAG_SOLICITED;
	}
	memcpy(src, FIELD(na, struct nd_neighbor_solicit, nd_ns_target), sizeof(struct in6_addr));
	afxdp_put16(FIELD(ip, struct ip6_hdr, ip6_plen), NA_BYTES);
	afxdp_put16(na, ND_NEIGHBOR_ADVERT << 8);
	memcpy(FIELD(na, struct nd_neighbor_advert, nd_na_flags_reserved), &flags, sizeof(flags));
	option[0] = ND_OPT_TARGET_LINKADDR;
	option[1] = 1; /* in units of 8 bytes */
	memcpy(option + 2, v->self->mac, ETH_ALEN);
	afxdp_put16(FIELD(na, struct icmp6_hdr, icmp6_cksum), 0);
	afxdp_put16(FIELD(na, struct icmp6_hdr, icmp6_cksum),
		    ~afxdp_fold(pseudo_v6(ip, NA_BYTES) + afxdp_sum(na, NA_BYTES)));
	v->here = sizeof(struct ip6_hdr) + NA_BYTES;
	return ECHO_NEIGHBOUR;
}

static bool to_us_v6(const struct view *v)
{
	const uint8_t *ip = v->l3, *src = FIELD(ip, struct ip6_hdr, ip6_src),
		      *dst = FIELD(ip, struct ip6_hdr, ip6_dst);

	return !v->group && is_ours_v6(v->self, dst) && unicast_v6(src) &&
	       memcmp(src, dst, sizeof(struct in6_addr));
}

/* The hop limit is under no checksum, nor are the addresses' places. */
static void turn_v6(uint8_t *ip, uint8_t hops)
{
	*FIELD(ip, struct ip6_hdr, ip6_hlim) = hops;
	swap(FIELD(ip, struct ip6_hdr, ip6_src), FIELD(ip, struct ip6_hdr, ip6_dst),
	     sizeof(struct in6_addr));
}

static enum echo_answer answer_icmpv6(struct view *v, uint32_t payload)
{
	uint8_t *icmp = v->l4;

	if (payload < ICMP_HLEN || v->here - sizeof(struct ip6_hdr) < ICMP_HLEN)
		return ECHO_IGNORED;
	if (afxdp_get16(icmp) == ND_NEIGHBOR_SOLICIT << 8)
		return answer_neighbour(v, payload);
	if (afxdp_get16(icmp) != ICMP6_ECHO_REQUEST << 8 || !to_us_v6(v))
		return ECHO_IGNORED;
	afxdp_put16(icmp, ICMP6_ECHO_REPLY << 8);
	adjust(FIELD(icmp, struct icmp6_hdr, icmp6_cksum), ICMP6_ECHO_REQUEST << 8,
	       ICMP6_ECHO_REPLY << 8);
	turn_v6(v->l3, TTL);
	return ECHO_ICMPV6;
}

static enum echo_answer answer_v6(struct view *v)
{
	uint8_t *ip = v->l3, hops;
	uint32_t payload;

	if (v->here < sizeof(struct ip6_hdr) || ip[0] >> 4 != 6)
		return ECHO_IGNORED;
	payload = afxdp_get16(FIELD(ip, struct ip6_hdr, ip6_plen));
	if (payload > v->here + v->rest - sizeof(struct ip6_hdr))
		return ECHO_IGNORED;
	v->l4 = ip + sizeof(struct ip6_hdr);
	hops = *FIELD(ip, struct ip6_hdr, ip6_hlim);
	switch (*FIELD(ip, struct ip6_hdr, ip6_nxt)) {
	case IPPROTO_ICMPV6:
		return answer_icmpv6(v, payload);
	case IPPROTO_UDP:
		/* RFC 8200, 8.1: no UDP without a checksum. */
		if (hops <= 1 || !to_us_v6(v) || !reflect_udp(v, payload, true))
			return ECHO_IGNORED;
		turn_v6(ip, hops - 1);
		return ECHO_UDP;
	default:
		return ECHO_IGNORED;
	}
}

/* Whether the frame is one for us: then where its layer 3 begins, and of which type it is. */
static uint32_t find_l3(struct view *v, const uint8_t *frame, uint32_t len, uint16_t *type)
{
	const uint8_t *to = FIELD(frame, struct ether_header, ether_dhost),
		      *from = FIELD(frame, struct ether_header, ether_shost);
	uint32_t at = offsetof(struct ether_header, ether_type);
	int tags = 0;

	if (len < sizeof(struct ether_header) || from[0] & 1)
		return 0;
	v->group = to[0] & 1;
	if (!v->group && memcmp(to, v->self->mac, ETH_ALEN))
		return 0;
	while ((*type = afxdp_get16(frame + at)) == ETHERTYPE_VLAN || *type == ETHERTYPE_QINQ) {
		at += VLAN_HLEN;
		if (++tags > VLAN_TAGS || len < at + sizeof(*type))
			return 0;
	}
	return at + sizeof(*type);
}

enum echo_answer echo_frame(const struct echo_self *self, uint8_t *frame, uint32_t *len,
			    uint32_t room, uint32_t rest)
{
	static const uint8_t all_nodes_mac[ETH_ALEN] = { 0x33, 0x33, 0, 0, 0, 1 };
	struct view v = { .self = self, .rest = rest };
	enum echo_answer answer = ECHO_IGNORED;
	uint16_t type;
	uint32_t l3 = find_l3(&v, frame, *len, &type);

	if (!l3)
		return ECHO_IGNORED;
	v.l3 = frame + l3;
	v.here = *len - l3;
	v.room = room - l3;
	if (type == ETHERTYPE_ARP)
		answer = answer_arp(&v);
	else if (type == ETHERTYPE_IP)
		answer = answer_v4(&v);
	else if (type == ETHERTYPE_IPV6)
		answer = answer_v6(&v);
	if (answer == ECHO_IGNORED)
		return ECHO_IGNORED;
	memcpy(FIELD(frame, struct ether_header, ether_dhost),
	       v.to_all ? all_nodes_mac : FIELD(frame, struct ether_header, ether_shost), ETH_ALEN);
	memcpy(FIELD(frame, struct ether_header, ether_shost), self->mac, ETH_ALEN);
	*len = l3 + v.here;
	return answer;
}
