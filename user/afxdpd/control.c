/* SPDX-License-Identifier: GPL-2.0-only */
#include "control.h"

#include <errno.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "address.h"
#include "daemon.h"
#include "report.h"
#include "text.h"

#define CLIENTS	    16
#define REQUEST_MAX 4096

struct client {
	int fd;
	size_t have;
	char request[REQUEST_MAX];
};

struct control {
	int listen[2]; /* abstract, file */
	char path[108];
	struct client client[CLIENTS];
};

static int listen_at(const struct sockaddr_un *address, socklen_t len)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)address, len) || listen(fd, CLIENTS)) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

/* A file that nobody listens behind was left by a killed daemon. */
static void remove_stale(const struct sockaddr_un *address, socklen_t len)
{
	struct stat st;
	int fd;

	if (lstat(address->sun_path, &st) || !S_ISSOCK(st.st_mode))
		return;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)address, len) && errno == ECONNREFUSED)
		unlink(address->sun_path);
	close(fd);
}

static int listen_file(struct control *c, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat st;
	mode_t old;
	int fd;

	if (!lstat(path, &st) && !S_ISSOCK(st.st_mode))
		return -EEXIST;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	remove_stale(&address, sizeof(address));
	old = umask(0077);
	fd = listen_at(&address, sizeof(address));
	umask(old);
	if (fd >= 0)
		snprintf(c->path, sizeof(c->path), "%s", path);
	return fd;
}

int control_open(struct control **control, const char *ifname, const char *path, char *why,
		 size_t size)
{
	struct sockaddr_un address;
	socklen_t len = control_address(ifname, &address);
	struct control *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return -ENOMEM;
	c->listen[1] = -1;
	for (int i = 0; i < CLIENTS; i++)
		c->client[i].fd = -1;
	c->listen[0] = err = listen_at(&address, len);
	if (err < 0) {
		snprintf(why, size,
			 err == -EADDRINUSE ? "%s is served by another afxdpd already: 'afxdpctl "
					      "-i %s stop' ends it"
					    : "cannot listen on the control socket of %s",
			 ifname, ifname);
		goto free;
	}
	if (path) {
		c->listen[1] = err = listen_file(c, path);
		if (err < 0) {
			snprintf(why, size, "--control '%s': %s", path,
				 err == -EADDRINUSE ? "another process listens there"
				 : err == -EEXIST   ? "a file that is not a socket is there"
						    : strerror(-err));
			goto free;
		}
	}
	*control = c;
	return 0;
free:
	control_close(c);
	return err;
}

void control_close(struct control *c)
{
	if (!c)
		return;
	for (int i = 0; i < CLIENTS; i++)
		if (c->client[i].fd >= 0)
			close(c->client[i].fd);
	for (int i = 0; i < 2; i++)
		if (c->listen[i] >= 0)
			close(c->listen[i]);
	if (c->path[0])
		unlink(c->path);
	free(c);
}

uint32_t control_fds(struct control *c, struct pollfd *fds, uint32_t max)
{
	uint32_t n = 0;

	for (int i = 0; i < 2 && n < max; i++)
		if (c->listen[i] >= 0)
			fds[n++] = (struct pollfd){ .fd = c->listen[i], .events = POLLIN };
	for (int i = 0; i < CLIENTS && n < max; i++)
		if (c->client[i].fd >= 0)
			fds[n++] = (struct pollfd){ .fd = c->client[i].fd, .events = POLLIN };
	return n;
}

static void greet(struct control *c, int listener)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (!getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) &&
	    (peer.uid == 0 || peer.uid == geteuid())) {
		for (int i = 0; i < CLIENTS; i++) {
			if (c->client[i].fd >= 0)
				continue;
			c->client[i].fd = fd;
			c->client[i].have = 0;
			return;
		}
	}
	close(fd);
}

static json_t *problem(const char *format, const char *what)
{
	char text[640];

	snprintf(text, sizeof(text), format, what);
	return json_pack("{s:b, s:o}", "ok", 0, "error", json_text(text));
}

static json_t *do_ledger(struct daemon *d, const json_t *request)
{
	struct picture p;
	json_t *report;
	int err = daemon_look(d, &p);

	(void)request;
	if (err)
		return problem("the workers do not answer: %s", strerror(-err));
	report = report_json(d, &p);
	picture_free(&p);
	return json_pack("{s:b, s:o}", "ok", 1, "report", report);
}

static json_t *do_mode(struct daemon *d, const json_t *request)
{
	const char *name = json_string_value(json_object_get(request, "mode"));
	int mode = name ? mode_parse(name) : -1;

	if (mode < 0)
		return problem("mode '%s': must be interrupt, busy, spin or adaptive", name ?: "");
	if (daemon_set_mode(d, mode))
		return problem("%s", d->why);
	return json_pack("{s:b}", "ok", 1);
}

