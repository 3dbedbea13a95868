/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * hints.c - expressions that are right, and probably not meant.
 *
 * `vlan`, `mpls`, `pppoes` and `geneve` move all that follows one header inward, wherever in the
 * expression it stands (pcap-filter(7)). Where what follows is joined to them by nothing but `and`,
 * that is what everybody means. Where it is asked of frames without that header, too, it is not:
 * `vlan 2 or udp`, `(udp or vlan) and port 53`, `not vlan and udp`.
 */
#include <string.h>
#include "token.h"
#include "words.h"

/* Parentheses that are followed so deep. */
#define DEPTH 32

struct scan {
	struct tokens ts;
	uint32_t depth;
	bool or_before[DEPTH]; /* in the group that is open at this depth */
	bool negated[DEPTH];   /* that group stands behind `not` */
	/* Where one of the words has been seen, and an alternative to it: what is joined to it at
	 * this depth is asked of other frames, too. */
	bool apart[DEPTH];
	int32_t word_depth; /* of the deepest group with such a word that is still open; -1: none */
	const char *word;
};

static const char *const wrappers[] = { "vlan", "mpls", "pppoes", "geneve" };

static const char *wrapper_at(const struct scan *s, uint32_t i)
{
	for (size_t w = 0; w < sizeof(wrappers) / sizeof(wrappers[0]); w++)
		if (token_is(&s->ts, i, wrappers[w]))
			return wrappers[w];
	return NULL;
}

static void see_word(struct scan *s, uint32_t i, const char *word)
{
	for (uint32_t d = 0; d <= s->depth; d++)
		s->apart[d] |= s->or_before[d] || (d < s->depth && s->negated[d + 1]);
	s->apart[s->depth] |= i && token_is_not(&s->ts, i - 1);
	s->word_depth = s->depth;
	s->word = word;
}

static bool open_group(struct scan *s, uint32_t i)
{
	if (++s->depth == DEPTH)
		return false;
	s->or_before[s->depth] = s->apart[s->depth] = false;
	s->negated[s->depth] = i && token_is_not(&s->ts, i - 1);
	return true;
}

/* What was an alternative inside is one outside. */
static void close_group(struct scan *s)
{
	if (!s->depth)
		return;
	s->depth--;
	s->apart[s->depth] |= s->apart[s->depth + 1];
	if (s->word_depth > (int32_t)s->depth)
		s->word_depth = s->depth;
}

/* Is what follows token @i asked of frames without the word's header? */
static bool is_astray(struct scan *s, uint32_t i)
{
	if (token_is_or(&s->ts, i)) {
		s->or_before[s->depth] = true;
		return s->word_depth == (int32_t)s->depth;
	}
	return token_is_and(&s->ts, i) && s->apart[s->depth];
}

/* The first word behind which something is astray, or NULL; *@again: is it the same word? */
static const char *find_astray(struct scan *s, bool *again)
{
	for (uint32_t i = 0; i < s->ts.n; i++) {
		const char *word = wrapper_at(s, i);

		if (word)
			see_word(s, i, word);
		else if (token_is(&s->ts, i, "(") && !open_group(s, i))
			return NULL;
		else if (token_is(&s->ts, i, ")"))
			close_group(s);
		else if (is_astray(s, i)) {
			*again = wrapper_at(s, i + 1) == s->word;
			return s->word;
		}
	}
	return NULL;
}

static const struct {
	const char *word, *again, *other;
} hints[] = {
	{ "vlan",
	  "each 'vlan' looks one tag further in, also behind 'or': 'vlan 2 or vlan 3' is VLAN 2, or "
	  "3 inside of another tag; for one tag or the other write two rules, or 'vlan and "
	  "(ether[14:2] & 0xfff = 2 or ether[14:2] & 0xfff = 3)'",
	  "all that follows 'vlan' looks behind a tag, also behind 'or' and 'not': 'vlan 2 or udp' is "
	  "UDP behind a tag only, 'not vlan and udp' likewise; write what is asked of untagged frames "
	  "first, as in 'udp or (vlan and udp)', or two rules, or 'inner udp'" },
	{ "mpls",
	  "each 'mpls' looks one label further in, also behind 'or': 'mpls 2 or mpls 3' is label 2, "
	  "or 3 behind another label; for one label or the other write two rules",
	  "all that follows 'mpls' looks behind a label, also behind 'or' and 'not': 'mpls 2 or udp' "
	  "is UDP behind a label only; write what is asked of frames without labels first, as in 'udp "
	  "or (mpls and udp)', or two rules, or 'inner udp'" },
	{ "pppoes",
	  "each 'pppoes' looks one session further in, also behind 'or': 'pppoes 2 or pppoes 3' is "
	  "session 2, or 3 inside of another; for one session or the other write two rules",
	  "all that follows 'pppoes' looks into a session, also behind 'or' and 'not': 'pppoes or udp' "
	  "is UDP in a session only; write what is asked of frames without one first, as in 'udp or "
	  "(pppoes and udp)', or two rules, or 'inner udp'" },
	{ "geneve",
	  "each 'geneve' looks one tunnel further in, also behind 'or': for one or the other write "
	  "two rules",
	  "all that follows 'geneve' looks into the tunnel, also behind 'or' and 'not'; write what is "
	  "asked of frames without one first, as in 'tcp or (geneve and tcp)', or two rules" },
};

static const char *hint_astray(const char *text)
{
	struct scan s = { .word_depth = -1 };
	const char *word;
	bool again = false;

	if (tokens_split(&s.ts, text))
		return NULL;
	word = find_astray(&s, &again);
	tokens_free(&s.ts);
	for (size_t i = 0; word && i < sizeof(hints) / sizeof(hints[0]); i++)
		if (!strcmp(hints[i].word, word))
			return again ? hints[i].again : hints[i].other;
	return NULL;
}

static bool has_word(const char *text, const char *word)
{
	struct tokens ts;
	bool found = false;

	if (tokens_split(&ts, text))
		return false;
	for (uint32_t i = 0; i < ts.n && !found; i++)
		found = token_is(&ts, i, word);
	tokens_free(&ts);
	return found;
}

const char *words_hint(const char *text)
{
	static const char *const parts[] = { "udp[", "tcp[", "icmp[", "sctp[", NULL };
	const char *astray = hint_astray(text);

	if (astray)
		return astray;
	for (const char *const *part = parts; *part; part++)
		if (strstr(text, *part) && has_word(text, "ip6"))
			return "'udp[...]', 'tcp[...]' and 'icmp[...]' look at IPv4 only: for IPv6 "
			       "without extension headers write 'ip6[40 + ...]'";
	return NULL;
}
