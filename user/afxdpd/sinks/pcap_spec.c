/* SPDX-License-Identifier: GPL-2.0-only */
#include "pcap_spec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "numbers.h"

/* A file's own header is 24 bytes; less than a few frames makes no sense. */
#define SIZE_MIN 65536

/* MAC addresses and a tag are always whole. */
#define SNAPLEN_MIN 64

static bool parse_bytes(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	static const char units[] = "kMG";
	size_t len = strlen(text);
	const char *unit = len ? strchr(units, text[len - 1]) : NULL;
	uint32_t shift = unit && *unit ? 10 * (uint32_t)(unit - units + 1) : 0;
	char digits[32];

	if (shift)
		len--;
	if (!len || len >= sizeof(digits))
		return false;
	memcpy(digits, text, len);
	digits[len] = 0;
	if (!number_parse(digits, 10, 0, max >> shift, out))
		return false;
	*out <<= shift;
	return *out >= min;
}

static bool set_number(const char *v, uint32_t min, uint32_t max, uint32_t *out)
{
	uint64_t n;

	if (!parse_bytes(v, min, max, &n))
		return false;
	*out = n;
	return true;
}

static bool set_size(struct pcap_spec *s, const char *v)
{
	return parse_bytes(v, SIZE_MIN, 1ULL << 62, &s->size);
}

static bool set_seconds(struct pcap_spec *s, const char *v)
{
	return set_number(v, 1, 1U << 30, &s->seconds);
}

static bool set_files(struct pcap_spec *s, const char *v)
{
	return set_number(v, 2, PCAP_FILES_MAX, &s->files);
}

static bool set_snaplen(struct pcap_spec *s, const char *v)
{
	return set_number(v, SNAPLEN_MIN, PCAP_SNAPLEN, &s->snaplen);
}

static bool set_mode(struct pcap_spec *s, const char *v)
{
	uint64_t n;

	/* What we cannot write ourselves we could not go on with. */
	if (!number_parse(v, 8, 0, 0777, &n) || (n & 0600) != 0600)
		return false;
	s->mode = n;
	return true;
}

static bool set_append(struct pcap_spec *s, const char *v)
{
	(void)v;
	s->append = true;
	return true;
}

static bool set_excl(struct pcap_spec *s, const char *v)
{
	(void)v;
	s->excl = true;
	return true;
}

static const struct word {
	const char *name;
	bool (*set)(struct pcap_spec *spec, const char *value);
	const char *wants; /* NULL: no value */
} words[] = {
	{ "size", set_size, "bytes, at least 64k; k, M and G may follow" },
	{ "seconds", set_seconds, "a number from 1" },
	{ "files", set_files, "a number from 2 to 10000" },
	{ "snaplen", set_snaplen, "bytes, from 64 to 256k" },
	{ "mode", set_mode, "permissions as chmod(1) has them in numbers, from 600 to 777" },
	{ "append", set_append, NULL },
	{ "excl", set_excl, NULL },
};

/* The word that ",NAME=" or ",NAME" at @comma is, or NULL. */
static const struct word *word_at(const char *comma)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t len = strlen(words[i].name);

		if (!strncmp(comma + 1, words[i].name, len) &&
		    (words[i].wants ? comma[1 + len] == '='
				    : !comma[1 + len] || comma[1 + len] == ','))
			return &words[i];
	}
	return NULL;
}

static const char *words_begin(const char *text)
{
	for (const char *c = strchr(text, ','); c; c = strchr(c + 1, ','))
		if (word_at(c))
			return c;
	return text + strlen(text);
}

/* @comma: where the first one begins, or the end of @text. */
static int parse_words(struct pcap_spec *spec, const char *kind, const char *text,
		       const char *comma, char *why, size_t size)
{
	while (*comma) {
		const struct word *w = word_at(comma);
		const char *end = strchrnul(comma + 1, ',');
		char value[64];

		if (!w) {
			snprintf(why, size,
				 "sink '%s:%s': '%.*s' is none of size=, seconds=, files=, "
				 "snaplen=, mode=, append, excl",
				 kind, text, (int)(end - comma - 1), comma + 1);
			return -EINVAL;
		}
		comma += strlen(w->name) + 1 + !!w->wants;
		snprintf(value, sizeof(value), "%.*s", (int)(end - comma), comma);
		if (end - comma >= (long)sizeof(value) || !w->set(spec, value)) {
			snprintf(why, size, "sink '%s:%s': %s='%s': must be %s", kind, text,
				 w->name, value, w->wants);
			return -EINVAL;
		}
		comma = end;
	}
	return 0;
}

/* Whether one word leaves another its meaning. */
static int agree(const struct pcap_spec *spec, const char *kind, const char *text, char *why,
		 size_t size)
{
	bool rotates = pcap_spec_rotates(spec);
	const char *wrong =
		spec->files && !rotates
			? "files= needs size= or seconds=: when should the next one begin?"
		: rotates && !strcmp(spec->path, "-") ? "standard output is one file only"
		: spec->append && rotates	      ? "append is for a capture of one file"
		: spec->append && spec->excl
			? "append goes on with what is there, excl wants nothing to be there"
		: spec->excl && spec->files && !pcap_spec_dated(spec)
			? "a ring takes its own files' places: excl cannot be"
			: NULL;

	if (!wrong)
		return 0;
	snprintf(why, size, "sink '%s:%s': %s", kind, text, wrong);
	return -EINVAL;
}

int pcap_spec_parse(struct pcap_spec *spec, const char *kind, const char *text, char *why,
		    size_t size)
{
	const char *comma = words_begin(text);
	size_t len = comma - text;
	int err;

	/* What is captured is nobody else's business. */
	*spec = (struct pcap_spec){ .snaplen = PCAP_SNAPLEN, .mode = 0600 };
	if (len >= sizeof(spec->path)) {
		snprintf(why, size, "sink '%s:%s': the name is too long", kind, text);
		return -ENAMETOOLONG;
	}
	memcpy(spec->path, text, len);
	err = parse_words(spec, kind, text, comma, why, size);
	if (err)
		return err;
	return agree(spec, kind, text, why, size);
}

/* Whether @before is @name, or that with a number behind it. */
static bool same_name(const char *before, const char *name)
{
	size_t len = strlen(name);

	return before && !strncmp(before, name, len) && (!before[len] || before[len] == '.');
}

int pcap_spec_name(const struct pcap_spec *spec, uint64_t n, time_t now, const char *before,
		   char *name, size_t size)
{
	int digits = snprintf(NULL, 0, "%u", spec->files ? spec->files - 1 : 0);
	unsigned long long number = spec->files ? n % spec->files : n;
	size_t len;
	struct tm tm;

	if (pcap_spec_dated(spec)) {
		/* strftime() returns 0 for what does not fit. */
		if (!localtime_r(&now, &tm) || !strftime(name, size, spec->path, &tm))
			return -ENAMETOOLONG;
		len = strlen(name);
		if (same_name(before, name))
			len += snprintf(name + len, size - len, ".%llu", (unsigned long long)n);
	} else if (spec->files) {
		len = snprintf(name, size, "%s%0*llu", spec->path, digits, number);
	} else if (n) {
		len = snprintf(name, size, "%s%llu", spec->path, number);
	} else {
		len = snprintf(name, size, "%s", spec->path);
	}
	return len < size ? 0 : -ENAMETOOLONG;
}
