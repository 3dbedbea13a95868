/* SPDX-License-Identifier: GPL-2.0-only */
/* setup.c - from options to a path that frames take; daemon.c says in which order, and why. */
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "check.h"
#include "clerk.h"
#include "opening.h"

/* What `ip -br link` prints of one with a peer is no name. */
static int no_interface(struct daemon *d, const char *name)
{
	const char *at = strrchr(name, '@');
	char before[AFXDP_NIC_NAME_MAX + 1];
	unsigned int ifindex;

	snprintf(before, sizeof(before), "%.*s", at ? (int)(at - name) : 0, name);
	if (at && !afxdp_nic_find(before, &ifindex))
		return daemon_failed(
			d, EXIT_CANNOT,
			"no such interface: '%s': its name is '%s' (what follows the @ "
			"is ip's word for its peer)",
			name, before);
	return daemon_failed(
		d, EXIT_CANNOT,
		"no such interface: '%s' ('ip -br link' lists those of this namespace; "
		"--wait waits for it)",
		name);
}

static int find_interface(struct daemon *d)
{
	const char *name = d->options->ifname;
	unsigned int ifindex;
	int err;

	if (!name) /* --check of rules alone */
		return 0;
	d->links = afxdp_nic_watch();
	if (d->links < 0)
		return daemon_failed(d, EXIT_RUNTIME, "cannot watch links: %s",
				     strerror(-d->links));
	err = afxdp_nic_find(name, &ifindex);
	if (!err)
		err = afxdp_nic_get(ifindex, &d->nic);
	if (err == -ENODEV && !d->options->wait)
		return no_interface(d, name);
	if (err && err != -ENODEV)
		return daemon_failed(d, EXIT_RUNTIME, "cannot look at '%s': %s", name,
				     strerror(-err));
	if (err) {
		memset(&d->nic, 0, sizeof(d->nic));
		snprintf(d->nic.name, sizeof(d->nic.name), "%.15s", name);
	}
	memcpy(d->first_name, d->nic.name, sizeof(d->first_name));
	return 0;
}

/* Only trying tells which there are, and which a container leaves us. */
static int look_at_cpus(struct daemon *d, const struct opening *o)
{
	const struct options *want = d->options;
	cpu_set_t was, one;
	int status = 0;

	if (!want->cpu_count || sched_getaffinity(0, sizeof(was), &was))
		return 0;
	for (uint32_t i = 0; i < o->count && i < want->cpu_count && !status; i++) {
		CPU_ZERO(&one);
		CPU_SET(want->cpus[i], &one);
		if (sched_setaffinity(0, sizeof(one), &one))
			status = daemon_failed(
				d, EXIT_USAGE,
				"--cpus: queue %u cannot be served on CPU %d: there is no such "
				"CPU, or we may not use it ('nproc' counts those)",
				o->queue[i], want->cpus[i]);
	}
	(void)sched_setaffinity(0, sizeof(was), &was);
	return status;
}

/* A mistake in what was asked for is told before anything is touched; and what a killed afxdpd left
 * changed is put back even if nothing comes of this start. */
