/* SPDX-License-Identifier: GPL-2.0-only */
#include "reading.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "aside.h"

/* What a new reader reads, sampled or not: bytes. A frame of 60 bytes takes 100, so of these it is
 * 40 ms at a million a second; it takes the memory of as many bytes, and address space of two. */
#define RING_SIZE (4 << 20)

static int read_wish(struct reading *r)
{
	const struct wish *w = &r->wish;
	int err = afxdp_copy_new(&r->fresh, w->text, w->every, w->slot, r->why, sizeof(r->why));

	if (err)
		return err;
	err = afxdp_ring_new(&r->ring, RING_SIZE);
	if (err)
		snprintf(r->why, sizeof(r->why), "dump: the kernel gives us no ring: %s",
			 strerror(-err));
	return err;
}

/* Rules that do nothing are none: so they were before there was something in front of them. */
static void drop_idle(struct reading *r)
{
	if (!afxdp_rules_idle(r->rules))
		return;
	afxdp_rules_free(r->rules);
	r->rules = NULL;
}

static int put_copies(struct reading *r)
{
	struct afxdp_copy *list[AFXDP_COPIES_MAX + 1];
	uint32_t n = r->copies.n;
	int err = r->wish.text ? read_wish(r) : 0;

	memcpy(list, r->copies.copy, sizeof(r->copies.copy));
	if (r->fresh)
		list[n++] = r->fresh;
	if (!err)
		err = afxdp_rules_observe(r->rules, r->copies.tee, list, n, r->fresh,
					  r->copies.generation, r->why, sizeof(r->why));
	if (!err && r->observe)
		drop_idle(r);
	return err;
}

static int read_present(struct reading *r)
{
	if (r->present)
		return afxdp_rules_again(r->present, &r->rules, r->why, sizeof(r->why));
	r->rules = afxdp_rules_none();
	if (r->rules)
		return 0;
	snprintf(r->why, sizeof(r->why), "out of memory");
	return -ENOMEM;
}

static int read_rules(struct reading *r)
{
	if (r->observe)
		return read_present(r);
	if (r->element)
		return afxdp_rules_with_element(r->present, r->set, r->element, r->add, &r->rules,
						r->why, sizeof(r->why));
	if (r->set)
		return afxdp_rules_with_set(r->present, r->set, r->path, &r->rules, r->why,
					    sizeof(r->why));
	if (r->expression)
		return afxdp_rules_parse_expr(r->expression, &r->rules, r->why, sizeof(r->why));
	return afxdp_rules_parse_file(r->path, &r->rules, r->why, sizeof(r->why));
}

static void *reader(void *arg)
{
	struct reading *r = arg;

	if (!r->load) {
		r->err = read_rules(r) ?: put_copies(r);
	} else {
		r->err = afxdp_prog_prepare(&r->prog, r->rules, &r->object);
		if (r->err)
			snprintf(r->why, sizeof(r->why), "%s", r->prog.why);
	}
	afxdp_post_send(r->home, &r->msg);
	return NULL;
}

static void close_fds(struct afxdp_prog *p)
{
	int *fds[] = { &p->ledger_fd, &p->xsks_fd, &p->config_fd, &p->pace_fd };

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (*fds[i] >= 0) {
			close(*fds[i]);
			*fds[i] = -1;
		}
}

/* The steward may close the program's descriptors, because another change came first. */
static int copy_prog(struct reading *r, const struct afxdp_prog *prog)
{
	struct afxdp_prog *p = &r->prog;

	*p = *prog;
	p->ledger_fd = fcntl(prog->ledger_fd, F_DUPFD_CLOEXEC, 3);
	p->xsks_fd = fcntl(prog->xsks_fd, F_DUPFD_CLOEXEC, 3);
	p->config_fd = fcntl(prog->config_fd, F_DUPFD_CLOEXEC, 3);
	p->pace_fd = fcntl(prog->pace_fd, F_DUPFD_CLOEXEC, 3);
	r->load = true;
	return p->ledger_fd < 0 || p->xsks_fd < 0 || p->config_fd < 0 || p->pace_fd < 0 ? -errno
											: 0;
}

static char *copy(const char *text, int *err)
{
	char *to = text ? strdup(text) : NULL;

	if (text && !to)
		*err = -ENOMEM;
	return to;
}

static struct reading *make(const struct copies *copies, struct afxdp_post *home)
{
	struct reading *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->prog.ledger_fd = r->prog.xsks_fd = r->prog.config_fd = r->prog.pace_fd = -1;
	r->msg.type = READING;
	r->home = home;
	r->ring = AFXDP_RING_NONE;
	r->copies = *copies;
	for (uint32_t i = 0; i < r->copies.n; i++)
		afxdp_copy_get(r->copies.copy[i]);
	return r;
}

static int begin(struct reading *r, int err, struct reading **reading)
{
	if (!err)
		err = aside_start(reader, r);
	if (err)
		reading_free(r);
	else
		*reading = r;
	return err;
}

int reading_start(struct reading **reading, const char *expression, const char *path,
		  const struct copies *copies, struct afxdp_post *home)
{
	struct reading *r = make(copies, home);
	int err = 0;

	if (!r)
		return -ENOMEM;
	r->expression = copy(expression, &err);
	r->path = copy(path, &err);
	return begin(r, err, reading);
}

int reading_start_set(struct reading **reading, const struct afxdp_rules *present, const char *set,
		      const char *text, bool is_element, bool add, const struct copies *copies,
		      struct afxdp_post *home)
{
	struct reading *r = make(copies, home);
	int err = 0;

	if (!r)
		return -ENOMEM;
	r->present = present;
	r->add = add;
	r->set = copy(set, &err);
	*(is_element ? &r->element : &r->path) = copy(text, &err);
	return begin(r, err, reading);
}

int reading_start_copies(struct reading **reading, const struct afxdp_rules *present,
			 const struct wish *wish, const struct copies *copies,
			 struct afxdp_post *home)
{
	struct reading *r = make(copies, home);
	int err = 0;

	if (!r)
		return -ENOMEM;
	r->observe = true;
	r->present = present;
	if (wish) {
		r->wish = *wish;
		r->wish.text = copy(wish->text, &err);
	}
	return begin(r, err, reading);
}

int reading_load(struct reading *r, const struct afxdp_prog *prog, uint8_t needs)
{
	int err = copy_prog(r, prog);

	if (!r->rules)
		r->prog.needs = needs;
	return err ?: aside_start(reader, r);
}

void reading_unload(struct reading *r)
{
	if (r->object)
		bpf_object__close(r->object);
	r->object = NULL;
	close_fds(&r->prog);
	r->load = false;
}

void reading_free(struct reading *r)
{
	if (!r)
		return;
	reading_unload(r);
	afxdp_rules_free(r->rules);
	for (uint32_t i = 0; i < r->copies.n; i++)
		afxdp_copy_put(r->copies.copy[i]);
	afxdp_copy_put(r->fresh);
	afxdp_ring_free(&r->ring);
	free((char *)r->wish.text);
	free(r->expression);
	free(r->path);
	free(r->set);
	free(r->element);
	free(r);
}
