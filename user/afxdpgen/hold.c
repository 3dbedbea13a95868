/* SPDX-License-Identifier: GPL-2.0-only */
#include "hold.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#define LOOPBACK 1 /* the interface index of lo in every network namespace */

struct task {
	struct gen_hold *hold;
	int prog;
};

/* A thread of its own, because it leaves our network namespace for a new one. */
static void *attach(void *arg)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_SKB_MODE);
	const struct task *t = arg;

	if (unshare(CLONE_NEWNET))
		return NULL;
	t->hold->netns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (t->hold->netns >= 0)
		t->hold->link = bpf_link_create(t->prog, LOOPBACK, BPF_XDP, &opts);
	return NULL;
}

void gen_hold(struct gen_hold *h, int prog)
{
	struct task task = { h, prog };
	pthread_t thread;

	if (pthread_create(&thread, NULL, attach, &task))
		return;
	pthread_join(thread, NULL);
	if (h->link < 0)
		gen_unhold(h);
}

void gen_unhold(struct gen_hold *h)
{
	if (h->link >= 0)
		close(h->link);
	if (h->netns >= 0)
		close(h->netns);
	h->link = h->netns = -1;
}
