/* SPDX-License-Identifier: GPL-2.0-only */
/* setup.c - from options to a path that frames take; daemon.c says in which order, and why. */
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "clerk.h"

static bool is_over(const struct daemon *d)
{
	double seconds = d->options->duration;

	return seconds && daemon_now() - d->start_ns >= (uint64_t)(seconds * 1e9);
}

static bool is_up(const struct daemon *d)
{
	return d->nic.up || d->gone || is_over(d);
}

/* A socket cannot be bound to an interface that is down. */
static int wait_until_up(struct daemon *d)
{
	if (d->nic.up)
		return 0;
	daemon_note("%s is down: waiting for it (ip link set %s up)", d->nic.name, d->nic.name);
	d->stage = "the interface is down";
	d->start_ns = daemon_now();
	daemon_wait(d, is_up);
	if (d->gone)
		return daemon_failed(d, EXIT_RUNTIME, "%s is gone", d->nic.name);
	return d->nic.up || d->stop
		       ? 0
		       : daemon_failed(d, EXIT_CANNOT, "%s is down: --duration %g is over",
				       d->nic.name, d->options->duration);
}

/* At once, so that a name that cannot be written is found before the work is done. An older report
 * stays until there is a new one. */
static int open_report(struct daemon *d)
{
	const char *path = d->options->report;

	if (!path)
		return 0;
	/* A FIFO must not keep us waiting for its reader. */
	d->report = strcmp(path, "-")
			    ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666)
			    : STDOUT_FILENO;
	return d->report >= 0
		       ? 0
		       : daemon_failed(d, EXIT_USAGE, "--report '%s': cannot write it: %s", path,
				       errno == ENXIO ? "no process reads this FIFO"
						      : strerror(errno));
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

uint32_t daemon_frame_size(const struct daemon *d)
{
	if (d->options->frame_size)
		return d->options->frame_size;
	return d->nic.mtu > 1500 ? 4096 : 2048;
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
		.frame_size = daemon_frame_size(d),
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
	depth_init(&w->depth, o->ring, o->depth);
	w->xsk.depth = w->depth.now;
	err = afxdp_post_init(&w->post);
	if (err)
		return daemon_failed(d, EXIT_RUNTIME, "cannot set up the worker of queue %u: %s",
				     config.queue, strerror(-err));
	w->batch = o->batch;
	w->stamp = d->stamp;
	w->mode = d->mode;
	w->budget = o->count ? &d->budget : NULL;
	w->daemon = &d->post;
	w->cpu = o->cpu_count ? o->cpus[i % o->cpu_count] : -1;
	return 0;
}

static bool rules_back(const struct daemon *d)
{
	return !d->reading || d->rules_ready;
}

/* Return: as await_sink(). */
static int read_rules(struct daemon *d)
{
	int err;

	d->stage = "rules are being read and compiled";
	d->rules_ready = false;
	err = daemon_start_rules(d);
	if (err || !daemon_wait(d, rules_back))
		return err;
	return daemon_take_rules(d);
}

static bool sink_back(const struct daemon *d)
{
	return !life_busy(d->sink);
}

/* Return: 0, also when a signal came first (d->stop); or an exit status with d->why set. */
static int await_sink(struct daemon *d, enum word what)
{
	int err;

	d->stage = "the sink is opening";
	if (!daemon_wait(d, sink_back))
		return 0;
	err = d->sink->order[what - SINK_OPEN].err;
	if (!err)
		return 0;
	return daemon_failed(d, err == -ENOMEM ? EXIT_RUNTIME : EXIT_USAGE, "%s", d->sink->why);
}

static int attach_sink(struct daemon *d)
{
	int err;

	daemon_sink_attach(d, d->sink);
	err = await_sink(d, SINK_ATTACH);
	for (uint32_t i = 0; i < d->worker_count && !err && !d->stop; i++) {
		d->workers[i]->port = d->sink->port[i];
		d->workers[i]->ops = d->sink->ops;
	}
	return err;
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
	err = read_rules(d);
	if (err || d->stop)
		return err;
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

static int open_clerk(struct daemon *d)
{
	const struct options *o = d->options;
	const struct clerk_config config = {
		.ifindex = d->nic.ifindex,
		.ifname = d->nic.name,
		.wanted = o->ifname,
		.control = o->control,
		.metrics = o->metrics,
		.uid = o->user ? d->user.uid : geteuid(),
		.out = d->out,
		.home = &d->post,
	};

	return clerk_open(&d->clerk, &config, d->why, sizeof(d->why));
}

/* Everything that users may have got wrong, before anything is touched. */
static int look_around(struct daemon *d)
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
	err = open_clerk(d);
	if (err)
		return err == -EADDRINUSE ? EXIT_CANNOT : EXIT_USAGE;
	if (afxdp_knobs_init(&d->knobs, d->nic.name, d->nic.ifindex) > 0)
		daemon_note("%s: put back the NAPI settings that a killed afxdpd had left changed",
			    d->nic.name);
	err = choose_queues(d);
	return err ?: read_rules(d);
}

static int open_workers(struct daemon *d)
{
	const struct options *o = d->options;
	int err = 0;

	d->stage = "sockets are being opened";
	d->workers = calloc(o->queue_count, sizeof(*d->workers));
	if (!d->workers)
		return daemon_failed(d, EXIT_RUNTIME, "out of memory");
	for (uint32_t i = 0; i < o->queue_count && !err; i++)
		err = open_worker(d, i);
	return err ?: attach_sink(d);
}

int daemon_set_up(struct daemon *d)
{
	struct options *o = d->options;
	int err = look_around(d);

	if (err || d->stop)
		return err;
	err = daemon_sink_start(d, o->sink, &d->sink);
	if (!err)
		err = await_sink(d, SINK_OPEN);
	if (err || d->stop)
		return err;
	d->stamp = o->stamp == STAMP_AUTO ? d->sink->ops->stamp : o->stamp;
	err = wait_until_up(d);
	if (err || d->stop)
		return err;
	err = load_program(d);
	if (!err)
		err = open_workers(d);
	if (err || d->stop)
		return err;
	afxdp_nic_stats(d->nic.ifindex, &d->nic_start);
	err = start_workers(d);
	if (!err)
		err = attach_program(d);
	if (err || d->stop)
		return err;
	daemon_set_knobs(d, d->mode);
	err = o->user ? privileges_drop(&d->user) : 0;
	return err ? daemon_failed(d, EXIT_RUNTIME, "--user '%s': cannot become this user: %s",
				   o->user, strerror(-err))
		   : 0;
}
