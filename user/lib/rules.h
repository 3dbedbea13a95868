/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * rules.h - the rules file: parsed, compiled into the XDP program, counted, replaced.
 *
 * Order of use:
 *	afxdp_rules_parse_file() or _expr()	before bpf_object__open*(): registers with libbpf
 *	bpf_object__open*()
 *	afxdp_rules_attach_object()		sizes maps, sets constants, compiles
 *	bpf_object__load()			the compiled body goes in here
 *	afxdp_rules_loaded()			keeps what it needs to count
 *
 * A struct afxdp_rules serves one object. It is not locked: one thread at a time. Functions that
 * take @err write one line there, without a newline, whenever they do not return 0: `FILE:LINE:
 * what`, or just what for an expression without a file.
 */
#ifndef AFXDP_RULES_H
#define AFXDP_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <afxdp/abi.h>

struct bpf_object;
struct afxdp_rules;

/**
 * afxdp_rules_parse_file() - read a rules file and the set files it names.
 *
 * Every expression is compiled, so a file that parses is one the compiler takes; nothing is loaded.
 *
 * Return: 0 and *@out, the caller's to free; -EINVAL what is written is wrong; -ENOENT, -EACCES and
 * so on for a file that cannot be read; -E2BIG beyond a stated limit; -ENOMEM.
 */
int afxdp_rules_parse_file(const char *path, struct afxdp_rules **out, char *err, size_t errlen);

/** afxdp_rules_parse_expr() - as a file of `capture EXPR` and `default pass`. */
int afxdp_rules_parse_expr(const char *expr, struct afxdp_rules **out, char *err, size_t errlen);

/**
 * afxdp_rules_parse_text() - as a file called @name holding @len bytes of @text.
 *
 * Names of set files are relative to the directory of @name.
 */
int afxdp_rules_parse_text(const char *name, const char *text, size_t len, struct afxdp_rules **out,
			   char *err, size_t errlen);

/** afxdp_rules_free() - and everything it holds; NULL is fine. Maps in use by a loaded program live
 * on with it. */
void afxdp_rules_free(struct afxdp_rules *r);

/** afxdp_rules_count() - rules, `default` not among them. A frame's rule index is below that. */
uint32_t afxdp_rules_count(const struct afxdp_rules *r);

/** afxdp_rules_text() - rule @index as written, blanks made single. NULL beyond the last. */
const char *afxdp_rules_text(const struct afxdp_rules *r, uint32_t index);

/** afxdp_rules_default() - what happens to a frame that no rule takes. */
enum afxdp_verdict afxdp_rules_default(const struct afxdp_rules *r);

/* Bytes of a consumer's name, with the one that ends it. */
#define AFXDP_CONSUMER_MAX 24

/**
 * afxdp_rules_consumer() - the name of the @n-th consumer that rules send frames to (`capture to
 * NAME`), counted from 0; *@line (or NULL): the line that names it first.
 *
 * What rules call AFXDP_CLASS_TO() @n + 1. Return: NULL if there are not so many.
 */
const char *afxdp_rules_consumer(const struct afxdp_rules *r, uint32_t n, uint32_t *line);

/** afxdp_rules_default_consumer() - of `default capture to NAME`; NULL: that without a name. */
const char *afxdp_rules_default_consumer(const struct afxdp_rules *r);

/** afxdp_rules_name() - of the file they were read from; NULL: an expression. */
const char *afxdp_rules_name(const struct afxdp_rules *r);

/** afxdp_rules_warning() - the @n-th line worth telling the user, `FILE:LINE: what`; NULL if there
 * is none. */
const char *afxdp_rules_warning(const struct afxdp_rules *r, uint32_t n);

/*
 * Copies: an expression in front of the rules, whose frames are copied to a reader's slot
 * (copies.h) and go on. Shared by rules and readers: get and put.
 */
struct afxdp_copy;
struct afxdp_tee;

/** afxdp_copy_new() - of frames that match @text, which may name sets of the rules it is put in
 * front of, one in @every (on each CPU). Return: 0; -EINVAL with @err; -ENOMEM. */
