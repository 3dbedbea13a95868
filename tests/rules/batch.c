/* SPDX-License-Identifier: GPL-2.0-only */
#include "batch.h"

#include <stdio.h>
#include <string.h>
#include "../unit/t.h"

void batch_fill_in(char *to, size_t size, const char *template, const char *what)
{
	size_t n = 0;

	for (; *template && n + 1 < size; template ++)
		if (*template == '%')
			n += snprintf(to + n, size - n, "%s", what);
		else
			to[n++] = *template;
	to[n] = 0;
}

void batch_load(struct batch *b, const char *head)
{
	static char text[BATCH_MAX * (BATCH_EXPR + 16)];
	struct afxdp_rules *rules;
	char err[512];
	size_t n = snprintf(text, sizeof(text), "%s", head);

	for (uint32_t i = 0; i < b->n; i++)
		n += snprintf(text + n, sizeof(text) - n, "count %s\n", b->ours[i]);
	CHECK(!afxdp_rules_parse_text("rules", text, n, &rules, err, sizeof(err)), "%s", err);
	CHECK(!probe_load(&b->run, rules), "the kernel refuses:\n%s", text);
}

void batch_unload(struct batch *b)
{
	for (uint32_t i = 0; i < b->n; i++)
		reference_free(b->reference[i]);
	probe_close(&b->run);
	b->n = 0;
}

void batch_add(struct batch *b, const char *ours, const char *theirs)
{
	char err[512];

	CHECK(b->n < BATCH_MAX, "more than %d expressions", BATCH_MAX);
	snprintf(b->ours[b->n], BATCH_EXPR, "%s", ours);
	b->reference[b->n] = reference_make(theirs, err, sizeof(err));
	CHECK(b->reference[b->n], "'%s': %s", theirs, err);
	b->n++;
}

uint64_t batch_ask(struct batch *b, const struct frame *sent, const struct frame *seen)
{
	uint64_t yes = 0;

	probe_frame(&b->run, sent->data, sent->len);
	for (uint32_t i = 0; i < b->n; i++) {
		int want = reference_match(b->reference[i], seen->data, seen->len);
		bool got = b->run.probe->matched >> i & 1;

		if (want < 0)
			continue;
		if (want != got)
			for (uint32_t at = 0; at < sent->len && at < 160; at++)
				fprintf(stderr, "%02x%s", sent->data[at],
					at % 16 == 15 ? "\n" : " ");
		CHECK(want == got, "'%s': %d, expected %d (%u bytes, stripped %d)", b->ours[i], got,
		      want, sent->len, !!(b->run.probe->flags & AFXDP_META_VLAN_STRIP));
		yes += want;
	}
	return yes;
}

uint64_t batch_ask_stripped(struct batch *b, const struct frame *f, const struct frame *seen)
{
	static struct frame stripped;
	uint64_t yes;
	bool ad;

	if (!frame_strip(f, &stripped, &b->run.probe->vlan_tci, &ad))
		return 0;
	b->run.probe->flags = AFXDP_META_VLAN | AFXDP_META_VLAN_STRIP |
			      (ad ? AFXDP_META_VLAN_AD : 0);
	yes = batch_ask(b, &stripped, seen);
	b->run.probe->flags = 0;
	return yes;
}

bool frame_may_be_cut(const struct frame *f, uint32_t before)
{
	if (f->len >= before)
		return false;
	for (uint32_t i = 12; i + 1 < f->len && i < 80; i++)
		if ((f->data[i] == 0x86 && f->data[i + 1] == 0xdd) || f->data[i] == 0x57 ||
		    f->data[i] >> 4 == 6)
			return true;
	return false;
}
