/* SPDX-License-Identifier: GPL-2.0-only */
#include "find.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "nic.h"
#include "registry.h"

/* A daemon says at once who it is: one that does not is not waited for when others may be meant. */
#define WHO_MS 1000

struct wanted {
	const char *name;
	unsigned int ifindex; /* 0: there is no such interface */
};

/* Whoever listened there was @trusted, or root, or us. */
static int know(int fd, const char *path, uid_t trusted, char *why, size_t size)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len)) {
		snprintf(why, size, "cannot see who answers at '%s': %s", path, strerror(errno));
		return -EPERM;
	}
	if (!peer.uid || peer.uid == geteuid() || peer.uid == trusted)
		return 0;
	snprintf(why, size,
		 "whoever answers at '%s' (uid %u, pid %d) is neither root nor you: not believed",
		 path, peer.uid, peer.pid);
	return -EPERM;
}

static int dial(const char *path, uid_t trusted, char *why, size_t size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, err;

	if (strlen(path) >= sizeof(address.sun_path)) {
		snprintf(why, size, "'%s' is too long for a socket's address", path);
		return -ENAMETOOLONG;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		err = -errno;
		snprintf(why, size, "no socket: %s", strerror(-err));
		return err;
	}
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address))) {
		err = -errno;
		snprintf(why, size, "no afxdpd answers at '%s': %s%s", path, strerror(-err),
			 err == -EACCES ? ": it is for root, the user it runs as and the group of "
					  "its socket"
					: "");
	} else {
		err = know(fd, path, trusted, why, size);
	}
	if (!err)
		return fd;
	close(fd);
	return err;
}

int find_at(const char *path, char *why, size_t size)
{
	return dial(path, geteuid(), why, size);
}

static int left(const struct timespec *end)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int)((end->tv_sec - now.tv_sec) * 1000 + (end->tv_nsec - now.tv_nsec) / 1000000);
}

/* One line in, one line out. Return: what it says, or NULL. */
static json_t *ask_who(int fd)
{
	static const char question[] = "{\"command\":\"whoami\"}\n";
	struct pollfd poll_in = { .fd = fd, .events = POLLIN };
	struct timespec end;
	char line[1024];
	size_t have = 0;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += WHO_MS / 1000;
	if (send(fd, question, sizeof(question) - 1, MSG_NOSIGNAL) < 0)
		return NULL;
	while (!have || line[have - 1] != '\n') {
		int ms = left(&end);
		ssize_t n;

		if (ms <= 0 || have == sizeof(line) || poll(&poll_in, 1, ms) <= 0)
			return NULL;
		n = recv(fd, line + have, sizeof(line) - have, 0);
		if (n <= 0)
			return NULL;
		have += n;
	}
	return json_loadb(line, have, 0, NULL);
}

/* Return: whether it is; -ETIMEDOUT if it does not say. */
static int is_meant(int fd, const struct wanted *w)
{
	json_t *who = ask_who(fd);
	const char *now = json_string_value(json_object_get(who, "interface"));
	const char *told = json_string_value(json_object_get(who, "wanted"));
	bool meant;

	if (!who)
		return -ETIMEDOUT;
	if (json_integer_value(json_object_get(who, "netns")) != (json_int_t)registry_netns())
		meant = false;
	else if (w->ifindex)
		meant = json_integer_value(json_object_get(who, "ifindex")) == w->ifindex;
	else
		meant = (now && !strcmp(now, w->name)) || (told && !strcmp(told, w->name));
	json_decref(who);
	return meant;
}

/* The likely one first: started on this interface, and serving it still. Return: as
 * find_daemon(). */
static int ask_likely(const struct registry *r, const struct wanted *w, char *why, size_t size)
{
	char stem[64], path[256];
	int fd, meant;

	registry_stem(stem, sizeof(stem), w->ifindex, w->name);
	snprintf(path, sizeof(path), "%s/%s.sock", r->dir, stem);
	fd = dial(path, r->owner, why, size);
	if (fd < 0)
		return fd == -ECONNREFUSED ? -ENOENT : fd;
	meant = is_meant(fd, w);
	if (meant > 0)
		return fd;
	close(fd);
	/* It is there and silent. Its answer may come yet, and must not be taken for another. */
	return meant ? dial(path, r->owner, why, size) : -ENOENT;
}

/* Return: as find_daemon(). */
static int ask_all(const struct registry *r, const struct wanted *w, char *why, size_t size)
{
	DIR *entries = opendir(r->dir);
	char prefix[32], path[512];
	const struct dirent *e;
	int fd = -ENOENT;

	snprintf(prefix, sizeof(prefix), "%lu-", registry_netns());
	while (fd < 0 && entries && (e = readdir(entries))) {
		const char *end = strrchr(e->d_name, '.');

		if (strncmp(e->d_name, prefix, strlen(prefix)) || !end || strcmp(end, ".sock"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", r->dir, e->d_name);
		fd = dial(path, r->owner, why, size);
		if (fd >= 0 && is_meant(fd, w) <= 0) {
			close(fd);
			fd = -ENOENT;
		}
	}
	if (entries)
		closedir(entries);
	return fd < 0 ? -ENOENT : fd;
}

int find_daemon(const char *ifname, char *why, size_t size)
{
	struct wanted wanted = { .name = ifname };
	int fd = -ENOENT;

	if (afxdp_nic_find(ifname, &wanted.ifindex))
		wanted.ifindex = 0;
	for (int kind = 0; kind < REGISTRY_KINDS && fd == -ENOENT; kind++) {
		struct registry r;

		if (kind == REGISTRY_USER && !geteuid())
			continue;
		fd = registry_open(&r, kind, false, why, size);
		if (!fd)
			fd = ask_likely(&r, &wanted, why, size);
		if (fd == -ENOENT)
			fd = ask_all(&r, &wanted, why, size);
	}
	if (fd == -ENOENT && !wanted.ifindex)
		snprintf(why, size,
			 "no afxdpd serves '%s', and this network namespace has no such interface "
			 "('ip -br link' lists those it has)",
			 ifname);
	else if (fd == -ENOENT)
		snprintf(why, size,
			 "no afxdpd serves '%s' in this network namespace: start one with "
			 "'afxdpd -i %s'",
			 ifname, ifname);
	return fd;
}
