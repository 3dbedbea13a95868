/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * echo.c - answers ARP, ping and neighbour discovery, and reflects UDP (echo_frame.h), so that a
 * path can be measured there and back.
 *
 * The worker turns a frame into its answer where it lies and puts its descriptors into the TX ring
 * of its own socket; the completion ring brings them back. What is answered and what is ignored
 * counts as delivered; an answer that finds the TX ring full is dropped.
 */
#include "../sink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include "complete.h"
#include "echo_frame.h"
#include "frame.h"
#include "ports.h"
#include "transmit.h"
#include "log.h"

static const char *const answer_names[ECHO_ANSWERS] = {
	[ECHO_IGNORED] = "ignored",	[ECHO_ARP] = "arp",
	[ECHO_ICMP] = "icmp",		[ECHO_ICMPV6] = "icmpv6",
	[ECHO_NEIGHBOUR] = "neighbour", [ECHO_UDP] = "udp",
};

struct echo_port {
	struct sink_port port;
	uint64_t count[ECHO_ANSWERS]; /* frames */
} SINK_PORT_ALIGNED;

struct echo_sink {
	struct sink sink;
	struct sink_ports ports;
	struct echo_self self;
	const char *ifname; /* the life's */
	bool addrs;	    /* the interface's own are asked for */
};

/* Worker's side. */

/* One frame of @n descriptors. Return: whether it is on its way out. */
static bool answer(struct echo_port *p, const struct xdp_desc *desc, uint32_t n, uint32_t rest)
{
	const struct echo_sink *s = (struct echo_sink *)p->port.sink;
	struct afxdp_xsk *xsk = p->port.xsk;
	struct xdp_desc first = desc[0];
	enum echo_answer kind;
	bool sent = false;

	complete_checksum(xsk, desc);
	frame_restore_vlan(xsk, &first);
	kind = echo_frame(&s->self, afxdp_xsk_data(xsk, first.addr), &first.len,
			  xsk->config.frame_size - frame_headroom(xsk, first.addr), rest);
	if (kind != ECHO_IGNORED) {
		sent = transmit_queue(xsk, first, desc, n);
		if (!sent) {
			transmit_kick(xsk);
			sent = transmit_queue(xsk, first, desc, n);
		}
	}
	if (sent || kind == ECHO_IGNORED) {
		sink_add(&p->count[kind], 1);
		sink_add(&p->port.here.delivered, 1);
	} else {
		sink_add(&p->port.here.dropped, 1);
	}
	return sent;
}

static uint32_t echo_consume(struct sink_port *port, const struct xdp_desc *desc, uint32_t n,
			     uint64_t *back)
{
	uint32_t i = 0, descs, rest, sent = 0, got = 0;

	for (; i < n; i += descs) {
		descs = frame_descs(desc + i, &rest);
		if (answer((struct echo_port *)port, desc + i, descs, rest)) {
			sent += descs;
			continue;
		}
		for (uint32_t k = 0; k < descs; k++)
			back[got++] = desc[i + k].addr;
	}
	if (sent) {
		/* No longer ours, but the TX ring's: the worker meets them in the completion
		 * ring, as tx_pending tells it. */
		port->reclaimed += sent;
		port->xsk->tx_pending += sent;
		transmit_kick(port->xsk);
	}
	return got;
}

/* The side of the sink's own thread. */

static bool add_v4(struct echo_self *self, const struct in_addr *addr)
{
	if (self->v4_count == ECHO_ADDRS)
		return false;
	self->v4[self->v4_count++] = *addr;
	return true;
}

static bool add_v6(struct echo_self *self, const struct in6_addr *addr)
{
	if (self->v6_count == ECHO_ADDRS)
		return false;
	self->v6[self->v6_count++] = *addr;
	return true;
}

/* The MAC address of @ifname, and with @addrs its IP addresses. Return: 0 or -errno. */
static int read_interface(struct echo_self *self, const char *ifname, bool addrs)
{
	bool only_link_local = true;
	struct ifaddrs *list;

	if (getifaddrs(&list))
		return -errno;
	for (const struct ifaddrs *a = list; a; a = a->ifa_next) {
		if (!a->ifa_addr || strcmp(a->ifa_name, ifname))
			continue;
		if (a->ifa_addr->sa_family == AF_PACKET) {
			const struct sockaddr_ll *ll = (const void *)a->ifa_addr;

			if (ll->sll_halen == ETH_ALEN)
				memcpy(self->mac, ll->sll_addr, ETH_ALEN);
		} else if (addrs && a->ifa_addr->sa_family == AF_INET) {
			add_v4(self,
			       &((const struct sockaddr_in *)(const void *)a->ifa_addr)->sin_addr);
			only_link_local = false;
		} else if (addrs && a->ifa_addr->sa_family == AF_INET6) {
			const struct sockaddr_in6 *in6 = (const void *)a->ifa_addr;

			add_v6(self, &in6->sin6_addr);
			only_link_local &= IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr);
		}
	}
	freeifaddrs(list);
	/* Link-local addresses come by themselves: nobody has said yet who this interface is. */
	self->any = addrs && only_link_local;
	return 0;
}

