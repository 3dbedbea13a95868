/* SPDX-License-Identifier: GPL-2.0-only */
#include "pcap_outage.h"

#include <errno.h>
#include <string.h>
#include "log.h"
#include "wall.h"

/* A disk that is full, has room, and is full again says so this often at most. */
#define QUIET_NS (10 * NS_PER_S)

void pcap_outage_begins(struct pcap_outage *o, int err, uint64_t now)
{
	if (o->now)
		return;
	o->now = true;
	if (o->said_ns && now - o->said_ns < QUIET_NS)
		return;
	o->said_ns = now;
	o->said = true;
	if (err == -ECANCELED)
		log_line(LEVEL_WARNING,
			 "sink '%s': its reader was too slow; the last frames are dropped",
			 o->text);
	else
		log_line(LEVEL_WARNING, "sink '%s': %s; frames are dropped until it can be written",
			 o->text, strerror(-err));
}

void pcap_outage_ends(struct pcap_outage *o)
{
	if (!o->now)
		return;
	o->now = false;
	if (!o->said)
		return; /* with the next outage that is said */
	o->said = false;
	log_line(LEVEL_INFO, "sink '%s': it can be written again; %llu frames were lost", o->text,
		 (unsigned long long)o->lost);
	o->lost = 0;
}

void pcap_outage_last(const struct pcap_outage *o)
{
	if (o->lost)
		log_line(LEVEL_WARNING, "sink '%s': %llu frames were lost%s", o->text,
			 (unsigned long long)o->lost, o->now ? "" : " in further outages");
}
