/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * forward.c - frames leave through another interface.
 *
 * A port has an AF_XDP socket on the other interface's queue of the same number, which shares the
 * UMEM of the one that receives (XDP_SHARED_UMEM): what moves from one to the other is a
 * descriptor. The frame is sent from where it was received, metadata and all, and comes back
 * through the second socket's completion ring.
 *
 * Where that cannot be had (the interface has fewer queues, another socket sits on its queue, it
 * cannot do zero-copy as the first does) frames leave through a packet socket, a batch a system
 * call; the kernel copies them, so they are free at once.
 *
 * A frame counts as delivered when the kernel has taken it for sending.
 */
#include "../sink.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "checksum.h"
#include "frame.h"
#include "ports.h"
#include "text.h"
#include "transmit.h"
#include "log.h"

#ifndef PACKET_QDISC_BYPASS
#define PACKET_QDISC_BYPASS 20
#endif

/* Messages of one sendmmsg(): UIO_MAXIOV is the kernel's limit, a worker's batch is 64. */
#define SEND_BATCH  64
/* MAX_SKB_FRAGS and the head. */
#define FRAME_DESCS 18
/* What a tagged frame may have more than the MTU. */
#define L2_BYTES    (ETH_HLEN + VLAN_HLEN)
/* How long finish() waits for the device to send what it was given. */
#define DRAIN_MS    500

struct forward_port {
	struct sink_port port;
	struct afxdp_xsk out; /* out.fd < 0: there is none, see packet */
	int packet;
	uint64_t too_long; /* frames, also counted as dropped */
	uint64_t refused;  /* by the packet socket; the same */
	struct mmsghdr message[SEND_BATCH];
	struct iovec piece[SEND_BATCH * FRAME_DESCS];
	uint32_t messages, pieces;
} SINK_PORT_ALIGNED;

struct forward_sink {
	struct sink sink;
	struct sink_ports ports;
	char ifname[IF_NAMESIZE];
	unsigned int ifindex;
	uint32_t longest; /* frame that the other interface sends, bytes */
	bool complained;
};

/* Worker's side. */

static void count_dropped(struct forward_port *p, uint64_t *why, uint64_t frames)
{
	sink_add(why, frames);
	sink_add(&p->port.here.dropped, frames);
}

/* Send what was collected. A message that the kernel does not want is passed over; if the device
 * is full or down it wants none. */
static void send_messages(struct forward_port *p)
{
	uint32_t at = 0;

	while (at < p->messages) {
		int n = sendmmsg(p->packet, p->message + at, p->messages - at, MSG_DONTWAIT);

		if (n > 0) {
			sink_add(&p->port.here.delivered, n);
			at += n;
		} else if (errno == EMSGSIZE || errno == EINVAL) {
			count_dropped(p, &p->refused, 1);
			at++;
		} else if (errno != EINTR) {
			count_dropped(p, &p->refused, p->messages - at);
			break;
		}
	}
	p->messages = 0;
	p->pieces = 0;
}

static void add_message(struct forward_port *p, struct xdp_desc first, const struct xdp_desc *desc,
			uint32_t n)
{
	struct msghdr *m;

	if (p->messages == SEND_BATCH || p->pieces + n > SEND_BATCH * FRAME_DESCS)
		send_messages(p);
	m = &p->message[p->messages++].msg_hdr;
	*m = (struct msghdr){ .msg_iov = &p->piece[p->pieces], .msg_iovlen = n };
	for (uint32_t i = 0; i < n; i++) {
		const struct xdp_desc *d = i ? &desc[i] : &first;

		p->piece[p->pieces++] = (struct iovec){
			.iov_base = afxdp_xsk_data(p->port.xsk, d->addr),
			.iov_len = d->len,
		};
	}
}

/* Where the checksum of a frame's layer 4 is, of what it is the sum, and how long that is. */
struct covered {
	uint8_t *l4, *check;
	uint32_t bytes;
	uint64_t pseudo;
};

