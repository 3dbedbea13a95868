/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* sets.c - the sets of a rules file. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "internal.h"

int rules_find_set(const struct afxdp_rules *r, const char *name)
{
	for (uint32_t i = 0; i < r->sets; i++)
		if (!strcmp(r->set[i]->name, name))
			return i;
	return -1;
}

int rules_find_kind(const struct afxdp_rules *r, const char *name, enum set_kind *kind)
{
	int i = rules_find_set(r, name);

	*kind = i < 0 ? SET_ADDRESSES : r->set[i]->list.kind;
	return i;
}

/* A file's name is relative to the file that names it. */
static char *resolve(const char *file, const char *name, size_t len)
{
	const char *slash = file ? strrchr(file, '/') : NULL;
	char *path;

	if (*name == '/' || !slash)
		return strndup(name, len);
	if (asprintf(&path, "%.*s/%.*s", (int)(slash - file), file, (int)len, name) < 0)
		return NULL;
	return path;
}

static int warn(void *arg, const char *line)
{
	return rules_warn(arg, "%s", line);
}

int rules_add_set(struct afxdp_rules *r, struct set *set)
{
	struct set **more = realloc(r->set, (r->sets + 1) * sizeof(*more));

	if (!more) {
		set_put(set);
		return -ENOMEM;
	}
	r->set = more;
	r->set[r->sets++] = set;
	return 0;
}

/* `NAME = "FILE"` taken apart. */
struct definition {
	const char *name, *path;
	size_t name_len, path_len;
};

static bool take_apart(const char *s, struct definition *d)
{
	const char *end;

	d->name = s;
	while (isalnum((unsigned char)*s) || *s == '_' || *s == '-' || *s == '.')
		s++;
	d->name_len = s - d->name;
	while (isspace((unsigned char)*s))
		s++;
	if (*s++ != '=')
		return false;
	while (isspace((unsigned char)*s))
		s++;
	if (*s++ != '"')
		return false;
	d->path = s;
	end = strchr(s, '"');
	if (!end)
		return false;
	d->path_len = end - s;
	for (end++; isspace((unsigned char)*end); end++)
		;
	return !*end && d->name_len && d->name_len < SET_NAME_MAX && d->path_len;
}

int rules_define_set(struct afxdp_rules *r, const char *file, uint32_t line, const char *text,
		     char *err, size_t errlen)
{
	char name[SET_NAME_MAX], why[512] = "";
	struct definition d;
	struct set *set;
	char *path;
	int ret, old;

	if (!take_apart(text, &d)) {
		snprintf(err, errlen, "%s:%u: 'set %.60s': a set is written: set NAME = \"FILE\"",
			 file, line, text);
		return -EINVAL;
	}
	snprintf(name, sizeof(name), "%.*s", (int)d.name_len, d.name);
	old = rules_find_set(r, name);
	if (old >= 0) {
		snprintf(err, errlen, "%s:%u: a second set '%s': the first is in line %u", file,
			 line, name, r->set[old]->line);
		return -EINVAL;
	}
	if (r->sets == AFXDP_SETS_MAX) {
		snprintf(err, errlen, "%s:%u: more than %d sets", file, line, AFXDP_SETS_MAX);
		return -E2BIG;
	}
	path = resolve(file, d.path, d.path_len);
	set = path ? set_new(name, path) : NULL;
	free(path);
	if (!set || rules_add_set(r, set)) {
		snprintf(err, errlen, "%s:%u: out of memory", file, line);
		return -ENOMEM;
	}
	set->line = line;
	ret = list_read(&set->list, set->path, warn, r, why, sizeof(why));
	if (!ret)
		return 0;
	/* What is wrong inside a file says where; that there is none is said where it is named. */
	if (ret == -EINVAL || ret == -E2BIG)
		snprintf(err, errlen, "%s", why);
	else
		snprintf(err, errlen, "%s:%u: set '%s': %s", file, line, name, why);
	return ret;
}

