/* SPDX-License-Identifier: GPL-2.0-only */
#include "pcap_series.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "log.h"
#include "pcap_header.h"
#include "pcapng.h"

#define NS_PER_S 1000000000ULL

/* A dated ring: the file that began as many files ago goes. */
static void forget_oldest(struct pcap_series *s)
{
	char **name;

	if (!s->kept)
		return;
	name = &s->kept[s->files % s->spec.files];
	if (*name && strcmp(*name, s->current))
		unlink(*name);
	free(*name);
	*name = strdup(s->current);
}

static void began(struct pcap_series *s, uint64_t now)
{
	s->begun_ns = now;
	s->retry_ns = 0;
	forget_oldest(s);
	__atomic_store_n(&s->files, s->files + 1, __ATOMIC_RELAXED);
}

static void free_names(struct pcap_series *s)
{
	for (uint32_t i = 0; s->kept && i < s->spec.files; i++)
		free(s->kept[i]);
	free(s->kept);
	s->kept = NULL;
}

static int not_regular(const char *text, const char *name, char *why, size_t size)
{
	snprintf(why, size, "sink '%s': '%s' is no regular file: no other can follow", text, name);
	return -EINVAL;
}

/* What a capture of this kind begins with, as far as it matters to one that goes on. */
static int begins_with(bool ng, const struct pcap_spec *spec, uint8_t header[PCAP_HEADER])
{
	if (!ng)
		return pcap_header_make(header, spec->snaplen);
	pcapng_section_start(header);
	return 0;
}

int pcap_series_check(const char *kind, const char *arg, char *why, size_t size)
{
	struct pcap_spec spec;
	char name[PATH_MAX], text[PATH_MAX + 64];
	uint8_t header[PCAP_HEADER];
	struct stat st;
	int err = pcap_spec_parse(&spec, kind, arg, why, size);

	if (err)
		return err;
	snprintf(text, sizeof(text), "%s:%s", kind, arg);
	err = pcap_spec_name(&spec, 0, time(NULL), NULL, name, sizeof(name))
		      ?: begins_with(!strcmp(kind, "pcapng"), &spec, header);
	if (err) {
		snprintf(why, size, "sink '%s': %s", text, strerror(-err));
		return err;
	}
	err = pcap_file_check(&spec, header, name, why, size);
	if (!err && pcap_spec_rotates(&spec) && !stat(name, &st) && !S_ISREG(st.st_mode))
		err = not_regular(text, name, why, size);
	return err;
}

int pcap_series_open(struct pcap_series *s, struct pcap_file *f, const char *text, uint64_t now,
		     char *why, size_t size)
{
	struct stat st;
	int err;

	err = pcap_spec_name(&s->spec, 0, time(NULL), NULL, s->current, sizeof(s->current));
	if (!err && pcap_spec_dated(&s->spec) && s->spec.files) {
		s->kept = calloc(s->spec.files, sizeof(*s->kept));
		err = s->kept ? 0 : -ENOMEM;
	}
	if (err) {
		snprintf(why, size, "sink '%s': %s", text, strerror(-err));
		return err;
	}
	err = pcap_file_open(f, s->current, why, size);
	if (err)
		goto free;
	if (pcap_spec_rotates(&s->spec) && (fstat(f->fd, &st) || !S_ISREG(st.st_mode))) {
		err = not_regular(text, s->current, why, size);
		goto close;
	}
	began(s, now);
	return 0;
close:
	pcap_file_close(f);
free:
	free_names(s);
	return err;
}

void pcap_series_close(struct pcap_series *s, struct pcap_file *f)
{
	pcap_file_close(f);
	free_names(s);
}

bool pcap_series_full(const struct pcap_series *s, const struct pcap_file *f, uint64_t bytes,
		      uint64_t now)
{
	return s->spec.size && now >= s->retry_ns && !pcap_file_empty(f) &&
	       pcap_file_room(f, s->spec.size) < bytes;
}

bool pcap_series_late(const struct pcap_series *s, uint64_t now)
{
	return s->spec.seconds && now >= s->retry_ns &&
	       now - s->begun_ns >= s->spec.seconds * NS_PER_S;
}

static int go_to(struct pcap_series *s, struct pcap_file *f, const char *name, uint64_t now)
{
	int err = pcap_file_next(f, name, s->why, sizeof(s->why));

	if (err)
		return err;
	if (name != s->current)
		memcpy(s->current, name, strlen(name) + 1);
	began(s, now);
	return 0;
}

int pcap_series_next(struct pcap_series *s, struct pcap_file *f, uint64_t now)
{
	char name[PATH_MAX];
	int err = pcap_spec_name(&s->spec, s->files, time(NULL), s->current, name, sizeof(name));

	if (err)
		snprintf(s->why, sizeof(s->why), "cannot name the file after it: %s",
			 strerror(-err));
	else
		err = go_to(s, f, name, now);
	if (!err)
		return 0;
	if (!s->retry_ns)
		log_line(LEVEL_WARNING, "capture '%s' goes on for longer than asked for: %s",
			 s->current, s->why);
	s->retry_ns = now + NS_PER_S;
	return err;
}

int pcap_series_rotate(struct pcap_series *s, struct pcap_file *f, uint64_t now)
{
	struct stat st;
	int err;

	/* Of an older file that has not gone yet, nothing is ours. */
	if (!f->begun || fstat(f->fd, &st) || !S_ISREG(st.st_mode))
		return 0;
	if (pcap_spec_rotates(&s->spec))
		return pcap_series_next(s, f, now);
	if (pcap_file_is(f, s->current))
		return 0;
	err = go_to(s, f, s->current, now);
	if (err)
		log_line(LEVEL_WARNING, "capture '%s' goes on where it was renamed to: %s",
			 s->current, s->why);
	return err;
}
