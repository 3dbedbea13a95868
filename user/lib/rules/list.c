/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* list.c - a set's elements, sorted; and the file they come from. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "set.h"

/* Read so much at once; no line is longer. */
#define BLOCK 65536

/* Say of so many elements that their host bits were set; then only how many more there are. */
#define WARNINGS 5

static int compare4(const void *a, const void *b)
{
	prefix4 x = *(const prefix4 *)a, y = *(const prefix4 *)b;

	return x < y ? -1 : x > y;
}

static int compare6(const void *a, const void *b)
{
	return prefix6_compare(a, b);
}

static int make_room(void **array, uint32_t n, uint32_t *room, size_t size)
{
	uint32_t want = *room ? *room * 2 : 64;
	void *p;

	if (n < *room)
		return 0;
	p = realloc(*array, want * size);
	if (!p)
		return -ENOMEM;
	*array = p;
	*room = want;
	return 0;
}

static int append(struct set_list *l, const struct prefix *p)
{
	int err;

	if (p->ipv6) {
		err = make_room((void **)&l->v6, l->n6, &l->room6, sizeof(*l->v6));
		if (!err)
			l->v6[l->n6++] = p->v6;
	} else {
		err = make_room((void **)&l->v4, l->n4, &l->room4, sizeof(*l->v4));
		if (!err)
			l->v4[l->n4++] = p->v4;
	}
	return err;
}

static void sort(struct set_list *l)
{
	uint32_t n = 0;

	if (l->n4) {
		qsort(l->v4, l->n4, sizeof(*l->v4), compare4);
		for (uint32_t i = 1; i < l->n4; i++)
			if (l->v4[i] != l->v4[n])
				l->v4[++n] = l->v4[i];
		l->n4 = n + 1;
	}
	n = 0;
	if (l->n6) {
		qsort(l->v6, l->n6, sizeof(*l->v6), compare6);
		for (uint32_t i = 1; i < l->n6; i++)
			if (prefix6_compare(&l->v6[i], &l->v6[n]))
				l->v6[++n] = l->v6[i];
		l->n6 = n + 1;
	}
}

