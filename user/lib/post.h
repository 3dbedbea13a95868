/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * post.h - a mailbox whose owner may be asleep in poll(): mailbox.h and an eventfd.
 *
 * A sender always rings the bell: control messages are rare. The owner checks
 * afxdp_mailbox_pending() on every turn without a system call, and reads the bell only when it
 * empties the box.
 */
#ifndef AFXDP_POST_H
#define AFXDP_POST_H

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <afxdp/mailbox.h>

struct afxdp_post {
	struct afxdp_mailbox box;
	int bell;
};

/** afxdp_post_init() - Return: 0 or -errno. */
static inline int afxdp_post_init(struct afxdp_post *post)
{
	afxdp_mailbox_init(&post->box);
	post->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return post->bell < 0 ? -errno : 0;
}

static inline void afxdp_post_free(struct afxdp_post *post)
{
	if (post->bell >= 0)
		close(post->bell);
	post->bell = -1;
}

/** afxdp_post_send() - queue @msg and wake the owner. Any thread. */
static inline void afxdp_post_send(struct afxdp_post *post, struct afxdp_msg *msg)
{
	uint64_t one = 1;

	afxdp_mailbox_send(&post->box, msg);
	if (write(post->bell, &one, sizeof(one)) < 0) {
		/* EAGAIN: the counter is full, so the bell is ringing anyway. */
	}
}

/** afxdp_post_take() - the oldest message or NULL. Silence the bell first: a sender links before it
 * rings. */
static inline struct afxdp_msg *afxdp_post_take(struct afxdp_post *post)
{
	return afxdp_mailbox_take(&post->box);
}

static inline void afxdp_post_silence(struct afxdp_post *post)
{
	uint64_t count;

	if (read(post->bell, &count, sizeof(count)) < 0) {
		/* EAGAIN: it was not ringing. */
	}
}

#endif
