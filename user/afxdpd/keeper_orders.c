/* SPDX-License-Identifier: GPL-2.0-only */
/* keeper_orders.c - what the keeper does when it is told to, and undoes at the end. */
#include <errno.h>
#include <limits.h>
#include <linux/if_link.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "door.h"
#include "keeper_parts.h"
#include "nic.h"
#include "prog.h"
#include "refusal.h"
#include "registry.h"

/* What busy polling wants of the device: two empty polls before the interrupt is armed again, and a
 * timer that polls by itself if the thread stays away for 200 us (the values that the kernel's own
 * AF_XDP tests use). */
#define DEFER_HARD_IRQS 2
#define FLUSH_NS	200000

/* Linux 6.6 */
#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS	   SECCOMP_IOW(4, __u64)
#endif

/* ---- what an interface has of ours ---- */

static void unpin(struct keeper_port *p)
{
	struct afxdp_prog prog = { .config = { .ifindex = p->ifindex, .ifname = p->label } };

	if (p->pinned)
		afxdp_prog_unpin(&prog);
	p->pinned = false;
}

static void undo_port(struct keeper_port *p)
{
	if (!p->ifindex)
		return;
	unpin(p);
	afxdp_knobs_close(&p->knobs);
	p->ifindex = 0;
}

struct keeper_port *warden_port(struct warden *w, unsigned int ifindex, bool make)
{
	struct keeper_port *p;

	for (p = w->port; p < w->port + KEEPER_PORTS; p++)
		if (p->ifindex == ifindex)
			return p;
	if (!make)
		return NULL;
	p = &w->port[w->next++ % KEEPER_PORTS];
	undo_port(p);
	*p = (struct keeper_port){ .ifindex = ifindex, .knobs = AFXDP_KNOBS_NONE };
	return p;
}

/* ---- NAPI settings ---- */

static int open_knobs(struct keeper_port *p)
{
	struct afxdp_nic nic;
	int err = afxdp_nic_get(p->ifindex, &nic);

	return err ?: afxdp_knobs_init(&p->knobs, nic.name, p->ifindex);
}

static int recover(struct keeper_port *p)
{
	int ret;

	if (p->knobs.saved_fd >= 0)
		return 0; /* it is we who have changed them */
	afxdp_knobs_close(&p->knobs);
	ret = open_knobs(p);
	afxdp_knobs_close(&p->knobs);
	return ret;
}

static int set_busy(struct keeper_port *p)
{
	int err = p->knobs.defer_fd < 0 ? open_knobs(p) : 0;

	return err < 0 ? err : afxdp_knobs_set(&p->knobs, DEFER_HARD_IRQS, FLUSH_NS);
}

/* ---- pins ---- */

/* Anything else that has a descriptor in the bpf subsystem may not outlive the daemon. */
static bool is_map(int fd)
{
	char path[32], to[32];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, to, sizeof(to) - 1);
	if (n < 0)
		return false;
	to[n] = '\0';
	return !strcmp(to, "anon_inode:bpf-map");
}

static bool is_label(const char *label)
{
	size_t len = strnlen(label, 16);

	return len && len < 16 && strcmp(label, ".") && strcmp(label, "..") && !strchr(label, '/');
}

static int pin(struct keeper_port *p, const char *label, const int *fds, char *text, size_t size)
{
	struct afxdp_prog prog = { .config = { .ifindex = p->ifindex, .ifname = p->label },
				   .ledger_fd = fds[0],
				   .hits_fd = fds[1],
				   .xsks_fd = fds[2] };
	int err;

	unpin(p);
	memcpy(p->label, label, sizeof(p->label));
	err = afxdp_prog_pin(&prog);
	p->pinned = !err;
	snprintf(text, size, "%s", prog.why);
	return err;
}

static void pin_hits(struct keeper_port *p, int fd)
{
	struct afxdp_prog prog = { .config = { .ifindex = p->ifindex, .ifname = p->label },
				   .hits_fd = fd };

	if (p->pinned)
		afxdp_prog_pin_hits(&prog);
}

/* ---- orders ---- */