/* "ADDR[,ADDR]" */
static int parse_addrs(struct echo_self *self, const char *arg, char *why, size_t size)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr v6;
	struct in_addr v4;

	for (;;) {
		size_t len = strcspn(arg, ",");
		bool ok = len < sizeof(text), room = true;

		if (ok) {
			memcpy(text, arg, len);
			text[len] = 0;
			if (inet_pton(AF_INET, text, &v4) == 1)
				room = add_v4(self, &v4);
			else if (inet_pton(AF_INET6, text, &v6) == 1)
				room = add_v6(self, &v6);
			else
				ok = false;
		}
		if (!ok || !room) {
			snprintf(why, size, "sink 'echo': '%.*s' %s", (int)len, arg,
				 ok ? "is one address too many"
				    : "is no IPv4 or IPv6 address: write echo:ADDR,ADDR");
			return -EINVAL;
		}
		if (!arg[len])
			return 0;
		arg += len + 1;
	}
}

static int echo_check(const char *arg, const struct sink_env *env, char *why, size_t size)
{
	struct echo_self self = { 0 };

	(void)env;
	return arg ? parse_addrs(&self, arg, why, size) : 0;
}

static int echo_open(struct sink **sink, const char *arg, const struct sink_env *env, char *why,
		     size_t size)
{
	struct echo_sink *s = calloc(1, sizeof(*s));
	int err;

	if (!s) {
		snprintf(why, size, "sink 'echo': out of memory");
		return -ENOMEM;
	}
	sink_ports_init(&s->ports, sizeof(struct echo_port));
	s->sink.ops = &sink_echo_ops;
	s->ifname = env->ifname;
	s->addrs = !arg;
	err = read_interface(&s->self, env->ifname, !arg);
	if (err)
		snprintf(why, size, "sink 'echo': cannot read the addresses of '%s': %s",
			 env->ifname, strerror(-err));
	else if (arg)
		err = parse_addrs(&s->self, arg, why, size);
	if (err) {
		s->sink.ops->close(&s->sink);
		return err;
	}
	if (s->self.any)
		log_line(LEVEL_WARNING,
			 "sink 'echo': %s has no address: answering for every address "
			 "asked for",
			 env->ifname);
	*sink = &s->sink;
	return 0;
}

static int echo_attach(struct sink *sink, struct afxdp_xsk *xsk, struct sink_port **port)
{
	struct echo_sink *s = (struct echo_sink *)sink;

	*port = sink_ports_next(&s->ports, sink, xsk);
	if (!*port)
		return -ENOSPC;
	sink_ports_publish(&s->ports);
	return 0;
}

/* Another device of that name has another MAC address, and what addresses it was given since. */
static void echo_reattach(struct sink *sink)
{
	struct echo_sink *s = (struct echo_sink *)sink;

	if (s->addrs)
		s->self.v4_count = s->self.v6_count = 0;
	read_interface(&s->self, s->ifname, s->addrs);
}

static void echo_finish(struct sink *sink)
{
	(void)sink; /* the TX rings are the workers' */
}

static json_t *address_list(const struct echo_self *self)
{
	char text[INET6_ADDRSTRLEN];
	json_t *list = json_array();

	for (uint32_t i = 0; i < self->v4_count; i++)
		json_array_append_new(
			list, json_string(inet_ntop(AF_INET, &self->v4[i], text, sizeof(text))));
	for (uint32_t i = 0; i < self->v6_count; i++)
		json_array_append_new(
			list, json_string(inet_ntop(AF_INET6, &self->v6[i], text, sizeof(text))));
	return list;
}

static json_t *echo_report(struct sink *sink)
{
	struct echo_sink *s = (struct echo_sink *)sink;
	json_t *report = json_pack("{s:s, s:o}", "name", "echo", "addresses",
				   s->self.any ? json_string("any") : address_list(&s->self));

	for (int kind = 0; kind < ECHO_ANSWERS; kind++) {
		uint64_t sum = 0;

		for (uint32_t i = 0; i < sink_ports_attached(&s->ports); i++) {
			const struct echo_port *p = sink_ports_at(&s->ports, i);

			sum += sink_get(&p->count[kind]);
		}
		json_object_set_new(report, answer_names[kind], json_integer((json_int_t)sum));
	}
	return report;
}

static void echo_close(struct sink *sink)
{
	struct echo_sink *s = (struct echo_sink *)sink;

	sink_ports_free(&s->ports);
	free(s);
}

const struct sink_ops sink_echo_ops = {
	.name = "echo",
	.arg = "ADDR[,ADDR]",
	.help = "answer ARP, ping, neighbour discovery; reflect UDP",
	.arg_optional = true,
	.sends = true,
	.stamp = 16,
	.needs = SINK_NEED_ALL,
	.check = echo_check,
	.open = echo_open,
	.attach = echo_attach,
	.reattach = echo_reattach,
	.finish = echo_finish,
	.report = echo_report,
	.close = echo_close,
	.consume = echo_consume,
};
