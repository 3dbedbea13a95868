/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "words.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "graph.h"
#include "phrase.h"

/*
 * Constants that stand for something: IPv4 addresses of 225.0.0.0/8, words of IPv6 addresses of
 * fd00::/8, a length. Bit VARIANT tells the variants apart, bits 8 to 15 are the set, and of an
 * IPv6 address bits 16 and 17 say which word it is.
 */
#define STAND4	       0xe100005au
#define STAND6	       0xfd00005au
#define STAND_KEY      0xe2000000u
#define STAND_SERVICE4 0xe300005au
/* An Ethernet address: four bytes; then numbers of 16 bits, of which SMALL_SET are the set, and the
 * lowest tells the variants apart. */
#define STAND_MAC      0xe400005au
#define STAND_PORT     0xd000u
#define STAND_SERVICE  0xd400u
#define STAND_MAC_HIGH 0xd800u
#define SMALL_SET      0x7eu
#define VARIANT	       20
#define KEY_SET	       0xfeu /* there is no set with that number */

static const char *const kinds[] = { "host", "net", NULL };
static const char *const directions[] = { "src", "dst", NULL };
static const char *const joints[] = { "or", "and", NULL };
static const char *const protocols[] = { "ip", "ip6", "arp", "rarp", NULL };
static const char *const operators[] = { "and", "or", "not", NULL };

/* What may stand in front of a set with its qualifiers: an operator, or nothing. */
static bool may_precede(const struct text *t, size_t end)
{
	size_t start;

	if (text_word_before(t, end, &start, operators))
		return true;
	while (end && isspace((unsigned char)t->p[end - 1]))
		end--;
	return !end || strchr("(!&|", t->p[end - 1]);
}

/* Where the qualifiers of the set that comes next begin: `[ip] [src [or dst]] [host]`. *@protocol:
 * the first, or NULL; *@kind: the last. */
static size_t qualifiers(const struct text *t, const char **protocol, const char **kind)
{
	size_t at = t->n, start, other, joint;
	const char *direction, *first;

	*kind = text_word_before(t, at, &start, kinds);
	if (*kind)
		at = start;
	direction = text_word_before(t, at, &start, directions);
	if (direction) {
		at = start;
		if (text_word_before(t, at, &joint, joints) &&
		    (first = text_word_before(t, joint, &other, directions)) && first != direction)
			at = other;
	}
	*protocol = text_word_before(t, at, &start, protocols);
	return *protocol ? start : at;
}

static bool add_address6(struct text *t, unsigned int variant, uint32_t set)
{
	uint32_t k = STAND6 | variant << VARIANT | set << 8;
	bool ok = true;

	for (uint32_t i = 0; i < 4 && ok; i++, k += 1 << 16)
		ok = text_add(t, "%s%x:%x", i ? ":" : "", k >> 16, k & 0xffff);
	return ok;
}

/* `host A`, `host B` or `host (A or B)`, as @protocol has it: one term, from which an address
 * behind it has its qualifiers, as from the address that it stands for. */
static bool add_stand(struct text *t, const char *qualified, const char *protocol,
		      unsigned int variant, uint32_t set)
{
	uint32_t k = STAND4 | variant << VARIANT | set << 8;
	bool v4 = !protocol || strcmp(protocol, "ip6"), v6 = !protocol || !v4, both = v4 && v6;
	bool ok = text_add(t, "%s %s", qualified, both ? "(" : "");

	if (v4)
		ok = ok &&
		     text_add(t, "%u.%u.%u.%u", k >> 24, k >> 16 & 0xff, k >> 8 & 0xff, k & 0xff);
	if (both)
		ok = ok && text_add(t, " or ");
	if (v6)
		ok = ok && add_address6(t, variant, set);
	return ok && (!both || text_add(t, ")"));
}

static uint32_t small(uint32_t stand, unsigned int variant, uint32_t set)
{
	return stand | set << 1 | variant;
}

static int refuse_use(struct words *w, const char *name, const char *what)
{
	snprintf(w->err, w->errlen, "'@%s' is a set of %s", name, what);
	return -EINVAL;
}

/* `[tcp] [src] port @NAME`: libpcap says what may stand in front. */
static int add_ports(struct words *w, struct text *t, const char *name, unsigned int variant,
		     uint32_t set)
{
	static const char *const port[] = { "port", NULL };
	size_t start;

	if (!text_word_before(t, t->n, &start, port))
		return refuse_use(w, name, "ports: write 'port @', 'dst port @', 'tcp port @'");
	return text_add(t, "%u", small(STAND_PORT, variant, set)) ? 0 : -ENOMEM;
}

