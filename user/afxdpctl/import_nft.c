/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * import_nft.c - what `nft list ruleset` prints: the sets of its tables, and the rules of the one
 * chain that sees received frames first. Rules are translated by nft_rule.c.
 */
#include <stdlib.h>
#include <string.h>
#include "import.h"
#include "nft_rule.h"
#include "nft_text.h"

#define LINE 1024

struct nft {
	struct import *im;
	struct nft_words w;
	const char *family, *table; /* where we are */
	char chain[80];		    /* whose rules were taken; empty: none yet */
	const char *chain_family;
	bool drops; /* its policy */
};

static void refuse(struct nft *n, uint32_t from, uint32_t to, const char *why)
{
	char what[LINE];

	nft_join(&n->w, from, to, what, sizeof(what));
	if (*what)
		import_refuse(n->im, n->w.at[from].line, what, "%s", why);
}

/* ---- Sets ---- */

/* Where word @s stands in [from, end); @end: nowhere. */
static uint32_t find(const struct nft *n, uint32_t from, uint32_t end, const char *s)
{
	while (from < end && !nft_is(&n->w, from, s))
		from++;
	return from;
}

/* Words from @i to before the comma or brace that ends the element, one behind the other. */
static uint32_t write_element(struct nft *n, uint32_t i, const char *timeout, FILE *f)
{
	bool own = false, any = false;

	for (; i < n->w.n && !nft_is(&n->w, i, ",") && !nft_is(&n->w, i, "}"); i++) {
		if (nft_is(&n->w, i, ";"))
			continue;
		own |= nft_is(&n->w, i, "timeout") || nft_is(&n->w, i, "expires");
		fprintf(f, any ? " %s" : "%s", n->w.at[i].s);
		any = true;
	}
	if (any && timeout && !own)
		fprintf(f, " timeout %s", timeout);
	if (any)
		fputc('\n', f);
	return i + nft_is(&n->w, i, ",");
}

/* Of a kind that an empty file does not stand for? */
static bool needs_elements(const struct nft *n, uint32_t from, uint32_t to)
{
	uint32_t type = find(n, from, to, "type");

	return (!nft_is(&n->w, type + 1, "ipv4_addr") && !nft_is(&n->w, type + 1, "ipv6_addr")) ||
	       nft_is(&n->w, type + 2, ".");
}

/* `set NAME { ... }` at word @i, which ends before @end. */
static void take_set(struct nft *n, uint32_t i, uint32_t end)
{
	uint32_t line = n->w.at[i].line;
	const char *timeout = NULL;
	char ours[64];
	FILE *f;

	if (find(n, i, end, "elements") == end && needs_elements(n, i, end)) {
		refuse(n, i, i + 2, "it has no elements that say of what it is");
		return;
	}
	f = import_set(n->im, line, n->w.at[i + 1].s, ours);
	if (!f)
		return;
	for (i += 3; i < end;) {
		if (nft_is(&n->w, i, "timeout") && i + 1 < end)
			timeout = n->w.at[i + 1].s;
		if (!nft_is(&n->w, i, "elements")) {
			i = nft_behind(&n->w, i);
			i += i < end && nft_is(&n->w, i, "}");
			continue;
		}
		for (i += 3; i < end && !nft_is(&n->w, i, "}");)
			i = write_element(n, i, timeout, f);
		i++;
	}
	import_close_set(n->im, line, ours, f);
}

/* ---- Chains ---- */

/* Which base chains see what XDP sees. */
static bool is_hook(const struct nft *n, uint32_t i)
{
	return nft_is(&n->w, i, "ingress") || nft_is(&n->w, i, "prerouting") ||
	       nft_is(&n->w, i, "input");
}

/* Is it one whose rules may be taken? Else why not. */
static const char *not_this_chain(const struct nft *n, uint32_t from, uint32_t end)
{
	uint32_t hook = find(n, from, end, "hook"), type = find(n, from, end, "type");

	if (hook == end)
		return "nothing but other chains lead to it";
	if (!nft_is(&n->w, type + 1, "filter"))
		return "it is no filter";
	if (!is_hook(n, hook + 1))
		return "its hook sees other frames than those that come in";
	if (*n->chain)
		return "a second base chain: what one accepts the next may drop; import them one "
		       "at a time";
	return NULL;
}

/* `type filter hook ... policy drop` */
static void take_policy(struct nft *n, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++)
		n->drops |= nft_is(&n->w, i, "policy") && nft_is(&n->w, i + 1, "drop");
}