int rules_make_maps(struct afxdp_rules *r, char *err, size_t errlen)
{
	for (uint32_t i = 0; i < r->sets; i++) {
		int ret = r->set[i]->map_fd < 0 ? set_make_map(r->set[i]) : 0;

		if (!ret)
			continue;
		snprintf(err, errlen, "set '%s': cannot make its map: %s", r->set[i]->name,
			 strerror(-ret));
		return ret;
	}
	return 0;
}

void rules_free_sets(struct afxdp_rules *r)
{
	for (uint32_t i = 0; i < r->sets; i++)
		set_put(r->set[i]);
	free(r->set);
}

int afxdp_rules_set(const struct afxdp_rules *r, uint32_t index, struct afxdp_set_info *info)
{
	const struct set *s;

	if (index >= r->sets)
		return -ENOENT;
	s = r->set[index];
	*info = (struct afxdp_set_info){ .name = s->name,
					 .path = s->path,
					 .ipv4 = s->list.n4 + s->ranked.n,
					 .rules = s->ranked.n,
					 .others = s->list.keys,
					 .kind = set_kinds[s->list.kind],
					 .ipv6 = s->list.n6,
					 .map_fd = s->map_fd,
					 .bytes = s->size };
	return 0;
}

static struct set *find(const struct afxdp_rules *r, const char *name, char *err, size_t errlen)
{
	int i = rules_find_set(r, name);

	if (i >= 0 && !r->set[i]->ranked.n)
		return r->set[i];
	if (i >= 0) {
		snprintf(err, errlen, "'%s' is no set, but rules: change these", name);
		return NULL;
	}
	snprintf(err, errlen, "no set '%s' in these rules", name);
	return NULL;
}

/* Behind an element: it ends by itself. */
#define TIMEOUT " timeout "

static int parse_element(const struct set *s, const char *element, bool add, struct element *e,
			 char *err, size_t errlen)
{
	static const char *const forms[] = {
		[SET_ADDRESSES] = "an IPv4 or IPv6 address or CIDR",
		[SET_PORTS] = "a port, or a range of ports A-B",
		[SET_MACS] = "an Ethernet address",
		[SET_SERVICES] = "an IPv4 address with a port, A.B.C.D:PORT",
	};
	const char *timeout = strstr(element, TIMEOUT);
	size_t len = timeout ? (size_t)(timeout - element) : strlen(element);
	uint64_t span = 0;
	bool masked;

	if (!element_parse(element, len, e, &masked) || e->kind != s->list.kind) {
		snprintf(err, errlen, "'%.*s' is not %s", len < 60 ? (int)len : 60, element,
			 forms[s->list.kind]);
		return -EINVAL;
	}
	if (timeout &&
	    (!add ||
	     !span_parse(timeout + strlen(TIMEOUT), strlen(timeout + strlen(TIMEOUT)), &span) ||
	     !span)) {
		snprintf(
			err, errlen,
			add ? "'%.60s' is not a time: 10m, 1h30m, 2d, 90 (seconds), up to ten years"
			    : "'%.60s': what is taken out has no timeout",
			timeout + (add ? strlen(TIMEOUT) : 1));
		return -EINVAL;
	}
	e->span = span;
	return 0;
}

static int change(struct afxdp_rules *r, const char *name, const char *element, bool add, char *err,
		  size_t errlen)
{
	struct set *s = find(r, name, err, errlen);
	struct element e;
	int ret;

	if (!s)
		return -ENOENT;
	ret = parse_element(s, element, add, &e, err, errlen);
	if (ret)
		return ret;
	ret = set_change(s, &e, add);
	switch (ret) {
	case 0:
		break;
	case -EEXIST:
		snprintf(err, errlen, "'%s' is in set '%s' already%s", element, name,
			 e.span ? ", without a timeout" : "");
		break;
	case -ENOENT:
		snprintf(err, errlen, "'%s' is not an element of set '%s'", element, name);
		break;
	case -E2BIG:
		snprintf(err, errlen, "set '%s' has %d elements, and may not have more", name,
			 SET_ELEMENTS_MAX);
		break;
	default:
		snprintf(err, errlen, "set '%s': %s", name, strerror(-ret));
	}
	return ret;
}

