/* SPDX-License-Identifier: GPL-2.0-only */
#include "opening.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "aside.h"
#include "daemon.h"

/* Put the one line into o->why. Return: @status. */
__attribute__((format(printf, 4, 5))) static int
failed(struct opening *o, enum opening_result result, int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(o->why, sizeof(o->why), format, args);
	va_end(args);
	o->result = result;
	o->status = status;
	return status;
}

uint32_t opening_frame_size(const struct options *o, uint32_t mtu)
{
	if (o->frame_size)
		return o->frame_size;
	return mtu > 1500 ? 4096 : 2048;
}

struct ring_size opening_size(const struct options *o, uint32_t queues, uint32_t frame_size)
{
	uint64_t memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);

	return options_size(o, queues, frame_size, memory);
}

static int choose_queues(struct opening *o)
{
	const struct options *want = o->options;
	uint32_t most = o->most < QUEUES_MAX ? o->most : QUEUES_MAX;

	if (want->all_queues) {
		o->count = o->nic.queues < most ? o->nic.queues : most;
		for (uint32_t i = 0; i < o->count; i++)
			o->queue[i] = i;
		return 0;
	}
	o->count = want->queue_count;
	memcpy(o->queue, want->queues, o->count * sizeof(*o->queue));
	for (uint32_t i = 0; i < o->count; i++)
		if (o->queue[i] >= o->nic.queues)
			return failed(
				o, OPENING_FAILED, EXIT_USAGE,
				"--queues: %s has no receive queue %u: it has %u, counted from 0 "
				"(see 'ethtool -l %s')",
				o->nic.name, o->queue[i], o->nic.queues, o->nic.name);
	return 0;
}

static int no_zerocopy(struct opening *o, uint32_t queue, int err)
{
	return failed(o, OPENING_FAILED, EXIT_CANNOT,
		      "%s: -z on: driver '%s' has no zero-copy for queue %u (%s): '-z auto' falls "
		      "back to copy",
		      o->nic.name, o->nic.driver, queue, strerror(-err));
}

int opening_check(struct opening *o)
{
	const struct options *want = o->options;
	int err;

	if (!afxdp_nic_is_ethernet(&o->nic))
		return failed(o, OPENING_FAILED, EXIT_CANNOT,
			      "%s is no Ethernet device%s%s (its type is %u): its frames have no "
			      "Ethernet header to filter by",
			      o->nic.name, o->nic.driver[0] ? ", but one of driver " : "",
			      o->nic.driver, o->nic.type);
	err = choose_queues(o);
	/* The kernel refuses such a socket by the same bit. */
	if (!err && want->zerocopy == AFXDP_ZC_ON && want->attach != AFXDP_ATTACH_GENERIC &&
	    o->nic.features_known && !(o->nic.xdp_features & AFXDP_NIC_XDP_ZEROCOPY))
		err = no_zerocopy(o, o->queue[0], -EOPNOTSUPP);
	return err;
}

/* ---- sockets ---- */

static int socket_failed(struct opening *o, uint32_t queue, int err, const char *what)
{
	const char *name = o->nic.name;

	if (err == -EBUSY)
		return failed(
			o, OPENING_FAILED, EXIT_CANNOT,
			"%s: another process has an AF_XDP socket on queue %u: stop it, or leave "
			"that queue out with -q",
			name, queue);
	if (err == -ENETDOWN || err == -ENODEV)
		return failed(o, OPENING_NO_DEVICE, EXIT_RUNTIME,
			      "%s went down while it was being set up", name);
	if (o->options->zerocopy == AFXDP_ZC_ON && (err == -EOPNOTSUPP || err == -EINVAL))
		return no_zerocopy(o, queue, err);
	return failed(o, OPENING_FAILED, EXIT_CANNOT, "%s queue %u: %s: %s", name, queue, what,
		      strerror(-err));
}

static struct afxdp_xsk *no_sockets(uint32_t n)
{
	struct afxdp_xsk *xsk = calloc(n ?: 1, sizeof(*xsk));

	for (uint32_t i = 0; i < n && xsk; i++)
		xsk[i].fd = -1;
	return xsk;
}

/* An RX ring for each sink with a name, beside that of socket @i. */
static int open_lanes(struct opening *o, uint32_t i)
{
	uint32_t n = o->options->named_count;
	uint32_t share = o->xsk[i].config.frames / options_part(o->options, true);
	const char *what;
	int err = 0;

	for (uint32_t k = 0; k < n && !err; k++) {
		err = afxdp_xsk_open_rx(&o->lane[i * n + k], &o->xsk[i], share, &what);
		if (err)
			err = socket_failed(o, o->queue[i], err, what);
	}
	return err;
}

static void close_sockets(struct afxdp_xsk *xsk, uint32_t n)
{
	for (uint32_t i = 0; i < n && xsk; i++)
		if (xsk[i].fd >= 0)
			afxdp_xsk_close(&xsk[i]);
	free(xsk);
}

static int open_sockets(struct opening *o)
{
	const struct options *want = o->options;
	uint32_t frame_size = opening_frame_size(want, o->nic.mtu);
	struct ring_size size = opening_size(want, o->count, frame_size);
	struct afxdp_xsk_config config = {
		.ifindex = o->ifindex,
		.frames = size.frames,
		.frame_size = frame_size,
		.ring = size.ring,
		.hugepages = want->hugepages,
		.zerocopy = want->attach == AFXDP_ATTACH_GENERIC ? AFXDP_ZC_OFF : want->zerocopy,
	};
	const char *what;
	int err = 0;

	o->xsk = no_sockets(o->count);
	o->lane = no_sockets(o->count * want->named_count);
	if (!o->xsk || !o->lane)
		return failed(o, OPENING_FAILED, EXIT_RUNTIME, "out of memory");
	for (uint32_t i = 0; i < o->count && !err; i++) {
		config.queue = o->queue[i];
		err = afxdp_xsk_open(&o->xsk[i], &config, &what);
		if (err)
			err = socket_failed(o, config.queue, err, what);
		else
			err = open_lanes(o, i);
	}
	return err;
}

