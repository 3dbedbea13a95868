/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * import.c - rules import: what `nft list ruleset` and `ipset save` print becomes a rules file and
 * files of sets in a directory. What has no counterpart is named line by line, with the reason, and
 * stands as a comment in the rules where it would have been.
 */
#include "import.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ctl.h"
#include "rules.h"

/* More than that is no list of rules. */
#define TEXT_MAX (256u << 20)

#define RULES "rules"

/* On one line of a rules file: nothing of it ends the line, or joins it to the next. */
static void write_comment(FILE *to, uint32_t line, const char *what)
{
	fprintf(to, "# line %u, not taken: ", line);
	for (; *what; what++)
		fputc(*what == '\\' || (unsigned char)*what < ' ' ? '?' : *what, to);
	fputc('\n', to);
}

void import_refuse(struct import *im, uint32_t line, const char *what, const char *why, ...)
{
	char reason[256];
	va_list args;

	va_start(args, why);
	vsnprintf(reason, sizeof(reason), why, args);
	va_end(args);
	ctl_fail(0, "%s:%u: '%.100s' is not taken: %s", im->path, line, what, reason);
	write_comment(im->rules, line, what);
	im->refused++;
}

bool import_has_set(const struct import *im, const char *name)
{
	for (uint32_t i = 0; i < im->names; i++)
		if (!strcmp(im->name[i], name))
			return true;
	return false;
}

static bool add_name(struct import *im, const char *name)
{
	char(*more)[64] = realloc(im->name, (im->names + 1) * sizeof(*more));

	if (!more)
		return false;
	im->name = more;
	snprintf(more[im->names++], sizeof(*more), "%s", name);
	return true;
}

/* A file that was not there before: nobody's is overwritten. */
static FILE *create(struct import *im, const char *name)
{
	char path[4096];
	int fd;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", im->directory, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f)
		ctl_fail(0, "cannot create '%s': %s", path, strerror(errno));
	if (!f && fd >= 0)
		close(fd);
	return f;
}

FILE *import_set(struct import *im, uint32_t line, const char *name, char ours[64])
{
	char file[80];
	FILE *f;

	snprintf(ours, 64, "%s", name);
	for (char *c = ours; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '_' && *c != '-' && *c != '.')
			*c = '_';
	if (import_has_set(im, ours)) {
		import_refuse(im, line, name, "a second set of that name");
		return NULL;
	}
	snprintf(file, sizeof(file), "%s.set", ours);
	f = create(im, file);
	if (!f || !add_name(im, ours)) {
		if (f)
			fclose(f);
		im->refused++;
		return NULL;
	}
	return f;
}

static void forget_name(struct import *im, const char *name)
{
	for (uint32_t i = 0; i < im->names; i++)
		if (!strcmp(im->name[i], name)) {
			memcpy(im->name[i], im->name[--im->names], sizeof(*im->name));
			return;
		}
}

void import_close_set(struct import *im, uint32_t line, const char *ours, FILE *f)
{
	char path[4096], text[160], err[512];
	bool written = !fclose(f);
	struct afxdp_rules *rules;

	snprintf(path, sizeof(path), "%s/%s", im->directory, RULES);
	snprintf(text, sizeof(text), "set %s = \"%s.set\"\n", ours, ours);
	if (written &&
	    !afxdp_rules_parse_text(path, text, strlen(text), &rules, err, sizeof(err))) {
		fputs(text, im->sets);
		afxdp_rules_free(rules);
		return;
	}
	import_refuse(im, line, ours, "%s", written ? err : strerror(errno));
	snprintf(path, sizeof(path), "%s/%s.set", im->directory, ours);
	unlink(path);
	forget_name(im, ours);
}

static bool asks_for(const char *expression, const char *set)
{
	for (const char *at = strchr(expression, '@'); at; at = strchr(at + 1, '@'))
		if (!strncmp(at + 1, set, strlen(set)))
			return true;
	return false;
}

/* The sets that @expression asks for, as the rules file defines them, and it. */
static char *with_sets(const struct import *im, const char *action, const char *expression)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	for (uint32_t i = 0; i < im->names; i++)
		if (asks_for(expression, im->name[i]))
			fprintf(f, "set %s = \"%s.set\"\n", im->name[i], im->name[i]);
	fprintf(f, "%s %s\n", action, expression);
	return fclose(f) ? NULL : text;
}