static json_t *do_sink(struct daemon *d, const json_t *request)
{
	const char *spec = json_string_value(json_object_get(request, "sink"));

	if (!spec || daemon_set_sink(d, spec))
		return problem("%s", spec ? d->why : "which sink?");
	return json_pack("{s:b}", "ok", 1);
}

static json_t *do_rules(struct daemon *d, const json_t *request)
{
	(void)request;
	return json_pack("{s:b, s:o, s:s?, s:f}", "ok", 1, "rules", daemon_rules(d), "default",
			 d->rules ? afxdp_verdict_name(afxdp_rules_default(d->rules)) : "capture",
			 "time_s", (daemon_now() - d->start_ns) / 1e9);
}

static json_t *do_rules_replace(struct daemon *d, const json_t *request)
{
	const char *path = json_string_value(json_object_get(request, "path"));
	json_t *was, *reply;

	if (!path || daemon_replace_rules(d, path, &was))
		return problem("%s", path ? d->why : "which file?");
	reply = do_rules(d, request);
	json_object_set_new(reply, "replaced", was);
	return reply;
}

/* add, del, list, replace: one request a verb, {"command": "set", "verb": ..., "set": NAME, ...}. */
static json_t *do_set(struct daemon *d, const json_t *request)
{
	const char *verb = json_string_value(json_object_get(request, "verb"));
	const char *name = json_string_value(json_object_get(request, "set"));
	const char *arg = json_string_value(json_object_get(request, "argument"));
	json_t *elements = NULL;

	if (!verb || !name)
		return problem("%s", "which verb, which set?");
	if (daemon_change_set(d, verb, name, arg, &elements))
		return problem("%s", d->why);
	return json_pack("{s:b, s:o*}", "ok", 1, "elements", elements);
}

static json_t *do_stop(struct daemon *d, const json_t *request)
{
	(void)request;
	d->stop = true;
	return json_pack("{s:b}", "ok", 1);
}

static const struct {
	const char *name;
	json_t *(*run)(struct daemon *d, const json_t *request);
} commands[] = {
	{ "ledger", do_ledger },
	{ "mode", do_mode },
	{ "sink", do_sink },
	{ "rules", do_rules },
	{ "rules-replace", do_rules_replace },
	{ "set", do_set },
	{ "stop", do_stop },
};

static json_t *answer(struct daemon *d, const char *line, size_t len)
{
	json_error_t error;
	json_t *request = json_loadb(line, len, 0, &error), *reply;
	const char *name = json_string_value(json_object_get(request, "command"));

	reply = request ? problem("unknown command '%s'", name ?: "")
			: problem("not JSON: %s", error.text);
	for (size_t i = 0; name && i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(commands[i].name, name))
			continue;
		json_decref(reply);
		reply = commands[i].run(d, request);
	}
	json_decref(request);
	return reply;
}

static void send_reply(struct client *client, json_t *reply)
{
	char *text = json_dumps(reply, JSON_COMPACT);
	size_t len = text ? strlen(text) : 0, sent = 0;

	if (text)
		text[len++] = '\n'; /* in the place of the NUL, which is not sent */
	while (sent < len) {
		ssize_t n = send(client->fd, text + sent, len - sent, MSG_NOSIGNAL);
		struct pollfd out = { .fd = client->fd, .events = POLLOUT };

		if (n > 0)
			sent += n;
		else if (n < 0 && errno == EAGAIN && poll(&out, 1, 1000) > 0)
			continue;
		else
			break; /* a client that does not read for a second is its own problem */
	}
	free(text);
	json_decref(reply);
}

static void hang_up(struct client *client)
{
	close(client->fd);
	client->fd = -1;
}

static void listen_to(struct client *client, struct daemon *d)
{
	ssize_t n = recv(client->fd, client->request + client->have, REQUEST_MAX - client->have, 0);
	char *end;

	if (n <= 0) {
		if (n == 0 || errno != EAGAIN)
			hang_up(client);
		return;
	}
	client->have += n;
	while ((end = memchr(client->request, '\n', client->have))) {
		size_t len = end - client->request;

		send_reply(client, answer(d, client->request, len));
		client->have -= len + 1;
		memmove(client->request, end + 1, client->have);
	}
	if (client->have == REQUEST_MAX) {
		send_reply(client, problem("request longer than %s bytes", "4096"));
		hang_up(client);
	}
}

void control_serve(struct control *c, struct daemon *d, const struct pollfd *fds, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (!fds[i].revents)
			continue;
		if (fds[i].fd == c->listen[0] || fds[i].fd == c->listen[1])
			greet(c, fds[i].fd);
		for (int k = 0; k < CLIENTS; k++)
			if (c->client[k].fd == fds[i].fd)
				listen_to(&c->client[k], d);
	}
}