int afxdp_copy_new(struct afxdp_copy **out, const char *text, uint32_t every, uint32_t slot,
		   char *err, size_t errlen);
struct afxdp_copy *afxdp_copy_get(struct afxdp_copy *c);
void afxdp_copy_put(struct afxdp_copy *c);
const char *afxdp_copy_text(const struct afxdp_copy *c);

/** afxdp_rules_none() - no rules, and no default but ours: to put copies in front of. NULL: no
 * memory. */
struct afxdp_rules *afxdp_rules_none(void);

/** afxdp_rules_idle() - whether @r does nothing that no rules at all would not. */
bool afxdp_rules_idle(const struct afxdp_rules *r);

/**
 * afxdp_rules_observe() - the @n copies of @list, and no others, are in front of @r, which is not
 * attached to an object yet. One that does not go with these rules is left out, with a warning,
 * unless it is @fresh.
 * @tee: must stay as long as @r
 * @generation: of rules, for struct afxdp_copied
 *
 * Return: 0; -EINVAL with @err if @fresh is wrong; other -errno.
 */
int afxdp_rules_observe(struct afxdp_rules *r, const struct afxdp_tee *tee,
			struct afxdp_copy *const *list, uint32_t n, const struct afxdp_copy *fresh,
			uint16_t generation, char *err, size_t errlen);

/** afxdp_rules_copy_snap() - bytes of a frame that rules copy to the @n-th consumer at most; 0:
 * none does. */
uint32_t afxdp_rules_copy_snap(const struct afxdp_rules *r, uint32_t n);

/** afxdp_rules_observed() - whether @c is in front of @r, which may be NULL. */
bool afxdp_rules_observed(const struct afxdp_rules *r, const struct afxdp_copy *c);

/**
 * afxdp_rules_attach_object() - make @obj run these rules: between open and load.
 *
 * Compiles, creates and fills the sets' maps, sizes the object's own.
 *
 * Return: 0; -E2BIG if the program would be beyond the stated limit; other -errno.
 */
int afxdp_rules_attach_object(struct afxdp_rules *r, struct bpf_object *obj, char *err,
			      size_t errlen);

/** afxdp_rules_loaded() - after bpf_object__load(), which it must have survived. */
int afxdp_rules_loaded(struct afxdp_rules *r, struct bpf_object *obj, char *err, size_t errlen);

/** afxdp_rules_hits() - frames and bytes rule @index matched, including what
 * afxdp_rules_inherit() brought along. */
int afxdp_rules_hits(const struct afxdp_rules *r, uint32_t index, struct afxdp_hits *sum);

/**
 * afxdp_rules_inherit() - carry the counters of rules with the same text over to @r.
 *
 * Call it when the program of @old no longer runs anywhere (afxdp_quiesce()): then every frame is
 * in the counters of exactly one generation. @old stays readable and is the caller's to free.
 */
int afxdp_rules_inherit(struct afxdp_rules *r, struct afxdp_rules *old);

/**
 * afxdp_rules_go_on() - limits and samples of rules with the same text go on in @r where they are in
 * @old.
 *
 * Call it when both are loaded, right before the programs are exchanged: what @old lets pass in
 * between may pass again.
 */
int afxdp_rules_go_on(struct afxdp_rules *r, const struct afxdp_rules *old);

/**
 * afxdp_rules_keep_sets() - sets that were changed at run time, and whose file says what it said,
 * go on as they are; if it says something else, that holds, with a warning.
 *
 * Call it before afxdp_rules_attach_object(). Return: 0 or -ENOMEM.
 */
int afxdp_rules_keep_sets(struct afxdp_rules *r, const struct afxdp_rules *old);

/* Sizes of the compiled classifier, for listings. */
struct afxdp_rules_size {
	uint32_t instructions; /* eBPF, all functions that rules add */
	uint32_t functions;
	uint32_t sets;
	size_t set_bytes; /* of the sets' maps */
};

/* One rule, for listings. */
struct afxdp_rule_info {
	const char *text;
	uint32_t line;
	uint32_t instructions; /* on its account: what it asks beyond what was asked before it */
};

/** afxdp_rules_describe() - rule @index. Return: 0, or -ENOENT beyond the last. */
int afxdp_rules_describe(const struct afxdp_rules *r, uint32_t index, struct afxdp_rule_info *info);