/* ---- the program ---- */

static int prog_failed(struct opening *o, int err)
{
	enum opening_result result = err == -EEXIST   ? OPENING_BLOCKED
				     : err == -ENODEV ? OPENING_NO_DEVICE
						      : OPENING_FAILED;

	return failed(o, result, EXIT_CANNOT, "%s", o->prog.why);
}

/* Rules serve one object only. @o->rules stay as they are, for another. */
static int load(struct opening *o, bool metadata)
{
	const struct options *want = o->options;
	struct afxdp_prog_config config = {
		.ifname = o->pins,
		.ifindex = o->ifindex,
		.queues = o->nic.queues,
		.attach = want->attach,
		.replace = o->replace,
		.agent = &o->keeper->agent,
		.unasked = AFXDP_NEED_ALL & ~o->needs.program,
		.run = { .default_verdict = AFXDP_CAPTURE,
			 .stamp = o->needs.stamp,
			 .sparse = o->needs.sparse },
		.route = want->route,
		.routes = want->named_count,
		.hw_metadata = metadata,
		/* Also where rxvlan is off now: it may be switched on, and veth does not look. */
		.tags_stripped = o->nic.rx_metadata & AFXDP_NIC_METADATA_VLAN,
		.splits_headers = o->nic.splits_headers,
		.longest = o->nic.mtu + AFXDP_NIC_L2_BYTES,
	};
	int err = o->rules ? afxdp_rules_again(o->rules, &config.rules, o->why, sizeof(o->why)) : 0;

	if (err)
		return failed(o, OPENING_FAILED, EXIT_RUNTIME, "out of memory");
	o->loaded = true;
	err = afxdp_prog_load(&o->prog, &config);
	if (err)
		return prog_failed(o, err);
	for (uint32_t i = 0; i < o->count; i++)
		if (o->queue[i] >= o->prog.queues)
			return failed(o, OPENING_FAILED, EXIT_CANNOT,
				      "%s: the attached program has room for %u queues, not for "
				      "queue %u: take its place with --replace",
				      o->nic.name, o->prog.queues, o->queue[i]);
	o->base = calloc(o->prog.queues, sizeof(*o->base));
	if (!o->base)
		return failed(o, OPENING_FAILED, EXIT_RUNTIME, "out of memory");
	for (uint32_t q = 0; q < o->prog.queues; q++)
		afxdp_prog_ledger(&o->prog, q, &o->base[q]);
	return 0;
}

static void unload(struct opening *o)
{
	struct afxdp_rules *rules = o->prog.config.rules;

	if (!o->loaded)
		return;
	afxdp_prog_close(&o->prog);
	afxdp_rules_free(rules);
	free(o->base);
	o->base = NULL;
	o->loaded = false;
}

static int attach(struct opening *o)
{
	int err = afxdp_prog_attach(&o->prog);

	/* The device said that it has native XDP with metadata, and yet refused: again with the
	 * program that runs in any mode. */
	memcpy(o->native, o->prog.refusal, sizeof(o->native));
	if (err == -EOPNOTSUPP && o->prog.hw && o->options->attach == AFXDP_ATTACH_AUTO) {
		unload(o);
		err = load(o, false);
		if (err)
			return err;
		err = afxdp_prog_attach(&o->prog);
	}
	if (o->prog.refusal[0])
		memcpy(o->native, o->prog.refusal, sizeof(o->native));
	return err ? prog_failed(o, err) : 0;
}

/* ---- all of it ---- */

static int look(struct opening *o)
{
	int err = afxdp_nic_get(o->ifindex, &o->nic);

	if (err)
		return failed(o, OPENING_NO_DEVICE, EXIT_RUNTIME, "cannot look at '%s': %s",
			      o->options->ifname, strerror(-err));
	return opening_check(o);
}

/* Whatever it was that could not be done: if the device has gone, that is why. */
static bool device_gone(const struct opening *o)
{
	struct afxdp_nic now = o->nic;
	int err = afxdp_nic_state(&now);

	return err == -ENODEV || (!err && !now.up);
}

static int get_all(struct opening *o)
{
	bool metadata = false;
	int err = look(o);

	if (err)
		return err;
	metadata = o->nic.rx_metadata && o->options->attach != AFXDP_ATTACH_GENERIC;
	o->put_back = keeper_knobs_recover(o->keeper, o->ifindex) > 0;
	err = o->kept ? 0 : load(o, metadata);
	if (!err)
		err = open_sockets(o);
	if (!err && !o->kept)
		err = attach(o);
	return err;
}

static void *opener(void *arg)
{
	struct opening *o = arg;

	if (!get_all(o))
		o->result = OPENING_DONE;
	else if (device_gone(o))
		o->result = OPENING_NO_DEVICE;
	afxdp_post_send(o->home, &o->msg);
	return NULL;
}

int opening_start(struct opening *o)
{
	o->msg.type = OPENING;
	return aside_start(opener, o);
}

void opening_free(struct opening *o)
{
	if (!o)
		return;
	unload(o);
	close_sockets(o->lane, o->count * o->options->named_count);
	close_sockets(o->xsk, o->count);
	afxdp_rules_free(o->rules);
	free(o);
}
