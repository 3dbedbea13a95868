/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reading.h - rules read, compiled and loaded in a thread of their own: a file may be a FIFO that
 * nobody writes, a name may have to be asked of a resolver that is dead, a thousand names in one
 * expression compile for a minute, and the verifier takes its time.
 *
 * A reading that nobody wants any more is let go: its thread ends when it can, and its result is
 * freed when it comes.
 */
#ifndef AFXDP_READING_H
#define AFXDP_READING_H

#include <stdbool.h>
#include "post.h"
#include "prog.h"
#include "rules.h"
#include "copies.h"
#include "words.h"

/* Copies that stand in front of whatever is read; references of who holds this. */
struct copies {
	const struct afxdp_tee *tee;
	struct afxdp_copy *copy[AFXDP_COPIES_MAX];
	uint32_t n;
	uint16_t generation;
};

/* One more, for a new reader. */
struct wish {
	const char *text;
	uint32_t every, snap, slot;
};

struct reading {
	struct afxdp_msg msg; /* READING, when it comes back */
	struct afxdp_post *home;
	/* What to read: an expression, or a file, or the present rules (which must then stay as
	 * they are) with another file for one of their sets, or one element more or less. */
	char *expression, *path, *set, *element;
	bool add;
	const struct afxdp_rules *present;
	bool observe; /* the present rules, or none, with other copies in front */
	struct copies copies;
	struct wish wish;	/* text: NULL for none */
	bool load;		/* they are read, and being loaded */
	uint32_t prog_number;	/* the steward's: beside this one */
	bool held;		/* the steward's: it has come back and waits */
	struct afxdp_prog prog; /* beside which: with descriptors of its own */
	/* What became of it. */
	struct afxdp_rules *rules; /* NULL, if there are none and need not be any */
	struct afxdp_copy *fresh;  /* what was wished for, with its ring */
	struct afxdp_ring ring;
	struct bpf_object *object;
	int err;
	char why[512];
	bool unwanted; /* the steward's */
};

/**
 * reading_start() - begin. The result comes to @home, and is reading_free()'s.
 * @copies: are to stand in front
 *
 * Return: 0 or -errno.
 */
int reading_start(struct reading **reading, const char *expression, const char *path,
		  const struct copies *copies, struct afxdp_post *home);

/** reading_start_copies() - the same for the rules @present (NULL: none), with @wish (or NULL). */
int reading_start_copies(struct reading **reading, const struct afxdp_rules *present,
			 const struct wish *wish, const struct copies *copies,
			 struct afxdp_post *home);

/**
 * reading_start_set() - the same for @present, another of its set @set.
 * @text: the set's new file; or, if @is_element, what is to be added (@add) or taken out.
 */
int reading_start_set(struct reading **reading, const struct afxdp_rules *present, const char *set,
		      const char *text, bool is_element, bool add, const struct copies *copies,
		      struct afxdp_post *home);

/** reading_load() - when it has come back: load the rules beside @prog. It comes back once more.
 * Sets that they share with others must stay as they are until then. @needs: AFXDP_NEED_* of the
 * program if there are no rules. Return: 0 or -errno. */
int reading_load(struct reading *r, const struct afxdp_prog *prog, uint8_t needs);

/** reading_unload() - it has come back: as if it had not been loaded. */
void reading_unload(struct reading *r);

/** reading_free() - with what has not been taken out of it. */
void reading_free(struct reading *r);

#endif
