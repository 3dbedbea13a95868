/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * daemon.c - the control thread: set up, run, take down.
 *
 * Order matters. Up: sink, program (loaded, not attached), sockets, workers, claims, and only then
 * the attachment, so that the first frame finds everybody in place. Down: claims are withdrawn
 * (frames go to the stack again), a grace period passes, workers empty their rings, the sink ends
 * its work, and only then are the counters read: what they say is final.
 */
#include "daemon.h"

#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>
#include "complain.h"
#include "control.h"
#include "metrics.h"
#include "privileges.h"
#include "report.h"
#include "table.h"

/* What busy polling wants of the device: two empty polls before the interrupt is armed again, and a
 * timer that polls by itself if the thread stays away for 200 us (the values that the kernel's own
 * AF_XDP tests use). */
#define DEFER_HARD_IRQS 2
#define FLUSH_NS	200000

__attribute__((format(printf, 3, 4))) static int failed(struct daemon *d, int status,
							const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(d->why, sizeof(d->why), format, args);
	va_end(args);
	return status;
}

void daemon_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain("afxdpd", format, args);
	va_end(args);
}

uint64_t daemon_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

bool daemon_zerocopy(const struct daemon *d)
{
	for (uint32_t i = 0; i < d->worker_count; i++)
		if (!d->workers[i]->xsk.zerocopy)
			return false;
	return d->worker_count;
}

/* ---- setting up ---- */

static int open_signals(struct daemon *d)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	/* A reader of the live line or of pcap:- that goes away must not take us with it. */
	sigaddset(&set, SIGPIPE);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	d->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return d->signals < 0 ? -errno : 0;
}

static void read_signals(struct daemon *d)
{
	struct signalfd_siginfo info;

	while (read(d->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGINT || info.ssi_signo == SIGTERM)
			d->stop = true;
		else if (info.ssi_signo == SIGHUP)
			d->reload = true;
	}
}

static bool out_of_time(const struct daemon *d)
{
	return d->options->duration &&
	       daemon_now() - d->start_ns >= (uint64_t)(d->options->duration * 1e9);
}

/* A socket cannot be bound to an interface that is down. */
static int wait_until_up(struct daemon *d)
{
	struct pollfd fds[] = { { .fd = d->signals, .events = POLLIN },
				{ .fd = d->links, .events = POLLIN } };

	if (d->nic.up)
		return 0;
	daemon_note("%s is down: waiting for it (ip link set %s up)", d->nic.name, d->nic.name);
	while (!d->stop && !d->nic.up) {
		poll(fds, 2, 100);
		read_signals(d);
		switch (afxdp_nic_event(d->links, d->nic.ifindex)) {
		case AFXDP_NIC_UP:
			d->nic.up = true;
			break;
		case AFXDP_NIC_GONE:
			return failed(d, EXIT_RUNTIME, "%s is gone", d->nic.name);
		default:
			break;
		}
		if (out_of_time(d))
			d->stop = true;
	}
	return 0;
}

/* At once, so that a name that cannot be written is found before the work is done. */
static int open_report(struct daemon *d)
{
	const char *path = d->options->report;

	if (!path)
		return 0;
	d->report = strcmp(path, "-") ? fopen(path, "we") : stdout;
	return d->report ? 0
			 : failed(d, EXIT_USAGE, "--report '%s': cannot write it: %s", path,
				  strerror(errno));
}

static int find_interface(struct daemon *d)
{
	const char *name = d->options->ifname;
	int err;

	d->nic.ifindex = if_nametoindex(name);
	if (!d->nic.ifindex)
		return failed(
			d, EXIT_CANNOT,
			"no such interface: '%s' ('ip -br link' lists those of this namespace)",
			name);
	d->links = afxdp_nic_watch();
	if (d->links < 0)
		return failed(d, EXIT_RUNTIME, "cannot watch links: %s", strerror(-d->links));
	err = afxdp_nic_get(d->nic.ifindex, &d->nic);
	if (err)
		return failed(d, EXIT_RUNTIME, "cannot look at '%s': %s", name, strerror(-err));
	return 0;
}

