/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * plugin.c - a sink from a shared object (include/afxdp/plugin.h).
 *
 * The plugin is called in the worker's thread and is done with a frame when it returns, so nothing
 * is kept, copied or handed over; what the plugin costs, the worker pays.
 */
#include "../sink.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <afxdp/plugin.h>
#include "frame.h"
#include "ports.h"
#include "text.h"
#include "trust.h"

/* Descriptors shown at once: a worker's batch is 64; a frame has 18 at most. */
#define PLUGIN_BATCH 256

struct plugin_port {
	struct sink_port port;
	void *lane;
	struct afxdp_plugin_frame frame[PLUGIN_BATCH];
	struct afxdp_plugin_piece piece[PLUGIN_BATCH];
} SINK_PORT_ALIGNED;

struct plugin_sink {
	struct sink sink;
	struct sink_ports ports;
	char *file;
	void *object; /* from dlopen() */
	struct afxdp_plugin plugin;
	void *state;
	bool opened; /* its open() succeeded, so that it must be closed */
};

/* Worker's side. */

/* Describe whole frames among @n descriptors, as many as have room. Return: descriptors. */
static uint32_t describe(struct plugin_port *p, const struct xdp_desc *desc, uint32_t n,
			 uint32_t *frames)
{
	uint32_t i = 0, descs, rest, pieces = 0;

	for (*frames = 0; i < n; i += descs) {
		struct afxdp_plugin_frame *f = &p->frame[*frames];

		descs = frame_descs(desc + i, &rest);
		if (i + descs > PLUGIN_BATCH)
			break;
		*f = (struct afxdp_plugin_frame){
			.data = afxdp_xsk_data(p->port.xsk, desc[i].addr),
			.len = desc[i].len,
			.length = desc[i].len + rest,
			.meta = frame_meta(p->port.xsk, desc[i].addr),
			.more = descs > 1 ? &p->piece[pieces] : NULL,
			.more_count = descs - 1,
		};
		for (uint32_t k = 1; k < descs; k++)
			p->piece[pieces++] = (struct afxdp_plugin_piece){
				.data = afxdp_xsk_data(p->port.xsk, desc[i + k].addr),
				.len = desc[i + k].len,
			};
		++*frames;
	}
	return i;
}

static uint32_t plugin_consume(struct sink_port *port, const struct xdp_desc *desc, uint32_t n,
			       uint64_t *back)
{
	struct plugin_port *p = (struct plugin_port *)port;
	const struct plugin_sink *s = (struct plugin_sink *)port->sink;
	uint32_t i = 0, took, frames, dropped;

	while (i < n) {
		took = describe(p, desc + i, n - i, &frames);
		dropped = frames ? s->plugin.frames(p->lane, p->frame, frames) : 0;
		if (!frames) { /* one frame of more descriptors than there can be */
			took = n - i;
			frames = dropped = frames_count(desc + i, took);
		}
		if (dropped > frames)
			dropped = frames;
		sink_add(&port->here.delivered, frames - dropped);
		sink_add(&port->here.dropped, dropped);
		i += took;
	}
	for (i = 0; i < n; i++)
		back[i] = desc[i].addr;
	return n;
}

/* The side of the sink's own thread. */

/* "FILE.so[:ARG]": a colon may be in a directory's name, but not behind ".so". */
static int split(struct plugin_sink *s, const char *text, const char **arg)
{
	const char *colon = strstr(text, ".so:");

	*arg = colon ? colon + strlen(".so:") : NULL;
	s->file = colon ? strndup(text, colon + strlen(".so") - text) : strdup(text);
	return s->file ? 0 : -ENOMEM;
}

/* The object's structure, of which it may know less than we do. */
static int load(struct plugin_sink *s, bool stranger, char *why, size_t size)
{
	const struct afxdp_plugin *theirs;
	char path[PATH_MAX], reason[PATH_MAX + 64];

	/* Without a slash dlopen() would look in the system's directories. */
	if (!realpath(s->file, path)) {
		int err = -errno;

		snprintf(why, size, "plugin '%s': %s", s->file, strerror(-err));
		return err;
	}
	/* Code that we run is chosen by root. */
	if (stranger && trust_root_file(path, reason, sizeof(reason))) {
		snprintf(why, size,
			 "plugin '%s': %s: who is not root can name plugins only that nobody but "
			 "root can change",
			 s->file, reason);
		return -EPERM;
	}
	s->object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!s->object) {
		snprintf(why, size, "plugin '%s': %s", s->file, dlerror());
		return -EINVAL;
	}
	theirs = dlsym(s->object, "afxdp_plugin");
	if (!theirs)
		snprintf(why, size, "plugin '%s' defines no 'afxdp_plugin': see afxdp/plugin.h",
			 s->file);
	else if (theirs->abi != AFXDP_PLUGIN_ABI)
		snprintf(why, size, "plugin '%s' is for version %u of the interface, this is %u",
			 s->file, theirs->abi, AFXDP_PLUGIN_ABI);
	else if (theirs->size <= offsetof(struct afxdp_plugin, frames))
		snprintf(why, size, "plugin '%s' says that its structure has %u bytes", s->file,
			 theirs->size);
	else
		memcpy(&s->plugin, theirs,
		       theirs->size < sizeof(s->plugin) ? theirs->size : sizeof(s->plugin));
	if (!s->plugin.abi)
		return -EINVAL;
	if (!s->plugin.frames) {
		snprintf(why, size, "plugin '%s' has no frames()", s->file);
		return -EINVAL;
	}
	return 0;
}

