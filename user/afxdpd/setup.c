/* SPDX-License-Identifier: GPL-2.0-only */
/* setup.c - from options to a path that frames take; daemon.c says in which order, and why. */
#include "daemon.h"

#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "control.h"
#include "metrics.h"

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
		daemon_read_signals(d);
		if (afxdp_nic_changed(d->links, d->nic.ifindex) &&
		    afxdp_nic_state(&d->nic) == -ENODEV)
			return daemon_failed(d, EXIT_RUNTIME, "%s is gone", d->nic.name);
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
			 : daemon_failed(d, EXIT_USAGE, "--report '%s': cannot write it: %s", path,
					 strerror(errno));
}

static int find_interface(struct daemon *d)
{
	const char *name = d->options->ifname;
	int err;

	d->nic.ifindex = if_nametoindex(name);
	if (!d->nic.ifindex)
		return daemon_failed(
			d, EXIT_CANNOT,
			"no such interface: '%s' ('ip -br link' lists those of this namespace)",
			name);
	d->links = afxdp_nic_watch();
	if (d->links < 0)
		return daemon_failed(d, EXIT_RUNTIME, "cannot watch links: %s",
				     strerror(-d->links));
	err = afxdp_nic_get(d->nic.ifindex, &d->nic);
	if (err)
		return daemon_failed(d, EXIT_RUNTIME, "cannot look at '%s': %s", name,
				     strerror(-err));
	memcpy(d->first_name, d->nic.name, sizeof(d->first_name));
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
		if (d->nic.queues > QUEUES_MAX)
			daemon_note("%s has %u receive queues: this afxdpd serves the first %u, "
				    "frames of the others go to the stack as unclaimed; fewer: "
				    "ethtool -L %s combined %u",
				    d->nic.name, d->nic.queues, QUEUES_MAX, d->nic.name,
				    QUEUES_MAX);
	}
	for (uint32_t i = 0; i < o->queue_count; i++)
		if (o->queues[i] >= d->nic.queues)
			return daemon_failed(
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

int daemon_open_sink(struct daemon *d, const char *spec, struct sink **sink)
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
		.ifname = d->first_name,
		.ifindex = d->nic.ifindex,
		.queues = d->nic.queues,
		.attach = o->attach,
		.replace = o->replace,
		.run = { .default_verdict = AFXDP_CAPTURE, .stamp = d->stamp },
		.rules = d->rules,
		.hw_metadata = d->nic.rx_metadata && o->attach != AFXDP_ATTACH_GENERIC && !d->no_hw,
		/* Also where rxvlan is off now: it may be switched on, and veth does not look. */
		.tags_stripped = d->nic.rx_metadata & AFXDP_NIC_METADATA_VLAN,
	};
	int err = afxdp_prog_load(&d->prog, &config);

	d->prog_loaded = true;
	if (err)
		return daemon_failed(d, EXIT_CANNOT, "%s", d->prog.why);
	if (d->prog.adopted)
		daemon_note("%s: adopted program %s (id %u) that was attached already", d->nic.name,
			    d->prog.found.name, d->prog.found.prog_id);
	for (uint32_t i = 0; i < o->queue_count; i++)
		if (o->queues[i] >= d->prog.queues)
			return daemon_failed(
				d, EXIT_CANNOT,
				"%s: the attached program has room for %u queues, not for "
				"queue %u: "
				"take its place with --replace",
				d->nic.name, d->prog.queues, o->queues[i]);
	d->base = calloc(d->prog.queues, sizeof(*d->base));
	if (!d->base)
		return daemon_failed(d, EXIT_RUNTIME, "out of memory");
	for (uint32_t q = 0; q < d->prog.queues; q++)
		afxdp_prog_ledger(&d->prog, q, &d->base[q]);
	return 0;
}

