/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * prog.h - the XDP program's life: load, attach, claim queues, read its counters, detach.
 *
 * Attached through a bpf_link whose only reference is our file descriptor: the kernel detaches the
 * program when the process dies, however it dies.
 */
#ifndef AFXDP_PROG_H
#define AFXDP_PROG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <afxdp/abi.h>

struct afxdp_rules;
struct bpf_object;
struct xdp_program;

enum afxdp_attach {
	AFXDP_ATTACH_AUTO,
	AFXDP_ATTACH_NATIVE,
	AFXDP_ATTACH_GENERIC
};

/* What was found on the interface before we came. */
enum afxdp_found {
	AFXDP_FOUND_NOTHING,
	AFXDP_FOUND_OURS,	/* afxdp_rx, loaded by `ip link` */
	AFXDP_FOUND_DISPATCHER, /* libxdp's */
	AFXDP_FOUND_FOREIGN,
};

struct afxdp_occupant {
	enum afxdp_found what;
	uint32_t prog_id;
	uint32_t link_id; /* 0: attached without a link */
	bool generic;
	char name[16];
};

struct afxdp_prog;

/*
 * Who does what needs more than descriptors, for a caller that has no rights of his own. @arg: the
 * agent's. None: it is done here.
 */
struct afxdp_agent {
	void *arg;
	/* Why native mode was refused, in the kernel's words: afxdp_refusal(). */
	void (*refusal)(void *arg, unsigned int ifindex, int prog_fd, uint32_t flags, char *words,
			size_t size);
	int (*evict)(void *arg, unsigned int ifindex); /* afxdp_prog_evict() */
	int (*pin)(void *arg, struct afxdp_prog *p);   /* afxdp_prog_pin() */
	void (*pin_hits)(void *arg, struct afxdp_prog *p);
	void (*unpin)(void *arg, struct afxdp_prog *p);
};

struct afxdp_prog_config {
	const char *ifname;
	unsigned int ifindex;
	uint32_t queues; /* the device has: slots of the ledger and of the XSKMAP */
	enum afxdp_attach attach;
	bool replace;		 /* whatever is attached may go */
	bool hw_metadata;	 /* ask the device for tag, hash and time: it can, in native mode */
	bool tags_stripped;	 /* it may take VLAN tags off, and tells of them */
	bool splits_headers;	 /* it puts headers into buffers of their own */
	uint32_t longest;	 /* frame that its MTU allows, bytes; 0: not known */
	uint8_t unasked;	 /* AFXDP_NEED_* that nobody asks for: costs nothing then */
	struct afxdp_config run; /* default verdict, stamping */
	/* Names of routes 1 and so on, which rules may send frames to; the caller's. */
	const char *const *route;
	uint32_t routes;
	struct afxdp_rules *rules; /* the caller's; NULL: none. Sets run.default_verdict. */
	/* Asks the kernel for words on why native mode was refused: afxdp_refusal(); or NULL. */
	void (*refusal)(unsigned int ifindex, int prog_fd, uint32_t flags, char *words,
			size_t size);
	const struct afxdp_agent *agent; /* NULL: we have the rights */
};

struct afxdp_prog {
	struct afxdp_prog_config config;
	struct afxdp_occupant found;
	struct bpf_object *obj;	   /* NULL if adopted */
	struct bpf_object *before; /* without rules: what was in the link before, still loaded */
	struct xdp_program *xdp;   /* NULL unless we joined a dispatcher */
	int prog_fd, link_fd;
	int ledger_fd, hits_fd, xsks_fd, config_fd;
	int pace_fd;	 /* -1: an adopted program that has none */
	uint32_t queues; /* slots the maps have */
	uint8_t needs;	 /* AFXDP_NEED_* that the program sees to; rules may ask for more */
	uint8_t needs_before;
	bool hw;   /* bound to the device, with its metadata */
	bool bare; /* without any: in a dispatcher that takes nothing else */
	bool attached, generic, adopted, pinned;
	char why[384];	   /* one line for the user when a call fails */
	char refusal[160]; /* the kernel's words on why native mode could not be had, or "" */
};

/**
 * afxdp_prog_set_const() - set the `const volatile` variable @name of an object that is open and
 * not yet loaded.
 *
 * Return: 0; -ENOENT if there is no such variable of @size bytes.
 */
int afxdp_prog_set_const(struct bpf_object *obj, const char *name, const void *value, size_t size);

/** afxdp_prog_look() - what is attached to @ifindex. Return: 0 or -errno. */
int afxdp_prog_look(unsigned int ifindex, struct afxdp_occupant *found);

/**
 * afxdp_prog_load() - load the program (or adopt ours that is attached already); nothing is
 * attached yet.
 *
 * Return: 0; -EEXIST if a program is in the way; other -errno. p->why then says what and what to
 * do.
 */
int afxdp_prog_load(struct afxdp_prog *p, const struct afxdp_prog_config *config);

/**
 * afxdp_prog_attach() - from here on frames run through it.
 *
 * Native mode first unless told otherwise; p->generic says what it became.
 *
 * Return: 0; -EEXIST if another program came first; -EOPNOTSUPP if native mode cannot be had and the
 * program cannot run in another (config.attach is native, or config.hw_metadata is set); -errno.
 */
