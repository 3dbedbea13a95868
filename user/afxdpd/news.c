/* SPDX-License-Identifier: GPL-2.0-only */
/* news.c - what sinks that keep it with their frames are told: the rules, and the ledger. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "daemon.h"

/* A file that ends has a ledger that is no older. */
#define NEWS_NS 1000000000ULL

/* Life number @i of 1 + d->named_count; NULL: it cannot be told anything. */
static struct life *listener(const struct daemon *d, uint32_t i)
{
	struct life *l = i ? d->named[i - 1].life : d->sink;

	return l && l->ops->ledger && l->opened && !l->closed ? l : NULL;
}

static bool any(const struct daemon *d)
{
	for (uint32_t i = 0; i <= d->named_count; i++)
		if (listener(d, i))
			return true;
	return false;
}

/* "received 12, passed 3, ...": the rows of afxdpd(8), THE LEDGER. */
static void put_words(char *to, size_t size, const struct afxdp_account *a)
{
	size_t n = snprintf(to, size, "ledger:");

	for (const struct afxdp_account_field *f = afxdp_account_fields; f->name && n < size; f++)
		n += snprintf(to + n, size - n, "%s %s %lld", f == afxdp_account_fields ? "" : ",",
			      f->name, (long long)afxdp_account_value(a, f));
}

void daemon_tell_ledger(struct daemon *d, const struct picture *p)
{
	struct sink_ledger told = {
		.ns = d->end_ns ?: daemon_now(),
		.began_ns = d->start_ns,
		.received = p->total.received,
		.missed = p->nic.missed + p->nic.no_buffer,
	};

	put_words(told.text, sizeof(told.text), &p->total);
	for (uint32_t i = 0; i <= d->named_count; i++) {
		const struct afxdp_account *route = &p->route[i];
		struct life *l = listener(d, i);

		if (!l)
			continue;
		told.captured = route->captured;
		told.lost = route->ring_full + route->fill_empty + route->kernel_dropped;
		told.delivered = route->delivered;
		l->ops->ledger(l->sink, &told);
	}
}

/* From malloc(): a rule a line, with the number that frames have. */
static char *rules_text(const struct afxdp_rules *rules)
{
	const char *to = rules ? afxdp_rules_default_consumer(rules) : NULL;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	for (uint32_t i = 0; rules && i < afxdp_rules_count(rules); i++)
		fprintf(f, "%u: %s\n", i, afxdp_rules_text(rules, i));
	fprintf(f, "default: %s%s%s",
		rules ? afxdp_verdict_name(afxdp_rules_default(rules)) : "capture",
		to ? " to " : "", to ?: "");
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

void daemon_tell_rules(struct daemon *d)
{
	char *text = any(d) ? rules_text(d->rules) : NULL;

	for (uint32_t i = 0; text && i <= d->named_count; i++) {
		struct life *l = listener(d, i);

		if (l)
			l->ops->rules(l->sink, text);
	}
	free(text);
}

void daemon_news_tick(struct daemon *d)
{
	struct picture p;
	uint64_t now = daemon_now();

	if (now - d->news_ns < NEWS_NS || !any(d) || daemon_look(d, &p))
		return;
	d->news_ns = now;
	daemon_tell_ledger(d, &p);
	picture_free(&p);
}
