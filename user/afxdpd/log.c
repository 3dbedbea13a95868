/* SPDX-License-Identifier: GPL-2.0-only */
#include "log.h"

#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "printable.h"

/* Lines of one kind at once: fewer, and somebody who unplugs a cable ten times to see what happens
 * does not see it; and then one in so long: a state that flaps for a day fills 1 MB. */
#define AT_ONCE	  20
#define REFILL_NS 5000000000ULL

/* More kinds of lines than the daemon has; those beyond are printed as they come. */
#define KINDS 64

struct kind {
	const char *format; /* which kind it is; NULL: a free place */
	uint32_t spent;	    /* of AT_ONCE */
	uint64_t refilled_ns;
	uint32_t held;	  /* lines that were not printed */
	uint64_t last_ns; /* when the last of them came */
	enum log_level level;
	char last[512]; /* that one */
};

/* As global as stderr, whose state this is. */
static struct kind kinds[KINDS];

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* JOURNAL_STREAM is inherited; it is meant for us only if stderr still is what it names. */
static bool to_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       !fstat(STDERR_FILENO, &st) && st.st_dev == device && st.st_ino == inode;
}

static void print(enum log_level level, char *line)
{
	struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };

	/* Nobody may be held up by whoever does not read what we say: a pipe that is full for so
	 * long has lost this line. */
	if (poll(&out, 1, 100) == 0)
		return;
	if (to_journal())
		fprintf(stderr, "<%d>afxdpd: %s\n", level, printable(line));
	else
		fprintf(stderr, "afxdpd: %s\n", printable(line));
}

void log_line(enum log_level level, const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	print(level, line);
}

static void print_held(struct kind *k)
{
	char line[sizeof(k->last) + 48];

	if (k->held == 1)
		snprintf(line, sizeof(line), "%s", k->last);
	else
		snprintf(line, sizeof(line), "%s (the last of %" PRIu32 " such lines)", k->last,
			 k->held);
	print(k->level, line);
	k->held = 0;
	k->spent += k->spent < AT_ONCE;
}

/* All that are held, oldest first: of two states the one that is true now is the last line. */
static void print_all_held(void)
{
	for (;;) {
		struct kind *oldest = NULL;

		for (int i = 0; i < KINDS && kinds[i].format; i++)
			if (kinds[i].held && (!oldest || kinds[i].last_ns < oldest->last_ns))
				oldest = &kinds[i];
		if (!oldest)
			return;
		print_held(oldest);
	}
}

static void refill(struct kind *k, uint64_t now)
{
	while (k->spent && now - k->refilled_ns >= REFILL_NS) {
		k->spent--;
		k->refilled_ns += REFILL_NS;
	}
	if (!k->spent)
		k->refilled_ns = now;
}

static struct kind *kind_of(const char *format)
{
	for (int i = 0; i < KINDS; i++) {
		if (!kinds[i].format)
			kinds[i].format = format;
		if (kinds[i].format == format)
			return &kinds[i];
	}
	return NULL;
}

static void say(enum log_level level, const char *format, va_list args)
{
	struct kind *k = kind_of(format);
	char line[1024];

	vsnprintf(line, sizeof(line), format, args);
	if (k)
		refill(k, now_ns());
	if (!k || k->spent < AT_ONCE) {
		print_all_held();
		print(level, line);
		if (k)
			k->spent++;
		return;
	}
	k->held++;
	k->last_ns = now_ns();
	k->level = level;
	snprintf(k->last, sizeof(k->last), "%.*s", (int)sizeof(k->last) - 1, line);
}

void daemon_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(LEVEL_INFO, format, args);
	va_end(args);
}

void daemon_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(LEVEL_WARNING, format, args);
	va_end(args);
}

void daemon_log_tick(void)
{
	uint64_t now = now_ns();
	bool due = false;

	for (int i = 0; i < KINDS && kinds[i].format; i++) {
		refill(&kinds[i], now);
		due |= kinds[i].held && kinds[i].spent < AT_ONCE;
	}
	if (due)
		print_all_held();
}

void daemon_log_end(void)
{
	print_all_held();
}
