/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tee.h - dumps: clients that look at frames which go on to their verdict. The program copies for
 * each of them into a ring of its own (lib/copies.h), whose descriptor the client has been given:
 * we put the expression in front of the rules, as any change of rules is made, and take it away
 * when the client's connection is gone. Nothing of ours is on the way of the copies.
 */
#ifndef AFXDP_TEE_H
#define AFXDP_TEE_H

#include <jansson.h>
#include <stdbool.h>
#include "post.h"
#include "reading.h"
#include "copies.h"

struct ask;
struct daemon;

/* The client of dump @slot is gone: sent by the clerk, once, to the steward, whose it is. */
struct tee_gone {
	struct afxdp_msg msg; /* TEE_GONE */
	uint32_t slot;
};

/* copied = observed + copy_lost + pending, in frames. */
struct tee_account {
	uint64_t copied, observed, lost, pending;
};

enum dump_state {
	DUMP_NONE,
	DUMP_COMING, /* its program is being loaded */
	DUMP_RUNS,
	DUMP_LEAVES, /* wanted no more: its program is to be replaced */
	DUMP_OUT,    /* no program copies for it; its client may still read */
};

struct dump {
	enum dump_state state;
	bool gone; /* its client is */
	struct afxdp_copy *copy;
	struct afxdp_ring ring;
	uint32_t every, snap, uid, pid;
	uint32_t client, serial; /* the clerk's: its connection */
	struct afxdp_post *clerk;
	struct ask *end; /* who waits until no program copies */
};

struct tee {
	struct afxdp_tee maps;
	struct dump dump[AFXDP_COPIES_MAX];
	uint16_t generation;	 /* of rules, as in struct afxdp_copied */
	uint64_t retry_ns;	 /* not before: the last program could not be replaced */
	struct tee_account past; /* of dumps that are over */
};

#define TEE_NONE ((struct tee){ .maps = { -1, -1 } })

/** tee_start() - {"command": "dump", ...}: answered when the program copies, with the ring. */
void tee_start(struct daemon *d, struct ask *ask);

/** tee_end() - {"command": "dump-end"}, on the connection of the dump: answered when no program
 * copies for it any more, and the ring holds all that ever will be in it. */
void tee_end(struct daemon *d, struct ask *ask);

/** tee_gone() - the client of a dump is. @gone is freed. */
void tee_gone(struct daemon *d, struct tee_gone *gone);

/** tee_wanted() - what is to stand in front of whatever rules are read now. */
struct copies tee_wanted(struct daemon *d);

/** tee_prepare() - rules @r are about to run: their readers are told. Return: 0 or -errno. */
int tee_prepare(struct daemon *d, struct reading *r);

/** tee_changed() - rules @r run, or @err: they do not. */
void tee_changed(struct daemon *d, struct reading *r, int err);

/** tee_reply() - what the client of the dump that @r began is told. */
json_t *tee_reply(struct daemon *d, struct reading *r, struct ask *ask);

/** tee_tick() - take away what is wanted no more, when nothing else is under way. */
void tee_tick(struct daemon *d);

/** tee_open_named() - sinks with names that can take copies get a ring; if that cannot be had, it
 * is said. */
void tee_open_named(struct daemon *d);

/** tee_json() - the account, and each dump: a new reference. */
json_t *tee_json(const struct daemon *d);
void tee_sum(const struct daemon *d, struct tee_account *sum);
void tee_close(struct daemon *d);

#endif