/* How many descriptors come with each, and whether it is about an interface that we serve. */
static const struct {
	int fds;
	bool port;
} wants[KEEPER_WHATS] = {
	[KEEPER_LISTEN] = { 1, false },	      [KEEPER_DOOR] = { 0, false },
	[KEEPER_KNOBS_RECOVER] = { 0, true }, [KEEPER_KNOBS_BUSY] = { 0, true },
	[KEEPER_KNOBS_BACK] = { 0, true },    [KEEPER_REFUSAL] = { 1, true },
	[KEEPER_EVICT] = { 0, true },	      [KEEPER_PIN] = { 3, true },
	[KEEPER_PIN_HITS] = { 1, true },      [KEEPER_UNPIN] = { 0, true },
};

static int check(struct warden *w, const struct keeper_order *o, const int *fds, int n)
{
	static const uint8_t none[sizeof(o->none)];

	if (o->what >= KEEPER_WHATS || memcmp(o->none, none, sizeof(none)) ||
	    n != wants[o->what].fds)
		return -EINVAL;
	if (wants[o->what].port && !warden_serves(w, o->ifindex))
		return -ENODEV;
	if ((o->what == KEEPER_PIN || o->what == KEEPER_DOOR) && !is_label(o->label))
		return -EINVAL;
	for (int i = 0; i < n && (o->what == KEEPER_PIN || o->what == KEEPER_PIN_HITS); i++)
		if (!is_map(fds[i]))
			return -EINVAL;
	return 0;
}

static int listen_to(struct warden *w, int *fd)
{
	if (w->listener >= 0 || w->memory < 0 || w->engine < 0)
		return -EBUSY;
	w->listener = *fd;
	*fd = -1;
	/* It goes to and fro between the two of us; older kernels do not know. */
	(void)ioctl(w->listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
	return 0;
}

static int take_door(struct warden *w, const struct keeper_order *o)
{
	if (w->stem[0])
		return -EBUSY;
	registry_stem(w->stem, sizeof(w->stem), o->ifindex, o->label);
	return 0;
}

void warden_order(struct warden *w, const struct keeper_order *o, int *fds, int n,
		  struct keeper_reply *r)
{
	struct keeper_port *p;

	r->result = check(w, o, fds, n);
	if (r->result)
		return;
	p = wants[o->what].port ? warden_port(w, o->ifindex, false) : NULL;
	switch (o->what) {
	case KEEPER_LISTEN:
		r->result = listen_to(w, fds);
		break;
	case KEEPER_DOOR:
		r->result = take_door(w, o);
		break;
	case KEEPER_KNOBS_RECOVER:
		r->result = recover(p);
		break;
	case KEEPER_KNOBS_BUSY:
		r->result = set_busy(p);
		break;
	case KEEPER_KNOBS_BACK:
		afxdp_knobs_close(&p->knobs);
		break;
	case KEEPER_REFUSAL:
		afxdp_refusal(o->ifindex, fds[0],
			      o->flags & (XDP_FLAGS_DRV_MODE | XDP_FLAGS_SKB_MODE), r->text,
			      sizeof(r->text));
		break;
	case KEEPER_EVICT:
		r->result = w->options->replace ? afxdp_prog_evict(o->ifindex) : -EPERM;
		break;
	case KEEPER_PIN:
		r->result = pin(p, o->label, fds, r->text, sizeof(r->text));
		break;
	case KEEPER_PIN_HITS:
		pin_hits(p, fds[0]);
		break;
	case KEEPER_UNPIN:
		unpin(p);
		break;
	}
}

/* ---- the end ---- */

static void undo_ports(void *arg)
{
	struct warden *w = arg;

	for (struct keeper_port *p = w->port; p < w->port + KEEPER_PORTS; p++)
		undo_port(p);
}

/*
 * Whoever serves the same interface after the engine's death holds the lock beside its socket, and
 * has put right what we would: then nothing here is ours any more.
 */
void warden_undo(struct warden *w)
{
	char path[PATH_MAX], why[256];
	struct registry r;

	if (w->options->control)
		door_bury(w->options->control, NULL, NULL);
	if (!w->stem[0] || registry_ours(&r, why, sizeof(why))) {
		undo_ports(w);
		return;
	}
	snprintf(path, sizeof(path), "%s/%s.sock", r.dir, w->stem);
	door_bury(path, undo_ports, w);
}
