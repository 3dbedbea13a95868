/* SPDX-License-Identifier: GPL-2.0-only */
#include "numbers.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool number_parse(const char *text, int base, uint64_t min, uint64_t max, uint64_t *out)
{
	char *end;

	/* strtoull would take "-1", and blanks. */
	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*out = strtoull(text, &end, base);
	return !errno && !*end && *out >= min && *out <= max;
}

int number_list(const char *text, uint32_t *list, uint32_t max, bool again)
{
	char *copy = strdup(text), *item, *save = NULL;
	int n = 0;

	if (!copy)
		return -ENOMEM;
	/* strtok would let "0,,1" and "," pass. */
	if (!*text || *text == ',' || text[strlen(text) - 1] == ',' || strstr(text, ",,"))
		goto bad;
	for (item = strtok_r(copy, ",", &save); item; item = strtok_r(NULL, ",", &save)) {
		char *dash = strchr(item, '-');
		uint64_t first, last;

		if (dash)
			*dash = '\0';
		if (!number_parse(item, 10, 0, UINT32_MAX - 1, &first))
			goto bad;
		last = first;
		if (dash && !number_parse(dash + 1, 10, first, UINT32_MAX - 1, &last))
			goto bad;
		if (last - first >= max - n)
			goto bad;
		for (; first <= last; first++) {
			for (int i = 0; i < n && !again; i++)
				if (list[i] == first)
					goto bad;
			list[n++] = first;
		}
	}
	free(copy);
	return n;
bad:
	free(copy);
	return -EINVAL;
}
