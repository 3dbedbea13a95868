/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sandbox.h - the system calls that the engine may make: a list of what it needs, by seccomp(2).
 *
 * Everything else fails with EPERM, among it execve, fork, ptrace, mount, setns, process_vm_*,
 * keyctl, perf_event_open, io_uring. bpf() on descriptors that are there (look up, update, delete,
 * information, exchange and detach a link) is let through; loading, creating and attaching, AF_XDP
 * and packet sockets, and SO_PREFER_BUSY_POLL go to the keeper (keeper.h).
 */
#ifndef AFXDP_SANDBOX_H
#define AFXDP_SANDBOX_H

/** sandbox_possible() - Return: 0, or -EOPNOTSUPP if this kernel or processor cannot do it. */
int sandbox_possible(void);

/**
 * sandbox_enter() - for all threads of this process, those to come as well, and for good; no
 * program gives any of them new privileges from here on.
 * @listener: set to the descriptor by which the keeper sees calls.
 *
 * Return: 0 or -errno.
 */
int sandbox_enter(int *listener);

/**
 * sandbox_keeper() - for the keeper, which has one thread, and whose no_new_privs is set: what the
 * engine may, processes of its own, and what it is there for (bpf, sockets, descriptors of the
 * engine). What it may do with these is decided by its code; but it executes, mounts, traces and
 * enters nothing.
 *
 * Return: 0 (also where this processor is not known) or -errno.
 */
int sandbox_keeper(void);

/**
 * sandbox_narrow() - for the calling thread, which touches frames or speaks with clients: no file,
 * no socket, no thread is opened by it any more, and bpf() looks maps up and updates them, no more.
 * No matter if it cannot be had.
 */
void sandbox_narrow(void);

#endif
