/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* pins.c - the program's maps under /sys/fs/bpf/afxdp/IFACE, for bpftool and whoever reads ledgers.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "prog_parts.h"

#define PIN_ROOT  "/sys/fs/bpf"
#define BPF_MAGIC 0xcafe4a11

static void pin_path(const struct afxdp_prog *p, const char *name, char *path, size_t size)
{
	snprintf(path, size, PIN_ROOT "/afxdp/%s/%s", p->config.ifname, name);
}

static const char *const pin_names[] = { "ledger", "rule_hits", "xsks" };

void prog_unpin(struct afxdp_prog *p)
{
	char path[128];

	for (int i = 0; i < 3; i++) {
		pin_path(p, pin_names[i], path, sizeof(path));
		unlink(path);
	}
	pin_path(p, "", path, sizeof(path));
	rmdir(path);
	rmdir(PIN_ROOT "/afxdp"); /* the last one out; fails while others have pins */
}

void prog_pin_hits(struct afxdp_prog *p)
{
	char path[128];

	pin_path(p, "rule_hits", path, sizeof(path));
	unlink(path);
	bpf_obj_pin(p->hits_fd, path);
}

int afxdp_prog_pin(struct afxdp_prog *p)
{
	int fds[] = { p->ledger_fd, p->hits_fd, p->xsks_fd };
	struct statfs fs;
	char path[128];

	if (statfs(PIN_ROOT, &fs) || (uint32_t)fs.f_type != BPF_MAGIC)
		return prog_failed(p, -ENOENT,
				   "no bpffs at " PIN_ROOT
				   " (ip netns exec hides it, nsenter --net does not): "
				   "running without pinned maps");
	prog_unpin(p);
	mkdir(PIN_ROOT "/afxdp", 0755);
	pin_path(p, "", path, sizeof(path));
	if (mkdir(path, 0755) && errno != EEXIST)
		return prog_failed(p, -errno, "cannot make %s: %s: running without pinned maps",
				   path, strerror(errno));
	for (int i = 0; i < 3; i++) {
		pin_path(p, pin_names[i], path, sizeof(path));
		if (fds[i] >= 0 && bpf_obj_pin(fds[i], path)) {
			int err = -errno;

			prog_unpin(p);
			return prog_failed(p, err, "cannot pin %s: %s: running without pinned maps",
					   path, strerror(-err));
		}
	}
	p->pinned = true;
	return 0;
}

void afxdp_prog_give(struct afxdp_prog *p, unsigned int uid, unsigned int gid)
{
	char path[128];

	if (!p->pinned)
		return;
	pin_path(p, "", path, sizeof(path));
	/* Should it fail, an empty-handed start later takes them away. */
	if (chown(path, uid, gid) || chown(PIN_ROOT "/afxdp", uid, gid))
		return;
}
