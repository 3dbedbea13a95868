/* SPDX-License-Identifier: GPL-2.0-only */
/* keeper_parts.h - what the two ends of the connection, and the keeper's files, have in common. */
#ifndef AFXDP_KEEPER_PARTS_H
#define AFXDP_KEEPER_PARTS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "knobs.h"
#include "options.h"

struct seccomp_notif;

enum keeper_what {
	KEEPER_LISTEN,	      /* 1 descriptor: of seccomp */
	KEEPER_DOOR,	      /* @ifindex or 0, @label: the interface's name */
	KEEPER_KNOBS_RECOVER, /* @ifindex */
	KEEPER_KNOBS_BUSY,    /* @ifindex */
	KEEPER_KNOBS_BACK,    /* @ifindex */
	KEEPER_REFUSAL,	      /* @ifindex, @flags; 1 descriptor: the program */
	KEEPER_EVICT,	      /* @ifindex; only with --replace */
	KEEPER_PIN,	      /* @ifindex, @label; 3 descriptors: ledger, rule_hits, xsks */
	KEEPER_PIN_HITS,      /* @ifindex; 1 descriptor */
	KEEPER_UNPIN,	      /* @ifindex */
	KEEPER_WHATS
};

#define KEEPER_FDS 3

struct keeper_order {
	uint32_t what, serial;
	uint32_t ifindex, flags;
	char label[16]; /* a name to show, or empty */
	uint8_t none[32];
};

_Static_assert(sizeof(struct keeper_order) == 64, "orders have 64 bytes");

struct keeper_reply {
	uint32_t serial;
	int32_t result;
	char text[384];
};

/* What one interface has of ours. */
struct keeper_port {
	unsigned int ifindex; /* 0: unused */
	struct afxdp_knobs knobs;
	bool pinned;
	char label[16]; /* its pins go by */
};

/* More interfaces than this, one after the other, are not remembered: the oldest is forgotten, and
 * what was changed there undone. */
#define KEEPER_PORTS 64

/* The keeper's own; the engine has a struct keeper. */
struct warden {
	const struct options *options;
	int sock, listener, engine; /* engine: pidfd */
	int memory;		    /* the engine's /proc/self/mem */
	int children;		    /* signalfd */
	pid_t pid;		    /* the engine's */
	struct keeper_port port[KEEPER_PORTS];
	uint32_t next;
	struct {
		pid_t pid; /* 0: unused */
		uint64_t id;
	} load[16];    /* programs being verified, each in a process of its own */
	char stem[64]; /* of the door; empty: none yet */
};

/* keeper_serve.c */

/* The keeper's life, from the fork to its end. */
_Noreturn void warden_run(struct warden *w);

/* Whether the options name @ifindex, or it went by a name of theirs before. */
bool warden_serves(struct warden *w, unsigned int ifindex);

/* keeper_orders.c */
void warden_order(struct warden *w, const struct keeper_order *o, int *fds, int n,
		  struct keeper_reply *reply);
void warden_undo(struct warden *w);
struct keeper_port *warden_port(struct warden *w, unsigned int ifindex, bool make);

/* keeper_calls.c: one system call that the kernel holds. */
void warden_call(struct warden *w, const struct seccomp_notif *call);

/* Answer @id: with a result or -errno; or with descriptor @fd, which is closed here. */
void warden_answer(struct warden *w, uint64_t id, int64_t result);
void warden_give(struct warden *w, uint64_t id, int fd);

/* Read and write the engine's memory. Return: 0 or -EFAULT. */
int warden_read(const struct warden *w, uint64_t from, void *to, size_t size);
int warden_write(const struct warden *w, uint64_t to, const void *from, size_t size);

/* A copy of the engine's descriptor @fd. Return: it, or -errno. */
int warden_fd(const struct warden *w, int fd);

/* keeper_bpf.c: bpf(@cmd), whose attributes are at @attr in the engine and have @size bytes.
 * Return: 0 or -errno; *@fd: a new descriptor, or -1. */
int warden_bpf(struct warden *w, int cmd, uint64_t attr, uint32_t size, int *fd);

#endif
