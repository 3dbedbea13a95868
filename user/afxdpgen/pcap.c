/* SPDX-License-Identifier: GPL-2.0-only */
/* pcap.c - a capture as traffic: every record that can be sent, in order, as long as it was
 * captured.
 */
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>

#include <linux/if_ether.h>

#include "traffic.h"

int gen_traffic_pcap(struct gen_traffic *t, const struct gen_options *o, uint32_t limit, char *why,
		     size_t why_size)
{
	char error[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *h;
	const u_char *bytes;
	int got, err = -EINVAL;
	uint8_t *p;
	pcap_t *in;

	t->replay = true;
	in = pcap_open_offline(o->pcap, error);
	if (!in) {
		snprintf(why, why_size, "--pcap: %s", error);
		return -EINVAL;
	}
	if (pcap_datalink(in) != DLT_EN10MB) {
		snprintf(why, why_size, "--pcap %s: holds %s, only Ethernet can be sent", o->pcap,
			 pcap_datalink_val_to_description_or_dlt(pcap_datalink(in)));
		goto out;
	}
	while ((got = pcap_next_ex(in, &h, &bytes)) == 1) {
		if (h->caplen < ETH_HLEN) {
			t->too_short++;
			continue;
		}
		if (h->caplen > limit) {
			t->too_long++;
			continue;
		}
		p = gen_traffic_add(t, h->caplen);
		if (!p) {
			snprintf(why, why_size,
				 "--pcap %s: more than %u MiB of frames: cut it with editcap or "
				 "tcpdump -c",
				 o->pcap, GEN_ARENA_MAX >> 20);
			goto out;
		}
		memcpy(p, bytes, h->caplen);
	}
	if (got != PCAP_ERROR_BREAK) {
		snprintf(why, why_size, "--pcap %s: record %u: %s", o->pcap,
			 t->count + t->too_short + t->too_long + 1, pcap_geterr(in));
		goto out;
	}
	if (!t->count) {
		snprintf(why, why_size,
			 t->too_short + t->too_long
				 ? "--pcap %s: holds no frame that can be sent, of 14 to %u bytes"
				 : "--pcap %s: holds no frames",
			 o->pcap, limit);
		goto out;
	}
	err = 0;
out:
	pcap_close(in);
	return err;
}