static int socket_failed(struct daemon *d, uint32_t queue, int err, const char *what)
{
	const char *name = d->nic.name;

	if (err == -EBUSY)
		return daemon_failed(
			d, EXIT_CANNOT,
			"%s: another process has an AF_XDP socket on queue %u: stop it, or leave "
			"that queue out with -q",
			name, queue);
	if (err == -ENETDOWN)
		return daemon_failed(d, EXIT_RUNTIME, "%s went down while it was being set up",
				     name);
	if (d->options->zerocopy == AFXDP_ZC_ON && (err == -EOPNOTSUPP || err == -EINVAL))
		return daemon_failed(
			d, EXIT_CANNOT,
			"%s: -z on: driver '%s' has no zero-copy for queue %u (%s): '-z "
			"auto' falls "
			"back to copy",
			name, d->nic.driver, queue, strerror(-err));
	return daemon_failed(d, EXIT_CANNOT, "%s queue %u: %s: %s", name, queue, what,
			     strerror(-err));
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
		return daemon_failed(d, EXIT_RUNTIME, "out of memory");
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
		return daemon_failed(d, EXIT_RUNTIME, "cannot set up the worker of queue %u: %s",
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

static int start_workers(struct daemon *d)
{
	int err;

	for (uint32_t i = 0; i < d->worker_count; i++) {
		struct worker *w = d->workers[i];

		if (d->mode == MODE_BUSY) {
			err = afxdp_xsk_busy_poll(&w->xsk, true, BUSY_USECS, BUSY_BUDGET);
			if (err)
				return daemon_failed(
					d, EXIT_CANNOT,
					"-m busy: this kernel cannot prefer busy polling "
					"(%s): use -m "
					"spin or -m adaptive",
					strerror(-err));
		}
		err = worker_start(w);
		if (err == -EINVAL && w->cpu >= 0)
			return daemon_failed(
				d, EXIT_USAGE,
				"--cpus: queue %u cannot be served on CPU %d: there is no "
				"such CPU, or we may not use it ('nproc' counts those)",
				w->xsk.config.queue, w->cpu);
		if (err)
			return daemon_failed(d, EXIT_RUNTIME,
					     "cannot start the worker of queue %u: %s",
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
			return daemon_failed(d, EXIT_RUNTIME, "cannot claim queue %u: %s",
					     x->config.queue, strerror(-err));
	}
	d->attach_error = afxdp_prog_attach(&d->prog);
	return d->attach_error ? daemon_failed(d, EXIT_CANNOT, "%s", d->prog.why) : 0;
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

/* What is not seen cannot be matched, and is missing in what leaves us. */
static void note_hidden_tags(const struct daemon *d)
{
	char advice[160];

	if (afxdp_nic_hides_tags(&d->nic, d->prog.hw, advice, sizeof(advice)))
		daemon_note("%s: a VLAN tag that the device takes off is not seen%s: rules, "
			    "captures and what is sent on have the frame without it; to keep it: "
			    "%s",
			    d->nic.name, d->prog.generic ? " in generic mode" : "", advice);
}

static int attach_program(struct daemon *d)
{
	int err = claim_and_attach(d);

	if (d->attach_error == -EOPNOTSUPP && d->prog.hw && d->options->attach == AFXDP_ATTACH_AUTO)
		err = attach_without_metadata(d);
	if (err)
		return err;
	if (d->prog.generic && d->prog.xdp)
		daemon_note("%s: whoever loaded libxdp's dispatcher chose generic mode, which is "
			    "slower: 'xdp-loader load -m native' chooses the other",
			    d->nic.name);
	else if (d->prog.generic && d->options->attach == AFXDP_ATTACH_AUTO && !d->prog.adopted)
		daemon_note("%s: driver '%s' has no native XDP: running in generic mode, which is "
			    "slower",
			    d->nic.name, d->nic.driver);
	if (!daemon_zerocopy(d) && d->options->zerocopy == AFXDP_ZC_AUTO)
		daemon_note("%s: driver '%s' has no zero-copy here: frames are copied once by the "
			    "kernel",
			    d->nic.name, d->nic.driver);
	note_hidden_tags(d);
	if (d->prog.bare)
		daemon_note("%s: frames carry no metadata and no times: libxdp's dispatcher and "
			    "this kernel take no program that writes any (libxdp 1.5.5 mends it)",
			    d->nic.name);
	if (afxdp_prog_pin(&d->prog))
		daemon_note("%s", d->prog.why);
	return 0;
}

int daemon_set_up(struct daemon *d)
{
	struct options *o = d->options;
	int err;

	if (geteuid())
		return daemon_failed(d, EXIT_CANNOT, "needs root (XDP, AF_XDP): run it with sudo");
	err = open_report(d);
	if (err)
		return err;
	if (o->user && privileges_find(o->user, &d->user))
		return daemon_failed(d, EXIT_USAGE, "--user '%s': no such user", o->user);
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
	err = daemon_open_sink(d, o->sink, &d->sink);
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
		return daemon_failed(d, EXIT_RUNTIME, "out of memory");
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
	daemon_set_knobs(d, d->mode);
	if (o->user)
		afxdp_prog_give(&d->prog, d->user.uid, d->user.gid);
	err = o->user ? privileges_drop(&d->user) : 0;
	return err ? daemon_failed(d, EXIT_RUNTIME, "--user '%s': cannot become this user: %s",
				   o->user, strerror(-err))
		   : 0;
}
