/* SPDX-License-Identifier: GPL-2.0-only */
#include "control.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "daemon.h"
#include "registry.h"
#include "text.h"
#include "trust.h"

/* Of more groups than this a process is rarely a member: those beyond are not looked at. */
#define GROUPS 256

static int open_registered(struct control *c, unsigned int ifindex, const char *ifname, char *why,
			   size_t size)
{
	char stem[64], path[256], reason[128];
	struct registry r;
	int err = registry_ours(&r, why, size);

	if (err)
		return err;
	door_sweep(r.dir, afxdp_pins_remove);
	registry_stem(stem, sizeof(stem), ifindex, ifname);
	snprintf(path, sizeof(path), "%s/%s.sock", r.dir, stem);
	err = door_open(&c->door[0], path, &c->owner, reason, sizeof(reason));
	if (err == -EADDRINUSE)
		snprintf(why, size,
			 "%s is served by another afxdpd already: 'afxdpctl -i %s stop' ends it",
			 ifname, ifname);
	else if (err)
		snprintf(why, size, "cannot listen on the control socket of %s, %s: %s", ifname,
			 path, reason);
	return err;
}

static int open_named(struct control *c, const char *path, char *why, size_t size)
{
	char reason[256];
	int err = trust_path(path, reason, sizeof(reason));

	if (!err)
		err = door_open(&c->door[1], path, &c->owner, reason, sizeof(reason));
	if (err)
		snprintf(why, size, "--control '%s': %s", path, reason);
	return err == -EADDRINUSE ? -EADDRNOTAVAIL : err;
}

int control_open(struct control *c, unsigned int ifindex, const char *ifname, const char *path,
		 uid_t uid, char *why, size_t size)
{
	const struct group *group = geteuid() ? NULL : getgrnam(CONTROL_GROUP);
	int err;

	*c = (struct control){ .door = { DOOR_NONE, DOOR_NONE },
			       .owner = { uid, group ? group->gr_gid : getegid() } };
	err = open_registered(c, ifindex, ifname, why, size);
	/* Without a directory for it the file that was asked for is enough. */
	if (err && err != -EADDRINUSE && path) {
		daemon_warn("%s: afxdpctl finds this daemon by --control only", why);
		err = 0;
	} else if (err && err != -EADDRINUSE) {
		snprintf(why + strlen(why), size - strlen(why),
			 " (--control PATH puts the socket elsewhere)");
	}
	if (!err && path)
		err = open_named(c, path, why, size);
	if (err)
		control_close(c);
	return err;
}

void control_close(struct control *c)
{
	for (int i = 0; i < 2; i++)
		door_close(&c->door[i]);
}

static void refuse(struct conn *conn, const char *why)
{
	control_say(conn, json_pack("{s:b, s:o}", "ok", 0, "error", json_text(why)));
}

static bool in_group(int fd, const struct ucred *peer, gid_t group)
{
	gid_t groups[GROUPS];
	socklen_t len = sizeof(groups);

	if (peer->gid == group)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len))
		return false;
	for (size_t i = 0; i < len / sizeof(*groups); i++)
		if (groups[i] == group)
			return true;
	return false;
}

bool control_welcome(const struct control *c, struct conn *conn)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(conn->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		return false;
	conn->uid = peer.uid;
	conn->pid = peer.pid;
	conn->looks_only = peer.uid && peer.uid != geteuid();
	return !conn->looks_only || in_group(conn->fd, &peer, c->owner.gid);
}

bool control_may(struct conn *conn, const json_t *request)
{
	static const char *const looks[] = { "whoami", "ledger", "rules" };
	const char *what = json_string_value(json_object_get(request, "command"));
	const char *verb = json_string_value(json_object_get(request, "verb"));

	if (!conn->looks_only)
		return true;
	for (size_t i = 0; what && i < sizeof(looks) / sizeof(*looks); i++)
		if (!strcmp(what, looks[i]))
			return true;
	if (what && verb && !strcmp(what, "set") && !strcmp(verb, "list"))
		return true;
	refuse(conn, "members of the socket's group may look, not change: do it as root");
	return false;
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
