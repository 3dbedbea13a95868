/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* parse.c - a rules file: lines, actions and their parameters. afxdp-rules(5) is the grammar. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "hook.h"
#include "internal.h"
#include "limit.h"
#include "scan.h"

/* Limits that a file meets before memory does. A line may hold any expression that is read. */
#define FILE_SIZE_MAX (64 << 20)
#define LINE_MAX_LEN  (EXPR_MAX + 1024)

struct parser {
	struct afxdp_rules *r;
	const char *name; /* NULL: an expression, not a file */
	uint32_t line;
	char *err;
	size_t errlen;
};

static int wrong(const struct parser *p, int ret, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int wrong(const struct parser *p, int ret, const char *format, ...)
{
	va_list args;
	int n = 0;

	if (p->name)
		n = snprintf(p->err, p->errlen, "%s:%u: ", p->name, p->line);
	va_start(args, format);
	if (n >= 0 && (size_t)n < p->errlen)
		vsnprintf(p->err + n, p->errlen - n, format, args);
	va_end(args);
	return ret;
}

/* Quote at most this much of what a user wrote. */
#define QUOTE 60

static int quoted(const char *s)
{
	size_t n = strlen(s);

	return n > QUOTE ? QUOTE : n;
}

/* ---- Actions ---- */

static const struct {
	const char *name;
	enum action action;
} actions[] = {
	{ "pass", ACTION_PASS },   { "drop", ACTION_DROP },   { "capture", ACTION_CAPTURE },
	{ "tx", ACTION_TX },	   { "limit", ACTION_LIMIT }, { "sample", ACTION_SAMPLE },
	{ "count", ACTION_COUNT }, { "copy", ACTION_COPY },
};

static bool find_action(const char *word, enum action *action)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(actions[i].name, word))
			continue;
		*action = actions[i].action;
		return true;
	}
	return false;
}

/* `1/N` */
static int parse_sample(const struct parser *p, const char **s, struct action_args *args)
{
	char word[32] = "";
	uint64_t every;

	if (!scan_word(s, word, sizeof(word)) || strncmp(word, "1/", 2) ||
	    !scan_number(word + 2, word + strlen(word), UINT32_MAX, &every))
		return wrong(p, -EINVAL, "'sample %.*s': the share is written 1/N, N from 1 to %u",
			     quoted(word), word, UINT32_MAX);
	args->every = every;
	return 0;
}

/* ---- Rules ---- */

static char *single_blanks(const char *s)
{
	char *text = strdup(s), *to = text;

	if (!text)
		return NULL;
	for (; *s; s++) {
		bool blank = isspace((unsigned char)*s);

		if (blank && (to == text || to[-1] == ' '))
			continue;
		*to++ = blank ? ' ' : *s;
	}
	while (to > text && to[-1] == ' ')
		to--;
	*to = 0;
	return text;
}

int rules_find_kind_of(void *arg, const char *name, enum set_kind *kind)
{
	return arg ? rules_find_kind(arg, name, kind) : -1;
}

/* group.c's, of one family only. */
int rules_check_sets(const char *text, char *err, size_t errlen)
{
	if (!strstr(text, "@@") && !strstr(text, "@:") && !strstr(text, "@!"))
		return 0;
	snprintf(err, errlen, "a set is written @NAME");
	return -EINVAL;
}