static int add_macs(struct words *w, struct text *t, const char *name, unsigned int variant,
		    uint32_t set)
{
	static const char *const host[] = { "host", NULL }, *const ether[] = { "ether", NULL };
	uint32_t high = small(STAND_MAC_HIGH, variant, set), low;
	size_t at = t->n, start;
	bool qualified;

	qualified = text_word_before(t, at, &start, host);
	at = qualified ? start : at;
	if (text_word_before(t, at, &start, directions)) {
		qualified = true;
		at = start;
	}
	if (!qualified || !text_word_before(t, at, &start, ether))
		return refuse_use(w, name,
				  "Ethernet addresses: write 'ether host @', 'ether src @', 'ether "
				  "dst @'");
	low = STAND_MAC | variant << VARIANT | set << 8;
	return text_add(t, "%02x:%02x:%02x:%02x:%02x:%02x", high >> 8, high & 0xff, low >> 24,
			low >> 16 & 0xff, low >> 8 & 0xff, low & 0xff)
		       ? 0
		       : -ENOMEM;
}

/* `(ip src host A and tcp src port P)`. */
static bool add_service(struct text *t, const char *protocol, const char *direction,
			unsigned int variant, uint32_t set)
{
	uint32_t k = STAND_SERVICE4 | variant << VARIANT | set << 8;

	return text_add(t, "(ip %s host %u.%u.%u.%u and %s %s port %u)", direction, k >> 24,
			k >> 16 & 0xff, k >> 8 & 0xff, k & 0xff, protocol, direction,
			small(STAND_SERVICE, variant, set));
}

/* `[tcp] [src] @NAME`; without a direction, one end or the other. */
static int add_services(struct words *w, struct text *t, const char *name, unsigned int variant,
			uint32_t set)
{
	static const char *const layer4[] = { "tcp", "udp", "sctp", NULL };
	const char *direction, *protocol;
	size_t at = t->n, start;
	bool ok;

	direction = text_word_before(t, at, &start, directions);
	at = direction ? start : at;
	protocol = text_word_before(t, at, &start, layer4);
	at = protocol ? start : at;
	/* `src or dst @NAME` would be one end of one or the other: that is what `@NAME` is. */
	if (!may_precede(t, at) || (text_word_before(t, at, &start, joints) &&
				    text_word_before(t, start, &start, directions)))
		return refuse_use(w, name,
				  "addresses with ports: write 'src @', 'dst @', '@' for either, "
				  "'tcp' or 'udp' before these");
	t->n = at;
	if (direction)
		ok = add_service(t, protocol ?: "", direction, variant, set);
	else
		ok = text_add(t, "(") && add_service(t, protocol ?: "", "src", variant, set) &&
		     text_add(t, " or ") && add_service(t, protocol ?: "", "dst", variant, set) &&
		     text_add(t, ")");
	return ok ? 0 : -ENOMEM;
}

/* What pairs.c writes: `ip src host @!NAME and dst port @!NAME`. */
static int add_half(struct words *w, struct text *t, unsigned int variant, uint32_t set)
{
	static const char *const port[] = { "port", NULL };
	uint32_t k = STAND_SERVICE4 | variant << VARIANT | set << 8;
	size_t start;
	bool ok;

	w->sets |= 1u << set;
	if (text_word_before(t, t->n, &start, port))
		ok = text_add(t, "%u", small(STAND_SERVICE, variant, set));
	else
		ok = text_add(t, "%u.%u.%u.%u", k >> 24, k >> 16 & 0xff, k >> 8 & 0xff, k & 0xff);
	return ok ? 0 : -ENOMEM;
}

static int add_keys(struct words *w, struct text *t, const char *name, unsigned int variant,
		    uint32_t set, enum set_kind kind)
{
	w->sets |= 1u << set;
	if (kind == SET_PORTS)
		return add_ports(w, t, name, variant, set);
	return kind == SET_MACS ? add_macs(w, t, name, variant, set)
				: add_services(w, t, name, variant, set);
}

