/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * daemon.c - the steward: set up (setup.c), run, stop (stop.c), take down.
 *
 * Order matters. Up: sink, program (loaded, not attached), sockets, workers, claims, and only then
 * the attachment, so that the first frame finds everybody in place. Down: claims are withdrawn
 * (frames go to the stack again), a grace period passes, workers empty their rings, the sink ends
 * its work, and only then are the counters read: what they say is final.
 */
#include "daemon.h"

#include <errno.h>
#include <inttypes.h>
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
#include "clerk.h"
#include "printable.h"
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

uint64_t daemon_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

bool daemon_zerocopy(const struct daemon *d)
{
	bool any = false;

	for (uint32_t i = 0; i < d->worker_count; i++) {
		const struct afxdp_xsk *x = &d->workers[i]->xsk;

		if (x->fd >= 0 && !x->zerocopy)
			return false;
		any |= x->fd >= 0;
	}
	return any;
}

static int open_signals(struct daemon *d)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
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
		else if (info.ssi_signo == SIGUSR1)
			d->report_due = true;
	}
}

/* ---- running ---- */

/* Milliseconds until @when, at least 0, at most what poll() takes; -1 if it is never. */
static int until(uint64_t when)
{
	uint64_t now = daemon_now(), ms;

	if (!when)
		return -1;
	ms = when <= now ? 0 : (when - now + 999999) / 1000000;
	return ms < INT_MAX ? (int)ms : INT_MAX;
}

/* SIGHUP: the files given at the start, as they are now; and captures' files anew. */
static void reload(struct daemon *d)
{
	const char *path = d->options->rules;

	d->reload = false;
	daemon_rotate(d, NULL, NULL);
	if (d->options->config)
		daemon_reload(d);
	else if (!path && !d->rotate_change.begun_ns)
		daemon_warn("SIGHUP: there is no rules file to read again (-r), nor a capture to "
			    "begin anew");
	else if (!path)
		return;
	else
		daemon_replace_rules(d, path, NULL);
}

static void print_line(struct daemon *d, struct picture *last)
{
	struct picture now;
	char *line;

	if (daemon_look(d, &now))
		return;
	line = report_line(last, &now);
	if (line)
		clerk_print(d->clerk, line);
	picture_free(last);
	*last = now;
}

/* While somebody waits for a change he is told each second that it goes on. */
#define TICK_MS 100

static bool changing(const struct daemon *d)
{
	return d->sink_change.begun_ns || d->mode_change.begun_ns || d->rules_change.begun_ns ||
	       d->rotate_change.begun_ns;
}

static int sooner(int a, int b)
{
	return a < 0 ? b : b < 0 || a < b ? a : b;
}

/* port.h looks once a second. */
#define WATCH_MS 1000

static void run(struct daemon *d)
{
	const struct options *o = d->options;
	uint64_t end = o->duration ? d->start_ns + (uint64_t)(o->duration * 1e9) : 0;
	uint64_t line = o->interval ? d->start_ns + (uint64_t)(o->interval * 1e9) : 0;
	struct picture last = { 0 };

	while (!d->stop) {
		struct pollfd fds[] = { { .fd = d->signals, .events = POLLIN },
					{ .fd = d->links, .events = POLLIN },
					{ .fd = d->post.bell, .events = POLLIN } };

		poll(fds, 3,
		     sooner(sooner(sooner(until(end), until(line)),
				   sooner(until(daemon_service_due(d)), until(daemon_rules_due(d)))),
			    changing(d) ? TICK_MS : WATCH_MS));
		daemon_read_signals(d);
		daemon_service_turn(d);
		port_watch(d);
		daemon_log_tick();
		daemon_sink_watch(d);
		daemon_read_post(d);
		/* Not refused while a change is under way: nobody would ask for it again. */
		if (d->reload && !daemon_reload_out(d) && daemon_rules_at_rest(d))
			reload(d);
		daemon_reload_tick(d);
		daemon_serve(d);
		daemon_sink_tick(d);
		daemon_rotate_step(d);
		daemon_news_tick(d);
		daemon_report_tick(d);
		daemon_rules_tick(d);
		tee_tick(d);
		daemon_change_tick(d, &d->mode_change, "waiting for a worker that is stuck");
		if (line && !until(line)) {
			print_line(d, &last);
			/* Not at once those that a pause of ours (SIGSTOP) has left out. */
			line += (uint64_t)(o->interval * 1e9);
			if (!until(line))
				line = daemon_now() + (uint64_t)(o->interval * 1e9);
		}
		if (end && !until(end))
			d->stop = true;
		daemon_service_turn(d);
	}
	picture_free(&last);
}

/* ---- taking down ---- */

static int print_table(struct daemon *d, const json_t *report)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	int err = f ? 0 : -ENOMEM;

	if (f) {
		table_report(f, report);
		err = fclose(f) ? -ENOMEM : daemon_write_words(d->out, printable_text(text));
	}
	free(text);
	return err ? daemon_failed(d, EXIT_RUNTIME, "cannot write to standard output: %s",
				   err == -ETIMEDOUT ? "nobody reads it" : strerror(-err))
		   : 0;
}

