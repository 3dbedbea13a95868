/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * keeper.h - the process that keeps the rights, so that the one that touches frames, clients and
 * plugins (the engine: all the rest of the daemon) can give all of its own up.
 *
 * It is forked before there is any thread, knows what the command line says, has one thread, reads
 * nothing from the network or from clients, and carries out two kinds of things:
 *
 * - Orders of 64 bytes, by number, with the descriptors they are about: keeper_*() below.
 * - System calls of the engine that take rights, which the kernel holds and shows to it instead of
 *   carrying them out (seccomp_unotify(2)): opening AF_XDP and packet sockets, preferring busy
 *   polling, making maps, loading and attaching XDP programs. It looks at a copy of what the call
 *   is given, refuses what afxdpd does not do (keeper_bpf.c), and does the rest in the engine's
 *   place; the engine gets the descriptor.
 *
 * The engine is the parent: it is the process that people and service managers know, so signals,
 * exit status and notifications are as they were. When it ends, however, the keeper sees the end of
 * their connection, undoes what outlives a process (NAPI settings, pins, sockets' names), and goes.
 */
#ifndef AFXDP_KEEPER_H
#define AFXDP_KEEPER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "prog.h"

struct options;

struct keeper {
	int sock; /* to the keeper, SOCK_SEQPACKET; -1: there is none */
	pid_t pid;
	pthread_mutex_t lock; /* one question at a time */
	uint32_t serial;
	struct afxdp_agent agent; /* for programs (prog.h) */
};

/** keeper_start() - fork it, while we have one thread and all rights. Return: 0 or -errno. */
int keeper_start(struct keeper *k, const struct options *o);

/** keeper_end() - it undoes what is left and ends; we wait for that. */
void keeper_end(struct keeper *k);

/** keeper_lost() - whether it has died. */
bool keeper_lost(const struct keeper *k);

/** keeper_listen() - from here on it answers the system calls that @listener shows. Return: 0 or
 * -errno. */
int keeper_listen(struct keeper *k, int listener);

/** keeper_door() - this is the address clients find us by (registry.h): its to take away, should we
 * not be able to. */
int keeper_door(struct keeper *k, unsigned int ifindex, const char *name);

/** keeper_knobs_recover() - put back what a killed daemon has left changed on @ifindex. Return: 1
 * if there was something; 0; -errno. */
int keeper_knobs_recover(struct keeper *k, unsigned int ifindex);

/** keeper_knobs_busy() - the NAPI settings of @ifindex as busy polling wants them, for as long as
 * we live. Return: 0 or -errno. */
int keeper_knobs_busy(struct keeper *k, unsigned int ifindex);

/** keeper_knobs_back() - as they were. */
void keeper_knobs_back(struct keeper *k, unsigned int ifindex);

#endif
