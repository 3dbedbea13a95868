/* SPDX-License-Identifier: GPL-2.0-only */
/* Bytes that are no UTF-8, in JSON. jansson, which refuses what is not valid, is the judge. */
#include "t.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
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

int main(void)
{
	char cut[4];

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