/* -q against what the device has; d->options then holds the list in either case. */
static int choose_queues(struct daemon *d)
{
	struct options *o = d->options;

	if (o->all_queues) {
		o->queue_count = d->nic.queues < QUEUES_MAX ? d->nic.queues : QUEUES_MAX;
		for (uint32_t i = 0; i < o->queue_count; i++)
			o->queues[i] = i;
	}
	for (uint32_t i = 0; i < o->queue_count; i++)
		if (o->queues[i] >= d->nic.queues)
			return failed(
				d, EXIT_USAGE,
				"--queues: %s has no receive queue %u: it has %u, counted from 0 "
				"(see 'ethtool -l %s')",
				d->nic.name, o->queues[i], d->nic.queues, d->nic.name);
	return 0;
}

static uint32_t frame_size(const struct daemon *d)
{
	if (d->options->frame_size)
		return d->options->frame_size;
	return d->nic.mtu > 1500 ? 4096 : 2048;
}

static int open_sink(struct daemon *d, const char *spec, struct sink **sink)
{
	const struct sink_env env = {
		.ifname = d->nic.name,
		.ports = d->options->queue_count,
		.ring = d->options->ring,
		.frames = d->options->frames,
		.frame_size = frame_size(d),
	};
	const struct sink_ops *ops;
	const char *arg;
	int err;

	ops = sink_find(spec, &arg, d->why, sizeof(d->why));
	if (!ops)
		return EXIT_USAGE;
	err = ops->open(sink, arg, &env, d->why, sizeof(d->why));
	if (err)
		return err == -ENOMEM ? EXIT_RUNTIME : EXIT_USAGE;
	return 0;
}

static int load_program(struct daemon *d)
{
	const struct options *o = d->options;
	struct afxdp_prog_config config = {
		.ifname = d->nic.name,
		.ifindex = d->nic.ifindex,
		.queues = d->nic.queues,
		.attach = o->attach,
		.replace = o->replace,
		.run = { .default_verdict = AFXDP_CAPTURE, .stamp = d->stamp },
		.rules = d->rules,
		.hw_metadata = d->nic.rx_metadata && o->attach != AFXDP_ATTACH_GENERIC && !d->no_hw,
		.tags_stripped = d->nic.rxvlan,
	};
	int err = afxdp_prog_load(&d->prog, &config);

	d->prog_loaded = true;
	if (err)
		return failed(d, EXIT_CANNOT, "%s", d->prog.why);
	if (d->prog.adopted)
		daemon_note("%s: adopted program %s (id %u) that was attached already", d->nic.name,
			    d->prog.found.name, d->prog.found.prog_id);
	for (uint32_t i = 0; i < o->queue_count; i++)
		if (o->queues[i] >= d->prog.queues)
			return failed(d, EXIT_CANNOT,
				      "%s: the attached program has room for %u queues, not for "
				      "queue %u: "
				      "take its place with --replace",
				      d->nic.name, d->prog.queues, o->queues[i]);
	d->base = calloc(d->prog.queues, sizeof(*d->base));
	if (!d->base)
		return failed(d, EXIT_RUNTIME, "out of memory");
	for (uint32_t q = 0; q < d->prog.queues; q++)
		afxdp_prog_ledger(&d->prog, q, &d->base[q]);
	return 0;
}

static int socket_failed(struct daemon *d, uint32_t queue, int err, const char *what)
{
	const char *name = d->nic.name;

	if (err == -EBUSY)
		return failed(
			d, EXIT_CANNOT,
			"%s: another process has an AF_XDP socket on queue %u: stop it, or leave "
			"that queue out with -q",
			name, queue);
	if (err == -ENETDOWN)
		return failed(d, EXIT_RUNTIME, "%s went down while it was being set up", name);
	if (d->options->zerocopy == AFXDP_ZC_ON && (err == -EOPNOTSUPP || err == -EINVAL))
		return failed(d, EXIT_CANNOT,
			      "%s: -z on: driver '%s' has no zero-copy for queue %u (%s): '-z "
			      "auto' falls "
			      "back to copy",
			      name, d->nic.driver, queue, strerror(-err));
	return failed(d, EXIT_CANNOT, "%s queue %u: %s: %s", name, queue, what, strerror(-err));
}