void import_rule(struct import *im, uint32_t line, const char *what, const char *action,
		 const char *expression)
{
	char *text = with_sets(im, action, expression), path[4096], err[512];
	struct afxdp_rules *rules;
	const char *why = err;

	if (!text) {
		import_refuse(im, line, what, "out of memory");
		return;
	}
	snprintf(path, sizeof(path), "%s/%s", im->directory, RULES);
	if (!afxdp_rules_parse_text(path, text, strlen(text), &rules, err, sizeof(err))) {
		fprintf(im->rules, "%s %s\n", action, expression);
		im->taken++;
		afxdp_rules_free(rules);
	} else {
		/* What comes behind FILE:LINE: */
		why = strstr(err, ": ");
		import_refuse(im, line, what, "%s", why ? why + 2 : err);
	}
	free(text);
}

/* ---- The command ---- */

static int read_all(struct import *im, const char *path)
{
	FILE *f = !strcmp(path, "-") ? stdin : fopen(path, "re");
	size_t have = 0, room = 0, got = 1;

	im->path = path;
	if (!f)
		return ctl_fail(2, "%s: %s", path, strerror(errno));
	while (got && have < TEXT_MAX) {
		char *more = room - have < 65536 ? realloc(im->text, room = room * 2 + 131072)
						 : im->text;

		if (!more)
			break;
		im->text = more;
		got = fread(im->text + have, 1, room - have - 1, f);
		have += got;
	}
	if (f != stdin)
		fclose(f);
	if (got)
		return ctl_fail(2, "%s: more than can be read", path);
	im->text[have] = '\0';
	if (strlen(im->text) != have)
		return ctl_fail(2, "%s: a NUL byte: this is not a text file", path);
	return 0;
}

static int write_rules(struct import *im, FILE *f, const char *sets, const char *rules)
{
	fprintf(f,
		"# Made of '%s'. Frames with VLAN tags, MPLS labels or PPPoE are matched by an\n"
		"# expression that begins with 'inner' only: see afxdp-rules(5).\n%s\n%s",
		im->path, sets, rules);
	if (fclose(f))
		return ctl_fail(1, "cannot write '%s/%s': %s", im->directory, RULES,
				strerror(errno));
	return 0;
}

static int import(struct import *im, void (*take)(struct import *im))
{
	char *sets = NULL, *rules = NULL;
	size_t sets_size, rules_size;
	FILE *f = create(im, RULES);
	int status = 1;

	if (!f)
		return 2;
	im->sets = open_memstream(&sets, &sets_size);
	im->rules = open_memstream(&rules, &rules_size);
	if (im->sets && im->rules)
		take(im);
	if (im->sets && !fclose(im->sets) && im->rules && !fclose(im->rules))
		status = write_rules(im, f, sets, rules);
	else
		fclose(f);
	free(sets);
	free(rules);
	return status;
}

/* Whole, as it will be read: each line has been tried by itself. */
static int check(const struct import *im)
{
	struct afxdp_rules *rules;
	char path[4096], err[512];
	const char *line;

	snprintf(path, sizeof(path), "%s/%s", im->directory, RULES);
	if (afxdp_rules_parse_file(path, &rules, err, sizeof(err)))
		return ctl_fail(1, "%s", err);
	for (uint32_t i = 0; (line = afxdp_rules_warning(rules, i)); i++)
		ctl_fail(0, "%s", line);
	afxdp_rules_free(rules);
	printf("%s: %u rules, %u sets; %u not taken\n", path, im->taken, im->names, im->refused);
	return im->refused ? 1 : 0;
}

int ctl_rules_import(const struct ctl *ctl, int argc, char **argv)
{
	struct import im = { .directory = argc > 3 ? argv[3] : "" };
	void (*take)(struct import * im) = NULL;
	int status;

	(void)ctl;
	if (argc == 4)
		take = !strcmp(argv[1], "nft")	   ? import_nft
		       : !strcmp(argv[1], "ipset") ? import_ipset
						   : NULL;
	if (!take)
		return ctl_fail(2,
				"rules import: say nft or ipset, which FILE (-: standard input), "
				"and the DIRECTORY for rules and sets");
	status = read_all(&im, argv[2]);
	if (!status && mkdir(im.directory, 0777) && errno != EEXIST)
		status = ctl_fail(2, "cannot create '%s': %s", im.directory, strerror(errno));
	if (!status)
		status = import(&im, take);
	if (!status)
		status = check(&im);
	free(im.name);
	free(im.text);
	return status;
}
