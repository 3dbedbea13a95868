/* SPDX-License-Identifier: GPL-2.0-only */
#include "printable.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The longest character of UTF-8. */
#define CHARACTER 4

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
size_t utf8_length(const char *from)
{
	const uint8_t *s = (const uint8_t *)from;
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

/* The valid character of @n bytes at @s does something instead of being seen. */
static bool acts(const char *from, size_t n)
{
	const uint8_t *s = (const uint8_t *)from;

	if (n == 1)
		return *s < ' ' || *s == 0x7f;
	if (n == 2)
		return s[0] == 0xc2 && s[1] < 0xa0; /* C1: U+009B begins what ESC [ does */
	if (n != 3 || s[0] != 0xe2)
		return false;
	/* U+200E, U+200F, U+2028 to U+202E; U+2066 to U+2069: marks of direction, line ends. */
	return (s[1] == 0x80 && (s[2] == 0x8e || s[2] == 0x8f || (s[2] >= 0xa8 && s[2] <= 0xae))) ||
	       (s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9);
}

static char *clean(char *text, const char *keep)
{
	char *to = text;

	for (const char *from = text; *from;) {
		size_t n = utf8_length(from);

		if (n == 1 && strchr(keep, *from)) {
			*to++ = *from++;
		} else if (!n || acts(from, n)) {
			*to++ = '?';
			from += n ?: 1;
		} else {
			memmove(to, from, n);
			to += n;
			from += n;
		}
	}
	*to = '\0';
	return text;
}

char *printable(char *line)
{
	return clean(line, "");
}

char *printable_text(char *text)
{
	return clean(text, "\n\t");
}

/* ---- a stream ---- */

struct stream {
	int fd;
	size_t kept; /* the beginning of a character whose rest has not come yet */
	char tail[CHARACTER];
};

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= n;
	}
	return 0;
}

/* Bytes at the end of @text that are the beginning of a character. */
static size_t unfinished(const char *text, size_t len)
{
	for (size_t back = 1; back < CHARACTER && back <= len; back++) {
		uint8_t c = text[len - back];

		if ((c & 0xc0) == 0x80)
			continue;
		return c >= 0xc2 && back < (c < 0xe0 ? 2U : c < 0xf0 ? 3U : 4U) ? back : 0;
	}
	return 0;
}

static ssize_t stream_write(void *cookie, const char *from, size_t size)
{
	struct stream *s = cookie;
	size_t len = s->kept + size;
	char *text = malloc(len + 1);
	int err;

	if (!text)
		return 0;
	memcpy(text, s->tail, s->kept);
	memcpy(text + s->kept, from, size);
	s->kept = unfinished(text, len);
	len -= s->kept;
	memcpy(s->tail, text + len, s->kept);
	text[len] = '\0';
	for (size_t i = 0; i < len; i++)
		if (!text[i])
			text[i] = '?';
	printable_text(text);
	err = write_all(s->fd, text, strlen(text));
	free(text);
	errno = -err;
	return err ? 0 : (ssize_t)size;
}

static int stream_close(void *cookie)
{
	free(cookie);
	return 0;
}

FILE *printable_stream(int fd)
{
	const cookie_io_functions_t io = { .write = stream_write, .close = stream_close };
	struct stream *s = calloc(1, sizeof(*s));
	FILE *f;

	if (!s)
		return NULL;
	s->fd = fd;
	f = fopencookie(s, "w", io);
	if (!f)
		free(s);
	else if (isatty(fd))
		setvbuf(f, NULL, _IOLBF, BUFSIZ);
	return f;
}