static int look_at_interface(struct daemon *d)
{
	struct opening o = { .options = d->options, .nic = d->nic, .most = QUEUES_MAX };
	int err;

	if (!d->nic.ifindex)
		return 0;
	if (!d->options->check && keeper_knobs_recover(&d->keeper, d->nic.ifindex) > 0)
		daemon_note("%s: put back the NAPI settings that a killed afxdpd had left changed",
			    d->nic.name);
	err = d->options->wait ? 0 : opening_check(&o);
	if (err)
		return daemon_failed(d, err, "%s", o.why);
	err = d->options->wait ? 0 : look_at_cpus(d, &o);
	if (err)
		return err;
	if (d->options->all_queues && d->nic.queues > QUEUES_MAX)
		daemon_note("%s has %u receive queues: this afxdpd serves the first %u, frames of "
			    "the others go to the stack as unclaimed; fewer: ethtool -L %s "
			    "combined %u",
			    d->nic.name, d->nic.queues, QUEUES_MAX, d->nic.name, QUEUES_MAX);
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
static int open_sink(struct daemon *d)
{
	int err = daemon_sink_start(d, d->options->sink, false, &d->sink);

	if (err)
		return err;
	d->stage = "the sink is opening";
	if (!daemon_wait(d, sink_back))
		return 0;
	err = d->sink->order[0].err;
	if (!err)
		return 0;
	return daemon_failed(d, err == -ENOMEM ? EXIT_RUNTIME : EXIT_USAGE, "%s", d->sink->why);
}

/* ---- the interface ---- */

static bool is_over(const struct daemon *d)
{
	double seconds = d->options->duration;

	return seconds && daemon_now() - d->start_ns >= (uint64_t)(seconds * 1e9);
}

static bool settled(const struct daemon *d)
{
	return port_settled(d) || (d->port.state == PORT_DOWN && is_over(d));
}

/* Return: 0, also when a signal came first (d->stop); or an exit status with d->why set. */
static int open_port(struct daemon *d)
{
	struct port *p = &d->port;

	d->start_ns = daemon_now();
	d->workers = calloc(QUEUES_MAX, sizeof(*d->workers));
	if (!d->workers)
		return daemon_failed(d, EXIT_RUNTIME, "out of memory");
	port_start(d);
	if (!daemon_wait(d, settled))
		return d->lost ? EXIT_RUNTIME : 0;
	if (p->life || d->options->wait)
		return 0;
	if (p->state == PORT_DOWN)
		return daemon_failed(d, EXIT_CANNOT, "%s is down: --duration %g is over",
				     d->nic.name, d->options->duration);
	if (p->state == PORT_ABSENT)
		return daemon_failed(d, EXIT_RUNTIME, "%s is gone", d->nic.name);
	return daemon_failed(d, p->status ?: EXIT_RUNTIME, "%s", p->why);
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

static void note_attachment(const struct daemon *d)
{
	const struct options *o = d->options;

	if (d->prog.generic && d->prog.xdp)
		daemon_note("%s: whoever loaded libxdp's dispatcher chose generic mode, which is "
			    "slower: 'xdp-loader load -m native' chooses the other",
			    d->nic.name);
	else if (d->prog.generic && o->attach == AFXDP_ATTACH_AUTO && !d->prog.adopted)
		daemon_note("%s: driver '%s' has no native XDP%s%s: running in generic mode, which "
			    "is slower",
			    d->nic.name, d->nic.driver, d->native[0] ? ": " : "", d->native);
	if (!daemon_zerocopy(d) && o->zerocopy == AFXDP_ZC_AUTO)
		daemon_note("%s: driver '%s' has no zero-copy here: frames are copied once by the "
			    "kernel",
			    d->nic.name, d->nic.driver);
	note_hidden_tags(d);
	if (!d->apart)
		daemon_note("rights are kept: %s", d->rights_why);
	if (d->prog.bare)
		daemon_note("%s: frames carry no metadata and no times: libxdp's dispatcher and "
			    "this kernel take no program that writes any (libxdp 1.5.5 mends it)",
			    d->nic.name);
}

static void say_ready(const struct daemon *d)
{
	uint32_t queues = 0;
	char since[64] = "";

	for (uint32_t i = 0; i < d->worker_count; i++)
		queues += d->workers[i]->xsk.fd >= 0;
	if (d->port.life > 1)
		snprintf(since, sizeof(since), ", after %.1f s without it",
			 outage_seconds(d) - d->port.out_s);
	daemon_note("%s: %s XDP, %s, %u queue%s, mode %s, sink %s%s: ready", d->nic.name,
		    d->prog.generic ? "generic" : "native",
		    daemon_zerocopy(d) ? "zero-copy" : "copy", queues, queues == 1 ? "" : "s",
		    mode_name(d->mode), d->sink->ops->name, since);
}

void daemon_ready(struct daemon *d)
{
	if (d->port.life == 1)
		note_attachment(d);
	if (!d->prog.pinned && afxdp_prog_pin(&d->prog) && d->port.life == 1)
		daemon_note("%s", d->prog.why);
	daemon_set_knobs(d, d->mode);
	daemon_sink_begin(d);
	daemon_begin_named(d);
	say_ready(d);
}

/* libxdp joins its dispatcher with rights of its caller's, which nobody can lend it. */
static bool joins_dispatcher(const struct daemon *d)
{
	struct afxdp_occupant there;

	return d->nic.ifindex && !d->options->replace && !afxdp_prog_look(d->nic.ifindex, &there) &&
	       there.what == AFXDP_FOUND_DISPATCHER;
}

/* Files are open by now; the interface is not, so that it is opened the first time as it will be
 * later. */
static int give_up_rights(struct daemon *d)
{
	const struct user *user = d->options->user ? &d->user : NULL;
	int listener = -1, err;
	char *const why = d->rights_why;
	const size_t size = sizeof(d->rights_why);

	if (joins_dispatcher(d)) {
		snprintf(why, size, "%s has libxdp's dispatcher, which takes them", d->nic.name);
		err = -EOPNOTSUPP;
	} else {
		err = rights_give_up(user, d->keeper.pid, &listener, why, size);
	}
	if (!err) {
		err = keeper_listen(&d->keeper, listener);
		snprintf(why, size, "the process that keeps them does not answer: %s",
			 strerror(-err));
		close(listener);
	}
	d->apart = !err;
	if (d->apart)
		clerk_narrow(d->clerk);
	if (err && (err != -EOPNOTSUPP || user))
		return daemon_failed(d, EXIT_CANNOT, "%scannot give up rights: %s",
				     user ? "--user: " : "", why);
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
	int err = clerk_open(&d->clerk, &config, d->why, sizeof(d->why));

	if (!err)
		keeper_door(&d->keeper, d->nic.ifindex, d->nic.name);
	return err;
}

/* Everything that users may have got wrong, before anything is touched. */
static int look_around(struct daemon *d)
{
	struct options *o = d->options;
	int err;

	if (rights_missing() && !o->check)
		return daemon_failed(d, EXIT_CANNOT, "needs root, or at least %s: run it with sudo",
				     rights_missing());
	err = o->check ? check_report(d) : daemon_open_report(d);
	if (err)
		return err;
	if (o->user && rights_find_user(o->user, &d->user))
		return daemon_failed(d, EXIT_USAGE, "--user '%s': no such user", o->user);
	err = find_interface(d);
	if (err)
		return err;
	err = o->check ? check_clerk(d) : open_clerk(d);
	if (err)
		return err == -EADDRINUSE ? EXIT_CANNOT : EXIT_USAGE;
	err = look_at_interface(d);
	return err ?: read_rules(d);
}

int daemon_set_up(struct daemon *d)
{
	int err = look_around(d);

	if (err || d->stop)
		return err;
	if (d->options->check)
		return check_sinks(d);
	err = open_sink(d);
	if (err || d->stop)
		return err;
	err = daemon_open_named(d);
	if (!err)
		tee_open_named(d);
	if (err || d->stop)
		return err;
	daemon_needs_begin(d);
	err = give_up_rights(d);
	return err ?: open_port(d);
}
