/* SPDX-License-Identifier: GPL-2.0-only */
#include "reading.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int read_rules(struct reading *r)
{
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
		r->err = read_rules(r);
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
	int *fds[] = { &p->ledger_fd, &p->xsks_fd, &p->config_fd };

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
	r->load = true;
	return p->ledger_fd < 0 || p->xsks_fd < 0 || p->config_fd < 0 ? -errno : 0;
}

static char *copy(const char *text, int *err)
{
	char *to = text ? strdup(text) : NULL;

	if (text && !to)
		*err = -ENOMEM;
	return to;
}

static int start(struct reading *r)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, old;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = -pthread_create(&thread, &attr, reader, r);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return err;
}

static struct reading *make(struct afxdp_post *home)
{
	struct reading *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->prog.ledger_fd = r->prog.xsks_fd = r->prog.config_fd = -1;
	r->msg.type = READING;
	r->home = home;
	return r;
}

static int begin(struct reading *r, int err, struct reading **reading)
{
	if (!err)
		err = start(r);
	if (err)
		reading_free(r);
	else
		*reading = r;
	return err;
}

int reading_start(struct reading **reading, const char *expression, const char *path,
		  struct afxdp_post *home)
{
	struct reading *r = make(home);
	int err = 0;

	if (!r)
		return -ENOMEM;
	r->expression = copy(expression, &err);
	r->path = copy(path, &err);
	return begin(r, err, reading);
}

int reading_start_set(struct reading **reading, const struct afxdp_rules *present, const char *set,
		      const char *text, bool is_element, bool add, struct afxdp_post *home)
{
	struct reading *r = make(home);
	int err = 0;

	if (!r)
		return -ENOMEM;
	r->present = present;
	r->add = add;
	r->set = copy(set, &err);
	*(is_element ? &r->element : &r->path) = copy(text, &err);
	return begin(r, err, reading);
}

int reading_load(struct reading *r, const struct afxdp_prog *prog)
{
	int err = copy_prog(r, prog);

	return err ?: start(r);
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
	free(r->expression);
	free(r->path);
	free(r->set);
	free(r->element);
	free(r);
}
