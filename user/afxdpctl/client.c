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

/* What has been received and not been looked at. */
struct input {
	char *text;
	size_t have, room;
};

/* Read up to the next newline, and take that line away. Return: it, from malloc(), or NULL. */
static char *read_line(int fd, struct input *in)
{
	char *end;

	while (!in->have || !(end = memchr(in->text, '\n', in->have))) {
		ssize_t n;

		if (in->have == in->room) {
			char *more = realloc(in->text, in->room = in->room * 2 ?: 65536);

			if (!more)
				return NULL;
			in->text = more;
		}
		n = recv(fd, in->text + in->have, in->room - in->have, 0);
		if (n <= 0)
			return NULL;
		in->have += n;
	}
	*end = '\0';
	return strdup(in->text);
}

static void take_line(struct input *in)
{
	size_t len = strlen(in->text) + 1;

	in->have -= len;
	memmove(in->text, in->text + len, in->have);
}

/* Lines of progress, then the reply. */
static json_t *await_reply(int fd)
{
	struct input in = { 0 };
	json_t *reply = NULL;
	char *line;

	while ((line = read_line(fd, &in))) {
		const char *stage;

		take_line(&in);
		reply = json_loads(line, 0, NULL);
		free(line);
		stage = json_string_value(json_object_get(reply, "progress"));
		if (!stage)
			break;
		if (isatty(STDERR_FILENO))
			ctl_fail(0, "%.0f s: %s (Ctrl-C cancels what has not begun)",
				 json_real_value(json_object_get(reply, "seconds")), stage);
		json_decref(reply);
		reply = NULL;
	}
	free(in.text);
	return reply;
}

static json_t *exchange(int fd, const json_t *request)
{
	char *line = json_dumps(request, JSON_COMPACT);
	json_t *reply = NULL;
	size_t len = line ? strlen(line) : 0;

	if (!line)
		return NULL;
	line[len] = '\n';
	if (send(fd, line, len + 1, MSG_NOSIGNAL) == (ssize_t)len + 1)
		reply = await_reply(fd);
	free(line);
	return reply;
}

int ctl_ask(const struct ctl *ctl, json_t *request, json_t **reply)
{
	const struct timeval limit = { .tv_sec = ANSWER_S };
	const char *error;
	char why[512];
	int fd;

	if (!request)
		return ctl_fail(2, "what was given is not UTF-8, which the control socket speaks");
	if (!ctl->ifname && !ctl->control) {
		json_decref(request);
		return ctl_fail(2, "no interface: say which with -i IFACE");
	}
	fd = ctl->control ? find_at(ctl->control, why, sizeof(why))
			  : find_daemon(ctl->ifname, why, sizeof(why));
	if (fd < 0) {
		json_decref(request);
		return ctl_fail(3, "%s", why);
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	*reply = exchange(fd, request);
	json_decref(request);
	close(fd);
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
