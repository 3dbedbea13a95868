/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * packet.c - the AF_PACKET engine: sendmmsg() past the queueing discipline. Slower than live
 * frames, but any interface and any frame size will do.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "sender.h"

/* Frames of one system call: more does not make it faster, and they all have to be in memory. */
#define PACKET_BATCH 64

struct packet {
	int fd;
	int stop;
	uint8_t *frames;
	uint64_t drops; /* of the interface when we began */
	struct mmsghdr messages[PACKET_BATCH];
	struct iovec parts[PACKET_BATCH];
};

static void packet_close(struct gen_sender *s)
{
	struct packet *p = s->private;

	if (!p)
		return;
	if (p->fd >= 0)
		close(p->fd);
	free(p->frames);
	free(p);
	s->private = NULL;
}

static int packet_open(struct gen_sender *s)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_ifindex = s->interface->index };
	struct packet *p;
	int err, on = 1;
	size_t i;

	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	s->private = p;
	/* Protocol 0: nothing is received on it. */
	p->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	p->frames = malloc((size_t)PACKET_BATCH * s->traffic->longest);
	if (p->fd < 0 || !p->frames || bind(p->fd, (void *)&at, sizeof(at))) {
		err = -errno;
		snprintf(s->why, sizeof(s->why), "no packet socket on '%s': %s", s->interface->name,
			 strerror(-err));
		packet_close(s);
		return err;
	}
	/* Without it frames only go through the queueing discipline. */
	setsockopt(p->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on));
	for (i = 0; i < PACKET_BATCH; i++) {
		p->parts[i].iov_base = p->frames + i * s->traffic->longest;
		p->messages[i].msg_hdr.msg_iov = &p->parts[i];
		p->messages[i].msg_hdr.msg_iovlen = 1;
	}
	return 0;
}

/* Frames that the driver took and dropped after all (a full ring behind a veth) were not sent. */
static int settle(struct gen_sender *s, struct packet *p)
{
	uint64_t drops, more;
	int err = gen_interface_dropped(s->interface, &drops);

	if (err)
		return err;
	more = drops - p->drops;
	if (more > s->sent)
		more = s->sent;
	p->drops = drops;
	s->sent -= more;
	s->refused += more;
	s->bytes -= more * (s->traffic->arena_bytes / s->traffic->count);
	return 0;
}

/* Sends @n frames from @sequence on. Return: how many the kernel took, or -errno. */
static int send_batch(struct gen_sender *s, struct packet *p, uint64_t sequence, unsigned int n)
{
	unsigned int i;
	int taken;

	for (i = 0; i < n; i++)
		p->parts[i].iov_len = gen_traffic_frame(s->traffic, sequence + i * s->step,
							p->parts[i].iov_base);
	taken = sendmmsg(p->fd, p->messages, n, 0);
	if (taken < 0) {
		if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
			return -errno;
		taken = 0;
	}
	for (i = 0; i < (unsigned int)taken; i++)
		s->bytes += p->parts[i].iov_len;
	return taken;
}

static int packet_send(struct gen_sender *s)
{
	struct packet *p = s->private;
	struct gen_pace pace = s->pace;
	uint64_t sequence = s->first, want, now;
	int err, taken;

	err = gen_interface_dropped(s->interface, &p->drops);
	if (err)
		goto out;
	while (!__atomic_load_n(&p->stop, __ATOMIC_RELAXED) && !pace.over) {
		want = PACKET_BATCH;
		if (s->limit && s->sent >= s->limit) {
			err = settle(s, p);
			if (err || s->sent >= s->limit)
				break;
		}
		if (s->limit && want > s->limit - s->sent)
			want = s->limit - s->sent;
		want = gen_pace(&pace, gen_now(), want);
		if (!want) {
			if (!s->spin)
				gen_sleep_until(gen_pace_due(&pace));
			continue;
		}
		taken = send_batch(s, p, sequence, want);
		if (taken < 0) {
			err = taken;
			break;
		}
		sequence += (uint64_t)taken * s->step;
		s->sent += taken;
		s->refused += want - taken;
		if ((uint64_t)taken < want)
			gen_pace_refund(&pace, want - taken);
		s->last_ns = gen_now();
	}
	if (!err && !s->limit)
		err = settle(s, p);
out:
	now = gen_now();
	s->late = pace.late;
	s->first_ns = pace.first_ns ? pace.first_ns : now;
	if (!s->last_ns)
		s->last_ns = s->first_ns;
	if (err)
		snprintf(s->why, sizeof(s->why), "'%s' does not send any more: %s",
			 s->interface->name, strerror(-err));
	return err;
}

static void packet_stop(struct gen_sender *s)
{
	struct packet *p = s->private;

	__atomic_store_n(&p->stop, 1, __ATOMIC_RELAXED);
}

const struct gen_engine gen_packet_engine = {
	.name = "packet",
	.open = packet_open,
	.send = packet_send,
	.stop = packet_stop,
	.close = packet_close,
};
