/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "scan.h"

#include <ctype.h>
#include <string.h>

const char *scan_blanks(const char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

bool scan_word(const char **s, char *word, size_t size)
{
	size_t n = 0;

	while ((*s)[n] && !isspace((unsigned char)(*s)[n]))
		n++;
	if (!n || n >= size)
		return false;
	memcpy(word, *s, n);
	word[n] = 0;
	*s = scan_blanks(*s + n);
	return true;
}

bool scan_take(const char **s, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(*s, word, n) || ((*s)[n] && !isspace((unsigned char)(*s)[n])))
		return false;
	*s = scan_blanks(*s + n);
	return true;
}

bool scan_number(const char *s, const char *end, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (s == end)
		return false;
	for (; s < end; s++) {
		if (!isdigit((unsigned char)*s) || n > max)
			return false;
		n = n * 10 + (*s - '0');
	}
	*out = n;
	return n && n <= max;
}
