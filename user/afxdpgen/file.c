/* SPDX-License-Identifier: GPL-2.0-only */
/* file.c - the frames that would be sent, written to a nanosecond pcap file instead. */
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sender.h"

struct file {
	pcap_t *pcap;
	pcap_dumper_t *out;
	uint8_t *frame;
	int stop;
};

static void file_close(struct gen_sender *s)
{
	struct file *f = s->private;

	if (!f)
		return;
	if (f->out)
		pcap_dump_close(f->out);
	if (f->pcap)
		pcap_close(f->pcap);
	free(f->frame);
	free(f);
	s->private = NULL;
}

static int file_open(struct gen_sender *s)
{
	struct file *f = calloc(1, sizeof(*f));
	int err = -ENOMEM;

	if (!f)
		return -ENOMEM;
	s->private = f;
	f->frame = malloc(s->traffic->longest);
	f->pcap = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, GEN_SIZE_MAX + 4,
						       PCAP_TSTAMP_PRECISION_NANO);
	if (!f->frame || !f->pcap)
		goto fail;
	f->out = pcap_dump_open(f->pcap, s->path);
	if (!f->out) {
		snprintf(s->why, sizeof(s->why), "--write: %s", pcap_geterr(f->pcap));
		err = -EIO;
		goto fail;
	}
	return 0;
fail:
	file_close(s);
	return err;
}

/* Time stamps say when each frame would have been due, from the epoch on. */
static int file_send(struct gen_sender *s)
{
	struct file *f = s->private;
	uint64_t ns;

	while (s->sent < s->limit && !__atomic_load_n(&f->stop, __ATOMIC_RELAXED)) {
		struct pcap_pkthdr h = {};

		ns = s->sent * s->pace.interval >> GEN_TICK_SHIFT;
		if (s->pace.duration && ns >= s->pace.duration)
			break;
		h.ts.tv_sec = ns / 1000000000;
		h.ts.tv_usec = ns % 1000000000;
		h.caplen = h.len = gen_traffic_frame(s->traffic, s->first + s->sent * s->step,
						     f->frame);
		pcap_dump((u_char *)f->out, &h, f->frame);
		s->sent++;
		s->bytes += h.len;
		s->last_ns = ns;
	}
	if (pcap_dump_flush(f->out) || ferror(pcap_dump_file(f->out))) {
		snprintf(s->why, sizeof(s->why), "--write '%s': %s", s->path, strerror(errno));
		return -EIO;
	}
	return 0;
}

static void file_stop(struct gen_sender *s)
{
	struct file *f = s->private;

	__atomic_store_n(&f->stop, 1, __ATOMIC_RELAXED);
}

const struct gen_engine gen_file_engine = {
	.name = "file",
	.open = file_open,
	.send = file_send,
	.stop = file_stop,
	.close = file_close,
};
