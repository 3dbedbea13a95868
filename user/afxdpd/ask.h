/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ask.h - one request of a client: from the clerk, who speaks with clients, to the steward, who
 * knows and does, and back. It is the steward's until it comes back, also when nobody waits for it
 * any more.
 */
#ifndef AFXDP_ASK_H
#define AFXDP_ASK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include "post.h"
#include "words.h"

struct ask {
	struct afxdp_msg msg; /* ASK */
	struct afxdp_post *reply_to;
	json_t *request;	 /* NULL: for the report, to be shown over HTTP */
	json_t *reply;		 /* NULL: there is none now */
	uint32_t uid, pid;	 /* who asks */
	uint32_t client, serial; /* the clerk's: which connection */
	uint32_t gone;		 /* set by the clerk: the client has hung up */
	int pass;		 /* a descriptor, plus one, that goes with the reply; 0: none */
	struct afxdp_msg *held;	 /* sent home when the connection ends; or NULL */
	struct ask *next;	 /* the steward's list of those it has not looked at */
};

/* One more line for a client whose request takes its time. From malloc(), the receiver's. */
struct ask_progress {
	struct afxdp_msg msg;
	uint32_t client, serial;
	json_t *line;
};

static inline bool ask_gone(struct ask *a)
{
	return afxdp_load_acquire(&a->gone);
}

/** ask_answer() - send @a back with @reply (stolen). */
static inline void ask_answer(struct ask *a, json_t *reply)
{
	a->reply = reply;
	afxdp_post_send(a->reply_to, &a->msg);
}

static inline void ask_tell(const struct ask *a, json_t *line)
{
	struct ask_progress *p = malloc(sizeof(*p));

	if (!p) {
		json_decref(line);
		return;
	}
	p->msg.type = ASK_PROGRESS;
	p->client = a->client;
	p->serial = a->serial;
	p->line = line;
	afxdp_post_send(a->reply_to, &p->msg);
}

static inline void ask_free(struct ask *a)
{
	if (!a)
		return;
	if (a->pass)
		close(a->pass - 1);
	json_decref(a->request);
	json_decref(a->reply);
	free(a);
}

#endif
