/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* rules.c - rules in an object: before it is loaded, and while it counts. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "hook.h"
#include "../prog.h"
#include "internal.h"

struct afxdp_rules *rules_new(const char *name)
{
	struct afxdp_rules *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->hits_fd = r->state_fd = r->sources_fd = -1;
	r->otherwise = AFXDP_CAPTURE;
	r->name = name ? strdup(name) : NULL;
	if (name && !r->name) {
		free(r);
		return NULL;
	}
	return r;
}

struct rule *rules_new_rule(struct afxdp_rules *r)
{
	uint32_t room = r->room ? r->room * 2 : 16;

	if (r->rules == r->room) {
		struct rule *p = realloc(r->rule, room * sizeof(*p));

		if (!p)
			return NULL;
		r->rule = p;
		r->room = room;
	}
	r->rule[r->rules] = (struct rule){ .text = NULL };
	return &r->rule[r->rules++];
}

int rules_warn(struct afxdp_rules *r, const char *format, ...)
{
	char **more = realloc(r->warning, (r->warnings + 1) * sizeof(*more));
	va_list args;
	int n;

	if (!more)
		return -ENOMEM;
	r->warning = more;
	va_start(args, format);
	n = vasprintf(&more[r->warnings], format, args);
	va_end(args);
	if (n < 0)
		return -ENOMEM;
	r->warnings++;
	return 0;
}

struct rule_input rules_input(const struct rule *rule, const struct expr *e)
{
	return (struct rule_input){
		.args = rule->args,
		.source = { .code = e->code, .len = e->len, .mark = e->mark, .inner = e->inner }
	};
}

int rules_compile(struct afxdp_rules *r, const char **why, uint32_t *at)
{
	struct rule_input *all = calloc(r->copies + r->rules + 1, sizeof(*all));
	struct rule_input *input = all ? all + r->copies : NULL;
	uint32_t n = 0, table = 0;
	int err;

	if (!all) {
		*why = "out of memory";
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < r->copies; i++)
		all[i] = rules_copy_input(r, i);
	for (uint32_t i = 0; i < r->rules; n++) {
		const struct table *t = table < r->tables ? &r->table[table] : NULL;

		if (t && t->first == i) {
			input[n] = rules_input(&r->rule[i], &t->expr);
			input[n].source.ranks = true;
			table++;
		} else {
			input[n] = rules_input(&r->rule[i], &r->rule[i].expr);
		}
		input[n].number = i;
		i += input[n].source.ranks ? t->n : 1;
	}
	program_free(&r->program);
	err = compile_rules(all, r->copies + n, AFXDP_TO(r->otherwise, r->otherwise_to),
			    &r->program, why, at);
	for (uint32_t i = 0, j = 0; i < r->rules; i++) {
		bool first = j < n && input[j].number == i;

		j += first;
		r->rule[i].size = first ? input[j - 1].size : 0;
		r->rule[i].reached = input[j - 1].reached && !r->rule[i].again;
	}
	*at = n && *at >= r->copies ? all[*at].number : 0;
	free(all);
	return err;
}

void afxdp_rules_free(struct afxdp_rules *r)
{
	if (!r)
		return;
	hook_remove(r);
	for (uint32_t i = 0; i < r->rules; i++) {
		free(r->rule[i].text);
		expr_free(&r->rule[i].expr);
	}
	for (uint32_t i = 0; i < r->warnings; i++)
		free(r->warning[i]);
	if (r->hits_fd >= 0)
		close(r->hits_fd);
	if (r->state_fd >= 0)
		close(r->state_fd);
	if (r->sources_fd >= 0)
		close(r->sources_fd);
	rules_free_copies(r);
	rules_free_tables(r);
	rules_free_sets(r);
	program_free(&r->program);
	linked_free(&r->linked);
	free(r->inherited);
	free(r->warning);
	free(r->rule);
	free(r->name);
	free(r);
}

uint32_t afxdp_rules_count(const struct afxdp_rules *r)
{
	return r->rules;
}

const char *afxdp_rules_text(const struct afxdp_rules *r, uint32_t index)
{
	return index < r->rules ? r->rule[index].text : NULL;
}

enum afxdp_verdict afxdp_rules_default(const struct afxdp_rules *r)
{
	return r->otherwise;
}

const char *afxdp_rules_name(const struct afxdp_rules *r)
{
	return r->name;
}

const char *afxdp_rules_consumer(const struct afxdp_rules *r, uint32_t n, uint32_t *line)
{
	if (n >= r->consumers)
		return NULL;
	if (line)
		*line = r->consumer[n].line;
	return r->consumer[n].name;
}

