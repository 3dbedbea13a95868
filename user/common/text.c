/* SPDX-License-Identifier: GPL-2.0-only */
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "printable.h"

char *text_utf8(char *to, size_t size, const char *from)
{
	size_t used = 0;

	while (*from) {
		size_t n = utf8_length(from);
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
