/* SPDX-License-Identifier: GPL-2.0-only */
/* port.c - the states of the interface that is served, and what leads from one to the next. How a
 * life begins and ends is in begin.c and end.c. */
#include "port.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "clerk.h"
#include "daemon.h"
#include "opening.h"
#include "port_parts.h"

#define NS_PER_S 1000000000ULL

/* A last try that failed is not repeated sooner than this many seconds later: 1, 2, 4 ... */
#define RETRY_MAX 30
/* Who has run so long has not failed lately. */
#define CALM_S	  60
/* A worker or a sink that takes so long is named. */
#define LATE_S	  2

const char *port_state_name(enum port_state state)
{
	static const char *const names[PORT_STATES] = {
		"absent", "down", "opening", "running", "draining", "closing", "blocked", "failed"
	};

	return state < PORT_STATES ? names[state] : "unknown";
}

void port_say(struct daemon *d, const char *format, ...)
{
	struct port *p = &d->port;
	va_list args;

	va_start(args, format);
	vsnprintf(p->why, sizeof(p->why), format, args);
	va_end(args);
}

void port_enter(struct daemon *d, enum port_state state)
{
	struct port *p = &d->port;

	p->state = state;
	p->since_ns = daemon_now();
	d->stage = state == PORT_DOWN ? "the interface is down" : "the interface is being opened";
	if (state == PORT_RUNNING) {
		p->why[0] = p->said[0] = '\0';
		outage_ends(d);
		return;
	}
	if (p->why[0])
		outage_begins(d, p->why);
	/* What set-up waits for it says itself; what it fails of, too. */
	if (state == PORT_OPENING || !p->why[0] || !strcmp(p->why, p->said) ||
	    (d->setting_up && !d->options->wait && state != PORT_DOWN))
		return;
	memcpy(p->said, p->why, sizeof(p->said));
	daemon_warn("%s", p->why);
}

/* ---- what there is ---- */

/* The present device by number, whatever it is called now; else whatever has the name we look for.
 * Return: 0; -ENODEV; other -errno. */
static int look(struct daemon *d, struct afxdp_nic *now)
{
	unsigned int ifindex = d->nic.ifindex;
	int err = ifindex ? afxdp_nic_get(ifindex, now) : -ENODEV;

	if (err != -ENODEV || (ifindex && d->port.state == PORT_RUNNING))
		return err;
	err = afxdp_nic_find(d->options->ifname, &ifindex);
	/* It may have been given another name while it was ours. */
	if (err == -ENODEV)
		err = afxdp_nic_find(d->nic.name, &ifindex);
	return err ?: afxdp_nic_get(ifindex, now);
}

/* A socket whose device went away stays dead, also if the device is back. */
static bool sockets_dead(const struct daemon *d)
{
	for (uint32_t i = 0; i < d->worker_count; i++) {
		int fd = d->workers[i]->xsk.fd, err = 0;
		socklen_t len = sizeof(err);

		if (fd >= 0 && !getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) && err == ENETDOWN)
			return true;
	}
	return false;
}

/* What decides how a device can be opened. */
#define FEATURES                                                                 \
	(AFXDP_NIC_XDP_BASIC | AFXDP_NIC_XDP_REDIRECT | AFXDP_NIC_XDP_ZEROCOPY | \
	 AFXDP_NIC_XDP_RX_SG)

static bool other_features(const struct afxdp_nic *a, const struct afxdp_nic *b)
{
	return ((a->xdp_features ^ b->xdp_features) & FEATURES) || a->rx_metadata != b->rx_metadata;
}

/* Whether @now can only be served by opening it again; if so p->why says so. */
static bool changed(struct daemon *d, const struct afxdp_nic *now)
{
	const struct afxdp_nic *was = &d->port.opened;
	uint32_t size = opening_frame_size(d->options, now->mtu);

	if (now->queues != was->queues)
		port_say(d, "%s has %u receive queues now, not %u: opening it again", now->name,
			 now->queues, was->queues);
	else if (size != opening_frame_size(d->options, was->mtu))
		port_say(d, "%s has an MTU of %u now, not %u: opening it again with frames of %u",
			 now->name, now->mtu, was->mtu, size);
	else if (other_features(now, was))
		port_say(d, "%s has other XDP features now: opening it again", now->name);
	else
		return false;
	return true;
}

static void rename_to(struct daemon *d, const char *was, const char *now)
{
	daemon_note("%s is called %s now: its pins keep the name %s", was, now, d->first_name);
	clerk_serves(d->clerk, d->nic.ifindex, now);
}