const char *afxdp_rules_default_consumer(const struct afxdp_rules *r)
{
	return r->otherwise_to ? r->consumer[r->otherwise_to - 1].name : NULL;
}

const char *afxdp_rules_warning(const struct afxdp_rules *r, uint32_t n)
{
	return n < r->warnings ? r->warning[n] : NULL;
}

void afxdp_rules_size(const struct afxdp_rules *r, struct afxdp_rules_size *size)
{
	*size = (struct afxdp_rules_size){ .functions = r->program.functions };
	size->sets = r->sets;
	for (uint32_t i = 0; i < r->program.functions; i++)
		size->instructions += r->program.function[i].n;
	for (uint32_t i = 0; i < r->sets; i++)
		size->set_bytes += r->set[i]->size;
}

int afxdp_rules_describe(const struct afxdp_rules *r, uint32_t index, struct afxdp_rule_info *info)
{
	const struct rule *rule = &r->rule[index];

	if (index >= r->rules)
		return -ENOENT;
	*info = (struct afxdp_rule_info){ rule->text, rule->line, rule->size };
	return 0;
}

static int fail(char *err, size_t errlen, int ret, const char *what)
{
	snprintf(err, errlen, "%s: %s", what, strerror(-ret));
	return ret;
}

static int resize(struct bpf_object *obj, const char *name, uint32_t entries)
{
	struct bpf_map *map = bpf_object__find_map_by_name(obj, name);

	return map ? bpf_map__set_max_entries(map, entries ?: 1) : -ENOENT;
}

int afxdp_rules_attach_object(struct afxdp_rules *r, struct bpf_object *obj, char *err,
			      size_t errlen)
{
	const uint8_t yes = 1;
	bool per_source = false;
	int ret = rules_make_maps(r, err, errlen);

	if (ret)
		return ret;

	for (uint32_t i = 0; i < r->rules; i++)
		per_source |= r->rule[i].args.key != LIMIT_FOR_ALL;
	r->btf = bpf_object__btf(obj);
	r->obj = obj;
	ret = resize(obj, "rule_hits", r->rules);
	if (!ret)
		ret = resize(obj, "rule_state", r->rules);
	if (!ret)
		ret = resize(obj, "sources", per_source ? AFXDP_SOURCES_MAX : 1);
	if (!ret)
		ret = afxdp_prog_set_const(obj, "have_rules", &yes, sizeof(yes));
	if (!ret)
		ret = rules_attach_copies(r, obj);
	if (!ret)
		ret = hook_add(obj, r);
	return ret ? fail(err, errlen, ret, "the BPF object is not of this version") : 0;
}

static int keep_fd(const struct bpf_object *obj, const char *name)
{
	int fd = bpf_object__find_map_fd_by_name(obj, name);

	if (fd < 0)
		return fd;
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? -errno : fd;
}

int afxdp_rules_loaded(struct afxdp_rules *r, struct bpf_object *obj, char *err, size_t errlen)
{
	hook_remove(r);
	if (!r->linked.insns)
		return fail(err, errlen, -EINVAL,
			    r->link_error[0]
				    ? r->link_error
				    : "the object was opened before the rules were parsed");
	linked_free(&r->linked);
	r->hits_fd = keep_fd(obj, "rule_hits");
	r->state_fd = keep_fd(obj, "rule_state");
	r->sources_fd = keep_fd(obj, "sources");
	if (r->hits_fd < 0 || r->state_fd < 0 || r->sources_fd < 0)
		return fail(err, errlen,
			    r->hits_fd < 0    ? r->hits_fd
			    : r->state_fd < 0 ? r->state_fd
					      : r->sources_fd,
			    "cannot keep the rules' maps");
	return 0;
}

int afxdp_rules_hits(const struct afxdp_rules *r, uint32_t index, struct afxdp_hits *sum)
{
	int cpus = libbpf_num_possible_cpus(), ret;
	struct afxdp_hits *hits;

	*sum = (struct afxdp_hits){ .frames = 0 };
	if (index >= r->rules)
		return -ENOENT;
	if (r->inherited)
		*sum = r->inherited[index];
	if (r->hits_fd < 0)
		return 0; /* not loaded yet */
	if (cpus < 0)
		return cpus;
	hits = calloc(cpus, sizeof(*hits));
	if (!hits)
		return -ENOMEM;
	ret = bpf_map_lookup_elem(r->hits_fd, &index, hits);
	for (int i = 0; !ret && i < cpus; i++) {
		sum->frames += hits[i].frames;
		sum->bytes += hits[i].bytes;
	}
	free(hits);
	return ret;
}