/* @s is behind the '@'. Return: length of the name, or -EINVAL, -ENOMEM. */
static int add_set(struct words *w, struct text *t, const char *s, unsigned int variant)
{
	const char *only = *s == SET_IPV4_ONLY ? "ip4" : *s == SET_IPV6_ONLY ? "ip6" : NULL;
	const char *protocol, *kind;
	char name[64], *qualified;
	enum set_kind set_kind;
	size_t begin;
	int n = 0, set, err;
	bool ok, half;

	half = *s == SET_HALF;
	s += half || only;
	while (text_is_name(s[n]))
		n++;
	if (!n || n >= (int)sizeof(name)) {
		snprintf(w->err, w->errlen,
			 "'@%.*s': a set's name is 1 to %zu letters, digits, - _ .",
			 n > 80 ? 80 : n, s, sizeof(name) - 1);
		return -EINVAL;
	}
	memcpy(name, s, n);
	name[n] = 0;
	set = w->find ? w->find(w->arg, name, &set_kind) : -1;
	if (set < 0) {
		snprintf(w->err, w->errlen, "unknown set '@%s': define it first: set %s = \"FILE\"",
			 name, name);
		return -EINVAL;
	}
	if (set_kind != SET_ADDRESSES) {
		err = half ? add_half(w, t, variant, set)
			   : add_keys(w, t, name, variant, set, set_kind);
		return err ? err : n + half;
	}
	begin = qualifiers(t, &protocol, &kind);
	if (!may_precede(t, begin)) {
		snprintf(w->err, w->errlen,
			 "'@%s' stands alone or behind 'src', 'dst', 'src or dst', 'src and dst', "
			 "and "
			 "'ip', 'ip6', 'arp', 'rarp' before these, joined to the rest by 'and', "
			 "'or', 'not'",
			 name);
		return -EINVAL;
	}
	w->sets |= 1u << set;
	if (asprintf(&qualified, "%.*s%s", (int)(t->n - begin), t->p ? t->p + begin : "",
		     kind ? "" : " host") < 0)
		return -ENOMEM;
	t->n = begin;
	ok = add_stand(t, qualified, only ?: protocol, variant, set);
	free(qualified);
	return ok ? n + !!only : -ENOMEM;
}

static int replace_sets(struct words *w, struct text *t, const char *s, unsigned int variant)
{
	while (*s) {
		size_t n = strcspn(s, "@");
		int name;

		if (!text_add(t, "%.*s", (int)n, s))
			return -ENOMEM;
		s += n;
		if (!*s)
			break;
		name = add_set(w, t, s + 1, variant);
		if (name < 0)
			return name;
		s += name + 1;
	}
	return 0;
}

int words_translate(struct words *w, unsigned int variant, const char *key, char **out)
{
	struct text t = { .p = NULL };
	const char *text = words_behind_inner(w->text, &w->inner);
	bool wrap = key && *text, ok;
	int err = 0;

	*out = NULL;
	ok = text_add(&t, "%s", wrap ? "(" : "");
	if (ok)
		err = replace_sets(w, &t, text, variant);
	if (ok && !err && key)
		ok = text_add(&t, "%s(greater %u or ", wrap ? ") and " : "",
			      STAND_KEY | variant << VARIANT) &&
		     add_stand(&t, *key == 's' ? "src host" : "dst host", NULL, variant, KEY_SET) &&
		     text_add(&t, ")");
	if (ok && !err) {
		*out = t.p;
		return 0;
	}
	free(t.p);
	return err ? err : -ENOMEM;
}

uint16_t words_mark(uint32_t k)
{
	uint32_t set = k >> 8 & 0xff;

	if (k == STAND_KEY)
		return MARK(MARK_KEY, 0);
	if ((k & 0xffff00ff) == STAND4)
		return set == KEY_SET ? MARK(MARK_KEY4, 0) : MARK(MARK_SET4, set);
	if ((k & 0xffff00ff) == STAND_SERVICE4)
		return MARK(MARK_SERVICE4, set);
	if ((k & 0xffff00ff) == STAND_MAC)
		return MARK(MARK_MAC_LOW, set);
	switch (k & ~SMALL_SET) {
	case STAND_PORT:
		return MARK(MARK_PORT, (k & SMALL_SET) >> 1);
	case STAND_SERVICE:
		return MARK(MARK_SERVICE, (k & SMALL_SET) >> 1);
	case STAND_MAC_HIGH:
		return MARK(MARK_MAC, (k & SMALL_SET) >> 1);
	}
	if ((k & 0xfffc00ff) != STAND6)
		return MARK_NONE;
	if ((k >> 16 & 3) != 3)
		return MARK(MARK_SET6_WORD, 0);
	return set == KEY_SET ? MARK(MARK_KEY6, 0) : MARK(MARK_SET6, set);
}