static int open_worker(struct daemon *d, uint32_t i)
{
	const struct options *o = d->options;
	const struct afxdp_xsk_config config = {
		.ifindex = d->nic.ifindex,
		.queue = o->queues[i],
		.frames = o->frames,
		.frame_size = frame_size(d),
		.ring = o->ring,
		.hugepages = o->hugepages,
		.zerocopy = o->attach == AFXDP_ATTACH_GENERIC ? AFXDP_ZC_OFF : o->zerocopy,
	};
	struct worker *w = aligned_alloc(AFXDP_CACHE_LINE, sizeof(*w));
	const char *what;
	int err;

	if (!w)
		return failed(d, EXIT_RUNTIME, "out of memory");
	memset(w, 0, sizeof(*w));
	w->xsk.fd = w->post.bell = -1;
	d->workers[d->worker_count++] = w;
	err = afxdp_xsk_open(&w->xsk, &config, &what);
	if (err)
		return socket_failed(d, config.queue, err, what);
	err = afxdp_post_init(&w->post);
	if (!err)
		err = d->sink_ops->attach(d->sink, &w->xsk, &w->port);
	if (err)
		return failed(d, EXIT_RUNTIME, "cannot set up the worker of queue %u: %s",
			      config.queue, strerror(-err));
	w->ops = d->sink_ops;
	w->batch = o->batch;
	w->stamp = d->stamp;
	w->mode = d->mode;
	w->budget = o->count ? &d->budget : NULL;
	w->daemon = &d->post;
	w->cpu = o->cpu_count ? o->cpus[i % o->cpu_count] : -1;
	w->msg.worker = w;
	return 0;
}