/* Carrier, name, flags: said, and that is all. */
static void note_changes(struct daemon *d, const struct afxdp_nic *now)
{
	const struct afxdp_nic was = d->nic;

	d->nic.up = now->up;
	d->nic.running = now->running;
	d->nic.promisc = now->promisc;
	d->nic.mtu = now->mtu;
	d->nic_last = now->stats;
	memcpy(d->nic.name, now->name, sizeof(d->nic.name));
	if (was.up && now->up && was.running != now->running)
		daemon_note(now->running ? "%s has a carrier again" : "%s lost its carrier",
			    now->name);
	if (strcmp(was.name, now->name))
		rename_to(d, was.name, now->name);
}

/* ---- leaving ---- */

/* p->why says why. @dead: the program cannot stay where it is. */
static void leave(struct daemon *d, bool dead)
{
	port_enter(d, PORT_DRAINING);
	if (dead)
		port_detach(d);
	port_rest(d);
	port_event(d, PORT_ORDER);
}

static void gone(struct daemon *d)
{
	d->port.died = true;
	port_say(d, "%s is gone: waiting for it", d->nic.name);
	leave(d, true);
}

static void dead(struct daemon *d)
{
	d->port.died = true;
	port_say(d, "%s was taken away, and its sockets are dead: opening it again", d->nic.name);
	leave(d, false);
}

/* After whoever did that has had a moment to put something else there. */
static void ousted(struct daemon *d)
{
	struct port *p = &d->port;

	p->ousted = p->hold = true;
	p->retry_ns = daemon_now() + NS_PER_S;
	port_say(d, "%s: somebody has detached our XDP program: frames go to the stack",
		 d->nic.name);
	leave(d, true);
}

/* With sockets open and workers at work. @now: the device, if @err is 0. */
static void look_at_open(struct daemon *d, int err, const struct afxdp_nic *now)
{
	struct port *p = &d->port;
	const char *why;

	if (err == -ENODEV) {
		gone(d);
		return;
	}
	if (err)
		return; /* no memory, no descriptor: at the next tick */
	note_changes(d, now);
	if (sockets_dead(d)) {
		dead(d);
	} else if (!now->up && p->state == PORT_RUNNING) {
		port_say(d, "%s went down: waiting for it", now->name);
		port_enter(d, PORT_DOWN);
	} else if (now->up && p->state == PORT_DOWN) {
		daemon_note("%s is up again", now->name);
		port_enter(d, PORT_RUNNING);
	}
	if (p->state != PORT_RUNNING)
		return;
	why = daemon_sinks_want(d);
	if (afxdp_prog_detached(&d->prog)) {
		ousted(d);
	} else if (changed(d, now)) {
		leave(d, false);
	} else if (why) {
		port_say(d, "%s: opening %s again", why, now->name);
		leave(d, false);
	}
}

/* ---- states ---- */

/* Nothing is open: where to go from here. */
void port_next(struct daemon *d)
{
	struct port *p = &d->port;
	struct afxdp_nic now;
	int err = look(d, &now);

	if (d->stop)
		return;
	if (err) {
		port_lose_program(d);
		port_say(d, "%s is gone: waiting for it", d->nic.name);
		if (!p->life)
			port_say(d, "%s is not there: waiting for it", d->options->ifname);
		d->nic.ifindex = 0;
		p->retry_ns = p->tries = 0;
		p->ousted = p->hold = false;
		port_enter(d, PORT_ABSENT);
		return;
	}
	d->nic.ifindex = now.ifindex;
	if (!now.up) {
		memcpy(d->nic.name, now.name, sizeof(d->nic.name));
		p->retry_ns = 0;
		port_say(d, "%s is down: waiting for it (ip link set %s up)", now.name, now.name);
		port_enter(d, PORT_DOWN);
	} else if (daemon_now() < p->retry_ns) {
		if (p->state != PORT_BLOCKED && p->state != PORT_FAILED)
			port_enter(d, p->hold ? PORT_BLOCKED : PORT_FAILED);
	} else {
		port_enter(d, PORT_OPENING);
		port_open(d, &now);
	}
}

void port_retry(struct daemon *d)
{
	struct port *p = &d->port;
	uint32_t s = p->tries < 5 ? 1U << p->tries : RETRY_MAX;

	p->tries++;
	p->retry_ns = daemon_now() + s * NS_PER_S;
}

static void absent(struct daemon *d, enum port_event event)
{
	if (event == PORT_LOOK)
		port_next(d);
}

static bool any_open(const struct daemon *d)
{
	for (uint32_t i = 0; i < d->worker_count; i++)
		if (d->workers[i]->xsk.fd >= 0)
			return true;
	return false;
}

static void down(struct daemon *d, enum port_event event)
{
	struct afxdp_nic now;

	if (event != PORT_LOOK)
		return;
	if (any_open(d))
		look_at_open(d, d->nic.ifindex ? afxdp_nic_get(d->nic.ifindex, &now) : -ENODEV,
			     &now);
	else
		port_next(d);
}

static void opening(struct daemon *d, enum port_event event)
{
	if (event != PORT_LOOK)
		port_opening(d, event);
}

