/* SPDX-License-Identifier: GPL-2.0-only */
/* change.c - another mode or sink while frames flow. */
#include "daemon.h"

#include <errno.h>
#include <string.h>

/* What busy polling wants of the device: two empty polls before the interrupt is armed again, and a
 * timer that polls by itself if the thread stays away for 200 us (the values that the kernel's own
 * AF_XDP tests use). */
#define DEFER_HARD_IRQS 2
#define FLUSH_NS	200000

void daemon_set_knobs(struct daemon *d, enum mode mode)
{
	int err;

	if (mode != MODE_BUSY) {
		afxdp_knobs_restore(&d->knobs);
		return;
	}
	if (d->polls_nothing) {
		afxdp_knobs_restore(&d->knobs);
		daemon_note(
			"%s: mode busy: this kernel gives the socket no NAPI context to poll "
			"(since Linux 6.13 its driver, %s, must name one): looking at the ring, "
			"as -m spin does",
			d->nic.name, d->nic.driver);
		return;
	}
	err = afxdp_knobs_set(&d->knobs, DEFER_HARD_IRQS, FLUSH_NS);
	if (err)
		daemon_note(
			"%s: napi_defer_hard_irqs and gro_flush_timeout cannot be set (%s): busy "
			"polling "
			"goes on, but interrupts will interfere; set them by hand, see README",
			d->nic.name, strerror(-err));
}

void daemon_polls_nothing(struct daemon *d)
{
	if (d->polls_nothing)
		return;
	d->polls_nothing = true;
	if (d->mode == MODE_BUSY)
		daemon_set_knobs(d, d->mode);
}

static void put_mode(struct worker *w, const void *arg)
{
	w->msg.mode = *(const enum mode *)arg;
}

int daemon_set_mode(struct daemon *d, enum mode mode)
{
	int err;

	if (mode == MODE_BUSY && !d->polls_nothing)
		daemon_set_knobs(d, mode);
	err = daemon_ask(d, WORKER_MODE, put_mode, &mode);
	if (err) {
		daemon_set_knobs(d, d->mode);
		return daemon_failed(d, err, "cannot change to mode %s: %s", mode_name(mode),
				     strerror(-err));
	}
	d->mode = mode;
	daemon_set_knobs(d, mode);
	return 0;
}

static void put_port(struct worker *w, const void *arg)
{
	(void)arg;
	w->msg.port = w->next_port;
}

static void put_stamp(struct worker *w, const void *arg)
{
	w->msg.stamp = *(const uint32_t *)arg;
}

static int set_stamp(struct daemon *d, uint32_t stamp)
{
	struct afxdp_config run = d->prog.config.run;
	int err;

	run.stamp = stamp;
	err = afxdp_prog_set(&d->prog, &run);
	if (!err)
		err = daemon_ask(d, WORKER_STAMP, put_stamp, &stamp);
	if (!err)
		d->stamp = stamp;
	return err;
}

int daemon_set_sink(struct daemon *d, const char *spec)
{
	struct sink *sink, *old = d->sink;
	int err;

	if (daemon_open_sink(d, spec, &sink))
		return -EINVAL;
	for (uint32_t i = 0; i < d->worker_count; i++) {
		err = sink->ops->attach(sink, &d->workers[i]->xsk, &d->workers[i]->next_port);
		if (err)
			goto close;
	}
	/* Times first: the new sink's first frame must have what it needs. */
	err = d->options->stamp == STAMP_AUTO ? set_stamp(d, sink->ops->stamp) : 0;
	if (!err)
		err = daemon_ask(d, WORKER_SINK, put_port, NULL);
	if (err)
		goto close;
	d->sink = sink;
	d->sink_ops = sink->ops;
	old->ops->finish(old);
	old->ops->close(old);
	return 0;
close:
	sink->ops->close(sink);
	return daemon_failed(d, err, "cannot change the sink to '%s': %s", spec, strerror(-err));
}