int afxdp_rules_set_add(struct afxdp_rules *r, const char *name, const char *element, char *err,
			size_t errlen)
{
	return change(r, name, element, true, err, errlen);
}

int afxdp_rules_set_del(struct afxdp_rules *r, const char *name, const char *element, char *err,
			size_t errlen)
{
	return change(r, name, element, false, err, errlen);
}

/* Those from key *@i on that are one element: ports in a row, that end together, are a range. *@i
 * moves behind it. */
static struct element next_keys(const struct set_list *l, uint32_t *i, uint64_t *due)
{
	struct element e = { .kind = l->kind, .first = l->key[*i], .last = l->key[*i] };

	*due = times_due(&l->times, timed_key(e.first));
	while (++*i < l->keys && l->kind == SET_PORTS &&
	       l->key[*i] == e.last + AFXDP_SET_KEY(1, 0) &&
	       times_due(&l->times, timed_key(l->key[*i])) == *due)
		e.last = l->key[*i];
	return e;
}

/* @text has room for what is left of an element's time behind it. */
static void print_left(char *text, uint64_t due)
{
	uint64_t now = times_now();
	char left[SPAN_TEXT];

	if (!due)
		return;
	span_print(due > now ? due - now : 1, left);
	sprintf(text + strlen(text), TIMEOUT "%s", left);
}

#define ELEMENT_TEXT (PREFIX_TEXT + sizeof(TIMEOUT) + SPAN_TEXT)

int afxdp_rules_set_list(const struct afxdp_rules *r, const char *name,
			 int (*each)(void *arg, const char *element), void *arg)
{
	char text[ELEMENT_TEXT];
	const struct set *s = find(r, name, text, sizeof(text));
	uint64_t due;
	int ret = 0;

	if (!s)
		return -ENOENT;
	for (uint32_t i = 0; i < s->list.keys && !ret;) {
		struct element e = next_keys(&s->list, &i, &due);

		element_print_keys(&e, text);
		print_left(text, due);
		ret = each(arg, text);
	}
	for (uint32_t i = 0; i < s->list.n4 + s->list.n6 && !ret; i++) {
		struct prefix p = { .ipv6 = i >= s->list.n4 };

		if (p.ipv6)
			p.v6 = s->list.v6[i - s->list.n4];
		else
			p.v4 = s->list.v4[i];
		prefix_print(&p, text);
		print_left(text, times_due(&s->list.times, timed_prefix(&p)));
		ret = each(arg, text);
	}
	return ret;
}

/* ---- Rules with another set ---- */

static int copy_rule(struct afxdp_rules *to, const struct rule *from)
{
	struct rule *rule = rules_new_rule(to);

	if (!rule)
		return -ENOMEM;
	*rule = *from;
	rule->expr = (struct expr){ .code = NULL };
	rule->text = strdup(from->text);
	to->copy_rules += from->args.action == ACTION_COPY;
	return rule->text ? expr_copy(&rule->expr, &from->expr) : -ENOMEM;
}

/* What one set is to be instead of what it is. */
struct other {
	const char *name;
	const char *path;	       /* the elements of this file, or, if NULL, */
	const struct element *element; /* those there are, with this one more */
	bool add;		       /* or less */
};

