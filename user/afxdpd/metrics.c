/* SPDX-License-Identifier: GPL-2.0-only */
#include "metrics.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* More rules than this are not told apart (each is two series for as long as Prometheus keeps
 * them), and no more of a rule's text than this is shown. */
#define RULES_MAX 512
#define TEXT_MAX  120

struct page {
	FILE *f;
	bool openmetrics;
	const json_t *report;
	const struct metric *family;
	bool begun;	   /* its HELP and TYPE are there */
	char element[512]; /* labels of the element that is being shown, each behind a comma */
};

/* A label's value: a backslash, a quote and a newline are escaped, the rest is UTF-8 as it is. @max
 * bytes at most, whole characters. */
static void put_value(char *to, size_t size, const char *from, size_t max)
{
	size_t n = 0, len = strlen(from);

	if (len > max)
		for (len = max; len && (from[len] & 0xc0) == 0x80; len--)
			;
	for (const char *end = from + len; from < end && n + 3 < size; from++) {
		if (*from == '\n' || *from == '"' || *from == '\\')
			to[n++] = '\\';
		to[n++] = *from == '\n' ? 'n' : *from;
	}
	to[n] = '\0';
}

/* Its text, or "". */
static const char *text_at(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key)) ?: "";
}

static const json_t *at(const json_t *o, const char *path)
{
	while (o && path) {
		const char *dot = strchr(path, '.');

		o = dot ? json_object_getn(o, path, dot - path) : json_object_get(o, path);
		path = dot ? dot + 1 : NULL;
	}
	return o;
}

static void begin_family(struct page *p)
{
	static const char *const type[] = { "counter", "gauge", "histogram" };
	const struct metric *m = p->family;
	const char *end = m->type == METRIC_COUNTER && !p->openmetrics ? "_total" : "";

	if (p->begun)
		return;
	p->begun = true;
	fprintf(p->f, "# HELP afxdp_%s%s %s\n# TYPE afxdp_%s%s %s\n", m->name, end, m->help,
		m->name, end, type[m->type]);
}

/* One sample of the family: its name continued by @end, and one more label. */
static void put_name(struct page *p, const char *end, const char *label, const char *value)
{
	char interface[256], v[2 * TEXT_MAX + 8];

	begin_family(p);
	put_value(interface, sizeof(interface), text_at(p->report, "interface"), TEXT_MAX);
	fprintf(p->f, "afxdp_%s%s{interface=\"%s\"%s", p->family->name, end, interface, p->element);
	if (label) {
		put_value(v, sizeof(v), value, TEXT_MAX);
		fprintf(p->f, ",%s=\"%s\"", label, v);
	}
	fputs("} ", p->f);
}

static void put_sample(struct page *p, const char *label, const char *value, const json_t *number)
{
	put_name(p, p->family->type == METRIC_COUNTER ? "_total" : "", label, value);
	if (json_is_real(number))
		fprintf(p->f, "%.9g\n", json_real_value(number));
	else if (json_is_boolean(number))
		fprintf(p->f, "%d\n", json_is_true(number));
	else
		fprintf(p->f, "%" JSON_INTEGER_FORMAT "\n", json_integer_value(number));
}

/* Whether @word is one of @words, which blanks part; NULL: all are. */
static bool among(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *w = words; w && *w; w += strcspn(w, " "), w += *w == ' ')
		if (strcspn(w, " ") == len && !memcmp(w, word, len))
			return true;
	return !words;
}

static void put_text(struct page *p, const char *is)
{
	const struct metric *m = p->family;

	if (!m->members) {
		put_name(p, "", m->label, is);
		fputs("1\n", p->f);
		return;
	}
	for (const char *w = m->members; *w; w += strcspn(w, " "), w += *w == ' ') {
		char name[32];

		snprintf(name, sizeof(name), "%.*s", (int)strcspn(w, " "), w);
		put_name(p, "", m->label, name);
		fprintf(p->f, "%d\n", !strcmp(name, is));
	}
}

static void put_members(struct page *p, const json_t *o)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)o, key, value)
		if (json_is_number(value) && among(p->family->members, key))
			put_sample(p, p->family->label, key, value);
}

