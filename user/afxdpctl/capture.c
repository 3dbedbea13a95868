/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture.h"

#include <inttypes.h>
#include <string.h>
#include "ctl.h"
#include "trial.h"

int capture_open(struct capture *c, const char *path)
{
	char err[PCAP_ERRBUF_SIZE];

	*c = (struct capture){ .path = path };
	c->in = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, err);
	if (!c->in) {
		/* It names the file when that is not there, and only then. */
		if (!strncmp(err, path, strlen(path)))
			return ctl_fail(2, "%s", err);
		return ctl_fail(2, "%s: %s", path, err);
	}
	if (pcap_datalink(c->in) == DLT_EN10MB)
		return 0;
	ctl_fail(2, "%s: holds %s frames: rules are about Ethernet", path,
		 pcap_datalink_val_to_description_or_dlt(pcap_datalink(c->in)));
	pcap_close(c->in);
	return 2;
}

int capture_next(struct capture *c, struct pcap_pkthdr **h, const u_char **bytes)
{
	int got;

	while ((got = pcap_next_ex(c->in, h, bytes)) == 1) {
		if (!c->records++)
			c->first_ns = (*h)->ts.tv_sec * 1000000000LL + (*h)->ts.tv_usec;
		c->cut += (*h)->caplen < (*h)->len;
		if ((*h)->caplen >= AFXDP_TRIAL_MIN)
			return 1;
		c->runts++;
	}
	if (got == PCAP_ERROR_BREAK)
		return 0;
	ctl_fail(2, "%s: record %" PRIu64 ": %s", c->path, c->records + 1, pcap_geterr(c->in));
	return -1;
}

uint64_t capture_time(const struct capture *c, const struct pcap_pkthdr *h)
{
	int64_t ns = h->ts.tv_sec * 1000000000LL + h->ts.tv_usec - c->first_ns;

	return ns > 0 ? ns : 0;
}