/** afxdp_rules_size() - of rules that have been parsed; set_bytes once attached to an object. */
void afxdp_rules_size(const struct afxdp_rules *r, struct afxdp_rules_size *size);

/*
 * Sets. Their maps are of this generation of rules; a frame sees an element change at once.
 */
struct afxdp_set_info {
	uint32_t rules; /* it stands for so many rules, and is nothing that can be changed; 0: a set
			 */
	const char *name;
	const char *path;
	const char *kind;    /* what it is of: "addresses", "ports" ... */
	uint32_t others;     /* elements that are no addresses */
	uint32_t ipv4, ipv6; /* prefixes, after duplicates have been dropped */
	int map_fd;	     /* to pin; -1 before attach_object */
	size_t bytes;	     /* of the map */
};

/**
 * afxdp_rules_explain() - look more closely for rules that no frame can match: for up to seconds,
 * and with a warning for each. Those that were found when the rules were read have theirs. Return:
 * 0 or -errno.
 */
int afxdp_rules_explain(struct afxdp_rules *r);

/** afxdp_rules_set() - describe set @index. Return: 0, or -ENOENT beyond the last. */
int afxdp_rules_set(const struct afxdp_rules *r, uint32_t index, struct afxdp_set_info *info);

/**
 * afxdp_rules_set_add() - add an element to set @name of running rules; with `timeout 10m` behind
 * it it ends by itself, when afxdp_rules_expire() is called. What ends by itself can be added
 * again, to end later, or never.
 *
 * Return: 0; -EEXIST; -EINVAL not an element of that kind; -ENOENT no such set; -ENOSPC no room
 * left in the map: afxdp_rules_with_element() makes a larger one. Unless it returns 0 nothing has
 * changed.
 */
int afxdp_rules_set_add(struct afxdp_rules *r, const char *name, const char *element, char *err,
			size_t errlen);

/** afxdp_rules_set_del() - and take one out. -ENOENT: no such set, or not in it as written;
 * -ENOSPC: as above. */
int afxdp_rules_set_del(struct afxdp_rules *r, const char *name, const char *element, char *err,
			size_t errlen);

/**
 * afxdp_rules_expire() - take out elements of running rules that have ended at @now (ns of
 * CLOCK_MONOTONIC), some hundred at most.
 *
 * Return: 0; -ENOMEM; -EAGAIN: set *@set has more; -ENOSPC: there is no room for that in its map.
 * afxdp_rules_with_set() makes another, without all that has ended.
 */
int afxdp_rules_expire(struct afxdp_rules *r, uint64_t now, const char **set);

/** afxdp_rules_due() - when that is worth calling; UINT64_MAX: never. */
uint64_t afxdp_rules_due(const struct afxdp_rules *r);

/** afxdp_rules_set_list() - call @each for every element, IPv4 first, ascending, those that end
 * with what is left: `10.0.0.1 timeout 9m58s`; a non-zero return ends it and is returned. */
int afxdp_rules_set_list(const struct afxdp_rules *r, const char *name,
			 int (*each)(void *arg, const char *element), void *arg);

/**
 * afxdp_rules_again() - a copy of @r, not loaded, that shares its sets: for another object. Takes
 * no time: nothing is read or compiled. Return: 0 or -ENOMEM.
 */
int afxdp_rules_again(const struct afxdp_rules *r, struct afxdp_rules **out, char *err,
		      size_t errlen);

/**
 * afxdp_rules_with_set() - a copy of @r, not loaded, whose set @name has the elements of file
 * @path (NULL: the present ones, in a map with room to grow). Swap it in like any new rules.
 */
int afxdp_rules_with_set(const struct afxdp_rules *r, const char *name, const char *path,
			 struct afxdp_rules **out, char *err, size_t errlen);

/** afxdp_rules_with_element() - the same with the present elements and @element more (@add), or
 * less, in a map with room to grow. */
int afxdp_rules_with_element(const struct afxdp_rules *r, const char *name, const char *element,
			     bool add, struct afxdp_rules **out, char *err, size_t errlen);

#endif