/* @expression is a tail of @text. */
static int add_rule(const struct parser *p, const struct action_args *args, const char *text,
		    const char *expression)
{
	struct afxdp_rules *r = p->r;
	char err[512] = "";
	struct rule *rule;
	const char *hint;
	char *grouped = NULL;
	int ret;

	if (r->rules == AFXDP_RULES_MAX)
		return wrong(p, -E2BIG, "more than %d rules", AFXDP_RULES_MAX);
	rule = rules_new_rule(r);
	if (!rule || !(rule->text = single_blanks(text)))
		return wrong(p, -ENOMEM, "out of memory");
	rule->line = p->line;
	rule->args = *args;
	if (!strcmp(expression, "all"))
		expression = "";
	ret = rules_check_sets(expression, err, sizeof(err));
	if (!ret)
		ret = rules_group(r, p->line, expression, &grouped);
	if (!ret)
		ret = expr_compile(&rule->expr, grouped, limit_direction(args), rules_find_kind_of,
				   r, err, sizeof(err));
	free(grouped);
	if (!ret)
		ret = rules_one_address(expression, &rule->one);
	if (ret == -EINVAL)
		return wrong(p, ret, "'%.*s': %s", quoted(expression), expression, err);
	if (ret)
		return wrong(p, ret, "%s", err);
	hint = words_hint(expression);
	return hint ? rules_warn(r, "%s:%u: '%.*s': %s", p->name ?: "expression", p->line,
				 quoted(expression), expression, hint)
		    : 0;
}

/* ---- Consumers ---- */

static bool is_name(const char *word)
{
	size_t n = 0;

	while (isalnum((unsigned char)word[n]) || word[n] == '_' || word[n] == '-')
		n++;
	return isalpha((unsigned char)*word) && !word[n];
}

/* The number of consumer @name, perhaps a new one; `default` is 0. */
static int find_consumer(const struct parser *p, const char *name, uint32_t *to)
{
	struct afxdp_rules *r = p->r;

	*to = 0;
	if (!strcmp(name, "default"))
		return 0;
	while (*to < r->consumers && strcmp(r->consumer[*to].name, name))
		++*to;
	if (*to == AFXDP_ROUTES - 1)
		return wrong(p, -E2BIG, "'%s': rules send frames to more than %d sinks", name,
			     AFXDP_ROUTES - 1);
	if (*to == r->consumers) {
		struct consumer *c = &r->consumer[r->consumers++];

		snprintf(c->name, sizeof(c->name), "%s", name);
		c->line = p->line;
	}
	++*to;
	return 0;
}

/* `to NAME`, if that is what comes. */
static int parse_to(const struct parser *p, const char **s, uint32_t *to)
{
	char name[AFXDP_CONSUMER_MAX] = "";

	*to = 0;
	if (!scan_take(s, "to"))
		return 0;
	if (!scan_word(s, name, sizeof(name)) || !is_name(name))
		return wrong(p, -EINVAL,
			     "'to %.*s': a sink's name is a letter, then letters, digits, - and "
			     "_, %d at most",
			     quoted(*name ? name : *s), *name ? name : *s, AFXDP_CONSUMER_MAX - 1);
	return find_consumer(p, name, to);
}

static int parse_copy(const struct parser *p, const char **s, struct action_args *args)
{
	char why[256];
	int ret = parse_to(p, s, &args->to);

	if (!ret && copy_parse(s, args, why, sizeof(why)))
		ret = wrong(p, -EINVAL, "%s", why);
	p->r->copy_rules += !ret;
	return ret;
}

static int parse_default(const struct parser *p, const char *s)
{
	static const enum afxdp_verdict verdicts[] = {
		[ACTION_PASS] = AFXDP_PASS,
		[ACTION_DROP] = AFXDP_DROP,
		[ACTION_CAPTURE] = AFXDP_CAPTURE,
		[ACTION_TX] = AFXDP_TX,
	};
	char word[32] = "";
	enum action action = ACTION_COUNT;
	bool known = scan_word(&s, word, sizeof(word)) && find_action(word, &action);

	if (known && action == ACTION_CAPTURE) {
		int ret = parse_to(p, &s, &p->r->otherwise_to);

		if (ret)
			return ret;
	}
	if (!known || *s || action > ACTION_TX)
		return wrong(p, -EINVAL, "'default %.*s%.*s': one of pass, drop, capture, tx",
			     quoted(word), word, quoted(s), s);
	if (p->r->default_line)
		return wrong(p, -EINVAL, "a second 'default': the first is in line %u",
			     p->r->default_line);
	p->r->default_line = p->line;
	p->r->otherwise = verdicts[action];
	return 0;
}