static void set_knobs(struct daemon *d, enum mode mode)
{
	int err;

	if (mode != MODE_BUSY) {
		afxdp_knobs_restore(&d->knobs);
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

static int start_workers(struct daemon *d)
{
	int err;

	for (uint32_t i = 0; i < d->worker_count; i++) {
		struct worker *w = d->workers[i];

		if (d->mode == MODE_BUSY) {
			err = afxdp_xsk_busy_poll(&w->xsk, true, BUSY_USECS, BUSY_BUDGET);
			if (err)
				return failed(d, EXIT_CANNOT,
					      "-m busy: this kernel cannot prefer busy polling "
					      "(%s): use -m "
					      "spin or -m adaptive",
					      strerror(-err));
		}
		err = worker_start(w);
		if (err == -EINVAL && w->cpu >= 0)
			return failed(d, EXIT_USAGE,
				      "--cpus: queue %u cannot be served on CPU %d: there is no "
				      "such CPU, or we may not use it ('nproc' counts those)",
				      w->xsk.config.queue, w->cpu);
		if (err)
			return failed(d, EXIT_RUNTIME, "cannot start the worker of queue %u: %s",
				      w->xsk.config.queue, strerror(-err));
	}
	return 0;
}

static int claim_and_attach(struct daemon *d)
{
	for (uint32_t i = 0; i < d->worker_count; i++) {
		const struct afxdp_xsk *x = &d->workers[i]->xsk;
		int err = afxdp_prog_claim(&d->prog, x->config.queue, x->fd);

		if (err)
			return failed(d, EXIT_RUNTIME, "cannot claim queue %u: %s", x->config.queue,
				      strerror(-err));
	}
	d->attach_error = afxdp_prog_attach(&d->prog);
	return d->attach_error ? failed(d, EXIT_CANNOT, "%s", d->prog.why) : 0;
}

/* The device said that it has native XDP with metadata, and yet refused: again with the program
 * that runs in any mode. Rules serve one object only, so they are read anew. */
static int attach_without_metadata(struct daemon *d)
{
	int err;

	afxdp_prog_close(&d->prog);
	d->prog_loaded = false;
	afxdp_rules_free(d->rules);
	d->rules = NULL;
	free(d->base);
	d->base = NULL;
	d->no_hw = true;
	err = daemon_read_rules(d);
	if (!err)
		err = load_program(d);
	return err ?: claim_and_attach(d);
}

static int attach_program(struct daemon *d)
{
	int err = claim_and_attach(d);

	if (d->attach_error == -EOPNOTSUPP && d->prog.hw && d->options->attach == AFXDP_ATTACH_AUTO)
		err = attach_without_metadata(d);
	if (err)
		return err;
	if (d->prog.generic && d->options->attach == AFXDP_ATTACH_AUTO && !d->prog.adopted)
		daemon_note("%s: driver '%s' has no native XDP: running in generic mode, which is "
			    "slower",
			    d->nic.name, d->nic.driver);
	if (!daemon_zerocopy(d) && d->options->zerocopy == AFXDP_ZC_AUTO)
		daemon_note("%s: driver '%s' has no zero-copy here: frames are copied once by the "
			    "kernel",
			    d->nic.name, d->nic.driver);
	if (d->prog.bare)
		daemon_note("%s: frames carry no metadata and no times: libxdp's dispatcher and "
			    "this kernel take no program that writes any (libxdp 1.5.5 mends it)",
			    d->nic.name);
	if (afxdp_prog_pin(&d->prog))
		daemon_note("%s", d->prog.why);
	return 0;
}

static int set_up(struct daemon *d)
{
	struct options *o = d->options;
	int err;

	if (geteuid())
		return failed(d, EXIT_CANNOT, "needs root (XDP, AF_XDP): run it with sudo");
	err = open_report(d);
	if (err)
		return err;
	if (o->user && privileges_find(o->user, &d->user))
		return failed(d, EXIT_USAGE, "--user '%s': no such user", o->user);
	err = find_interface(d);
	if (err)
		return err;
	err = control_open(&d->control, d->nic.name, o->control, d->why, sizeof(d->why));
	if (err)
		return err == -EADDRINUSE ? EXIT_CANNOT : EXIT_USAGE;
	if (o->metrics && metrics_open(&d->metrics, d, o->metrics, d->why, sizeof(d->why)))
		return EXIT_USAGE;
	if (afxdp_knobs_init(&d->knobs, d->nic.name, d->nic.ifindex) > 0)
		daemon_note("%s: put back the NAPI settings that a killed afxdpd had left changed",
			    d->nic.name);
	err = choose_queues(d);
	if (!err)
		err = daemon_read_rules(d);
	if (err)
		return err;
	err = open_sink(d, o->sink, &d->sink);
	if (err)
		return err;
	d->sink_ops = d->sink->ops;
	d->stamp = o->stamp == STAMP_AUTO ? d->sink_ops->stamp : o->stamp;
	err = wait_until_up(d);
	if (err || d->stop)
		return err;
	err = load_program(d);
	if (err)
		return err;
	d->workers = calloc(o->queue_count, sizeof(*d->workers));
	if (!d->workers)
		return failed(d, EXIT_RUNTIME, "out of memory");
	for (uint32_t i = 0; i < o->queue_count; i++) {
		err = open_worker(d, i);
		if (err)
			return err;
	}
	afxdp_nic_stats(d->nic.ifindex, &d->nic_start);
	err = start_workers(d);
	if (err)
		return err;
	err = attach_program(d);
	if (err)
		return err;
	set_knobs(d, d->mode);
	if (o->user)
		afxdp_prog_give(&d->prog, d->user.uid, d->user.gid);
	err = o->user ? privileges_drop(&d->user) : 0;
	return err ? failed(d, EXIT_RUNTIME, "--user '%s': cannot become this user: %s", o->user,
			    strerror(-err))
		   : 0;
}

/* ---- running ---- */

static void link_changed(struct daemon *d)
{
	switch (afxdp_nic_event(d->links, d->nic.ifindex)) {
	case AFXDP_NIC_GONE:
		d->gone = true;
		d->stop = true;
		break;
	case AFXDP_NIC_DOWN:
		if (d->nic.up)
			daemon_note("%s went down: waiting for it", d->nic.name);
		d->nic.up = false;
		break;
	case AFXDP_NIC_UP:
		if (!d->nic.up)
			daemon_note("%s is up again", d->nic.name);
		d->nic.up = true;
		break;
	case AFXDP_NIC_NOTHING:
		break;
	}
}

/* Milliseconds until @when, at least 0; -1 if it is never. */
static int until(uint64_t when)
{
	uint64_t now = daemon_now();

	if (!when)
		return -1;
	return when <= now ? 0 : (int)((when - now + 999999) / 1000000);
}

/* SIGHUP: the file given at the start, as it is now. */
static void reload(struct daemon *d)
{
	const char *path = d->options->rules;

	d->reload = false;
	if (!path)
		daemon_note("SIGHUP: there is no rules file to read again (-r)");
	else if (daemon_replace_rules(d, path, NULL))
		daemon_note("%s; the old rules stay", d->why);
	else
		daemon_note("rules read again from '%s'", path);
}

static void run(struct daemon *d)
{
	const struct options *o = d->options;
	uint64_t end = o->duration ? d->start_ns + (uint64_t)(o->duration * 1e9) : 0;
	uint64_t line = o->interval ? d->start_ns + (uint64_t)(o->interval * 1e9) : 0;
	struct picture last = { 0 };

	while (!d->stop) {
		struct pollfd fds[32] = { { .fd = d->signals, .events = POLLIN },
					  { .fd = d->links, .events = POLLIN },
					  { .fd = d->post.bell, .events = POLLIN } };
		uint32_t n = 4 + control_fds(d->control, fds + 4, 28);
		int a = until(end), b = until(line);

		fds[3] = (struct pollfd){ .fd = d->metrics ? metrics_fd(d->metrics) : -1,
					  .events = POLLIN };

		poll(fds, n, a < 0 ? b : b < 0 || a < b ? a : b);
		read_signals(d);
		if (d->reload)
			reload(d);
		if (fds[1].revents)
			link_changed(d);
		if (fds[2].revents)
			daemon_read_post(d);
		if (d->metrics) /* also for its time-outs */
			metrics_serve(d->metrics);
		control_serve(d->control, d, fds + 4, n - 4);
		if (line && !until(line)) {
			struct picture now;

			if (!daemon_look(d, &now)) {
				report_line(d->out, &last, &now);
				picture_free(&last);
				last = now;
			}
			line += (uint64_t)(o->interval * 1e9);
		}
		if (end && !until(end))
			d->stop = true;
	}
	picture_free(&last);
}

static void put_mode(struct worker *w, const void *arg)
{
	w->msg.mode = *(const enum mode *)arg;
}

int daemon_set_mode(struct daemon *d, enum mode mode)
{
	int err;

	if (mode == MODE_BUSY)
		set_knobs(d, mode);
	err = daemon_ask(d, WORKER_MODE, put_mode, &mode);
	if (err)
		return failed(d, err, "cannot change to mode %s: %s", mode_name(mode),
			      strerror(-err));
	d->mode = mode;
	set_knobs(d, mode);
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

	if (open_sink(d, spec, &sink))
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
	return failed(d, err, "cannot change the sink to '%s': %s", spec, strerror(-err));
}

/* ---- taking down ---- */

static void stop_workers(struct daemon *d)
{
	for (uint32_t i = 0; i < d->worker_count && d->prog_loaded; i++)
		afxdp_prog_unclaim(&d->prog, d->workers[i]->xsk.config.queue);
	afxdp_quiesce();
	daemon_ask(d, WORKER_STOP, NULL, NULL);
	for (uint32_t i = 0; i < d->worker_count; i++) {
		struct worker *w = d->workers[i];

		if (!w->running)
			continue;
		pthread_join(w->thread, NULL);
		w->running = false;
	}
	if (d->sink)
		d->sink_ops->finish(d->sink);
	for (uint32_t i = 0; i < d->worker_count; i++)
		if (d->workers[i]->port)
			worker_look(d->workers[i]);
}

static int final_report(struct daemon *d)
{
	const struct options *o = d->options;
	struct picture p;
	json_t *report;
	int err = daemon_look(d, &p);

	if (err)
		return failed(d, EXIT_RUNTIME, "cannot read the ledger: %s", strerror(-err));
	report = report_json(d, &p);
	picture_free(&p);
	if (!report)
		return failed(d, EXIT_RUNTIME, "out of memory for the report");
	table_report(d->out, report);
	if (d->report)
		err = report_write(d->report, report);
	json_decref(report);
	return err ? failed(d, EXIT_RUNTIME, "cannot write report '%s': %s", o->report,
			    strerror(-err))
		   : 0;
}

static void take_down(struct daemon *d)
{
	for (uint32_t i = 0; i < d->worker_count; i++)
		afxdp_xsk_close(&d->workers[i]->xsk);
	if (d->prog_loaded)
		afxdp_prog_close(&d->prog);
	afxdp_rules_free(d->rules);
	afxdp_knobs_close(&d->knobs);
	if (d->sink)
		d->sink_ops->close(d->sink);
	for (uint32_t i = 0; i < d->worker_count; i++) {
		afxdp_post_free(&d->workers[i]->post);
		free(d->workers[i]);
	}
	free(d->workers);
	free(d->base);
	metrics_close(d->metrics);
	control_close(d->control);
	afxdp_post_free(&d->post);
	if (d->links >= 0)
		close(d->links);
	if (d->signals >= 0)
		close(d->signals);
	if (d->report && d->report != stdout)
		fclose(d->report);
}

/* --check: everything that can be said without touching an interface. */
static int check(struct daemon *d)
{
	const struct options *o = d->options;
	const char *arg;

	if (!sink_find(o->sink, &arg, d->why, sizeof(d->why)))
		return EXIT_USAGE;
	if (daemon_read_rules(d))
		return EXIT_USAGE;
	if (o->user && privileges_find(o->user, &d->user))
		return failed(d, EXIT_USAGE, "--user '%s': no such user", o->user);
	if (o->ifname && !if_nametoindex(o->ifname))
		return failed(d, EXIT_CANNOT, "no such interface: '%s'", o->ifname);
	printf("afxdpd: options are good\n");
	return 0;
}

static void say_ready(const struct daemon *d)
{
	daemon_note("%s: %s XDP, %s, %u queue%s, mode %s, sink %s: ready", d->nic.name,
		    d->prog.generic ? "generic" : "native",
		    daemon_zerocopy(d) ? "zero-copy" : "copy", d->worker_count,
		    d->worker_count == 1 ? "" : "s", mode_name(d->mode), d->sink_ops->name);
}

int daemon_run(struct options *o)
{
	struct daemon d = { .options = o,
			    .mode = o->mode,
			    .budget = o->count,
			    .signals = -1,
			    .links = -1,
			    .knobs = AFXDP_KNOBS_NONE,
			    .post.bell = -1 };
	int status, err;

	/* What others read from stdout stays clean. */
	d.out = (o->report && !strcmp(o->report, "-")) || !strcmp(o->sink, "pcap:-") ? stderr
										     : stdout;
	d.start_ns = daemon_now();
	if (o->check) {
		status = check(&d);
		afxdp_rules_free(d.rules);
		if (status)
			daemon_note("%s", d.why);
		return status;
	}
	err = afxdp_post_init(&d.post);
	if (!err)
		err = open_signals(&d);
	status = err ? failed(&d, EXIT_RUNTIME, "cannot start: %s", strerror(-err)) : set_up(&d);
	if (!status && !d.stop) {
		d.start_ns = daemon_now();
		say_ready(&d);
		run(&d);
	}
	stop_workers(&d);
	if (d.prog_loaded)
		afxdp_prog_detach(&d.prog);
	d.end_ns = daemon_now();
	if (!status && d.worker_count)
		status = final_report(&d);
	if (d.gone && !status)
		status = failed(&d, EXIT_RUNTIME, "%s is gone", d.nic.name);
	take_down(&d);
	if (status)
		daemon_note("%s", d.why);
	return status;
}
