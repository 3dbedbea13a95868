/* SPDX-License-Identifier: GPL-2.0-only */
/* outage.c - when no frame was taken, why, and what the device saw meanwhile. */
#include <time.h>
#include "daemon.h"
#include "text.h"

static double wall(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static const struct outage *last(const struct port *p)
{
	return &p->outage[(p->outages - 1) % OUTAGES_KEPT];
}

static bool going_on(const struct port *p)
{
	return p->outages && !last(p)->to;
}

void outage_begins(struct daemon *d, const char *why)
{
	struct port *p = &d->port;
	struct outage *o = &p->outage[p->outages % OUTAGES_KEPT];

	if (going_on(p))
		return;
	p->outages++;
	*o = (struct outage){ .from = wall() };
	snprintf(o->why, sizeof(o->why), "%s", why);
	p->nic_packets = d->nic_last.packets;
	p->last_ifindex = p->opened.ifindex;
}

/* Another device counts from 0; the same goes on. */
void outage_ends(struct daemon *d)
{
	struct port *p = &d->port;
	struct outage *o = &p->outage[(p->outages - 1) % OUTAGES_KEPT];

	if (!going_on(p))
		return;
	o->to = wall();
	p->out_s += o->to - o->from;
	if (afxdp_nic_stats(d->nic.ifindex, &d->nic_last))
		return;
	o->counted = true;
	o->nic_packets = d->nic_last.packets;
	if (d->nic.ifindex == p->last_ifindex && o->nic_packets >= p->nic_packets)
		o->nic_packets -= p->nic_packets;
}

static json_t *outage_json(const struct outage *o)
{
	double to = o->to ?: wall();

	return json_pack("{s:f, s:o, s:f, s:o, s:o}", "from", o->from, "to",
			 o->to ? json_real(o->to) : json_null(), "seconds", to - o->from, "why",
			 json_text(o->why), "nic_packets",
			 o->counted ? json_integer((json_int_t)o->nic_packets) : json_null());
}

json_t *outages_json(const struct daemon *d)
{
	const struct port *p = &d->port;
	json_t *list = json_array();
	uint32_t n = p->outages < OUTAGES_KEPT ? p->outages : OUTAGES_KEPT;

	for (uint32_t i = p->outages - n; i < p->outages; i++)
		json_array_append_new(list, outage_json(&p->outage[i % OUTAGES_KEPT]));
	return list;
}

double outage_seconds(const struct daemon *d)
{
	return d->port.out_s + (going_on(&d->port) ? wall() - last(&d->port)->from : 0);
}
