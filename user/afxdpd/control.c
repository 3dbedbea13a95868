/* SPDX-License-Identifier: GPL-2.0-only */
#include "control.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "address.h"
#include "text.h"

/* Connections that may wait to be accepted. */
#define BACKLOG 64

static int listen_at(const struct sockaddr_un *address, socklen_t len)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)address, len) || listen(fd, BACKLOG)) {
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

int control_open(struct control *c, const char *ifname, const char *path, char *why, size_t size)
{
	struct sockaddr_un address;
	socklen_t len = control_address(ifname, &address);
	int err;

	*c = (struct control){ .listen = { -1, -1 } };
	c->listen[0] = err = listen_at(&address, len);
	if (err < 0) {
		snprintf(why, size,
			 err == -EADDRINUSE ? "%s is served by another afxdpd already: 'afxdpctl "
					      "-i %s stop' ends it"
					    : "cannot listen on the control socket of %s",
			 ifname, ifname);
		return err;
	}
	if (!path)
		return 0;
	c->listen[1] = err = listen_file(c, path);
	if (err >= 0)
		return 0;
	snprintf(why, size, "--control '%s': %s", path,
		 err == -EADDRINUSE ? "another process listens there"
		 : err == -EEXIST   ? "a file that is not a socket is there"
				    : strerror(-err));
	control_close(c);
	return err;
}

void control_close(struct control *c)
{
	for (int i = 0; i < 2; i++)
		if (c->listen[i] >= 0)
			close(c->listen[i]);
	if (c->path[0])
		unlink(c->path);
	*c = (struct control){ .listen = { -1, -1 } };
}

bool control_welcome(struct conn *conn)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(conn->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		return false;
	conn->uid = peer.uid;
	conn->pid = peer.pid;
	return peer.uid == 0 || peer.uid == geteuid();
}

void control_say(struct conn *conn, json_t *line)
{
	char *text = json_dumps(line, JSON_COMPACT);
	size_t len = text ? strlen(text) : 0;

	if (text) {
		text[len] = '\n'; /* in the place of the NUL, which is not sent */
		conn_say(conn, text, len + 1);
	} else {
		conn->closing = true;
	}
	free(text);
	json_decref(line);
}

static void refuse(struct conn *conn, const char *why)
{
	control_say(conn, json_pack("{s:b, s:o}", "ok", 0, "error", json_text(why)));
}

bool control_read(struct conn *conn, json_t **request)
{
	char *end = memchr(conn->in, '\n', conn->have), why[JSON_ERROR_TEXT_LENGTH + 16];
	json_error_t error;
	size_t len;

	if (!end) {
		if (conn->have < REQUEST_MAX)
			return false;
		refuse(conn, "request longer than 4096 bytes");
		conn->closing = true;
		return false;
	}
	len = end - conn->in;
	*request = json_loadb(conn->in, len, 0, &error);
	conn->have -= len + 1;
	memmove(conn->in, end + 1, conn->have);
	if (*request)
		return true;
	snprintf(why, sizeof(why), "not JSON: %s", error.text);
	refuse(conn, why);
	return false;
}
