/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * import.c - the file of a set, as people write and download them.
 *
 * An element is an address, a CIDR, an address with a netmask, or a range A-B. Lines may hold
 * several, with commas; # and ; begin comments. Around elements there may be what `ipset save` and
 * `nft list set` print. What those say beyond addresses (exceptions, ports) is not taken, and
 * counted.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <unistd.h>
#include "set.h"

/* Read so much at once; no line is longer. */
#define BLOCK 65536

/* Say of so many elements what was wrong with them; then only how many more there are. */
#define WARNINGS 5

struct reader {
	struct set_list *l;
	const char *path;
	uint32_t line, elements, masked, refused;
	uint64_t now;
	uint64_t otherwise; /* nft's timeout of elements that say none */
	/* Of the element being read: how long it stays, and how much of that is left; 0: for ever. */
	uint64_t span, left;
	int (*warn)(void *arg, const char *line);
	void *arg;
	char *err;
	size_t errlen;
};

/* A stretch of a line. */
struct piece {
	const char *s;
	size_t n;
};

static struct piece trim(struct piece p)
{
	while (p.n && isspace((unsigned char)*p.s)) {
		p.s++;
		p.n--;
	}
	while (p.n && isspace((unsigned char)p.s[p.n - 1]))
		p.n--;
	return p;
}

/* The first word of *@p; *@p is then what is behind it. */
static struct piece take_word(struct piece *p)
{
	struct piece word = { p->s, 0 };

	while (word.n < p->n && !isspace((unsigned char)word.s[word.n]))
		word.n++;
	*p = trim((struct piece){ p->s + word.n, p->n - word.n });
	return word;
}

static bool is_word(struct piece p, const char *word)
{
	return strlen(word) == p.n && !memcmp(p.s, word, p.n);
}

static bool is_one_of(struct piece p, const char *const *words)
{
	while (*words && !is_word(p, *words))
		words++;
	return *words;
}

/* Unprintable bytes are for terminals to choke on. */
static int printable(struct piece p)
{
	size_t n = 0;

	while (n < p.n && n < 60 && isprint((unsigned char)p.s[n]))
		n++;
	return n;
}

static int warn_masked(struct reader *r, struct piece e, const struct prefix *p)
{
	char text[PREFIX_TEXT], line[512];

	if (++r->masked > WARNINGS)
		return 0;
	prefix_print(p, text);
	snprintf(line, sizeof(line), "%s:%u: '%.*s' has bits behind its length: taken as %s",
		 r->path, r->line, (int)e.n, e.s, text);
	return r->warn(r->arg, line);
}

static int not_taken(struct reader *r, struct piece e, const char *why)
{
	char line[512];

	if (++r->refused > WARNINGS)
		return 0;
	snprintf(line, sizeof(line), "%s:%u: '%.*s' is not taken: %s", r->path, r->line,
		 printable(e), e.s, why);
	return r->warn(r->arg, line);
}

static int wrong_element(struct reader *r, struct piece e, const char *why)
{
	snprintf(r->err, r->errlen, "%s:%u: '%.*s' %s", r->path, r->line, printable(e), e.s, why);
	return -EINVAL;
}

static int count(struct reader *r, uint64_t n)
{
	r->elements += n;
	if (r->elements > SET_ELEMENTS_MAX) {
		snprintf(r->err, r->errlen, "%s:%u: more than %d elements", r->path, r->line,
			 SET_ELEMENTS_MAX);
		return -E2BIG;
	}
	return 0;
}

/* The element that was appended ends, if the file says so. */
static int append_time(struct reader *r, struct timed_id id)
{
	if (!r->left)
		return 0;
	if (times_reserve(&r->l->times, 1))
		return -ENOMEM;
	times_append(&r->l->times, id, r->now + r->left, r->span);
	return 0;
}

static int append_keys(struct reader *r, const struct element *e)
{
	int err = list_append_keys(r->l, e);

	for (uint64_t k = e->first; !err && r->left && k <= e->last; k += AFXDP_SET_KEY(1, 0))
		err = append_time(r, timed_key(k));
	return err;
}

static int append(void *arg, const struct prefix *p)
{
	struct reader *r = arg;
	int err = count(r, 1);

	if (!err)
		err = list_append(r->l, p);
	return err ? err : append_time(r, timed_prefix(p));
}

