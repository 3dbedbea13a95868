/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * needs.c - the program does what is asked of it and no more, also when the sink changes.
 *
 * The room in front of a frame that was given no metadata holds those of the frame that was there
 * before. So who needs them must get no frame that an earlier program has seen: first the program
 * does more, and a grace period passes; what is in the rings then is still for the sink before
 * (WORKER_STAMP with settle); and only when that one gets no more frames the program does less.
 */
#include "needs.h"

#include <errno.h>
#include <string.h>
#include "daemon.h"

static struct needs needs_of(const struct options *o, const struct sink_ops *ops)
{
	struct needs n = {
		.program = ops->needs & AFXDP_NEED_ALL,
		.sparse = !(ops->needs & SINK_NEED_META),
		.stamp = o->stamp == STAMP_AUTO ? ops->stamp : o->stamp,
	};

	if (o->oddities)
		n.program |= AFXDP_NEED_ODDITIES;
	/* The right to load another program is about to be given up. */
	if (o->user)
		n.program |= AFXDP_NEED_TAG | AFXDP_NEED_HEADERS;
	return n;
}

/* Both are powers of two, or 0 for never. */
static uint32_t more_often(uint32_t a, uint32_t b)
{
	return !a || (b && b < a) ? b : a;
}

static struct needs both(const struct needs *a, const struct needs *b)
{
	return (struct needs){
		.program = a->program | b->program,
		.sparse = a->sparse && b->sparse,
		.stamp = more_often(a->stamp, b->stamp),
	};
}

/* Of those that stay: d->sink and the ones that have a name. */
static struct needs needs_of_all(const struct daemon *d)
{
	struct needs all = needs_of(d->options, d->sink->ops), more;

	for (uint32_t i = 0; i < d->named_count; i++) {
		more = needs_of(d->options, d->named[i].life->ops);
		all = both(&all, &more);
	}
	/* Not every frame with a time is read for it where there are several rings, so an old time
	 * could be taken for a new one. */
	if (d->named_count)
		all.sparse = false;
	return all;
}

/* Whether a program that does what @has says leaves out something of @wants. */
static bool lacks(const struct needs *has, const struct needs *wants)
{
	return wants->program & ~has->program || (has->sparse && !wants->sparse);
}

static int tell_program(struct daemon *d, const struct needs *now)
{
	struct afxdp_config run = d->prog.config.run;
	int err = 0;

	run.stamp = now->stamp;
	run.sparse = now->sparse;
	if (d->prog_loaded)
		err = afxdp_prog_set(&d->prog, &run);
	if (err)
		return daemon_failed(d, EXIT_RUNTIME, "cannot tell the XDP program what to do: %s",
				     strerror(-err));
	/* One that somebody has taken off will be loaded anew. */
	if (port_has_program(d))
		err = afxdp_prog_need(&d->prog, now->program);
	if (err && err != -ENOLINK)
		return daemon_failed(d, EXIT_RUNTIME, "%s", d->prog.why);
	d->program_needs = *now;
	return 0;
}

void daemon_needs_begin(struct daemon *d)
{
	d->needs = needs_of(d->options, d->sink->ops);
	d->program_needs = needs_of_all(d);
}

int daemon_needs_more(struct daemon *d, const struct sink_ops *ops, bool *settle)
{
	struct needs wants = needs_of(d->options, ops);
	struct needs all = both(&d->program_needs, &wants);
	int status;

	*settle = lacks(&d->program_needs, &wants);
	status = tell_program(d, &all);
	if (!status)
		d->needs = wants;
	return status;
}

void daemon_needs_no_more(struct daemon *d)
{
	struct needs exact = needs_of_all(d);

	d->needs = needs_of(d->options, d->sink->ops);
	if (tell_program(d, &exact))
		daemon_warn("%s: the XDP program goes on doing more than it needs to", d->why);
}