static bool find_covered(const struct afxdp_meta *meta, uint8_t *frame, struct covered *c)
{
	uint8_t *ip = frame + meta->l3_offset;
	bool v6 = meta->flags & AFXDP_META_IPV6;
	uint8_t protocol = v6 ? ip[6] : ip[9];
	uint32_t header = meta->l4_offset - meta->l3_offset;

	/* Nobody leaves checksums behind extension headers to a device. */
	if (v6 && header != 40)
		return false;
	c->l4 = frame + meta->l4_offset;
	c->check = c->l4 + (protocol == IPPROTO_UDP ? 6 : 16);
	c->bytes = v6 ? checksum_get16(ip + 4) : checksum_get16(ip + 2) - header;
	c->pseudo = (v6 ? checksum_sum(ip + 8, 32) : checksum_sum(ip + 12, 8)) + protocol +
		    c->bytes;
	return protocol == IPPROTO_UDP || protocol == IPPROTO_TCP;
}

/* Over all pieces of the frame; one that begins at an odd byte has its words the other way round. */
static uint64_t sum_pieces(const struct afxdp_xsk *xsk, const struct xdp_desc *desc,
			   const struct covered *c)
{
	uint32_t offset = c->l4 - (uint8_t *)afxdp_xsk_data(xsk, desc->addr), done = 0;
	uint64_t total = 0;

	for (const struct xdp_desc *d = desc; done < c->bytes; d++, offset = 0) {
		uint32_t n = d->len - offset;
		uint16_t part;

		if (n > c->bytes - done)
			n = c->bytes - done;
		part = checksum_fold(
			checksum_sum((uint8_t *)afxdp_xsk_data(xsk, d->addr) + offset, n));
		total += done & 1 ? (uint16_t)(part << 8 | part >> 8) : part;
		done += n;
		if (!(d->options & XDP_PKT_CONTD))
			break;
	}
	return total;
}

/*
 * A sender whose device computes checksums leaves half of that to it. On a virtual wire (veth)
 * there is no such device, and what the kernel knew of the frame is gone: do it here, or the
 * receiver takes the frame for damaged. The program (bpf/parse.h) has seen that header and length
 * are in the frame.
 */
static void complete_checksum(const struct afxdp_xsk *xsk, const struct xdp_desc *desc)
{
	const struct afxdp_meta *meta = frame_meta(xsk, desc->addr);
	struct covered c;
	uint16_t sum;

	if (!meta || !(meta->flags & AFXDP_META_L4) || meta->flags & AFXDP_META_FRAGMENT ||
	    !find_covered(meta, afxdp_xsk_data(xsk, desc->addr), &c) ||
	    !checksum_is_partial(c.check, c.pseudo))
		return;
	checksum_put16(c.check, 0);
	sum = ~checksum_fold(c.pseudo + sum_pieces(xsk, desc, &c));
	/* 0 says that a UDP datagram has none (RFC 768); TCP knows both forms of it. */
	checksum_put16(c.check, sum ?: 0xffff);
}

static bool queue(struct forward_port *p, struct xdp_desc first, const struct xdp_desc *desc,
		  uint32_t n)
{
	if (transmit_queue(&p->out, first, desc, n))
		return true;
	transmit_kick(&p->out);
	return transmit_queue(&p->out, first, desc, n);
}

static uint32_t forward_consume(struct sink_port *port, const struct xdp_desc *desc, uint32_t n,
				uint64_t *back)
{
	struct forward_port *p = (struct forward_port *)port;
	const struct forward_sink *s = (struct forward_sink *)port->sink;
	uint32_t i = 0, descs, rest, got = 0, queued = 0;

	for (; i < n; i += descs) {
		struct xdp_desc first = desc[i];
		bool kept = false;

		descs = frame_descs(desc + i, &rest);
		complete_checksum(port->xsk, desc + i);
		frame_restore_vlan(port->xsk, &first);
		if (first.len + rest > s->longest || descs > FRAME_DESCS)
			count_dropped(p, &p->too_long, 1);
		else if (p->out.fd < 0)
			add_message(p, first, desc + i, descs);
		else if (!(kept = queue(p, first, desc + i, descs)))
			sink_add(&port->here.dropped, 1);
		queued += kept;
		for (uint32_t k = 0; k < descs && !kept; k++)
			back[got++] = desc[i + k].addr;
	}
	if (p->messages)
		send_messages(p);
	if (queued) {
		sink_add(&port->here.delivered, queued);
		transmit_kick(&p->out);
	}
	return got;
}

