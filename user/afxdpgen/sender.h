/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sender.h - one sending thread and the engine under it. An engine is a way to get frames out of an
 * interface: XDP live frames (live.c) or AF_PACKET (packet.c); or into a file instead (file.c).
 */
#ifndef AFXDPGEN_SENDER_H
#define AFXDPGEN_SENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "interface.h"
#include "pace.h"
#include "traffic.h"

struct gen_engine;

struct gen_sender {
	/* Set by the caller. */
	const struct gen_engine *engine;
	const struct gen_interface *interface;
	const struct gen_traffic *traffic;
	const char *path;     /* where gen_file_engine writes */
	struct gen_pace pace; /* its first part: interval, duration, burst */
	uint64_t limit;	      /* frames to be accepted; 0: no limit */
	uint32_t first;	      /* its sequence numbers are first, first + step, ... */
	uint32_t step;
	uint32_t batch;
	int cpu;   /* -1: any */
	bool spin; /* never sleep between frames */
	/* Filled by the engine's send(). */
	uint64_t sent;
	uint64_t bytes;
	uint64_t refused; /* by the device, and then sent again */
	uint64_t late;	  /* due, but the schedule had to give them up */
	uint64_t first_ns;
	uint64_t last_ns; /* both CLOCK_MONOTONIC */
	char why[320];	  /* after an error: one line */
	void *private;
};

struct gen_engine {
	const char *name;
	/**
	 * open() - get ready. Return: 0; -EOPNOTSUPP: this engine cannot on this kernel or
	 * interface, s->why says why; other negative errno: failed, s->why says how.
	 */
	int (*open)(struct gen_sender *s);
	/**
	 * send() - until the limit, the duration, or stop(). Return: 0; -EOPNOTSUPP: the interface
	 * took nothing at all and never will by this engine; other negative errno. The results are
	 * filled in any case.
	 */
	int (*send)(struct gen_sender *s);
	/** stop() - make send() return soon. From any thread. */
	void (*stop)(struct gen_sender *s);
	void (*close)(struct gen_sender *s);
};

extern const struct gen_engine gen_live_engine;
extern const struct gen_engine gen_packet_engine;
extern const struct gen_engine gen_file_engine;

/** gen_now() - CLOCK_MONOTONIC, ns. */
uint64_t gen_now(void);

/** gen_sleep_until() - sleep until CLOCK_MONOTONIC shows @ns; not longer than a tenth of a second,
 * so that whoever sleeps can look around. */
void gen_sleep_until(uint64_t ns);

/** gen_pace_due() - CLOCK_MONOTONIC when the next frame of @p is due, ns. */
uint64_t gen_pace_due(const struct gen_pace *p);

#endif