int afxdp_prog_attach(struct afxdp_prog *p);

/** afxdp_prog_detached() - whether somebody else has taken our link off the interface, or the
 * program that was adopted, or ours out of its dispatcher. */
bool afxdp_prog_detached(const struct afxdp_prog *p);

/** afxdp_prog_claim() - frames of @queue that are to be captured go to the AF_XDP socket @xsk_fd. */
int afxdp_prog_claim(struct afxdp_prog *p, uint32_t queue, int xsk_fd);

/** afxdp_prog_claim_route() - the same of frames that go by @route, 0 to AFXDP_ROUTES - 1. */
int afxdp_prog_claim_route(struct afxdp_prog *p, uint32_t queue, uint32_t route, int xsk_fd);

/** afxdp_prog_unclaim() - frames of @queue, whatever their route, go to the stack again, counted as
 * unclaimed. */
void afxdp_prog_unclaim(struct afxdp_prog *p, uint32_t queue);

/** afxdp_prog_set() - change default verdict and stamping of the running program. */
int afxdp_prog_set(struct afxdp_prog *p, const struct afxdp_config *run);

/**
 * afxdp_prog_prepare() - load a second program for @rules (NULL: none), which shares ledger, sockets
 * and settings with the one that runs; it is touched by nothing of this, which takes its time.
 * @p: may be a copy with descriptors of its own for ledger, xsks and config; then any thread may
 * call this, and the copy's why is set.
 *
 * Return: 0, with *@obj for afxdp_prog_commit() or bpf_object__close(); -EOPNOTSUPP for an adopted
 * program or one in a dispatcher; other -errno.
 */
int afxdp_prog_prepare(struct afxdp_prog *p, struct afxdp_rules *rules, struct bpf_object **obj);

/**
 * afxdp_prog_commit() - it takes the place of the first in the link in one step: each frame sees
 * one of the two, the interface notices nothing.
 *
 * When it returns 0 the old program runs nowhere any more, and the counters of rules whose text is
 * the same have been carried over; @obj is @p's, the old rules are the caller's to free. On failure
 * nothing has changed and p->why says why.
 */
int afxdp_prog_commit(struct afxdp_prog *p, struct afxdp_rules *rules, struct bpf_object *obj);

/**
 * afxdp_prog_need() - from here on somebody asks for @needs (AFXDP_NEED_*), and nobody for more.
 *
 * If the program without rules that is in our link sees to others, one that sees to these takes its
 * place in one step, and the other stays loaded, to be back soon; any other sees
 * to everything already but the oddities, which it counts or not from its beginning.
 *
 * Return: 0; frames that are under way may still meet the one before, until afxdp_quiesce() is
 * over. -errno, with p->why.
 */
int afxdp_prog_need(struct afxdp_prog *p, uint8_t needs);

/**
 * afxdp_pace() - the consumer of @queue has time for one stamp in @every frames, a power of two,
 * where struct afxdp_config.stamp asks for fewer; 0: it has not.
 * @pace_fd: of the program, or a copy of that; -1 is fine.
 */
void afxdp_pace(int pace_fd, uint32_t queue, uint32_t every);

/** afxdp_prog_ledger() - one queue's counters, summed over the CPUs. */
int afxdp_prog_ledger(const struct afxdp_prog *p, uint32_t queue, struct afxdp_ledger *sum);

/** afxdp_prog_hits() - one rule's counters, summed over the CPUs. */
int afxdp_prog_hits(const struct afxdp_prog *p, uint32_t rule, struct afxdp_hits *sum);

/**
 * afxdp_prog_pin() - show the maps under /sys/fs/bpf/afxdp/NETNS-INDEX (the network namespace's
 * inode number and the interface's index), in place of what a killed predecessor left there, and by
 * a link of the interface's name, if that is free.
 *
 * Return: 0; -ENOENT if no bpffs is mounted there (p->why says so): everything else works without
 * pins.
 */
int afxdp_prog_pin(struct afxdp_prog *p);

/** afxdp_prog_pin_hits() - show another generation's rule counters under the same name. */
void afxdp_prog_pin_hits(struct afxdp_prog *p);

/** afxdp_prog_unpin() - take away what afxdp_prog_pin() has made. */
void afxdp_prog_unpin(struct afxdp_prog *p);

/** afxdp_prog_evict() - detach whatever program is on @ifindex. Return: 0 or -errno. */
int afxdp_prog_evict(unsigned int ifindex);

/** afxdp_pins_remove() - take away the pins of @stem, "NETNS-INDEX", whose owner is dead. */
void afxdp_pins_remove(const char *stem);

/** afxdp_prog_detach() - off the interface; maps stay readable. An adopted program stays and passes
 * everything. */
void afxdp_prog_detach(struct afxdp_prog *p);
void afxdp_prog_close(struct afxdp_prog *p);

/**
 * afxdp_quiesce() - wait until every XDP program run that had begun before has ended, on all CPUs.
 *
 * membarrier(MEMBARRIER_CMD_GLOBAL) is a grace period of RCU, and NAPI polls run inside RCU read
 * sections.
 */
void afxdp_quiesce(void);

#endif
