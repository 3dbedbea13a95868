/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * daemon.c - the control thread: set up (setup.c), run, take down.
 *
 * Order matters. Up: sink, program (loaded, not attached), sockets, workers, claims, and only then
 * the attachment, so that the first frame finds everybody in place. Down: claims are withdrawn
 * (frames go to the stack again), a grace period passes, workers empty their rings, the sink ends
 * its work, and only then are the counters read: what they say is final.
 */
#include "daemon.h"

#include <errno.h>
#include <limits.h>
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

int daemon_failed(struct daemon *d, int status, const char *format, ...)
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

void daemon_read_signals(struct daemon *d)
{
	struct signalfd_siginfo info;

	while (read(d->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGINT || info.ssi_signo == SIGTERM)
			d->stop = true;
		else if (info.ssi_signo == SIGHUP)
			d->reload = true;
	}
}

/* ---- running ---- */

static void link_changed(struct daemon *d)
{
	const struct afxdp_nic was = d->nic;
	int err;

	if (!afxdp_nic_changed(d->links, d->nic.ifindex))
		return;
	err = afxdp_nic_state(&d->nic);
	if (err == -ENODEV) {
		d->gone = true;
		d->stop = true;
		return;
	}
	if (err)
		return;
	if (was.up != d->nic.up)
		daemon_note(d->nic.up ? "%s is up again" : "%s went down: waiting for it",
			    was.name);
	else if (d->nic.up && was.running != d->nic.running)
		daemon_note(d->nic.running ? "%s has a carrier again" : "%s lost its carrier",
			    was.name);
	if (strcmp(was.name, d->nic.name))
		daemon_note("%s is called %s now: its control socket and pins keep the name %s",
			    was.name, d->nic.name, d->first_name);
}

/* Milliseconds until @when, at least 0, at most what poll() takes; -1 if it is never. */
static int until(uint64_t when)
{
	uint64_t now = daemon_now(), ms;

	if (!when)
		return -1;
	ms = when <= now ? 0 : (when - now + 999999) / 1000000;
	return ms < INT_MAX ? (int)ms : INT_MAX;
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
		daemon_read_signals(d);
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
		return daemon_failed(d, EXIT_RUNTIME, "cannot read the ledger: %s", strerror(-err));
	report = report_json(d, &p);
	picture_free(&p);
	if (!report)
		return daemon_failed(d, EXIT_RUNTIME, "out of memory for the report");
	table_report(d->out, report);
	if (d->report)
		err = report_write(d->report, report);
	json_decref(report);
	return err ? daemon_failed(d, EXIT_RUNTIME, "cannot write report '%s': %s", o->report,
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
		return daemon_failed(d, EXIT_USAGE, "--user '%s': no such user", o->user);
	if (o->ifname && !if_nametoindex(o->ifname))
		return daemon_failed(d, EXIT_CANNOT, "no such interface: '%s'", o->ifname);
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
	status = err ? daemon_failed(&d, EXIT_RUNTIME, "cannot start: %s", strerror(-err))
		     : daemon_set_up(&d);
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
		status = daemon_failed(&d, EXIT_RUNTIME, "%s is gone", d.nic.name);
	take_down(&d);
	if (status)
		daemon_note("%s", d.why);
	return status;
}
