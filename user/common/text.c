/* SPDX-License-Identifier: GPL-2.0-only */
#include "text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the valid character at @s, which ends with a NUL; 0 if there is none (RFC 3629: no
 * overlong forms, no surrogates, nothing above U+10FFFF). */
static size_t character(const uint8_t *s)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	if (s[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

char *text_utf8(char *to, size_t size, const char *from)
{
	size_t used = 0;

	while (*from) {
		size_t n = character((const uint8_t *)from);
		char escaped[8];
		int len = n ? (int)n
			    : snprintf(escaped, sizeof(escaped), "\\x%02x", (unsigned char)*from);

		if (used + len >= size)
			break;
		memcpy(to + used, n ? from : escaped, len);
		used += len;
		from += n ?: 1;
	}
	if (size)
		to[used] = '\0';
	return to;
}

json_t *json_text(const char *text)
{
	json_t *string;
	char *clean;
	size_t room;

	if (!text)
		return json_null();
	string = json_string(text);
	if (string)
		return string;
	room = 4 * strlen(text) + 1;
	clean = malloc(room);
	string = clean ? json_string(text_utf8(clean, room, text)) : NULL;
	free(clean);
	return string;
}
