/* SPDX-License-Identifier: GPL-2.0-only */
/* talk.c - how the control thread speaks to the workers: one message to each, then their answers. */
#include <errno.h>
#include <poll.h>
#include "daemon.h"

/* A worker answers within a batch. One that does not in this time is stuck, or stopped by SIGSTOP. */
#define ANSWER_MS 2000

static void ask(struct daemon *d, struct worker *w, enum worker_msg_type type)
{
	w->msg.msg.type = type;
	w->msg.reply_to = &d->post;
	w->asked = true;
	afxdp_post_send(&w->post, &w->msg.msg);
}

void daemon_read_post(struct daemon *d)
{
	struct afxdp_msg *msg;

	afxdp_post_silence(&d->post);
	while ((msg = afxdp_post_take(&d->post))) {
		for (uint32_t i = 0; i < d->worker_count; i++) {
			struct worker *w = d->workers[i];

			if (msg == &w->done)
				d->stop = true; /* --count is reached */
			else if (msg == &w->vain)
				daemon_polls_nothing(d);
			else if (msg == &w->msg.msg)
				w->asked = false;
		}
	}
}

static bool unanswered(const struct daemon *d)
{
	for (uint32_t i = 0; i < d->worker_count; i++)
		if (d->workers[i]->asked)
			return true;
	return false;
}

static int await(struct daemon *d)
{
	uint64_t end = daemon_now() + ANSWER_MS * 1000000ULL;
	struct pollfd bell = { .fd = d->post.bell, .events = POLLIN };

	for (;;) {
		uint64_t now = daemon_now();

		daemon_read_post(d);
		if (!unanswered(d))
			return 0;
		if (now >= end)
			return -ETIMEDOUT;
		poll(&bell, 1, (end - now) / 1000000 + 1);
	}
}

int daemon_ask(struct daemon *d, enum worker_msg_type type,
	       void (*fill)(struct worker *w, const void *arg), const void *arg)
{
	int err;

	/* A message that was answered too late last time must be back before it is sent again. */
	err = await(d);
	if (err)
		return err;
	for (uint32_t i = 0; i < d->worker_count; i++) {
		struct worker *w = d->workers[i];

		if (!w->running)
			continue;
		if (fill)
			fill(w, arg);
		ask(d, w, type);
	}
	err = await(d);
	for (uint32_t i = 0; i < d->worker_count && !err; i++)
		if (d->workers[i]->running)
			err = d->workers[i]->msg.result;
	return err;
}