static int start(struct plugin_sink *s, const char *arg, const struct sink_env *env, char *why,
		 size_t size)
{
	const struct afxdp_plugin_env theirs = {
		.size = sizeof(theirs),
		.workers = env->ports,
		.ifname = env->ifname,
	};
	char said[256] = "";
	int err = 0;

	if (s->plugin.open)
		err = s->plugin.open(arg, &theirs, &s->state, said, sizeof(said));
	if (err)
		snprintf(why, size, "plugin '%s': %s", s->file, *said ? said : strerror(-err));
	s->opened = !err;
	return err;
}

static void plugin_close(struct sink *sink)
{
	struct plugin_sink *s = (struct plugin_sink *)sink;

	if (s->opened && s->plugin.close)
		s->plugin.close(s->state);
	if (s->object)
		dlclose(s->object);
	sink_ports_free(&s->ports);
	free(s->file);
	free(s);
}

/* The plugin's own open() is its own affair: only the start calls it. */
static int plugin_check(const char *text, const struct sink_env *env, char *why, size_t size)
{
	struct plugin_sink *s = calloc(1, sizeof(*s));
	const char *arg;
	int err;

	if (!s) {
		snprintf(why, size, "sink 'plugin:%s': %s", text, strerror(ENOMEM));
		return -ENOMEM;
	}
	sink_ports_init(&s->ports, sizeof(struct plugin_port));
	err = split(s, text, &arg) ?: load(s, env->stranger, why, size);
	plugin_close(&s->sink);
	return err;
}

static int plugin_open(struct sink **sink, const char *text, const struct sink_env *env, char *why,
		       size_t size)
{
	struct plugin_sink *s = calloc(1, sizeof(*s));
	const char *arg;
	int err = -ENOMEM;

	if (!s)
		goto memory;
	s->sink.ops = &sink_plugin_ops;
	sink_ports_init(&s->ports, sizeof(struct plugin_port));
	if (split(s, text, &arg))
		goto close;
	err = load(s, env->stranger, why, size);
	if (!err)
		err = start(s, arg, env, why, size);
	if (err)
		goto close;
	*sink = &s->sink;
	return 0;
close:
	plugin_close(&s->sink);
memory:
	if (err == -ENOMEM)
		snprintf(why, size, "sink 'plugin:%s': %s", text, strerror(-err));
	return err;
}

static int plugin_attach(struct sink *sink, struct afxdp_xsk *xsk, struct sink_port **port)
{
	struct plugin_sink *s = (struct plugin_sink *)sink;
	struct plugin_port *p = sink_ports_next(&s->ports, sink, xsk);
	int err;

	if (!p)
		return -ENOSPC;
	p->lane = s->state;
	if (s->plugin.start) {
		err = s->plugin.start(s->state, s->ports.attached, &p->lane);
		if (err)
			return err;
	}
	sink_ports_publish(&s->ports);
	*port = &p->port;
	return 0;
}

static void plugin_finish(struct sink *sink)
{
	struct plugin_sink *s = (struct plugin_sink *)sink;

	if (s->plugin.finish)
		s->plugin.finish(s->state);
}

static json_t *plugin_report(struct sink *sink)
{
	struct plugin_sink *s = (struct plugin_sink *)sink;
	char *text = s->plugin.report ? s->plugin.report(s->state) : NULL;
	json_t *theirs = text ? json_loads(text, 0, NULL) : NULL;
	bool wrong = text && !theirs;

	free(text);
	return json_pack("{s:s, s:o, s:o, s:o?, s:s*}", "name", "plugin", "file",
			 json_text(s->file), "plugin", json_text(s->plugin.name), "report", theirs,
			 "error", wrong ? "its report is not JSON" : NULL);
}

const struct sink_ops sink_plugin_ops = {
	.name = "plugin",
	.arg = "FILE.so[:ARG]",
	.ports_fixed = true,
	.help = "show frames to a shared object: afxdp/plugin.h",
	.stamp = 1,
	.needs = SINK_NEED_ALL,
	.check = plugin_check,
	.open = plugin_open,
	.attach = plugin_attach,
	.finish = plugin_finish,
	.report = plugin_report,
	.close = plugin_close,
	.consume = plugin_consume,
};
