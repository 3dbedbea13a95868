/* SPDX-License-Identifier: GPL-2.0-only */
/* Bytes that are no UTF-8, in JSON: jansson, which refuses what is not valid, is the judge. And
 * what a terminal would obey. */
#include "t.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "printable.h"
#include "text.h"

static void expect(const char *from, const char *want)
{
	json_t *s = json_text(from);

	CHECK(s && !strcmp(json_string_value(s), want), "'%s': '%s'", want,
	      s ? json_string_value(s) : "nothing");
	json_decref(s);
}

/* Any bytes, in a buffer of any size: what comes out is always valid, and what is valid stays. */
static void any_bytes(void)
{
	uint32_t seed = 1;

	for (int round = 0; round < 200000; round++) {
		char from[12], to[64];
		size_t len, size;
		json_t *judge, *out;

		for (len = 0; len < sizeof(from) - 1; len++) {
			seed = seed * 1664525 + 1013904223;
			from[len] = (char)(seed >> 24);
			/* Mostly bytes that mean something to UTF-8. */
			if (seed & 0x10000)
				from[len] |= (char)0x80;
		}
		from[len] = '\0';
		size = 1 + (seed >> 8) % sizeof(to);
		text_utf8(to, size, from);
		out = json_string(to);
		CHECK(out, "round %d: not UTF-8 after all", round);
		CHECK(strlen(to) < size, "round %d: too long", round);
		judge = json_string(from);
		if (judge && size == sizeof(to))
			CHECK(!strcmp(from, to), "round %d: changed though valid", round);
		json_decref(judge);
		json_decref(out);
	}
}

static void shown(const char *from, const char *want, const char *want_text)
{
	char line[64], text[64];

	snprintf(line, sizeof(line), "%s", from);
	snprintf(text, sizeof(text), "%s", from);
	CHECK(!strcmp(printable(line), want), "'%s' instead of '%s'", line, want);
	CHECK(!strcmp(printable_text(text), want_text), "'%s' instead of '%s'", text, want_text);
}

static void terminals(void)
{
	shown("plain\tcaf\xc3\xa9\n", "plain?caf\xc3\xa9?", "plain\tcaf\xc3\xa9\n");
	shown("\x1b[31m\a\r\b\x7f", "?[31m????", "?[31m????");
	shown("\xc2\x9b"
	      "31m\xc2\xa0",
	      "?31m\xc2\xa0", "?31m\xc2\xa0"); /* CSI in one */
	shown("\x9b"
	      "31m\xff",
	      "?31m?", "?31m?");
	shown("\xe2\x80\xae\xe2\x81\xa6\xe2\x80\xa8\xe2\x80\x94", "???\xe2\x80\x94",
	      "???\xe2\x80\x94");
	shown("\xf0\x9f\x90\x9d\xc3", "\xf0\x9f\x90\x9d?", "\xf0\x9f\x90\x9d?");
}

/* The stream may be cut anywhere, in the middle of characters and sequences, and says the same. */
static void stream_cut(size_t at)
{
	static const char text[] = "a\0b\xc2\x9b\xf0\x9f\x90\x9d\x1b]0;\xe2\x80\xae\n\xc3\xa9";
	static const char want[] = "a?b?\xf0\x9f\x90\x9d?]0;?\n\xc3\xa9";
	char got[64] = "";
	int ends[2];
	FILE *f;

	CHECK(!pipe(ends), "no pipe");
	f = printable_stream(ends[1]);
	CHECK(f, "no stream");
	fwrite(text, 1, at, f);
	fflush(f);
	fwrite(text + at, 1, sizeof(text) - 1 - at, f);
	CHECK(!fclose(f), "not closed");
	CHECK(read(ends[0], got, sizeof(got) - 1) == sizeof(want) - 1 && !strcmp(got, want),
	      "cut at %zu: '%s'", at, got);
	close(ends[0]);
	close(ends[1]);
}

static void stream_full(void)
{
	FILE *full = fopen("/dev/full", "w"), *f = printable_stream(fileno(full));

	fputs("x", f);
	CHECK(fflush(f) && ferror(f), "a full disk is not seen");
	fclose(f);
	fclose(full);
}

int main(void)
{
	char cut[4];

	terminals();
	for (size_t at = 0; at <= 19; at++)
		stream_cut(at);
	stream_full();

	expect("plain", "plain");
	expect("caf\xe9", "caf\\xe9");
	expect("caf\xc3\xa9", "caf\xc3\xa9");
	expect("\xc3", "\\xc3");
	expect("\xc0\xaf", "\\xc0\\xaf");	   /* overlong */
	expect("\xed\xa0\x80", "\\xed\\xa0\\x80"); /* surrogate */
	expect("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
	expect("", "");
	CHECK(json_is_null(json_text(NULL)), "NULL");
	CHECK(!strcmp(text_utf8(cut, sizeof(cut), "ab\xc3\xa9"), "ab"), "half a character");
	CHECK(!strcmp(text_utf8(cut, sizeof(cut), "a\xc3\xa9"), "a\xc3\xa9"), "a whole one");
	any_bytes();
	return 0;
}