static void take_rule(struct nft *n, uint32_t from, uint32_t to)
{
	char what[LINE], action[80], expression[NFT_EXPRESSION], why[160];
	uint32_t last = to;

	while (last > from && nft_is(&n->w, last - 1, ";"))
		last--;
	if (last == from)
		return;
	nft_join(&n->w, from, last, what, sizeof(what));
	if (nft_rule(n->im, &n->w, from, last, n->family, action, expression, why))
		import_rule(n->im, n->w.at[from].line, what, action, expression);
	else
		import_refuse(n->im, n->w.at[from].line, what, "%s", why);
}

/* `chain NAME { ... }` */
static void take_chain(struct nft *n, uint32_t from, uint32_t end)
{
	const char *why = not_this_chain(n, from, end);

	if (why) {
		refuse(n, from, from + 2, why);
		return;
	}
	snprintf(n->chain, sizeof(n->chain), "%s", n->w.at[from + 1].s);
	n->chain_family = n->family;
	fprintf(n->im->rules, "# table %s %s, chain %s\n", n->family, n->table, n->chain);
	for (uint32_t i = from + 3; i < end;) {
		uint32_t next = nft_behind(&n->w, i);

		/* The brace that closes the chain. */
		if (next == i)
			break;
		if (nft_is(&n->w, i, "type") || nft_is(&n->w, i, "policy"))
			take_policy(n, i, next);
		else
			take_rule(n, i, next);
		i = next;
	}
}

/* ---- Tables ---- */

/* What @i opens with a brace ends before this. */
static uint32_t closed(const struct nft *n, uint32_t i)
{
	while (i < n->w.n && !nft_is(&n->w, i, "{"))
		i++;
	i = nft_behind(&n->w, i + 1);
	/* Statements in it end with semicolons. */
	while (i < n->w.n && !nft_is(&n->w, i, "}"))
		i = nft_behind(&n->w, i);
	return i + (i < n->w.n);
}

static bool family_is_one_of_ours(const char *family)
{
	static const char *const families[] = { "ip", "ip6", "inet", "netdev", "bridge" };

	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++)
		if (!strcmp(families[i], family))
			return true;
	return false;
}

static void take_table(struct nft *n, uint32_t i, uint32_t end)
{
	n->family = n->w.at[i + 1].s;
	n->table = n->w.at[i + 2].s;
	if (!family_is_one_of_ours(n->family)) {
		refuse(n, i, i + 3, "a table of that family");
		return;
	}
	for (i += 4; i + 1 < end;) {
		uint32_t next;

		if (nft_is(&n->w, i, ";")) {
			i++;
			continue;
		}
		next = closed(n, i);
		if (nft_is(&n->w, i, "set") && i + 3 < next)
			take_set(n, i, next);
		else if (nft_is(&n->w, i, "chain") && i + 3 < next)
			take_chain(n, i, next);
		else
			refuse(n, i, i + 2 < next ? i + 2 : next, "nothing here is like it");
		i = next;
	}
}

static void write_default(const struct nft *n)
{
	const char *family = n->chain_family ?: "";
	bool ip = !strcmp(family, "ip"), ip6 = !strcmp(family, "ip6"),
	     inet = !strcmp(family, "inet");

	/* What is neither IPv4 nor IPv6 does not meet such a chain. */
	if (n->drops && (ip || ip6 || inet))
		fprintf(n->im->rules, "drop %s\n", inet ? "ip or ip6" : family);
	fprintf(n->im->rules, "default %s\n", n->drops && !ip && !ip6 && !inet ? "drop" : "pass");
}

void import_nft(struct import *im)
{
	struct nft n = { .im = im };
	uint32_t i = 0;

	if (nft_split(&n.w, im->text)) {
		import_refuse(im, 1, im->path, "out of memory");
		goto out;
	}
	while (i < n.w.n) {
		uint32_t next = nft_behind(&n.w, i);

		if (nft_is(&n.w, i, "table") && nft_is(&n.w, i + 3, "{")) {
			next = closed(&n, i);
			take_table(&n, i, next);
		} else if (!nft_is(&n.w, i, "flush")) {
			refuse(&n, i, next,
			       "outside of a table: give it what 'nft list ruleset' "
			       "prints");
		}
		i = next > i ? next : i + 1;
	}
	if (!*n.chain)
		import_refuse(im, im->text ? 1 : 0, im->path,
			      "no chain of type filter with hook "
			      "ingress, prerouting or input");
out:
	write_default(&n);
	nft_free(&n.w);
}
