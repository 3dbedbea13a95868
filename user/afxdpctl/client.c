/* SPDX-License-Identifier: GPL-2.0-only */
/* client.c - one request, one reply, over the daemon's control socket. */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include "ctl.h"
#include "find.h"
#include "printable.h"

/* A daemon answers within a second, or says each second that it goes on. */
#define ANSWER_S 5

int ctl_fail(int status, const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	fprintf(stderr, "afxdpctl: %s\n", printable(line));
	return status;
}

/* Append what is there; a descriptor that comes with it is kept. */
bool ctl_receive(int fd, struct ctl_input *in, int flags)
{
	char room[CMSG_SPACE(sizeof(int))];
	struct iovec to;
	struct msghdr msg = {
		.msg_iov = &to, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room)
	};
	const struct cmsghdr *c;
	ssize_t n;

	if (in->have == in->room) {
		char *more = realloc(in->text, in->room = in->room * 2 ?: 65536);

		if (!more)
			return false;
		in->text = more;
	}
	to = (struct iovec){ in->text + in->have, in->room - in->have };
	n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC | flags);
	if (n <= 0)
		return n < 0 && flags & MSG_DONTWAIT && (errno == EAGAIN || errno == EINTR);
	in->have += n;
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
		if (in->passed > 0)
			close(in->passed);
		memcpy(&in->passed, CMSG_DATA(c), sizeof(in->passed));
	}
	return true;
}

json_t *ctl_take(struct ctl_input *in)
{
	char *end = in->have ? memchr(in->text, '\n', in->have) : NULL;
	json_t *line;
	size_t len;

	if (!end)
		return NULL;
	len = end - in->text;
	line = json_loadb(in->text, len, 0, NULL) ?: json_object();
	in->have -= len + 1;
	memmove(in->text, end + 1, in->have);
	return line;
}

/* Lines of progress, then the reply. */
static json_t *await_reply(int fd, struct ctl_input *in)
{
	for (;;) {
		json_t *reply = ctl_take(in);
		const char *stage = json_string_value(json_object_get(reply, "progress"));

		if (reply && !stage)
			return reply;
		if (stage && isatty(STDERR_FILENO))
			ctl_fail(0, "%.0f s: %s (Ctrl-C cancels what has not begun)",
				 json_real_value(json_object_get(reply, "seconds")), stage);
		json_decref(reply);
		if (!reply && !ctl_receive(fd, in, 0))
			return NULL;
	}
}

bool ctl_say(int fd, const json_t *request)
{
	char *line = json_dumps(request, JSON_COMPACT);
	size_t len = line ? strlen(line) : 0;
	bool said;

	if (!line)
		return false;
	line[len] = '\n';
	said = send(fd, line, len + 1, MSG_NOSIGNAL) == (ssize_t)len + 1;
	free(line);
	return said;
}

int ctl_open(const struct ctl *ctl, int *fd)
{
	const struct timeval limit = { .tv_sec = ANSWER_S };
	char why[512];

	if (!ctl->ifname && !ctl->control)
		return ctl_fail(2, "no interface: say which with -i IFACE");
	*fd = ctl->control ? find_at(ctl->control, why, sizeof(why))
			   : find_daemon(ctl->ifname, why, sizeof(why));
	if (*fd < 0)
		return ctl_fail(3, "%s", why);
	setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return 0;
}

json_t *ctl_exchange(int fd, struct ctl_input *in, const json_t *request)
{
	return ctl_say(fd, request) ? await_reply(fd, in) : NULL;
}

int ctl_judge(json_t **reply)
{
	const char *error;

	if (!*reply)
		return ctl_fail(
			1,
			"afxdpd hung up or said nothing for %d s; what was asked may or may not "
			"have happened: 'afxdpctl status' shows the last change (its socket is for "
			"root and for the user it runs as)",
			ANSWER_S);
	if (json_is_true(json_object_get(*reply, "ok"))) {
		const char *note = json_string_value(json_object_get(*reply, "note"));

		return note ? ctl_fail(0, "%s", note) : 0;
	}
	error = json_string_value(json_object_get(*reply, "error"));
	ctl_fail(1, "%s", error ? error : "afxdpd refused without a reason");
	json_decref(*reply);
	return 1;
}

int ctl_ask(const struct ctl *ctl, json_t *request, json_t **reply)
{
	struct ctl_input in = { 0 };
	int fd, status;

	if (!request)
		return ctl_fail(2, CTL_NOT_UTF8);
	status = ctl_open(ctl, &fd);
	if (!status) {
		*reply = ctl_exchange(fd, &in, request);
		close(fd);
		status = ctl_judge(reply);
	}
	json_decref(request);
	free(in.text);
	return status;
}

json_t *ctl_report(const struct ctl *ctl, int *status)
{
	json_t *reply, *report;

	*status = ctl_ask(ctl, json_pack("{s:s}", "command", "ledger"), &reply);
	if (*status)
		return NULL;
	report = json_incref(json_object_get(reply, "report"));
	json_decref(reply);
	return report;
}

int ctl_print(const json_t *value)
{
	/* In ASCII all that a terminal could obey is escaped, and nothing is lost. */
	json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	putchar('\n');
	return 0;
}
