/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rights.h - which rights this process has, and giving them up: all of them in the engine, which
 * has a keeper (keeper.h), and all but a few there.
 */
#ifndef AFXDP_RIGHTS_H
#define AFXDP_RIGHTS_H

#include <signal.h>
#include <stddef.h>
#include <sys/types.h>

/* By which threads are told to give theirs up. No library takes the last one. */
#define RIGHTS_SIGNAL SIGRTMAX

struct user {
	char name[64];
	uid_t uid;
	gid_t gid;
};

/** rights_find_user() - Return: 0, or -ENOENT if there is no user @name. */
int rights_find_user(const char *name, struct user *user);

/**
 * rights_missing() - what the start needs and we have not, whoever we are.
 *
 * Return: the first of them, "CAP_X (what for)", or NULL.
 */
const char *rights_missing(void);

/** rights_mask() - for a thread that there may be when the rights go: every signal is blocked but
 * the one by which it hears of that. */
static inline void rights_mask(sigset_t *set)
{
	sigfillset(set);
	sigdelset(set, RIGHTS_SIGNAL);
}

/**
 * rights_give_up() - in all threads: become @user (NULL: stay who we are), lose every capability
 * (but CAP_IPC_LOCK, where RLIMIT_MEMLOCK cannot be lifted) and every way to get one back, and from
 * here on make only the system calls that sandbox.h names.
 * @keeper: its process, which is to see the rest by *@listener (keeper_listen()).
 * @why: one line when it fails (size @size).
 *
 * Return: 0; -EOPNOTSUPP if this kernel cannot do that, and nothing has changed; other -errno, and
 * some of it is done.
 */
int rights_give_up(const struct user *user, pid_t keeper, int *listener, char *why, size_t size);

/** rights_of_keeper() - keep what the keeper needs, if we have it. Return: 0 or -errno. */
int rights_of_keeper(void);

#endif
