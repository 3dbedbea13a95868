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
 * A frame counts as delivered when the kernel has taken it for sending. What the device then drops
 * it counts itself, with everybody else's: that is told beside the rest, as device_lost.
 */
#include "../sink.h"

#include <errno.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "complete.h"
#include "frame.h"
#include "nic.h"
#include "ports.h"
#include "forward_spec.h"
#include "forward_target.h"
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
/* How long finish() waits for the device to send what it was given. */
#define DRAIN_MS    500

struct forward_port {
	struct sink_port port;
	struct afxdp_xsk out; /* out.fd < 0: there is none, see packet */
	int packet;	      /* < 0 as well: nothing can be sent */
	uint64_t too_long;    /* frames, also counted as dropped */
	uint64_t refused;     /* by the packet socket; the same */
	uint64_t no_target;   /* there was no interface to send by; the same */
	struct mmsghdr message[SEND_BATCH];
	struct iovec piece[SEND_BATCH * FRAME_DESCS];
	uint32_t messages, pieces;
} SINK_PORT_ALIGNED;

struct forward_sink {
	struct sink sink;
	struct sink_ports ports;
	struct forward_spec spec;
	unsigned int ifindex; /* that ports are attached to; 0: to none */
	uint32_t longest;     /* frame that the other interface sends, bytes */
	/* Frames that this device, and those before it, say they did not send, whoever's they were.
	 */
	uint64_t lost_start, lost_now, lost_before;
	bool complained;
	char why[64]; /* of wants() */
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
		forward_rewrite(&s->spec, afxdp_xsk_data(port->xsk, first.addr), first.len);
		if (first.len + rest > s->longest || descs > FRAME_DESCS)
			count_dropped(p, &p->too_long, 1);
		else if (p->out.fd < 0 && p->packet < 0)
			count_dropped(p, &p->no_target, 1);
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

/* Wait until the device has sent what it was given, but only so long. */
static void drain(struct forward_sink *s)
{
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
}

static void forward_finish(struct sink *sink)
{
	struct forward_sink *s = (struct forward_sink *)sink;

	drain(s);
	for (uint32_t i = 0; i < s->ports.attached; i++) {
		struct forward_port *p = sink_ports_at(&s->ports, i);

		if (p->out.fd >= 0)
			transmit_take_back(&p->out, &p->port);
	}
}

/* What the device counts beyond us; what it last said, if it is gone. */
static void read_lost(struct forward_sink *s)
{
	struct afxdp_nic_stats now;

	if (s->ifindex && !afxdp_nic_stats(s->ifindex, &now))
		s->lost_now = now.tx_lost;
}

/* Attach to it what is attached from now on. */
static void aim(struct forward_sink *s, const struct forward_target *t)
{
	s->lost_before += s->lost_now - s->lost_start;
	s->lost_now = 0;
	s->ifindex = t->ifindex;
	s->longest = t->longest;
	read_lost(s);
	s->lost_start = s->lost_now;
}

static int forward_check(const char *arg, const struct sink_env *env, char *why, size_t size)
{
	struct forward_spec spec;
	struct forward_target t = { 0 };

	return forward_find(&spec, &t, arg, env, why, size);
}

static int forward_open(struct sink **sink, const char *arg, const struct sink_env *env, char *why,
			size_t size)
{
	struct forward_sink *s = calloc(1, sizeof(*s));
	struct forward_target t = { 0 };
	int err;

	if (!s) {
		snprintf(why, size, "sink 'forward:%s': out of memory", arg);
		return -ENOMEM;
	}
	sink_ports_init(&s->ports, sizeof(struct forward_port));
	s->sink.ops = &sink_forward_ops;
	err = forward_find(&s->spec, &t, arg, env, why, size);
	if (err)
		goto close;
	aim(s, &t);
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

/* Frames of @p leave by s->ifindex from now on. Return: 0 or -errno. */
static int connect_port(struct forward_sink *s, struct forward_port *p)
{
	const struct afxdp_xsk *xsk = p->port.xsk;
	const char *step;
	int err;

	/* A daemon that waits for its own interface attaches again when it has it. */
	if (!s->ifindex || xsk->fd < 0)
		return 0;
	err = afxdp_xsk_open_shared(&p->out, xsk, s->ifindex, xsk->config.queue, &step);
	if (!err)
		return 0;
	if (!s->complained)
		log_line(LEVEL_WARNING,
			 "sink 'forward:%s': queue %u: %s: %s; frames leave by a packet "
			 "socket, which copies them",
			 s->spec.ifname, xsk->config.queue, step, strerror(-err));
	s->complained = true;
	return open_packet(s, p);
}

static void disconnect_port(struct forward_port *p)
{
	if (p->out.fd >= 0)
		afxdp_xsk_close(&p->out);
	if (p->packet >= 0)
		close(p->packet);
	p->out.fd = p->packet = -1;
}

static int forward_attach(struct sink *sink, struct afxdp_xsk *xsk, struct sink_port **port)
{
	struct forward_sink *s = (struct forward_sink *)sink;
	struct forward_port *p = sink_ports_next(&s->ports, sink, xsk);

	if (!p)
		return -ENOSPC;
	p->out.fd = p->packet = -1;
	/* Published even if what follows fails, so that close() finds what is open. */
	sink_ports_publish(&s->ports);
	*port = &p->port;
	return connect_port(s, p);
}

/* What a device that is gone or down was given does not come back: its socket goes, and with it the
 * whole UMEM. */
static void forward_detach(struct sink *sink)
{
	struct forward_sink *s = (struct forward_sink *)sink;
	struct forward_target t;

	if (!forward_look(s->spec.ifname, &t) && t.up && t.ifindex == s->ifindex)
		drain(s);
	read_lost(s);
	for (uint32_t i = 0; i < s->ports.attached; i++) {
		struct forward_port *p = sink_ports_at(&s->ports, i);

		if (p->out.fd >= 0)
			transmit_take_back(&p->out, &p->port);
		p->port.reclaimed = p->port.kept;
		disconnect_port(p);
	}
	s->ifindex = 0;
}

static void forward_reattach(struct sink *sink)
{
	struct forward_sink *s = (struct forward_sink *)sink;
	struct forward_target t;

	if (forward_look(s->spec.ifname, &t) || !t.up)
		return;
	aim(s, &t);
	for (uint32_t i = 0; i < s->ports.attached; i++) {
		struct forward_port *p = sink_ports_at(&s->ports, i);

		if (p->out.fd < 0 && p->packet < 0 && connect_port(s, p))
			disconnect_port(p);
	}
}

static const char *forward_wants(struct sink *sink)
{
	struct forward_sink *s = (struct forward_sink *)sink;
	struct forward_target t = { 0 };
	int err = forward_look(s->spec.ifname, &t);
	const char *what = NULL;

	if (err && err != -ENODEV)
		return NULL;
	if (s->ifindex && t.ifindex != s->ifindex)
		what = "is gone";
	else if (s->ifindex && !t.up)
		what = "is down";
	else if (s->ifindex && t.longest != s->longest)
		what = "has another MTU";
	else if (!s->ifindex && t.up)
		what = "is there";
	if (what)
		snprintf(s->why, sizeof(s->why), "forward: %s %s", s->spec.ifname, what);
	return what ? s->why : NULL;
}

static json_t *forward_report(struct sink *sink)
{
	struct forward_sink *s = (struct forward_sink *)sink;
	uint64_t too_long = 0, refused = 0, no_target = 0;
	uint32_t by_xdp = 0, by_packet = 0, ports = sink_ports_attached(&s->ports);

	read_lost(s);
	for (uint32_t i = 0; i < ports; i++) {
		const struct forward_port *p = sink_ports_at(&s->ports, i);

		too_long += sink_get(&p->too_long);
		refused += sink_get(&p->refused);
		no_target += sink_get(&p->no_target);
		by_xdp += p->out.fd >= 0;
		by_packet += p->packet >= 0;
	}
	return json_pack("{s:s, s:o, s:i, s:i, s:I, s:I, s:I, s:I}", "name", "forward", "interface",
			 json_text(s->spec.ifname), "xdp_sockets", (int)by_xdp, "packet_sockets",
			 (int)by_packet, "too_long", (json_int_t)too_long, "refused",
			 (json_int_t)refused, "no_target", (json_int_t)no_target, "device_lost",
			 (json_int_t)(s->lost_before + s->lost_now - s->lost_start));
}

static void forward_close(struct sink *sink)
{
	struct forward_sink *s = (struct forward_sink *)sink;

	for (uint32_t i = 0; i < s->ports.attached; i++)
		disconnect_port(sink_ports_at(&s->ports, i));
	sink_ports_free(&s->ports);
	free(s);
}

const struct sink_ops sink_forward_ops = {
	.name = "forward",
	.arg = "IFACE[,dst=MAC][,src=MAC]",
	.help = "send frames out of IFACE",
	.stamp = 16,
	.needs = SINK_NEED_ALL,
	.check = forward_check,
	.open = forward_open,
	.attach = forward_attach,
	.detach = forward_detach,
	.reattach = forward_reattach,
	.wants = forward_wants,
	.finish = forward_finish,
	.report = forward_report,
	.close = forward_close,
	.consume = forward_consume,
	.reclaim = forward_reclaim,
};
