/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * expr.c - libpcap's language to classic BPF.
 *
 * Without libpcap's optimiser: it gets expressions wrong (docs/compiler.md), takes time that grows
 * with the square of their length, and what it is there for is done behind it anyway.
 *
 * The only file that includes libpcap's headers: their struct bpf_insn is not the kernel's.
 */
#include "expr.h"

#include <ctype.h>
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What tcpdump takes by default: `ret #262144`. The value only has to be other than 0. */
#define SNAPLEN 262144

/* Where Linux has what is not in a frame: loads from these places (SKF_AD_OFF and below). */
#define BESIDE_THE_FRAME 0xffe00000u

/* libpcap's words, as one line, without a full stop. */
static void reason(char *err, size_t errlen, const char *why, const char *advice)
{
	size_t n;

	snprintf(err, errlen, "%s", why);
	n = strlen(err);
	while (n && (err[n - 1] == '.' || isspace((unsigned char)err[n - 1])))
		err[--n] = 0;
	for (size_t i = 0; i < n; i++)
		if (iscntrl((unsigned char)err[i]))
			err[i] = ' ';
	if (advice && n < errlen)
		snprintf(err + n, errlen - n, ": %s", advice);
}

/* Compile @text into @program. Return: 0; -EINVAL with the reason in w->err; -ENOMEM. */
static int compile(const struct words *w, const char *text, struct bpf_program *program)
{
	pcap_t *pcap = pcap_open_dead(DLT_EN10MB, SNAPLEN);
	int ret = 0;

	if (!pcap)
		return -ENOMEM;
	if (pcap_compile(pcap, program, text, 0, PCAP_NETMASK_UNKNOWN)) {
		reason(w->err, w->errlen, pcap_geterr(pcap), words_advice(w->text));
		ret = -EINVAL;
	}
	pcap_close(pcap);
	return ret;
}

static int copy_code(struct expr *e, const struct bpf_program *p)
{
	e->code = calloc(p->bf_len, sizeof(*e->code));
	e->mark = calloc(p->bf_len, sizeof(*e->mark));
	if (!e->code || !e->mark)
		return -ENOMEM;
	e->len = p->bf_len;
	for (uint32_t i = 0; i < e->len; i++)
		e->code[i] = (struct cbpf){ .code = p->bf_insns[i].code,
					    .jt = p->bf_insns[i].jt,
					    .jf = p->bf_insns[i].jf,
					    .k = p->bf_insns[i].k };
	return 0;
}

/* What differs between the two variants stands for something. */
static int find_marks(struct expr *e, const struct bpf_program *other)
{
	uint32_t i;

	for (i = 0; i < e->len && i < other->bf_len; i++) {
		if (e->code[i].k == other->bf_insns[i].k)
			continue;
		e->mark[i] = words_mark(e->code[i].k);
		if (!e->mark[i] || BPF_CLASS(e->code[i].code) != BPF_JMP)
			return -EINVAL;
	}
	return i == e->len && i == other->bf_len ? 0 : -EINVAL;
}

/* Words that ask for such things are refused by name (strangers.c): should there be one more, it is
 * not accepted in silence. */
static int check_places(const struct expr *e)
{
	for (uint32_t i = 0; i < e->len; i++)
		if (BPF_CLASS(e->code[i].code) == BPF_LD && BPF_MODE(e->code[i].code) == BPF_ABS &&
		    e->code[i].k >= BESIDE_THE_FRAME)
			return -EINVAL;
	return 0;
}

/* Compile variant @variant of @w. */
static int compile_variant(struct words *w, unsigned int variant, const char *key,
			   struct bpf_program *program)
{
	char *text;
	int ret = words_translate(w, variant, key, &text);

	if (ret)
		return ret;
	ret = compile(w, text, program);
	free(text);
	return ret;
}

static int compile_both(struct expr *e, struct words *w, const char *key)
{
	struct bpf_program program;
	int ret;

	if (key) {
		/* By itself first: in parentheses more might be an expression. */
		ret = compile_variant(w, 0, NULL, &program);
		if (ret)
			return ret;
		pcap_freecode(&program);
	}
	ret = compile_variant(w, 0, key, &program);
	if (ret)
		return ret;
	ret = copy_code(e, &program);
	pcap_freecode(&program);
	if (ret || (!w->sets && !key))
		return ret;
	ret = compile_variant(w, 1, key, &program);
	if (ret)
		return ret;
	ret = find_marks(e, &program);
	pcap_freecode(&program);
	if (ret)
		snprintf(w->err, w->errlen,
			 "libpcap makes something of it that is not understood here");
	return ret;
}

int expr_compile(struct expr *e, const char *text, const char *key, expr_find_set find, void *arg,
		 char *err, size_t errlen)
{
	struct words w = { .text = text, .find = find, .arg = arg, .err = err, .errlen = errlen };
	int ret;

	*e = (struct expr){ .code = NULL };
	if (strlen(text) > EXPR_MAX) {
		snprintf(err, errlen, "the expression has %zu characters, more than %d",
			 strlen(text), EXPR_MAX);
		return -EINVAL;
	}
	ret = words_check(&w);
	if (!ret)
		ret = compile_both(e, &w, key);
	e->inner = w.inner;
	if (!ret && check_places(e)) {
		snprintf(err, errlen, "it asks for what is not in a frame");
		ret = -EINVAL;
	}
	if (ret == -ENOMEM)
		snprintf(err, errlen, "out of memory");
	return ret;
}

int expr_copy(struct expr *to, const struct expr *from)
{
	*to = *from;
	to->code = malloc(from->len * sizeof(*from->code));
	to->mark = malloc(from->len * sizeof(*from->mark));
	if (!to->code || !to->mark)
		return -ENOMEM;
	memcpy(to->code, from->code, from->len * sizeof(*from->code));
	memcpy(to->mark, from->mark, from->len * sizeof(*from->mark));
	return 0;
}

void expr_free(struct expr *e)
{
	free(e->code);
	free(e->mark);
	*e = (struct expr){ .code = NULL };
}