static void running(struct daemon *d, enum port_event event)
{
	struct port *p = &d->port;
	struct afxdp_nic now;

	if (event != PORT_LOOK)
		return;
	if (p->tries && daemon_now() - p->since_ns > CALM_S * NS_PER_S)
		p->tries = 0;
	look_at_open(d, look(d, &now), &now);
}

/* Who keeps us waiting is named, once. */
static void name_late(struct daemon *d)
{
	struct port *p = &d->port;
	const struct worker *w = daemon_late(d, WORKER_REST);
	const struct life *l = port_late_sink(d);

	if (daemon_now() - p->since_ns < LATE_S * NS_PER_S || (!w && !l))
		return;
	if (w)
		port_say(d, "%s: waiting for the worker of queue %u, which still has frames",
			 d->nic.name, w->queue);
	else
		port_say(d, "%s: waiting for sink '%s', which still has frames", d->nic.name,
			 l->spec);
	if (strcmp(p->why, p->said)) {
		memcpy(p->said, p->why, sizeof(p->said));
		daemon_note("%s", p->why);
	}
}

static void draining(struct daemon *d, enum port_event event)
{
	if (event == PORT_LOOK) {
		name_late(d);
	} else if (!daemon_ordered(d, WORKER_REST)) {
		port_enter(d, PORT_CLOSING);
		port_event(d, PORT_ORDER);
	}
}

static void closing(struct daemon *d, enum port_event event)
{
	if (event == PORT_LOOK)
		name_late(d);
	else if (port_sinks_let_go(d))
		port_close(d);
}

static void blocked(struct daemon *d, enum port_event event)
{
	struct port *p = &d->port;
	struct afxdp_occupant there;

	if (event != PORT_LOOK)
		return;
	/* Nobody tells when the other one goes; then it is ours at once. And nobody has to be given
	 * time who is there already. */
	if (!afxdp_prog_look(d->nic.ifindex, &there) &&
	    p->hold == (there.what != AFXDP_FOUND_NOTHING))
		p->retry_ns = 0;
	port_next(d);
}

static void failed(struct daemon *d, enum port_event event)
{
	struct port *p = &d->port;
	struct afxdp_nic now;

	if (event != PORT_LOOK)
		return;
	/* What it failed of may have been mended. */
	if (!look(d, &now) && (now.ifindex != p->failed.ifindex || now.up != p->failed.up ||
			       now.queues != p->failed.queues || now.mtu != p->failed.mtu))
		p->retry_ns = 0;
	port_next(d);
}

void port_event(struct daemon *d, enum port_event event)
{
	/* What is under way comes back; nothing else begins any more. */
	if (!d->port_begun || (d->stop && event != PORT_OPENED))
		return;
	switch (d->port.state) {
	case PORT_ABSENT:
		absent(d, event);
		break;
	case PORT_DOWN:
		down(d, event);
		break;
	case PORT_OPENING:
		opening(d, event);
		break;
	case PORT_RUNNING:
		running(d, event);
		break;
	case PORT_DRAINING:
		draining(d, event);
		break;
	case PORT_CLOSING:
		closing(d, event);
		break;
	case PORT_BLOCKED:
		blocked(d, event);
		break;
	case PORT_FAILED:
		failed(d, event);
		break;
	default:
		daemon_note("%s: no such state of a port: %d", d->first_name, d->port.state);
	}
	if (port_at_ease(d))
		daemon_port_settled(d);
}

/* ---- from outside ---- */

void port_watch(struct daemon *d)
{
	uint64_t now = daemon_now();
	bool said = d->links >= 0 && afxdp_nic_changed(d->links);

	if (!d->stop && keeper_lost(&d->keeper)) {
		d->lost = d->stop = true;
		daemon_failed(d, EXIT_RUNTIME, "the process that keeps the rights has died");
	}
	if (!d->port_begun || d->stop || (!said && now < d->port.look_ns))
		return;
	d->port.look_ns = now + NS_PER_S;
	port_event(d, PORT_LOOK);
}

void port_start(struct daemon *d)
{
	d->port_begun = true;
	d->port.look_ns = daemon_now() + NS_PER_S;
	port_next(d);
}

bool port_settled(const struct daemon *d)
{
	const struct port *p = &d->port;

	if (p->state == PORT_RUNNING || p->life)
		return true;
	if (d->options->wait)
		return p->state != PORT_OPENING && p->state != PORT_CLOSING &&
		       p->state != PORT_DRAINING;
	return p->state == PORT_FAILED || p->state == PORT_BLOCKED || p->state == PORT_ABSENT;
}

bool port_at_ease(const struct daemon *d)
{
	enum port_state s = d->port.state;

	return s != PORT_OPENING && s != PORT_DRAINING && s != PORT_CLOSING;
}

bool port_has_program(const struct daemon *d)
{
	return d->prog_loaded && d->prog.attached;
}
