/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * count.c - the sinks that are done with every frame at once: `count` calls it delivered, `drop`
 * calls it dropped. They read descriptors and never a frame, so a frame's bytes do not enter this
 * CPU's cache on their account: the fastest consumer there is.
 */
#include "ports.h"

struct count_port {
	struct sink_port port;
} SINK_PORT_ALIGNED;

struct count_sink {
	struct sink sink;
	struct sink_ports ports;
};

/* Every address goes back. Return: frames, of which one may have several descriptors. */
static inline uint32_t give_back(const struct xdp_desc *desc, uint32_t n, uint64_t *back)
{
	uint32_t frames = 0;

	for (uint32_t i = 0; i < n; i++) {
		back[i] = desc[i].addr;
		frames += !(desc[i].options & XDP_PKT_CONTD);
	}
	return frames;
}

static uint32_t count_consume(struct sink_port *port, const struct xdp_desc *desc, uint32_t n,
			      uint64_t *back)
{
	sink_add(&port->here.delivered, give_back(desc, n, back));
	return n;
}

static uint32_t drop_consume(struct sink_port *port, const struct xdp_desc *desc, uint32_t n,
			     uint64_t *back)
{
	sink_add(&port->here.dropped, give_back(desc, n, back));
	return n;
}

static int open_as(const struct sink_ops *ops, struct sink **sink, const struct sink_env *env,
		   char *why, size_t size)
{
	struct count_sink *s = calloc(1, sizeof(*s));

	(void)env;
	if (!s) {
		snprintf(why, size, "sink '%s': out of memory", ops->name);
		return -ENOMEM;
	}
	sink_ports_init(&s->ports, sizeof(struct count_port));
	s->sink.ops = ops;
	*sink = &s->sink;
	return 0;
}

static int count_open(struct sink **sink, const char *arg, const struct sink_env *env, char *why,
		      size_t size)
{
	(void)arg;
	return open_as(&sink_count_ops, sink, env, why, size);
}

static int drop_open(struct sink **sink, const char *arg, const struct sink_env *env, char *why,
		     size_t size)
{
	(void)arg;
	return open_as(&sink_drop_ops, sink, env, why, size);
}

static int count_attach(struct sink *sink, struct afxdp_xsk *xsk, struct sink_port **port)
{
	struct count_sink *s = (struct count_sink *)sink;

	*port = sink_ports_next(&s->ports, sink, xsk);
	if (!*port)
		return -ENOSPC;
	sink_ports_publish(&s->ports);
	return 0;
}

static void count_finish(struct sink *sink)
{
	(void)sink; /* nothing is ever kept */
}

static json_t *count_report(struct sink *sink)
{
	return json_pack("{s:s}", "name", sink->ops->name);
}

static void count_close(struct sink *sink)
{
	struct count_sink *s = (struct count_sink *)sink;

	sink_ports_free(&s->ports);
	free(s);
}

const struct sink_ops sink_count_ops = {
	.name = "count",
	.help = "count frames and give them back at once",
	.stamp = 16,
	.open = count_open,
	.attach = count_attach,
	.finish = count_finish,
	.report = count_report,
	.close = count_close,
	.consume = count_consume,
};

const struct sink_ops sink_drop_ops = {
	.name = "drop",
	.help = "the same, but counted as dropped by the sink",
	.stamp = 16,
	.open = drop_open,
	.attach = count_attach,
	.finish = count_finish,
	.report = count_report,
	.close = count_close,
	.consume = drop_consume,
};