uint32_t list_find4(const struct set_list *l, prefix4 p)
{
	uint32_t low = 0, high = l->n4;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (l->v4[mid] < p)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

uint32_t list_find6(const struct set_list *l, const struct prefix6 *p)
{
	uint32_t low = 0, high = l->n6;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (prefix6_compare(&l->v6[mid], p) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

int list_add(struct set_list *l, const struct prefix *p)
{
	uint32_t at = p->ipv6 ? list_find6(l, &p->v6) : list_find4(l, p->v4);
	int err;

	if (p->ipv6 ? at < l->n6 && !prefix6_compare(&l->v6[at], &p->v6)
		    : at < l->n4 && l->v4[at] == p->v4)
		return -EEXIST;
	if (l->n4 + l->n6 >= SET_ELEMENTS_MAX)
		return -E2BIG;
	err = append(l, p);
	if (err)
		return err;
	if (p->ipv6) {
		memmove(&l->v6[at + 1], &l->v6[at], (l->n6 - 1 - at) * sizeof(*l->v6));
		l->v6[at] = p->v6;
	} else {
		memmove(&l->v4[at + 1], &l->v4[at], (l->n4 - 1 - at) * sizeof(*l->v4));
		l->v4[at] = p->v4;
	}
	return 0;
}

int list_del(struct set_list *l, const struct prefix *p)
{
	uint32_t at = p->ipv6 ? list_find6(l, &p->v6) : list_find4(l, p->v4);

	if (p->ipv6 ? at == l->n6 || prefix6_compare(&l->v6[at], &p->v6)
		    : at == l->n4 || l->v4[at] != p->v4)
		return -ENOENT;
	if (p->ipv6) {
		l->n6--;
		memmove(&l->v6[at], &l->v6[at + 1], (l->n6 - at) * sizeof(*l->v6));
	} else {
		l->n4--;
		memmove(&l->v4[at], &l->v4[at + 1], (l->n4 - at) * sizeof(*l->v4));
	}
	return 0;
}

int list_copy(struct set_list *to, const struct set_list *from)
{
	*to = (struct set_list){ .n4 = from->n4, .n6 = from->n6 };
	to->room4 = from->n4;
	to->room6 = from->n6;
	to->v4 = malloc((from->n4 ?: 1) * sizeof(*to->v4));
	to->v6 = malloc((from->n6 ?: 1) * sizeof(*to->v6));
	if (!to->v4 || !to->v6) {
		list_free(to);
		return -ENOMEM;
	}
	if (from->n4)
		memcpy(to->v4, from->v4, from->n4 * sizeof(*to->v4));
	if (from->n6)
		memcpy(to->v6, from->v6, from->n6 * sizeof(*to->v6));
	return 0;
}

void list_free(struct set_list *l)
{
	free(l->v4);
	free(l->v6);
	*l = (struct set_list){ .v4 = NULL };
}

/* ---- The file ---- */

struct reader {
	struct set_list *l;
	const char *path;
	uint32_t line, elements, masked;
	int (*warn)(void *arg, const char *line);
	void *arg;
	char *err;
	size_t errlen;
};

static int warn_masked(struct reader *r, const char *s, int n, const struct prefix *p)
{
	char text[PREFIX_TEXT], line[512];

	if (++r->masked > WARNINGS)
		return 0;
	prefix_print(p, text);
	snprintf(line, sizeof(line), "%s:%u: '%.*s' has bits behind its length: taken as %s",
		 r->path, r->line, n, s, text);
	return r->warn(r->arg, line);
}

static int read_line(struct reader *r, const char *s, size_t len)
{
	struct prefix p;
	bool masked;
	size_t n = 0;
	int err = 0;

	while (len && isspace((unsigned char)*s)) {
		s++;
		len--;
	}
	while (n < len && s[n] != '#')
		n++;
	while (n && isspace((unsigned char)s[n - 1]))
		n--;
	if (!n)
		return 0;
	if (!prefix_parse(s, n, &p, &masked)) {
		/* Unprintable bytes are for terminals to choke on. */
		for (len = 0; len < n && len < 60 && isprint((unsigned char)s[len]);)
			len++;
		snprintf(r->err, r->errlen, "%s:%u: '%.*s' is not an IPv4 or IPv6 address or CIDR",
			 r->path, r->line, (int)len, s);
		return -EINVAL;
	}
	if (++r->elements > SET_ELEMENTS_MAX) {
		snprintf(r->err, r->errlen, "%s:%u: more than %d elements", r->path, r->line,
			 SET_ELEMENTS_MAX);
		return -E2BIG;
	}
	if (masked)
		err = warn_masked(r, s, n, &p);
	return err ? err : append(r->l, &p);
}

/* Every whole line in @buf; and what is behind the last newline, if there is nothing to follow.
 * Return: how much of it that was, or -errno. */
static ssize_t read_block(struct reader *r, const char *buf, size_t have, bool last)
{
	size_t done = 0;
	int err = 0;

	while (!err && done < have) {
		const char *end = memchr(buf + done, '\n', have - done);

		if (!end && !last)
			break;
		r->line++;
		err = read_line(r, buf + done, (end ?: buf + have) - (buf + done));
		done = end ? (size_t)(end + 1 - buf) : have;
	}
	return err ? err : (ssize_t)done;
}

static int read_lines(struct reader *r, int fd)
{
	char *buf = malloc(BLOCK);
	ssize_t got = 1, done = 0;
	size_t have = 0;

	while (buf && got > 0 && done >= 0) {
		got = read(fd, buf + have, BLOCK - have);
		if (got < 0)
			break;
		have += got;
		done = read_block(r, buf, have, !got);
		if (done < 0)
			break;
		have -= done;
		memmove(buf, buf + done, have);
		if (have < BLOCK)
			continue;
		snprintf(r->err, r->errlen, "%s:%u: the line has more than %d characters", r->path,
			 r->line + 1, BLOCK - 1);
		done = -E2BIG;
	}
	if (got < 0) {
		done = -errno;
		snprintf(r->err, r->errlen, "%s: %s", r->path, strerror(errno));
	}
	if (!buf) {
		done = -ENOMEM;
		snprintf(r->err, r->errlen, "%s: out of memory", r->path);
	}
	free(buf);
	return done < 0 ? done : 0;
}

int list_read(struct set_list *l, const char *path, int (*warn)(void *arg, const char *line),
	      void *arg, char *err, size_t errlen)
{
	struct reader r = {
		.l = l, .path = path, .warn = warn, .arg = arg, .err = err, .errlen = errlen
	};
	char line[512];
	int fd, ret;

	*l = (struct set_list){ .v4 = NULL };
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		ret = -errno;
		snprintf(err, errlen, "%s: %s", path, strerror(-ret));
		return ret;
	}
	ret = read_lines(&r, fd);
	close(fd);
	if (!ret && r.masked > WARNINGS) {
		snprintf(line, sizeof(line), "%s: %u more elements have bits behind their length",
			 path, r.masked - WARNINGS);
		ret = warn(arg, line);
	}
	if (ret)
		list_free(l);
	else
		sort(l);
	return ret;
}