static int final_report(struct daemon *d)
{
	struct picture p;
	json_t *report;
	int status, err = daemon_look(d, &p);

	if (err)
		return daemon_failed(d, EXIT_RUNTIME, "cannot read the ledger: %s", strerror(-err));
	daemon_tell_ledger(d, &p);
	report = report_json(d, &p);
	if (!report)
		status = daemon_failed(d, EXIT_RUNTIME, "out of memory for the report");
	else
		status = print_table(d, report);
	if (report && d->report >= 0)
		status = daemon_write_report(d, report) ?: status;
	json_decref(report);
	if (!status && p.total.held)
		status = daemon_failed(d, EXIT_RUNTIME,
				       "%" PRIu64 " frames are held by %s that does not come back",
				       p.total.held,
				       daemon_late(d, WORKER_STOP) ? "a worker" : "a sink");
	picture_free(&p);
	return status;
}

/* What is safe with workers and sinks still at it: nothing here is theirs. */
static void take_down_ours(struct daemon *d)
{
	daemon_read_post(d);
	daemon_serve(d);
	if (d->prog_loaded)
		afxdp_prog_close(&d->prog);
	tee_close(d);
	clerk_close(d->clerk);
	daemon_read_post(d); /* of connections that were somebody's until now */
	keeper_end(&d->keeper);
	service_close(&d->service);
	if (d->links >= 0)
		close(d->links);
	if (d->signals >= 0)
		close(d->signals);
	if (d->report > STDERR_FILENO)
		close(d->report);
}

static void take_down_rest(struct daemon *d)
{
	for (uint32_t i = 0; i < d->worker_count; i++) {
		worker_close_sockets(d->workers[i]);
		afxdp_post_free(&d->workers[i]->post);
		if (d->workers[i]->pace_fd >= 0)
			close(d->workers[i]->pace_fd);
		free(d->workers[i]);
	}
	free(d->workers);
	daemon_forget_asks(d);
	free(d->base);
	free(d->past);
	daemon_reload_free(d);
	afxdp_rules_free(d->rules);
	afxdp_post_free(&d->post);
}

/* The report; and if what was served was lost for good, that is the end's reason. */
static int report_lost(struct daemon *d)
{
	char why[sizeof(d->why)];
	int status;

	memcpy(why, d->why, sizeof(why));
	status = final_report(d);
	return status || !d->lost ? status : daemon_failed(d, EXIT_RUNTIME, "%s", why);
}

static bool sink_is_stdout(const char *spec)
{
	static const char *const is[] = { "pcap:-", "pcap:/dev/stdout", "pcapng:-",
					  "pcapng:/dev/stdout" };
	size_t len;

	/* With or without options behind. */
	for (size_t i = 0; i < sizeof(is) / sizeof(*is); i++) {
		len = strlen(is[i]);
		if (!strncmp(spec, is[i], len) && (!spec[len] || spec[len] == ','))
			return true;
	}
	return false;
}

/* Whether report or frames go there. */
static bool is_stdout(const struct options *o)
{
	bool is = (o->report && !strcmp(o->report, "-")) || sink_is_stdout(o->sink);

	for (uint32_t i = 0; i < o->named_count; i++)
		is |= sink_is_stdout(o->named[i].spec);
	return is;
}

static void start_clock(struct daemon *d)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	d->started = now.tv_sec + now.tv_nsec / 1e9;
	d->start_ns = daemon_now();
}

int daemon_run(struct options *o)
{
	struct daemon d = { .options = o,
			    .mode = o->mode,
			    .budget = o->count,
			    .signals = -1,
			    .links = -1,
			    .report = -1,
			    .setting_up = true,
			    .stage = "starting",
			    .keeper.sock = -1,
			    .service = SERVICE_NONE,
			    .tee = TEE_NONE,
			    .post.bell = -1 };
	int status, err;

	/* What others read from stdout stays clean. */
	d.out = is_stdout(o) ? STDERR_FILENO : STDOUT_FILENO;
	start_clock(&d);
	/* While there is one thread. */
	err = o->check ? 0 : keeper_start(&d.keeper, o);
	if (!o->check)
		service_open(&d.service);
	if (!err)
		err = afxdp_post_init(&d.post);
	if (!err)
		err = open_signals(&d);
	if (err)
		status = daemon_failed(&d, EXIT_RUNTIME, "cannot start: %s", strerror(-err));
	else
		status = daemon_set_up(&d);
	if (o->check && !status && !d.stop)
		printf("afxdpd: options are good\n");
	if (!status && !d.stop && !o->check) {
		d.setting_up = false;
		start_clock(&d);
		daemon_port_settled(&d);
		daemon_service_turn(&d);
		run(&d);
	}
	d.stop = true;
	daemon_service_stopping(&d);
	daemon_stop(&d);
	if (d.prog_loaded)
		afxdp_prog_detach(&d.prog);
	d.end_ns = daemon_now();
	if (!status && !d.setting_up)
		status = report_lost(&d);
	if (d.sink_over && !status)
		status = daemon_failed(&d, EXIT_RUNTIME, "sink '%s': %s", d.sink->spec,
				       d.sink_over);
	daemon_close_sinks(&d);
	take_down_ours(&d);
	daemon_log_end();
	if (status)
		log_line(LEVEL_ERROR, "%s", d.why);
	/* Somebody still uses what the rest would free. */
	if (d.forced || d.reading || d.readers_let_go || daemon_reload_out(&d))
		_exit(status);
	take_down_rest(&d);
	return status;
}
