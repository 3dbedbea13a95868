/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* internal.h - struct afxdp_rules, for the files of this directory that fill or load it. */
#ifndef AFXDP_RULES_INTERNAL_H
#define AFXDP_RULES_INTERNAL_H

#include <afxdp/copy.h>
#include "../rules.h"
#include "compile.h"
#include "expr.h"
#include "set.h"

struct bpf_prog_load_opts;
struct bpf_program;
struct btf;

/* What an expression asks for that is about a single address or network, and nothing else. */
struct one_address {
	bool is, inner;
	bool host;			  /* of IPv4, all of it */
	const char *protocol, *direction; /* constants of group.c */
	struct prefix prefix;
};

/* Rules in a row that are compiled as one: see table.c. */
struct table {
	uint32_t first, n;
	struct expr expr;
};

/* A copy for a reader: see copies.c. */
struct copying {
	struct afxdp_copy *copy;
	struct expr expr;
};

struct rule {
	char *text;	  /* as written, blanks made single */
	char *expression; /* points into text */
	uint32_t line;
	struct action_args args;
	struct expr expr;
	struct one_address one;
	uint32_t size; /* instructions on its account */
	bool again;    /* in a table, and so is one before with the same address */
	bool reached;  /* some frame may match it, and no rule before decides over it */
};

struct consumer {
	char name[AFXDP_CONSUMER_MAX];
	uint32_t line; /* that names it first */
};

/* The arrays that a program is loaded with. */
struct linked {
	struct bpf_insn *insn;
	uint32_t insns;
	struct bpf_func_info *func;
	uint32_t funcs;
	struct bpf_line_info *line;
	uint32_t lines;
};

struct afxdp_rules {
	char *name; /* of the file; NULL for an expression */
	struct rule *rule;
	uint32_t rules, room;
	enum afxdp_verdict otherwise;
	uint32_t otherwise_to;
	/* Consumers that rules send frames to, from AFXDP_CLASS_TO() 1 on. */
	struct consumer consumer[AFXDP_ROUTES - 1];
	uint32_t consumers;
	uint32_t default_line; /* 0: none was written */
	struct set **set;      /* generations of rules share those that did not change */
	uint32_t sets;
	struct table *table;
	uint32_t tables;
	char **warning;
	uint32_t warnings;
	const struct afxdp_tee *tee;
	struct copying copying[AFXDP_COPIES_MAX];
	uint32_t copies, copy_rules; /* in front of the rules; among them */
	uint16_t generation;
	struct program program;

	/* Attached to an object. */
	struct bpf_object *obj;
	struct btf *btf; /* the object's */
	struct linked linked;
	char link_error[160];

	/* Loaded. */
	int hits_fd, state_fd, sources_fd;
	struct afxdp_hits *inherited;
};

/* rules.c */

/* Empty ones, of the file @name or of none; and one more rule in them. NULL: no memory. */
struct afxdp_rules *rules_new(const char *name);
struct rule *rules_new_rule(struct afxdp_rules *r);
int rules_warn(struct afxdp_rules *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** rules_compile() - all rules; on failure *@why is a constant text about rule *@at. */
int rules_compile(struct afxdp_rules *r, const char **why, uint32_t *at);

/* @rule with expression @e for the compiler. */
struct rule_input rules_input(const struct rule *rule, const struct expr *e);

/* explain.c */

/** rules_explain() - a warning for each rule that no frame can match, and why. Return: 0 or
 * -errno. */
int rules_explain(struct afxdp_rules *r);

/* sets.c */

/** rules_define_set() - the rest of a line behind `set`. */
int rules_define_set(struct afxdp_rules *r, const char *file, uint32_t line, const char *text,
		     char *err, size_t errlen);

/** rules_find_set() - index of the set, or -1. */
int rules_find_set(const struct afxdp_rules *r, const char *name);

/** rules_find_kind() - the same, as expr_find_set(). */
int rules_find_kind(const struct afxdp_rules *r, const char *name, enum set_kind *kind);

/** rules_add_set() - @r has @set, too; takes the reference, also if there is no memory. Return: 0
 * or -ENOMEM. */
int rules_add_set(struct afxdp_rules *r, struct set *set);

/* group.c */

/** rules_group() - @text, of the rule in line @line, with sets for long lists of addresses. *@out
 * is the caller's to free in any case. Return: 0 or -ENOMEM. */
int rules_group(struct afxdp_rules *r, uint32_t line, const char *text, char **out);

/* So many and a list becomes a set, which takes 600 KB and as long as some thirty comparisons. */
#define LIST_MIN 64

/** rules_own_set() - a set that a rule has for itself, added; its name in @name. NULL: no memory. */
struct set *rules_own_set(struct afxdp_rules *r, uint32_t line, char name[SET_NAME_MAX]);

/* pairs.c */

/** rules_pair_one() - the first long list of addresses with ports in @text. Return: 1 and *@out; 0
 * if there is none; -ENOMEM. */
int rules_pair_one(struct afxdp_rules *r, uint32_t line, const char *text, char **out);

/** rules_one_address() - is @text about one? Return: 0 or -ENOMEM. */
int rules_one_address(const char *text, struct one_address *one);

/* table.c */

/** rules_make_tables() - find the rules that can be one look-up. Return: 0; -ENOMEM; or what
 * expr_compile() says, with @err. */
int rules_make_tables(struct afxdp_rules *r, char *err, size_t errlen);

/** rules_copy_tables() - those of @from, whose sets and rules @to has. Return: 0 or -ENOMEM. */
int rules_copy_tables(struct afxdp_rules *to, const struct afxdp_rules *from);
void rules_free_tables(struct afxdp_rules *r);

/** rules_make_maps() - of all sets that have none yet. */
int rules_make_maps(struct afxdp_rules *r, char *err, size_t errlen);
void rules_free_sets(struct afxdp_rules *r);

/* copies.c */

/** rules_copy_copies() - those of @from, whose sets @to has. Return: 0 or -ENOMEM. */
int rules_copy_copies(struct afxdp_rules *to, const struct afxdp_rules *from);
void rules_free_copies(struct afxdp_rules *r);
bool rules_copy_anything(const struct afxdp_rules *r);

/* Copy @i for the compiler, and as written. */
struct rule_input rules_copy_input(const struct afxdp_rules *r, uint32_t i);
const char *rules_copy_text(const struct afxdp_rules *r, uint32_t i);

/** copy_parse() - `[1/N] [snap B]` behind `copy to NAME`, which @args has. Return: 0, or -EINVAL
 * with the reason in @err. */
int copy_parse(const char **s, struct action_args *args, char *err, size_t errlen);

/** rules_attach_copies() - their maps and constants, if there are any. Return: 0 or -errno. */
int rules_attach_copies(struct afxdp_rules *r, struct bpf_object *obj);

/* parse.c */

/** rules_check_sets() - @text names sets in no way that is ours only. Return: 0, or -EINVAL and
 * @err. */
int rules_check_sets(const char *text, char *err, size_t errlen);

/* rules_find_kind() as expr_find_set; @arg: struct afxdp_rules, or NULL: there are no sets. */
int rules_find_kind_of(void *arg, const char *name, enum set_kind *kind);

/* link.c */

/**
 * rules_link() - put the compiled functions into a program that libbpf is about to load.
 *
 * Instructions and debug information in @opts are replaced by those in r->linked, which must live
 * until the program is loaded. Return: 0 or -errno, with r->link_error.
 */
int rules_link(struct afxdp_rules *r, struct bpf_program *prog, struct bpf_prog_load_opts *opts);
void linked_free(struct linked *l);

#endif
