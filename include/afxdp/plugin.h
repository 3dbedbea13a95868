/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * plugin.h - a sink of your own for afxdpd: `afxdpd -s plugin:FILE.so[:ARG]`.
 *
 * FILE.so is a shared object that defines
 *
 *	const struct afxdp_plugin afxdp_plugin = {
 *		.abi = AFXDP_PLUGIN_ABI,
 *		.size = sizeof(struct afxdp_plugin),
 *		.name = "mine",
 *		.frames = mine_frames,
 *	};
 *
 * and is built by `cc -shared -fPIC mine.c -o mine.so`. All functions but frames() may be left out.
 * Calls come in this order: open(); start() for each receive queue's worker; frames() from the
 * workers, each from a thread of its own; finish() when no more frames come; report(); close().
 * report() is called at other times, too, while frames come in: what it reads of counters it should
 * read as the workers write them (__atomic_load_n(&counter, __ATOMIC_RELAXED)).
 *
 * This header promises: what works today works with any later afxdpd of the same AFXDP_PLUGIN_ABI;
 * members are only ever added at the end of structures, and a plugin that does not have them yet is
 * known by its size.
 */
#ifndef AFXDP_PLUGIN_H
#define AFXDP_PLUGIN_H

#include <stddef.h>
#include <stdint.h>
#include <afxdp/abi.h>

#define AFXDP_PLUGIN_ABI 1

/* Where it runs. */
struct afxdp_plugin_env {
	uint32_t size;	    /* of this struct as the daemon knows it */
	uint32_t workers;   /* start() is called so often */
	const char *ifname; /* that frames come from */
};

struct afxdp_plugin_piece {
	const uint8_t *data;
	uint32_t len;
};

/*
 * One frame. Everything it points at is valid until frames() returns; it cannot be written, and
 * what is to be sent, a plugin sends by its own means.
 *
 * TCP and UDP checksums are as they came: a local sender's, on a veth, may be left to its device
 * and hold the pseudo-header's sum only. That is no damage. afxdp/checksum.h tells such frames
 * (afxdp_checksum_left()), and completes a copy of one that is to be sent
 * (afxdp_checksum_complete()).
 */
struct afxdp_plugin_frame {
	const uint8_t *data;	       /* its first bytes, from the destination MAC address on */
	uint32_t len;		       /* so many lie there */
	uint32_t length;	       /* of the whole frame */
	const struct afxdp_meta *meta; /* NULL if the driver left no room for it */
	const struct afxdp_plugin_piece *more; /* the rest of a frame above one UMEM chunk */
	uint32_t more_count;
	uint32_t reserved;
};

struct afxdp_plugin {
	uint32_t abi;	  /* AFXDP_PLUGIN_ABI */
	uint32_t size;	  /* sizeof(struct afxdp_plugin) */
	const char *name; /* for messages and the report */

	/**
	 * open() - once, before anything else, as root.
	 * @arg: what follows FILE.so: in -s, or NULL.
	 * @state: yours; handed to the functions below.
	 * @why: say in one line what is wrong if something is (@size bytes).
	 *
	 * Return: 0, or -errno: afxdpd then ends with @why.
	 */
	int (*open)(const char *arg, const struct afxdp_plugin_env *env, void **state, char *why,
		    size_t size);

	/**
	 * start() - for each worker.
	 * @worker: 0 to env->workers - 1.
	 * @lane: yours; handed to frames() of this worker. @state if there is no start().
	 *
	 * Return: 0 or -errno.
	 */
	int (*start)(void *state, uint32_t worker, void **lane);

	/**
	 * frames() - a batch, in the order of reception, in the worker's thread.
	 *
	 * The NIC's ring fills while it runs: it may not block, and what it costs bounds the rate.
	 *
	 * Return: how many of @n frames were not dealt with: they count as sink_dropped. 0 is the
	 * rule.
	 */
	uint32_t (*frames)(void *lane, const struct afxdp_plugin_frame *frames, uint32_t n);

	/** finish() - no more frames come; deal with what was put aside, within a second. */
	void (*finish)(void *state);

	/** report() - Return: a JSON object as text, from malloc(), which the daemon frees; NULL
	 * for none. */
	char *(*report)(void *state);

	void (*close)(void *state);
};

#endif