/* Buckets end at powers of two, where the histogram is exact: 256 ns to 8.6 s. */
static void put_histogram(struct page *p, const json_t *latency)
{
	const json_t *rows = json_object_get(latency, "histogram");
	json_int_t samples = json_integer_value(json_object_get(latency, "samples")), sum = 0;
	size_t row = 0;
	char bound[32];

	for (int bits = 8; bits <= 33; bits++) {
		json_int_t longest = (1LL << bits) - 1;

		for (; row < json_array_size(rows); row++) {
			const json_t *r = json_array_get(rows, row);

			if (json_integer_value(json_array_get(r, 0)) > longest)
				break;
			sum += json_integer_value(json_array_get(r, 1));
		}
		snprintf(bound, sizeof(bound), "%.9g", longest / 1e9);
		put_name(p, "_bucket", "le", bound);
		fprintf(p->f, "%" JSON_INTEGER_FORMAT "\n", sum);
	}
	put_name(p, "_bucket", "le", "+Inf");
	fprintf(p->f, "%" JSON_INTEGER_FORMAT "\n", samples);
	put_name(p, "_sum", NULL, NULL);
	fprintf(p->f, "%.9f\n", json_integer_value(json_object_get(latency, "sum")) / 1e9);
	put_name(p, "_count", NULL, NULL);
	fprintf(p->f, "%" JSON_INTEGER_FORMAT "\n", samples);
}

static void put_set(struct page *p, const json_t *from)
{
	const json_t *value = at(from, p->family->path);

	if (p->family->type == METRIC_HISTOGRAM && value)
		put_histogram(p, value);
	else if (json_is_object(value))
		put_members(p, value);
	else if (json_is_string(value))
		put_text(p, json_string_value(value));
	else if (json_is_number(value) || json_is_boolean(value))
		put_sample(p, NULL, NULL, value);
}

/* A queue by its number, a sink by its name, a rule by its number and text. */
static void name_element(struct page *p, const json_t *element)
{
	bool rule = !strcmp(p->family->each, "rules"), sink = !strcmp(p->family->each, "routes");
	json_int_t number = json_integer_value(json_object_get(element, rule ? "index" : "id"));
	char text[2 * TEXT_MAX + 8];

	put_value(text, sizeof(text), text_at(element, rule ? "text" : "name"), TEXT_MAX);
	if (sink)
		snprintf(p->element, sizeof(p->element), ",sink=\"%s\"", text);
	else if (rule)
		snprintf(p->element, sizeof(p->element),
			 ",rule=\"%" JSON_INTEGER_FORMAT "\",text=\"%s\"", number, text);
	else
		snprintf(p->element, sizeof(p->element), ",queue=\"%" JSON_INTEGER_FORMAT "\"",
			 number);
}

static void put_each(struct page *p)
{
	const json_t *list = json_object_get(p->report, p->family->each);
	json_int_t others = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *element = json_array_get(list, i);

		if (i >= RULES_MAX) {
			others += json_integer_value(at(element, p->family->path));
			continue;
		}
		name_element(p, element);
		put_set(p, element);
	}
	if (json_array_size(list) > RULES_MAX) {
		snprintf(p->element, sizeof(p->element), ",rule=\"others\",text=\"\"");
		put_name(p, "_total", NULL, NULL);
		fprintf(p->f, "%" JSON_INTEGER_FORMAT "\n", others);
	}
	p->element[0] = '\0';
}

char *metrics_text(const json_t *report, bool openmetrics, size_t *size)
{
	char *text = NULL;
	struct page p = { .report = report, .openmetrics = openmetrics };

	p.f = open_memstream(&text, size);
	if (!p.f)
		return NULL;
	for (p.family = metrics_table; p.family->name; p.family++) {
		p.begun = false;
		if (p.family->each)
			put_each(&p);
		else
			put_set(&p, report);
	}
	if (openmetrics)
		fputs("# EOF\n", p.f);
	if (fclose(p.f)) {
		free(text);
		text = NULL;
	}
	return text;
}
