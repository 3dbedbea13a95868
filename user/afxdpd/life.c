/* SPDX-License-Identifier: GPL-2.0-only */
#include "life.h"

#include <errno.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "prog.h"
#include "rights.h"

/* A descriptor table of our own, which has only the bells and what is opened from now on. Failing
 * that we share: everything works, until a disk dies. */
static void own_table(const struct life *l)
{
#ifdef __SANITIZE_THREAD__ /* which knows one table only, and takes equal numbers for one file */
	(void)l;
#else
	unsigned int a = l->post.bell, b = l->home->bell;
	unsigned int low = a < b ? a : b, high = a < b ? b : a;

	if (unshare(CLONE_FILES))
		return;
	if (low > 3)
		close_range(3, low - 1, 0);
	if (high > low + 1)
		close_range(low + 1, high - 1, 0);
	close_range(high + 1, ~0U, 0);
#endif
}

static int attach(struct life *l)
{
	int err = 0;

	while (l->attached < l->ports && !err) {
		err = l->ops->attach(l->sink, l->xsk[l->attached], &l->port[l->attached]);
		l->attached += !err;
	}
	if (err)
		snprintf(l->why, sizeof(l->why), "sink '%s': %s", l->spec, strerror(-err));
	return err;
}

static int carry_out(struct life *l, enum word what)
{
	int err = 0;

	switch (what) {
	case SINK_OPEN:
		if (l->ops->own_thread)
			own_table(l);
		err = l->ops->open(&l->sink, l->arg, &l->env, l->why, sizeof(l->why));
		if (err)
			l->sink = NULL;
		break;
	case SINK_ATTACH:
		err = attach(l);
		break;
	case SINK_SETTLE: /* here, for it may take long */
		afxdp_quiesce();
		break;
	case SINK_DETACH:
		l->ops->detach(l->sink);
		break;
	case SINK_REATTACH:
		l->ops->reattach(l->sink);
		break;
	case SINK_FINISH:
		l->ops->finish(l->sink);
		break;
	case SINK_REPORT:
		l->report = l->ops->report(l->sink);
		break;
	case SINK_ROTATE:
		err = l->ops->rotate(l->sink, l->why, sizeof(l->why));
		break;
	case SINK_CLOSE:
		if (l->sink)
			l->ops->close(l->sink);
		l->sink = NULL;
		break;
	default:
		err = -EINVAL;
	}
	return err;
}

static void *life_run(void *arg)
{
	struct life *l = arg;
	struct pollfd bell = { .fd = l->post.bell, .events = POLLIN };
	struct afxdp_post *home = l->home;
	enum word what = SINK_OPEN;

	while (what != SINK_CLOSE) {
		struct afxdp_msg *msg;

		poll(&bell, 1, -1);
		afxdp_post_silence(&l->post);
		while (what != SINK_CLOSE && (msg = afxdp_post_take(&l->post))) {
			struct life_order *o = (struct life_order *)msg;

			what = msg->type;
			o->err = carry_out(l, what);
			/* After the last one @l is the steward's, to free once it has joined us. */
			afxdp_post_send(home, msg);
		}
	}
	return NULL;
}

static int start_thread(struct life *l)
{
	sigset_t all, old;
	char name[16];
	int err;

	/* Signals are the steward's; SIGPIPE is to be an error of the write. */
	rights_mask(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = -pthread_create(&l->thread, NULL, life_run, l);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		return err;
	snprintf(name, sizeof(name), "s:%.12s", l->ops->name);
	pthread_setname_np(l->thread, name);
	return 0;
}

static void life_release(struct life *l)
{
	afxdp_post_free(&l->post);
	json_decref(l->last);
	json_decref(l->report);
	free(l->xsk);
	free(l->port);
	free(l->spec);
	free(l);
}

int life_start(struct life **life, const struct sink_ops *ops, const char *spec, const char *arg,
	       const struct sink_env *env, struct afxdp_post *home)
{
	struct life *l = calloc(1, sizeof(*l));
	int err = -ENOMEM;

	if (!l)
		return err;
	l->post.bell = -1;
	l->ops = ops;
	l->env = *env;
	l->home = home;
	snprintf(l->ifname, sizeof(l->ifname), "%s", env->ifname);
	l->env.ifname = l->ifname;
	l->spec = strdup(spec);
	l->xsk = calloc(SINK_PORTS_MAX, sizeof(*l->xsk));
	l->port = calloc(SINK_PORTS_MAX, sizeof(*l->port));
	if (!l->spec || !l->xsk || !l->port)
		goto release;
	l->arg = arg ? l->spec + (arg - spec) : NULL;
	err = afxdp_post_init(&l->post);
	if (!err)
		err = start_thread(l);
	if (err)
		goto release;
	life_send(l, SINK_OPEN);
	*life = l;
	return 0;
release:
	life_release(l);
	return err;
}

void life_send(struct life *l, enum word what)
{
	struct life_order *o = &l->order[what - SINK_OPEN];
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	l->since = t.tv_sec * 1000000000ULL + t.tv_nsec;
	o->life = l;
	o->msg.type = what;
	o->out = true;
	afxdp_post_send(&l->post, &o->msg);
}

struct life_order *life_back(struct afxdp_msg *msg)
{
	struct life_order *o = (struct life_order *)msg;
	struct life *l = o->life;

	o->out = false;
	switch (msg->type) {
	case SINK_OPEN:
		l->opened = !o->err;
		break;
	case SINK_DETACH:
		l->detached = true;
		break;
	case SINK_FINISH:
		l->finished = true;
		break;
	case SINK_CLOSE:
		l->closed = true;
		break;
	case SINK_REPORT:
		json_decref(l->last);
		l->last = l->report;
		l->report = NULL;
		break;
	}
	return o;
}

bool life_busy(const struct life *l)
{
	for (int i = 0; i < SINK_ORDERS; i++)
		if (l->order[i].out)
			return true;
	return false;
}

void life_free(struct life *l)
{
	if (!l)
		return;
	pthread_join(l->thread, NULL);
	life_release(l);
}