/* The first says what the set is of. */
static int check_kind(struct reader *r, struct piece e, enum set_kind kind)
{
	if (!r->elements)
		r->l->kind = kind;
	if (r->l->kind == kind)
		return 0;
	snprintf(r->err, r->errlen, "%s:%u: '%.*s' is not one of the %s that the set is of",
		 r->path, r->line, printable(e), e.s, set_kinds[r->l->kind]);
	return -EINVAL;
}

/* `A-B`. The hyphen is at @hyphen. */
static int read_range(struct reader *r, struct piece e, const char *hyphen)
{
	struct piece from = trim((struct piece){ e.s, hyphen - e.s });
	struct piece to = trim((struct piece){ hyphen + 1, e.s + e.n - hyphen - 1 });
	struct prefix first, last;
	bool masked;

	if (memchr(e.s, '/', e.n) || !prefix_parse(from.s, from.n, &first, &masked) ||
	    !prefix_parse(to.s, to.n, &last, &masked) || first.ipv6 != last.ipv6)
		return wrong_element(r, e, "is not a range of IPv4 or IPv6 addresses");
	if (prefix_range(&first, &last, append, r) == -EINVAL)
		return wrong_element(r, e, "is a range that ends before it begins");
	return r->elements > SET_ELEMENTS_MAX ? -E2BIG : 0;
}

static int read_element(struct reader *r, struct piece e)
{
	const char *hyphen = memchr(e.s, '-', e.n);
	struct element one;
	bool masked, is = element_parse(e.s, e.n, &one, &masked);
	int err = check_kind(r, e, is ? one.kind : SET_ADDRESSES);

	if (err)
		return err;
	if (is && one.kind != SET_ADDRESSES) {
		err = count(r, ((one.last - one.first) >> 32) + 1);
		return err ? err : append_keys(r, &one);
	}
	if (hyphen)
		return read_range(r, e, hyphen);
	if (!is)
		return wrong_element(r, e, "is not an IPv4 or IPv6 address or CIDR");
	if (masked)
		err = warn_masked(r, e, &one.prefix);
	return err ? err : append(r, &one.prefix);
}

/* What follows an element, of ours, nft's and ipset's. */
static const char *const attributes[] = { "timeout", "expires", "comment", "counter", "packets",
					  "bytes",   "nomatch", "skbmark", "skbprio", "skbqueue",
					  "last",    "used",	NULL };

/* The first of @chars in @p that is not between quotation marks; NULL. */
static const char *find_outside(struct piece p, const char *chars)
{
	bool quoted = false;

	for (size_t i = 0; i < p.n; i++) {
		quoted ^= p.s[i] == '"';
		if (!quoted && strchr(chars, p.s[i]))
			return p.s + i;
	}
	return NULL;
}

/* Split *@e in front of its attributes. Return: these. */
static struct piece split_attributes(struct piece *e)
{
	struct piece rest = *e, at;

	while ((at = rest).n)
		if (is_one_of(take_word(&rest), attributes)) {
			*e = trim((struct piece){ e->s, at.s - e->s });
			return at;
		}
	return rest;
}

static void skip_quoted(struct piece *p)
{
	const char *end = p->n && *p->s == '"' ? memchr(p->s + 1, '"', p->n - 1) : NULL;

	if (end)
		*p = trim((struct piece){ end + 1, p->s + p->n - end - 1 });
}

static int read_span(struct reader *r, struct piece word, uint64_t *ns)
{
	if (span_parse(word.s, word.n, ns))
		return 0;
	return wrong_element(r, word,
			     "is not a time: 10m, 1h30m, 2d, 90 (seconds), up to ten years");
}

/* When the element ends that they are about. *@nomatch: ipset's exception. */
static int read_attributes(struct reader *r, struct piece rest, bool *nomatch)
{
	uint64_t left = 0;
	int err = 0;

	r->span = r->otherwise;
	while (rest.n && !err) {
		struct piece word = take_word(&rest);

		if (is_word(word, "timeout"))
			err = read_span(r, take_word(&rest), &r->span);
		else if (is_word(word, "expires"))
			err = read_span(r, take_word(&rest), &left);
		else if (is_word(word, "comment"))
			skip_quoted(&rest);
		else if (is_word(word, "nomatch"))
			*nomatch = true;
	}
	/* ipset's 0 is for ever. */
	r->left = left ?: r->span;
	r->span = r->span ?: left;
	return err;
}

