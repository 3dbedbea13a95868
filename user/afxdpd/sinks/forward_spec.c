/* SPDX-License-Identifier: GPL-2.0-only */
#include "forward_spec.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Six bytes in hexadecimal, two digits each, with colons. */
static bool parse_mac(const char *text, size_t len, uint8_t *mac)
{
	if (len != 3 * ETH_ALEN - 1)
		return false;
	for (int i = 0; i < ETH_ALEN; i++, text += 3) {
		char digits[3] = { text[0], text[1] };

		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]) ||
		    (i < ETH_ALEN - 1 && text[2] != ':'))
			return false;
		mac[i] = strtoul(digits, NULL, 16);
	}
	return true;
}

static int parse_word(struct forward_spec *spec, const char *word, size_t len)
{
	bool dst = !strncmp(word, "dst=", 4), src = !strncmp(word, "src=", 4);

	if (len < 4 || (!dst && !src) || !parse_mac(word + 4, len - 4, dst ? spec->dst : spec->src))
		return -EINVAL;
	/* Nobody sends from a group. */
	if (src && spec->src[0] & 1)
		return -EINVAL;
	*(dst ? &spec->set_dst : &spec->set_src) = true;
	return 0;
}

int forward_spec_parse(struct forward_spec *spec, const char *arg, char *why, size_t size)
{
	size_t len = strcspn(arg, ",");

	memset(spec, 0, sizeof(*spec));
	if (!len || len >= sizeof(spec->ifname)) {
		snprintf(why, size, "sink 'forward:%s': '%.*s' is no interface's name", arg,
			 (int)len, arg);
		return -EINVAL;
	}
	memcpy(spec->ifname, arg, len);
	for (const char *word = arg + len; *word; word += len) {
		len = strcspn(++word, ",");
		if (!parse_word(spec, word, len))
			continue;
		snprintf(why, size,
			 "sink 'forward:%s': '%.*s' must be dst=MAC or src=MAC, like "
			 "dst=02:00:00:00:00:01; src no group's address",
			 arg, (int)len, word);
		return -EINVAL;
	}
	return 0;
}
