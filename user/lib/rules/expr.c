/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * expr.c - libpcap's language, and sets in it.
 *
 * libpcap knows nothing of sets. So `src @NAME` becomes a comparison with a byte that no frame has
 * (graph.h, SET_PLACE), in parentheses; where that load comes out again, graph.c looks the set up.
 *
 * The only file that includes libpcap's headers: their struct bpf_insn is not the kernel's.
 */
#include "expr.h"

#include <ctype.h>
#include <errno.h>
#include <pcap/pcap.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <afxdp/classifier.h>

/* What tcpdump takes by default: `ret #262144`. The value only has to be other than 0. */
#define SNAPLEN 262144

struct text {
	char *p;
	size_t n, room;
};

static bool add(struct text *t, const char *s, size_t n)
{
	if (t->n + n + 1 > t->room) {
		size_t room = (t->n + n + 1) * 2;
		char *p = realloc(t->p, room);

		if (!p)
			return false;
		t->p = p;
		t->room = room;
	}
	memcpy(t->p + t->n, s, n);
	t->n += n;
	t->p[t->n] = 0;
	return true;
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

/* The word that ends at @end of @t, and where it begins. */
static size_t last_word(const struct text *t, size_t end, size_t *start)
{
	while (end && isspace((unsigned char)t->p[end - 1]))
		end--;
	*start = end;
	while (*start && is_name(t->p[*start - 1]))
		--*start;
	return end - *start;
}

static bool word_is(const struct text *t, size_t start, size_t n, const char *word)
{
	return strlen(word) == n && !strncmp(t->p + start, word, n);
}

/* What may stand in front of a set's name, or of its direction: an operator, or nothing. */
static bool may_precede(const struct text *t, size_t end)
{
	size_t start, n = last_word(t, end, &start);

	if (n)
		return word_is(t, start, n, "and") || word_is(t, start, n, "or") ||
		       word_is(t, start, n, "not");
	return !start || strchr("(!&|", t->p[start - 1]);
}

/* Take `src` or `dst` in front of a set back out of @t. */
static enum afxdp_set_direction direction(struct text *t)
{
	size_t start, n = last_word(t, t->n, &start);
	enum afxdp_set_direction d = AFXDP_SET_EITHER;

	if (word_is(t, start, n, "src"))
		d = AFXDP_SET_SRC;
	else if (word_is(t, start, n, "dst"))
		d = AFXDP_SET_DST;
	else
		return d;
	t->n = start;
	return d;
}

/* @s is behind the '@'. Return: length of the name, or -EINVAL, -ENOMEM. */
static int add_set(struct text *t, const char *s, struct expr *e, expr_find_set find, void *arg,
		   char *err, size_t errlen)
{
	enum afxdp_set_direction d = direction(t);
	char name[64], place[64];
	int n = 0, set;

	while (is_name(s[n]))
		n++;
	if (!n || n >= (int)sizeof(name)) {
		snprintf(err, errlen, "'@%.*s': a set's name is 1 to %zu letters, digits, - _ .",
			 n > 80 ? 80 : n, s, sizeof(name) - 1);
		return -EINVAL;
	}
	memcpy(name, s, n);
	name[n] = 0;
	set = find ? find(arg, name) : -1;
	if (set < 0) {
		snprintf(err, errlen, "unknown set '@%s': define it first: set %s = \"FILE\"", name,
			 name);
		return -EINVAL;
	}
	if (!may_precede(t, t->n)) {
		snprintf(err, errlen,
			 "'@%s' stands alone or behind 'src' or 'dst', joined to the rest by "
			 "'and', 'or', 'not'",
			 name);
		return -EINVAL;
	}
	e->sets |= 1u << set;
	snprintf(place, sizeof(place), "(ether[%u] != 0)", SET_PLACE_OF(set, d));
	return add(t, place, strlen(place)) ? n : -ENOMEM;
}

static int replace_sets(struct text *t, const char *s, struct expr *e, expr_find_set find,
			void *arg, char *err, size_t errlen)
{
	while (*s) {
		size_t n = strcspn(s, "@");
		int name;

		if (!add(t, s, n))
			return -ENOMEM;
		s += n;
		if (!*s)
			break;
		name = add_set(t, s + 1, e, find, arg, err, errlen);
		if (name < 0)
			return name;
		s += name + 1;
	}
	return 0;
}

/* libpcap's words, as one line, without a full stop. */
static void reason(char *err, size_t errlen, const char *why)
{
	size_t n;

	snprintf(err, errlen, "%s", why);
	n = strlen(err);
	while (n && (err[n - 1] == '.' || isspace((unsigned char)err[n - 1])))
		err[--n] = 0;
	for (size_t i = 0; i < n; i++)
		if (iscntrl((unsigned char)err[i]))
			err[i] = ' ';
}

static int copy_code(struct expr *e, const struct bpf_program *p)
{
	e->code = calloc(p->bf_len, sizeof(*e->code));
	if (!e->code)
		return -ENOMEM;
	e->len = p->bf_len;
	for (uint32_t i = 0; i < e->len; i++)
		e->code[i] = (struct cbpf){ .code = p->bf_insns[i].code,
					    .jt = p->bf_insns[i].jt,
					    .jf = p->bf_insns[i].jf,
					    .k = p->bf_insns[i].k };
	return 0;
}

int expr_compile(struct expr *e, const char *text, expr_find_set find, void *arg, char *err,
		 size_t errlen)
{
	struct bpf_program program;
	struct text t = { 0 };
	pcap_t *pcap = NULL;
	int ret;

	*e = (struct expr){ .code = NULL };
	ret = -EINVAL;
	if (strlen(text) > EXPR_MAX) {
		snprintf(err, errlen, "the expression has %zu characters, more than %d",
			 strlen(text), EXPR_MAX);
		return ret;
	}
	ret = add(&t, "", 0) ? replace_sets(&t, text, e, find, arg, err, errlen) : -ENOMEM;
	if (ret)
		goto out;
	ret = -ENOMEM;
	pcap = pcap_open_dead(DLT_EN10MB, SNAPLEN);
	if (!pcap)
		goto out;
	ret = -EINVAL;
	if (pcap_compile(pcap, &program, t.p, 1, PCAP_NETMASK_UNKNOWN)) {
		reason(err, errlen, pcap_geterr(pcap));
		goto out;
	}
	ret = copy_code(e, &program);
	pcap_freecode(&program);
out:
	if (ret == -ENOMEM)
		snprintf(err, errlen, "out of memory");
	if (pcap)
		pcap_close(pcap);
	free(t.p);
	return ret;
}

void expr_free(struct expr *e)
{
	free(e->code);
	*e = (struct expr){ .code = NULL };
}