static int read_one(struct reader *r, struct piece e, struct piece attributes)
{
	bool nomatch = false;
	int err = read_attributes(r, attributes, &nomatch);

	if (err)
		return err;
	if (nomatch)
		return not_taken(r, e, "ipset's 'nomatch' is an exception, and a set has none");
	return read_element(r, e);
}

/* Elements with commas between them. */
static int read_elements(struct reader *r, struct piece line)
{
	int err = 0;

	while (line.n && !err) {
		const char *comma = find_outside(line, ",");
		struct piece e = trim(
			(struct piece){ line.s, comma ? (size_t)(comma - line.s) : line.n });
		struct piece rest = split_attributes(&e);

		if (e.n)
			err = read_one(r, e, rest);
		else if (rest.n)
			err = wrong_element(r, rest, "has no element in front of it");
		line = comma ? trim((struct piece){ comma + 1, line.s + line.n - comma - 1 })
			     : (struct piece){ line.s, 0 };
	}
	return err;
}

/* `add SET ELEMENT ...`, as `ipset save` prints it. */
static int read_ipset(struct reader *r, struct piece rest)
{
	struct piece element;

	take_word(&rest);
	element = take_word(&rest);
	if (memchr(element.s, ',', element.n))
		return not_taken(r, element, "it is more than an address");
	return read_one(r, element, rest);
}

/* Words that begin lines around elements: of `ipset save`, of `nft list set`; and those that open
 * something there. */
static const char *const frame_words[] = { "create", "flush",	   "destroy",	  "type",
					   "typeof", "flags",	   "gc-interval", "size",
					   "policy", "auto-merge", "comment",	  "counter",
					   NULL };
static const char *const open_words[] = { "table", "set", NULL };

static bool is_frame(struct piece line, struct piece word)
{
	return is_one_of(word, frame_words) ||
	       (is_one_of(word, open_words) && line.s[line.n - 1] == '{');
}

static int read_line(struct reader *r, const char *s, size_t len)
{
	struct piece line, rest, word;
	const char *comment;

	if (r->line == 1 && len >= 3 && !memcmp(s, "\xef\xbb\xbf", 3)) {
		s += 3; /* a byte order mark, which says that this is UTF-8 */
		len -= 3;
	}
	if (memchr(s, 0, len)) {
		snprintf(r->err, r->errlen, "%s:%u: a NUL byte: this is not a text file", r->path,
			 r->line);
		return -EINVAL;
	}
	comment = find_outside((struct piece){ s, len }, "#;");
	line = rest = trim((struct piece){ s, comment ? (size_t)(comment - s) : len });
	word = take_word(&rest);
	if (is_word(word, "add"))
		return read_ipset(r, rest);
	if (is_word(word, "timeout")) /* nft's, of all that say none */
		return read_span(r, rest, &r->otherwise);
	if (is_frame(line, word))
		return 0;
	if (is_word(word, "elements")) {
		const char *brace = memchr(line.s, '{', line.n);

		if (!brace)
			return 0;
		line = (struct piece){ brace + 1, line.s + line.n - brace - 1 };
	}
	line = trim(line);
	while (line.n && line.s[line.n - 1] == '}')
		line = trim((struct piece){ line.s, line.n - 1 });
	return read_elements(r, line);
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

static int warn_more(const struct reader *r, uint32_t n, const char *what)
{
	char line[512];

	if (n <= WARNINGS)
		return 0;
	snprintf(line, sizeof(line), "%s: %u more elements %s", r->path, n - WARNINGS, what);
	return r->warn(r->arg, line);
}

int list_read(struct set_list *l, const char *path, int (*warn)(void *arg, const char *line),
	      void *arg, char *err, size_t errlen)
{
	struct reader r = {
		.l = l,
		.path = path,
		.warn = warn,
		.arg = arg,
		.err = err,
		.errlen = errlen,
		.now = times_now(),
	};
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
	if (!ret)
		ret = warn_more(&r, r.masked, "have bits behind their length");
	if (!ret)
		ret = warn_more(&r, r.refused, "are not taken");
	if (ret)
		list_free(l);
	else
		list_sort(l);
	return ret;
}