static int parse_rule(const struct parser *p, const char *line)
{
	struct action_args args = { .action = ACTION_PASS };
	const char *s = line;
	char word[32] = "";
	int ret = 0;

	if (!scan_word(&s, word, sizeof(word)) || !find_action(word, &args.action))
		return wrong(p, -EINVAL,
			     "'%.*s': a line begins with pass, drop, capture, tx, limit, sample, "
			     "count, copy, default or set",
			     (int)strcspn(line, " \t") > QUOTE ? QUOTE : (int)strcspn(line, " \t"),
			     line);
	if (args.action == ACTION_LIMIT) {
		char why[256];

		ret = limit_parse(&s, &args, why, sizeof(why));
		if (ret)
			return wrong(p, ret, "%s", why);
	} else if (args.action == ACTION_SAMPLE) {
		ret = parse_to(p, &s, &args.to) ?: parse_sample(p, &s, &args);
	} else if (args.action == ACTION_CAPTURE) {
		ret = parse_to(p, &s, &args.to);
	} else if (args.action == ACTION_COPY) {
		ret = parse_copy(p, &s, &args);
	}
	if (ret)
		return ret;
	if (!*s)
		return wrong(p, -EINVAL, "'%s' of what? An expression, or 'all', is missing", word);
	return add_rule(p, &args, line, s);
}

/* ---- Lines ---- */

typedef int (*line_parser)(const struct parser *p, const char *line);

/* Cut a comment off: '#' outside of quotes, up to the end. */
static void cut_comment(char *line)
{
	bool in_quotes = false;

	for (; *line; line++) {
		if (*line == '"')
			in_quotes = !in_quotes;
		if (*line == '#' && !in_quotes) {
			*line = 0;
			return;
		}
	}
}

/*
 * Copy the line at *@text to @line, without its comment; a backslash at its end joins the next one.
 * *@text moves behind it, *@lines is how many there were.
 */
static int next_line(const struct parser *p, const char **text, const char *end, char *line,
		     uint32_t *lines)
{
	size_t n = 0;

	*lines = 0;
	for (;;) {
		const char *stop = memchr(*text, '\n', end - *text) ?: end;
		size_t len = stop - *text;
		bool more;

		if (n + len >= LINE_MAX_LEN)
			return wrong(p, -E2BIG, "the line has more than %d characters",
				     LINE_MAX_LEN - 1);
		if (memchr(*text, 0, len))
			return wrong(p, -EINVAL,
				     "the line has a NUL byte: this is not a text file");
		memcpy(line + n, *text, len);
		line[n + len] = 0;
		*text = stop < end ? stop + 1 : end;
		++*lines;
		cut_comment(line + n);
		n = strlen(line);
		while (n && isspace((unsigned char)line[n - 1]))
			line[--n] = 0;
		more = n && line[n - 1] == '\\';
		if (more)
			line[n - 1] = ' ';
		if (!more || *text == end)
			return 0;
	}
}

static int each_line(struct parser *p, const char *text, size_t len, line_parser parse)
{
	char *line = malloc(LINE_MAX_LEN);
	const char *end = text + len;
	uint32_t lines;
	int ret = 0;

	if (!line)
		return wrong(p, -ENOMEM, "out of memory");
	for (p->line = 1; text < end && !ret; p->line += lines) {
		const char *s;

		ret = next_line(p, &text, end, line, &lines);
		s = scan_blanks(line);
		if (!ret && *s)
			ret = parse(p, s);
	}
	free(line);
	return ret;
}

static int parse_definition(const struct parser *p, const char *line)
{
	return scan_take(&line, "set")
		       ? rules_define_set(p->r, p->name, p->line, line, p->err, p->errlen)
		       : 0;
}

