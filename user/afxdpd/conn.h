/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conn.h - one connection of a client: bytes in, bytes out, never waiting for either. What speaks
 * over it is control.h (JSON lines) or http.h (metrics).
 */
#ifndef AFXDP_CONN_H
#define AFXDP_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ask.h"

/* A request, a line or an HTTP header, is no longer. */
#define REQUEST_MAX 4096

struct conn {
	int fd;
	bool http;
	uint32_t serial;	/* of all connections: a reply that comes late finds another here */
	uint64_t began_ns;	/* when it was accepted */
	uint64_t moved_ns;	/* when bytes last went out, or there was something new to send */
	uint32_t uid, pid;	/* of the peer, on a control socket */
	bool looks_only;	/* it may ask, and change nothing */
	struct ask *ask;	/* is with the steward */
	int pass;		/* a descriptor, plus one, to go with what is sent next; 0: none */
	struct afxdp_msg *held; /* to be sent home when this ends */
	bool eof;		/* the client sends no more */
	bool closing;		/* hang up when all is sent */
	bool lingering;		/* http: all is sent, and the client should hang up first */
	bool head;		/* http: only the head of the answer is wanted */
	bool json;		/* http: the report itself, not the metrics */
	bool openmetrics;	/* http: the format that the client would rather have */
	size_t have, len, sent;
	char *out; /* len bytes to send, from malloc() */
	char in[REQUEST_MAX + 1];
};

/** conn_say() - add to what is to be sent. Out of memory hangs up. */
void conn_say(struct conn *c, const char *text, size_t len);

/** conn_ask() - send @request (stolen; NULL: the report) to the steward. */
void conn_ask(struct conn *c, uint32_t client, json_t *request, struct afxdp_post *home,
	      struct afxdp_post *back);

/** conn_busy() - whether it waits for the steward, or for the client to read. */
static inline bool conn_busy(const struct conn *c)
{
	return c->ask || c->sent < c->len;
}

/** conn_push() - send what there is room for. Return: false if the client is gone. */
bool conn_push(struct conn *c);

/** conn_pull() - read what is there. Return: false if the client is gone. */
bool conn_pull(struct conn *c);

/** conn_over() - whether there is nothing left to hear or to say. */
bool conn_over(const struct conn *c);

/** conn_deadline() - Return: when it is too late for what @c should do; 0: never. */
uint64_t conn_deadline(const struct conn *c);

/** conn_interest() - what @c is to be polled for: a client whose request is under way may wait with
 * the next, and must be able to leave. */
short conn_interest(const struct conn *c);

uint64_t conn_now(void); /* CLOCK_MONOTONIC, ns */

#endif