/* Rules were compiled for elements of one kind. */
static int other_file(struct afxdp_rules *to, struct set *set, const struct set *from, char *err,
		      size_t errlen)
{
	int ret = list_read(&set->list, set->path, warn, to, err, errlen);

	if (ret)
		return ret;
	if (!list_count(&set->list))
		set->list.kind = from->list.kind;
	if (set->list.kind == from->list.kind)
		return 0;
	snprintf(err, errlen, "%s: has %s, and set '%s' is of %s", set->path,
		 set_kinds[set->list.kind], set->name, set_kinds[from->list.kind]);
	return -EINVAL;
}

static int other_set(struct afxdp_rules *to, const struct set *from, const struct other *o,
		     char *err, size_t errlen)
{
	struct set *set = set_new(from->name, o->path ?: from->path);
	uint32_t all = UINT32_MAX;
	int ret;

	if (!set || rules_add_set(to, set))
		return -ENOMEM;
	set->line = from->line;
	if (o->path)
		return other_file(to, set, from, err, errlen);
	ret = list_copy(&set->list, &from->list);
	if (!ret && from->changes) {
		set->changes = from->changes;
		ret = list_copy(&set->read, &from->read);
	}
	/* Those that have ended need no room any more. */
	if (!ret)
		ret = set_expire(set, times_now(), &all);
	if (ret || !o->element)
		return ret;
	return set_change(set, o->element, o->add);
}

/* A copy of @r, not loaded, with another set (@o NULL: with the same). */
static int with_other(const struct afxdp_rules *r, const struct other *o, struct afxdp_rules **out,
		      char *err, size_t errlen)
{
	struct afxdp_rules *next;
	const char *why = NULL;
	uint32_t at;
	int ret = 0;

	*out = NULL;
	if (o && !find(r, o->name, err, errlen))
		return -ENOENT;
	snprintf(err, errlen, "out of memory");
	next = rules_new(r->name);
	if (!next)
		return -ENOMEM;
	next->otherwise = r->otherwise;
	next->otherwise_to = r->otherwise_to;
	memcpy(next->consumer, r->consumer, sizeof(next->consumer));
	next->consumers = r->consumers;
	next->default_line = r->default_line;
	for (uint32_t i = 0; i < r->sets && !ret; i++) {
		if (o && !strcmp(r->set[i]->name, o->name)) {
			ret = other_set(next, r->set[i], o, err, errlen);
			continue;
		}
		set_get(r->set[i]);
		ret = rules_add_set(next, r->set[i]);
	}
	for (uint32_t i = 0; i < r->rules && !ret; i++)
		ret = copy_rule(next, &r->rule[i]);
	if (!ret)
		ret = rules_copy_tables(next, r);
	if (!ret)
		ret = rules_copy_copies(next, r);
	/* The same rules with the same sets are the same program. */
	if (!ret && !o) {
		ret = program_copy(&next->program, &r->program);
	} else if (!ret) {
		ret = rules_compile(next, &why, &at);
		if (ret)
			snprintf(err, errlen, "%s", why);
	}
	if (ret)
		afxdp_rules_free(next);
	else
		*out = next;
	return ret;
}

int afxdp_rules_again(const struct afxdp_rules *r, struct afxdp_rules **out, char *err,
		      size_t errlen)
{
	return with_other(r, NULL, out, err, errlen);
}

int afxdp_rules_with_set(const struct afxdp_rules *r, const char *name, const char *path,
			 struct afxdp_rules **out, char *err, size_t errlen)
{
	const struct other o = { .name = name, .path = path };

	return with_other(r, &o, out, err, errlen);
}

int afxdp_rules_with_element(const struct afxdp_rules *r, const char *name, const char *element,
			     bool add, struct afxdp_rules **out, char *err, size_t errlen)
{
	struct other o = { .name = name, .add = add };
	const struct set *s = find(r, name, err, errlen);
	struct element e;
	int ret = s ? parse_element(s, element, add, &e, err, errlen) : -ENOENT;

	*out = NULL;
	if (ret)
		return ret;
	o.element = &e;
	return with_other(r, &o, out, err, errlen);
}
