/* SPDX-License-Identifier: GPL-2.0-only */
#include "service.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "daemon.h"
#include "numbers.h"

/* sd_watchdog_enabled(3) advises half of the period; a quarter leaves room for a busy machine. */
#define FEEDS 4

static uint64_t watchdog(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	uint64_t n;

	if (pid && (!number_parse(pid, 10, 1, INT32_MAX, &n) || n != (uint64_t)getpid()))
		return 0;
	return usec && number_parse(usec, 10, 1, UINT64_MAX / 1000, &n) ? n * 1000 : 0;
}

void service_open(struct service *s)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;

	*s = SERVICE_NONE;
	s->to.sun_family = AF_UNIX;
	/* "@name" is an abstract address; vsock: and others are for virtual machines. */
	if (len < 2 || (*path != '/' && *path != '@') || len >= sizeof(s->to.sun_path))
		return;
	memcpy(s->to.sun_path, path, len);
	if (*path == '@')
		s->to.sun_path[0] = '\0';
	s->to_len = offsetof(struct sockaddr_un, sun_path) + len;
	s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	s->watchdog_ns = watchdog();
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void service_close(struct service *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

/* A manager that does not read has missed it: nobody waits for it. */
__attribute__((format(printf, 2, 3))) static void say(const struct service *s, const char *format,
						      ...)
{
	char text[512];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len >= (int)sizeof(text))
		len = sizeof(text) - 1;
	if (sendto(s->fd, text, len, MSG_NOSIGNAL, (const struct sockaddr *)&s->to, s->to_len) < 0)
		return;
}

static const struct worker *stuck(const struct daemon *d)
{
	for (uint32_t i = 0; i < d->worker_count; i++) {
		const struct worker_order *o = &d->workers[i]->order[WORKER_SNAPSHOT];

		if (o->out && daemon_now() - o->sent_ns > STUCK_NS)
			return d->workers[i];
	}
	return NULL;
}

/* What is wrong, or "". */
static void trouble(const struct daemon *d, char *text, size_t size)
{
	const struct worker *w = stuck(d);

	*text = '\0';
	if (d->port.state == PORT_DOWN)
		snprintf(text, size, "; the interface is down");
	else if (d->port.state != PORT_RUNNING)
		snprintf(text, size, "; %s: %.150s", port_state_name(d->port.state), d->port.why);
	else if (!d->nic.running)
		snprintf(text, size, "; the interface has no carrier");
	else if (w)
		snprintf(text, size, "; STUCK: the worker of queue %u", w->queue);
	else if (d->last.outcome && !strcmp(d->last.outcome, "failed"))
		snprintf(text, size, "; failed: %.60s: %.100s", d->last.what, d->last.why);
}

static void say_status(struct daemon *d)
{
	struct service *s = &d->service;
	char text[sizeof(s->said)], wrong[192];

	trouble(d, wrong, sizeof(wrong));
	if (d->setting_up)
		snprintf(text, sizeof(text), "%s: not ready: %s", d->options->ifname, d->stage);
	else
		snprintf(text, sizeof(text), "%s: %s XDP, %u queue%s, mode %s, sink %s%s",
			 d->nic.name, d->prog.generic ? "generic" : "native", d->worker_count,
			 d->worker_count == 1 ? "" : "s", mode_name(d->mode), d->sink->ops->name,
			 wrong);
	for (char *c = text; *c; c++)
		if (*c == '\n')
			*c = ' ';
	if (!strcmp(text, s->said))
		return;
	memcpy(s->said, text, sizeof(text));
	say(s, "STATUS=%s", text);
}

static bool by_signal(const struct change *c)
{
	return c->begun_ns && !c->ask;
}

/* A SIGHUP is over when nothing that it began is under way. */
static void say_reload(struct daemon *d)
{
	struct service *s = &d->service;
	bool busy = d->reload || d->reloading || by_signal(&d->rules_change) ||
		    by_signal(&d->mode_change) || by_signal(&d->sink_change) ||
		    by_signal(&d->rotate_change);

	if (d->reload && !s->reloading)
		say(s, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, daemon_now() / 1000);
	else if (s->reloading && !busy)
		say(s, "READY=1");
	s->reloading = busy && (d->reload || s->reloading);
}

static void feed(struct daemon *d)
{
	struct service *s = &d->service;
	uint64_t now = daemon_now();

	if (!s->watchdog_ns || now < s->feed_ns)
		return;
	if (!daemon_ordered(d, WORKER_SNAPSHOT))
		say(s, "WATCHDOG=1");
	daemon_order(d, WORKER_SNAPSHOT, NULL, NULL);
	s->feed_ns = now + s->watchdog_ns / FEEDS;
}

void daemon_service_turn(struct daemon *d)
{
	struct service *s = &d->service;

	if (s->fd < 0)
		return;
	say_status(d);
	if (d->setting_up)
		return;
	if (!s->ready)
		say(s, "READY=1");
	s->ready = true;
	say_reload(d);
	feed(d);
}

uint64_t daemon_service_due(const struct daemon *d)
{
	return d->service.fd >= 0 ? d->service.feed_ns : 0;
}

void daemon_service_stopping(struct daemon *d)
{
	if (d->service.fd >= 0)
		say(&d->service, "STOPPING=1\nSTATUS=%s: stopping", d->options->ifname);
}