static uint32_t forward_reclaim(struct sink_port *port, uint64_t *back, uint32_t max)
{
	struct afxdp_xsk *out = &((struct forward_port *)port)->out;
	uint32_t pos, n = afxdp_cons_peek(&out->comp, max, &pos);

	for (uint32_t i = 0; i < n; i++)
		back[i] = out->comp_addr[(pos + i) & out->comp.mask];
	if (n)
		afxdp_cons_release(&out->comp, n);
	/* What the device had no room for waits in the TX ring, maybe with no frame behind it. */
	transmit_kick(out);
	return n;
}

/* The side of the sink's own thread. */

/* What the device never took was not delivered. */
static void take_back(struct forward_port *p)
{
	struct afxdp_xsk *out = &p->out;
	uint32_t n = transmit_waiting(out), frames = 0;

	for (uint32_t i = 0; i < n; i++)
		frames += !(out->tx_desc[(out->tx.head - n + i) & out->tx.mask].options &
			    XDP_PKT_CONTD);
	sink_add(&p->port.here.delivered, -(uint64_t)frames);
	sink_add(&p->port.here.dropped, frames);
}

static void forward_finish(struct sink *sink)
{
	struct forward_sink *s = (struct forward_sink *)sink;
	struct timespec nap = { .tv_nsec = 1000000 };
	uint64_t back[64];

	for (int ms = 0; ms < DRAIN_MS; ms++) {
		bool out = false;

		for (uint32_t i = 0; i < s->ports.attached; i++) {
			struct sink_port *port = sink_ports_at(&s->ports, i);

			while (port->kept != port->reclaimed) {
				uint32_t n = forward_reclaim(port, back, 64);

				port->reclaimed += n;
				out = true;
				if (!n)
					break;
			}
		}
		if (!out)
			return;
		nanosleep(&nap, NULL);
	}
	for (uint32_t i = 0; i < s->ports.attached; i++) {
		struct forward_port *p = sink_ports_at(&s->ports, i);

		if (p->out.fd >= 0)
			take_back(p);
	}
}

/* Flags and MTU of the other interface. Return: 0 or -errno. */
static int look(struct forward_sink *s, short *flags)
{
	struct ifreq ifr = { 0 };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), err = 0;

	if (fd < 0)
		return -errno;
	memcpy(ifr.ifr_name, s->ifname, sizeof(ifr.ifr_name));
	if (ioctl(fd, SIOCGIFFLAGS, &ifr))
		err = -errno;
	*flags = ifr.ifr_flags;
	if (!err && ioctl(fd, SIOCGIFMTU, &ifr))
		err = -errno;
	s->longest = ifr.ifr_mtu + L2_BYTES;
	close(fd);
	return err;
}