static int parse_line(const struct parser *p, const char *line)
{
	if (scan_take(&line, "set"))
		return 0;
	if (scan_take(&line, "default"))
		return parse_default(p, line);
	return parse_rule(p, line);
}

/* ---- Files ---- */

static int read_all(const struct parser *p, const char *path, char **text, size_t *len)
{
	size_t room = 65536, n = 0;
	ssize_t got = 1;
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret;
	char *buf = NULL;

	if (fd < 0) {
		ret = -errno;
		snprintf(p->err, p->errlen, "%s: %s", path, strerror(-ret));
		return ret;
	}
	for (ret = 0; !ret && got > 0; n += got) {
		if (n + 1 >= room || !buf) {
			char *more = realloc(buf, room *= 2);

			if (!more) {
				ret = -ENOMEM;
				break;
			}
			buf = more;
		}
		got = read(fd, buf + n, room - n);
		if (got < 0)
			ret = -errno;
		else if (n + got > FILE_SIZE_MAX)
			ret = -EFBIG;
	}
	close(fd);
	if (ret) {
		snprintf(p->err, p->errlen, "%s: %s", path, strerror(-ret));
		free(buf);
		return ret;
	}
	*text = buf;
	*len = n;
	return 0;
}

/* What is parsed is compiled: whoever asks whether a file is right gets the whole answer. */
static int finish(struct parser *p, int ret, struct afxdp_rules **out)
{
	const char *why = NULL;
	uint32_t at = 0;

	if (!ret)
		ret = rules_make_tables(p->r, p->err, p->errlen);
	if (!ret)
		ret = rules_compile(p->r, &why, &at);
	if (why) {
		const char *text = p->r->rules ? p->r->rule[at].text : "";

		p->line = p->r->rules ? p->r->rule[at].line : 1;
		wrong(p, ret, "'%.*s': cannot compile it: %s", quoted(text), text, why);
	}
	if (!ret)
		ret = rules_explain(p->r);
	if (!ret)
		ret = hook_register();
	if (ret) {
		afxdp_rules_free(p->r);
		return ret;
	}
	*out = p->r;
	return 0;
}

int afxdp_rules_parse_text(const char *name, const char *text, size_t len, struct afxdp_rules **out,
			   char *err, size_t errlen)
{
	struct parser p = { .r = rules_new(name), .name = name, .err = err, .errlen = errlen };
	int ret;

	*out = NULL;
	if (!p.r)
		return wrong(&p, -ENOMEM, "out of memory");
	ret = each_line(&p, text, len, parse_definition);
	if (!ret)
		ret = each_line(&p, text, len, parse_line);
	return finish(&p, ret, out);
}

int afxdp_rules_parse_file(const char *path, struct afxdp_rules **out, char *err, size_t errlen)
{
	struct parser p = { .err = err, .errlen = errlen };
	size_t len = 0;
	char *text = NULL;
	int ret = read_all(&p, path, &text, &len);

	*out = NULL;
	if (ret)
		return ret;
	ret = afxdp_rules_parse_text(path, text, len, out, err, errlen);
	free(text);
	return ret;
}

int afxdp_rules_parse_expr(const char *expr, struct afxdp_rules **out, char *err, size_t errlen)
{
	struct parser p = { .r = rules_new(NULL), .err = err, .errlen = errlen, .line = 1 };
	struct action_args args = { .action = ACTION_CAPTURE };
	char *text = NULL;
	int ret = -ENOMEM;

	*out = NULL;
	if (p.r && asprintf(&text, "capture %s", *scan_blanks(expr) ? expr : "all") >= 0) {
		p.r->otherwise = AFXDP_PASS;
		ret = add_rule(&p, &args, text, scan_blanks(text + strlen("capture")));
	}
	free(text);
	return p.r ? finish(&p, ret, out) : wrong(&p, ret, "out of memory");
}
