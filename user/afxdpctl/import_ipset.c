/* SPDX-License-Identifier: GPL-2.0-only */
/* import_ipset.c - what `ipset save` prints. It has sets, and no rules: those that are likely to be
 * wanted are written as comments. */
#include <stdlib.h>
#include <string.h>
#include "import.h"

/* A set of addresses with ports is one for each protocol here. */
static const char *const protocols[] = { "tcp", "udp", "sctp" };
#define PROTOCOLS (sizeof(protocols) / sizeof(*protocols))

enum kind {
	KIND_ADDRESSES,
	KIND_PORTS,
	KIND_MACS,
	KIND_SERVICES,
	KINDS
};

static const struct {
	const char *type;
	enum kind kind;
} types[] = {
	{ "hash:ip", KIND_ADDRESSES },	 { "hash:net", KIND_ADDRESSES },
	{ "bitmap:ip", KIND_ADDRESSES }, { "bitmap:port", KIND_PORTS },
	{ "hash:mac", KIND_MACS },	 { "hash:ip,port", KIND_SERVICES },
};

static const char *const uses[KINDS] = {
	[KIND_ADDRESSES] = "# drop src @%s\n",
	[KIND_PORTS] = "# drop dst port @%s\n",
	[KIND_MACS] = "# drop ether src @%s\n",
};

struct ipset {
	char name[64];
	enum kind kind;
	bool refused; /* and its elements with it */
	uint32_t left_out;
	uint32_t line;
	FILE *file[PROTOCOLS]; /* the first, but for services */
	char ours[PROTOCOLS][64];
};

struct ipsets {
	struct import *im;
	struct ipset *set;
	uint32_t n, line;
};

static struct ipset *find(const struct ipsets *s, const char *name)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (!strcmp(s->set[i].name, name))
			return &s->set[i];
	return NULL;
}

/* The file for elements of protocol @protocol. NULL: none, and that has been said. */
static FILE *file_of(struct ipsets *s, struct ipset *set, uint32_t protocol)
{
	char name[80], *ours = set->ours[protocol];

	if (set->file[protocol] || set->refused)
		return set->file[protocol];
	snprintf(name, sizeof(name), set->kind == KIND_SERVICES ? "%.50s-%s" : "%s", set->name,
		 protocols[protocol]);
	set->file[protocol] = import_set(s->im, s->line, name, ours);
	if (!set->file[protocol])
		set->refused = true;
	else if (set->kind == KIND_SERVICES)
		fprintf(s->im->rules, "# drop %s dst @%s\n", protocols[protocol], ours);
	else
		fprintf(s->im->rules, uses[set->kind], ours);
	return set->file[protocol];
}

static void create(struct ipsets *s, char *what, const char *name, const char *type)
{
	struct ipset *more = realloc(s->set, (s->n + 1) * sizeof(*more)), *set;

	if (!more)
		return;
	s->set = more;
	set = &more[s->n++];
	*set = (struct ipset){ .refused = true, .line = s->line };
	snprintf(set->name, sizeof(set->name), "%s", name);
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (!strcmp(types[i].type, type)) {
			set->kind = types[i].kind;
			set->refused = false;
		}
	if (set->refused)
		import_refuse(s->im, s->line, what, "there are no sets of type %s here", type);
	/* Of ports and the rest an empty file does not say what it is of. */
	else if (set->kind == KIND_ADDRESSES)
		file_of(s, set, 0);
}

/* `10.0.0.1,tcp:80`, whose protocol is tcp if it says none. */
static void add_service(struct ipsets *s, struct ipset *set, char *what, const char *element,
			const char *rest)
{
	const char *comma = strchr(element, ','), *port = comma ? strchr(comma, ':') : NULL;
	uint32_t protocol = 0;
	FILE *f;

	if (!comma) {
		import_refuse(s->im, s->line, what, "it has no port");
		return;
	}
	if (memchr(element, ':', comma - element)) {
		import_refuse(s->im, s->line, what,
			      "of addresses with a port there are only those of IPv4");
		return;
	}
	while (port && protocol < PROTOCOLS &&
	       (strlen(protocols[protocol]) != (size_t)(port - comma - 1) ||
		memcmp(protocols[protocol], comma + 1, port - comma - 1)))
		protocol++;
	if (protocol == PROTOCOLS) {
		import_refuse(s->im, s->line, what,
			      "a protocol without ports, or not tcp, udp, sctp");
		return;
	}
	f = file_of(s, set, protocol);
	if (f)
		fprintf(f, "%.*s:%s %s\n", (int)(comma - element), element, (port ?: comma) + 1,
			rest);
}

/* Outside of a comment. */
static bool is_exception(const char *rest)
{
	const char *at = strstr(rest, "nomatch"), *quote = strchr(rest, '"');

	return at && (!quote || at < quote);
}

static void add(struct ipsets *s, char *what, const char *name, const char *element,
		const char *rest)
{
	struct ipset *set = find(s, name);
	FILE *f;

	if (!set) {
		import_refuse(s->im, s->line, what, "there is no set of that name");
	} else if (set->refused) {
		set->left_out++;
	} else if (set->kind == KIND_SERVICES) {
		add_service(s, set, what, element, rest);
	} else if (is_exception(rest)) {
		import_refuse(s->im, s->line, what, "it is an exception, and a set has none");
	} else {
		f = file_of(s, set, 0);
		if (f)
			fprintf(f, "%s %s\n", element, rest);
	}
}

static void take_line(struct ipsets *s, char *line)
{
	char *words[3] = { "", "", "" }, *rest = line, *what = strdup(line);

	if (!what)
		return;
	for (int i = 0; i < 3 && rest; i++) {
		rest += strspn(rest, " \t");
		words[i] = strsep(&rest, " \t");
	}
	if (!strcmp(words[0], "create"))
		create(s, what, words[1], words[2]);
	else if (!strcmp(words[0], "add"))
		add(s, what, words[1], words[2], rest ?: "");
	else if (*words[0] && *words[0] != '#')
		import_refuse(s->im, s->line, what, "neither 'create' nor 'add'");
	free(what);
}

void import_ipset(struct import *im)
{
	struct ipsets s = { .im = im };
	char *text = im->text, *line;

	while ((line = strsep(&text, "\n"))) {
		s.line++;
		line[strcspn(line, "\r")] = '\0';
		take_line(&s, line);
	}
	for (uint32_t i = 0; i < s.n; i++) {
		struct ipset *set = &s.set[i];
		bool none = true;

		for (size_t p = 0; p < PROTOCOLS; p++)
			if (set->file[p]) {
				none = false;
				import_close_set(im, set->line, set->ours[p], set->file[p]);
			}
		if (set->left_out)
			import_refuse(im, s.line, set->name, "its %u elements go with it",
				      set->left_out);
		else if (none && !set->refused)
			import_refuse(im, s.line, set->name,
				      "it has no elements that say of what "
				      "it is");
	}
	free(s.set);
	fprintf(im->rules, "default pass\n");
}