static int forward_open(struct sink **sink, const char *arg, const struct sink_env *env, char *why,
			size_t size)
{
	struct forward_sink *s = calloc(1, sizeof(*s));
	int err = s ? sink_ports_init(&s->ports, env->ports, sizeof(struct forward_port)) : -ENOMEM;
	short flags = 0;

	if (err) {
		snprintf(why, size, "sink 'forward:%s': %s", arg, strerror(-err));
		free(s);
		return err;
	}
	s->sink.ops = &sink_forward_ops;
	s->ifindex = if_nametoindex(arg);
	if (!s->ifindex) {
		err = -ENODEV;
		snprintf(why, size, "sink 'forward:%s': no such interface", arg);
		goto close;
	}
	if (!strcmp(arg, env->ifname)) {
		err = -EINVAL;
		snprintf(why, size, "sink 'forward:%s': that is where frames come from", arg);
		goto close;
	}
	snprintf(s->ifname, sizeof(s->ifname), "%s", arg);
	err = look(s, &flags);
	if (!err && !(flags & IFF_UP))
		err = -ENETDOWN;
	if (err) {
		snprintf(why, size, "sink 'forward:%s': %s%s%s", arg, strerror(-err),
			 err == -ENETDOWN ? ": ip link set up " : "", err == -ENETDOWN ? arg : "");
		goto close;
	}
	*sink = &s->sink;
	return 0;
close:
	s->sink.ops->close(&s->sink);
	return err;
}

static int open_packet(struct forward_sink *s, struct forward_port *p)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET, .sll_ifindex = (int)s->ifindex };
	int on = 1;

	p->packet = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (p->packet < 0)
		return -errno;
	if (bind(p->packet, (struct sockaddr *)&addr, sizeof(addr)))
		return -errno;
	/* Queueing disciplines are for hosts; without them a frame is sent or refused now. */
	(void)setsockopt(p->packet, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on));
	return 0;
}

static int forward_attach(struct sink *sink, struct afxdp_xsk *xsk, struct sink_port **port)
{
	struct forward_sink *s = (struct forward_sink *)sink;
	struct forward_port *p = sink_ports_next(&s->ports, sink, xsk);
	const char *step;
	int err;

	if (!p)
		return -ENOSPC;
	p->packet = -1;
	/* Published even if what follows fails, so that close() finds what is open. */
	sink_ports_publish(&s->ports);
	*port = &p->port;
	err = afxdp_xsk_open_shared(&p->out, xsk, s->ifindex, xsk->config.queue, &step);
	if (!err)
		return 0;
	if (!s->complained)
		log_line(LEVEL_WARNING,
			 "sink 'forward:%s': queue %u: %s: %s; frames leave by a packet "
			 "socket, which copies them",
			 s->ifname, xsk->config.queue, step, strerror(-err));
	s->complained = true;
	return open_packet(s, p);
}

static json_t *forward_report(struct sink *sink)
{
	struct forward_sink *s = (struct forward_sink *)sink;
	uint64_t too_long = 0, refused = 0;
	uint32_t by_xdp = 0, ports = sink_ports_attached(&s->ports);

	for (uint32_t i = 0; i < ports; i++) {
		const struct forward_port *p = sink_ports_at(&s->ports, i);

		too_long += sink_get(&p->too_long);
		refused += sink_get(&p->refused);
		by_xdp += p->out.fd >= 0;
	}
	return json_pack("{s:s, s:o, s:i, s:i, s:I, s:I}", "name", "forward", "interface",
			 json_text(s->ifname), "xdp_sockets", (int)by_xdp, "packet_sockets",
			 (int)(ports - by_xdp), "too_long", (json_int_t)too_long, "refused",
			 (json_int_t)refused);
}

static void forward_close(struct sink *sink)
{
	struct forward_sink *s = (struct forward_sink *)sink;

	for (uint32_t i = 0; i < s->ports.attached; i++) {
		struct forward_port *p = sink_ports_at(&s->ports, i);

		if (p->out.fd >= 0)
			afxdp_xsk_close(&p->out);
		if (p->packet >= 0)
			close(p->packet);
	}
	sink_ports_free(&s->ports);
	free(s);
}

const struct sink_ops sink_forward_ops = {
	.name = "forward",
	.arg = "IFACE",
	.help = "send frames out of IFACE",
	.stamp = 16,
	.open = forward_open,
	.attach = forward_attach,
	.finish = forward_finish,
	.report = forward_report,
	.close = forward_close,
	.consume = forward_consume,
	.reclaim = forward_reclaim,
};
