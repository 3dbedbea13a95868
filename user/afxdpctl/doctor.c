/* SPDX-License-Identifier: GPL-2.0-only */
/* doctor.c - what an interface can do for us, and what to change. Asks the kernel, not a daemon. */
#include <bpf/libbpf.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "ctl.h"
#include "dispatcher.h"
#include "nic.h"
#include "prog.h"

/* Collects "topic: finding" and, where something should change, what to do. */
struct finding {
	json_t *list;
	bool print;
};

__attribute__((format(printf, 4, 5))) static void say(struct finding *f, const char *topic,
						      const char *advice, const char *format, ...)
{
	char text[320];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_array_append_new(f->list, json_pack("{s:s, s:s, s:s?}", "topic", topic, "finding",
						 text, "advice", advice));
	if (!f->print)
		return;
	printf("  %-12s %s\n", topic, text);
	if (advice)
		printf("  %-12s -> %s\n", "", advice);
}

static const char *format_advice(char *text, size_t size, const char *format, const char *name)
{
	snprintf(text, size, format, name);
	return text;
}

static void check_link(struct finding *f, const struct afxdp_nic *nic)
{
	char advice[128];

	say(f, "driver", NULL, "%s%s%s", nic->driver[0] ? nic->driver : "unknown",
	    nic->bus[0] ? " at " : "", nic->bus);
	say(f, "link",
	    nic->up ? NULL : format_advice(advice, sizeof(advice), "ip link set %s up", nic->name),
	    "%s, %s, MTU %u", nic->up ? "up" : "down", nic->running ? "carrier" : "no carrier",
	    nic->mtu);
	say(f, "promisc",
	    nic->promisc ? NULL
			 : format_advice(advice, sizeof(advice),
					 "to see frames for others too: ip link set %s promisc on",
					 nic->name),
	    "%s", nic->promisc ? "on" : "off: only frames for this host arrive");
}

static void check_xdp(struct finding *f, const struct afxdp_nic *nic)
{
	const char *advice = "afxdpd will fall back to generic mode, which is several times slower";
	uint64_t x = nic->xdp_features;

	if (!nic->features_known) {
		say(f, "xdp", NULL,
		    "this kernel does not tell (before 6.3): afxdpd finds out by trying");
		return;
	}
	if (x & AFXDP_NIC_XDP_BASIC)
		advice = NULL;
	else if (!strcmp(nic->driver, "e1000e")) /* of whose cards xnic drives one kind */
		advice = "an 82574L can be given to afxdp's driver xnic, which has native mode "
			 "and zero-copy, and others be left to e1000e: xnic(4), ONE CARD OF SEVERAL";
	say(f, "xdp", advice, "%s%s%s%s", x & AFXDP_NIC_XDP_BASIC ? "native" : "no native mode",
	    x & AFXDP_NIC_XDP_REDIRECT ? ", redirect" : "",
	    x & AFXDP_NIC_XDP_NDO_XMIT ? ", redirect target" : "",
	    x & AFXDP_NIC_XDP_RX_SG ? ", multi-buffer" : "");
	if (x & AFXDP_NIC_XDP_ZEROCOPY)
		say(f, "zero-copy", NULL, "offered by the driver, up to %u buffers a frame",
		    nic->zc_max_segs);
	else
		say(f, "zero-copy", NULL, "not offered: the kernel copies each frame once");
	say(f, "metadata", NULL, "%s%s%s%s",
	    nic->rx_metadata ? "from the device:" : "none from the device",
	    nic->rx_metadata & 1 ? " time" : "", nic->rx_metadata & 2 ? " hash" : "",
	    nic->rx_metadata & 4 ? " VLAN tag" : "");
	if (nic->mtu > 3498 && !(x & AFXDP_NIC_XDP_RX_SG))
		say(f, "mtu", "lower the MTU, or use -a generic",
		    "%u is more than one buffer, and the driver has no multi-buffer XDP", nic->mtu);
}

/* Versions of libxdp do not mix in one dispatcher. */
static void check_dispatcher(struct finding *f, const struct afxdp_nic *nic, uint32_t prog_id)
{
	int version = dispatcher_version(prog_id), own = dispatcher_own_version();
	char advice[160];

	if (version <= 0 || !own || version == own)
		say(f, "program", NULL, "libxdp's dispatcher (id %u): afxdpd joins it", prog_id);
	else
		say(f, "program",
		    format_advice(advice, sizeof(advice),
				  "'xdp-loader unload %s --all' and load its programs with this "
				  "libxdp's xdp-loader, or afxdpd --replace",
				  nic->name),
		    "libxdp's dispatcher (id %u, version %d): of a version that afxdpd cannot "
		    "join (it joins %d)",
		    prog_id, version, own);
}

static void check_program(struct finding *f, const struct afxdp_nic *nic)
{
	struct afxdp_occupant o;
	char advice[160];
	int err = afxdp_prog_look(nic->ifindex, &o);

	if (err) {
		say(f, "program", "run doctor as root", "cannot be seen: %s", strerror(-err));
		return;
	}
	switch (o.what) {
	case AFXDP_FOUND_NOTHING:
		say(f, "program", NULL, "none attached");
		break;
	case AFXDP_FOUND_OURS:
		say(f, "program", NULL, "%s (id %u), %s", o.name, o.prog_id,
		    o.link_id ? "of a running afxdpd" : "loaded by ip link: afxdpd adopts it");
		break;
	case AFXDP_FOUND_DISPATCHER:
		check_dispatcher(f, nic, o.prog_id);
		break;
	case AFXDP_FOUND_FOREIGN:
		say(f, "program",
		    format_advice(advice, sizeof(advice),
				  "'ip link set dev %s xdp off', or afxdpd --replace", nic->name),
		    "%s (id %u) of somebody else is attached%s", o.name, o.prog_id,
		    o.generic ? " in generic mode" : "");
		break;
	}
}

/* Frames that RSS sends to a queue without a consumer go to the stack. */
static void check_queues(struct finding *f, const struct afxdp_nic *nic)
{
	char advice[160];

	say(f, "queues",
	    nic->queues > 1
		    ? format_advice(
			      advice, sizeof(advice),
			      "serve all of them (-q all), or fewer: ethtool -L %s combined 1",
			      nic->name)
		    : NULL,
	    "%u receive queue%s%s", nic->queues, nic->queues == 1 ? "" : "s",
	    nic->channels_known ? "" : " (as allocated: the driver has no ethtool channels)");
}

static void check_offloads(struct finding *f, const struct afxdp_nic *nic)
{
	char advice[160];

	/* In generic mode, and in a dispatcher, nobody asks the device. */
	if (afxdp_nic_hides_tags(nic, true, advice, sizeof(advice)))
		say(f, "vlan tags", advice, "may be taken off: then the program does not see them");
	else if (afxdp_nic_hides_tags(nic, false, advice, sizeof(advice)))
		say(f, "vlan tags", NULL,
		    "may be taken off: seen in native mode, not with -a generic nor in a "
		    "dispatcher (what keeps them: %s)",
		    advice);
	else
		say(f, "vlan tags", NULL, "left in the frame");
	/* In native mode a veth's peer cuts them. From a wire none come: while a program is
	 * attached in generic mode the kernel puts none together (netif_elide_gro()). */
	if (!strcmp(nic->driver, "veth")) {
		say(f, "checksums", NULL,
		    "of TCP and UDP, a sender at the other end may leave to its device: completed in "
		    "what tx, forward and echo send; captures and plugins have them as they come (what "
		    "completes them before: at the other end of %s: ethtool -K PEER tx off)",
		    nic->name);
		say(f, "super-frames", NULL,
		    "with -a generic frames come as a sender left them to its device, up to 64 KB "
		    "and without checksums (what keeps them out: at the other end of %s: ethtool "
		    "-K PEER tso off gso off tx off)",
		    nic->name);
	}
	if (nic->splits_headers)
		say(f, "header split", NULL,
		    "on: headers come in a buffer of their own, and every frame's length is asked "
		    "for");
	if (nic->lro)
		say(f, "lro",
		    format_advice(advice, sizeof(advice), "ethtool -K %s lro off", nic->name),
		    "on: most drivers refuse XDP while it is");
}

static long read_number(const char *path)
{
	FILE *file = fopen(path, "re");
	long n = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%ld", &n) != 1)
		n = -1;
	fclose(file);
	return n;
}

static void check_machine(struct finding *f)
{
	long huge = read_number("/proc/sys/vm/nr_hugepages");
	struct statfs fs;
	bool bpffs = !statfs("/sys/fs/bpf", &fs) && (unsigned int)fs.f_type == 0xcafe4a11;

	say(f, "bpffs",
	    bpffs ? NULL : "mount -t bpf bpf /sys/fs/bpf (ip netns exec hides it: use nsenter)",
	    "%s",
	    bpffs ? "mounted: maps will be pinned" : "not at /sys/fs/bpf: maps will not be pinned");
	if (huge > 0)
		say(f, "huge pages", NULL, "%ld of 2 MiB reserved", huge);
	else
		say(f, "huge pages", NULL, "none reserved: needed only for --hugepages");
	say(f, "jit",
	    read_number("/proc/sys/net/core/bpf_jit_enable")
		    ? NULL
		    : "sysctl -w net.core.bpf_jit_enable=1",
	    "%s",
	    read_number("/proc/sys/net/core/bpf_jit_enable") ? "BPF programs are compiled"
							     : "BPF programs are interpreted");
	/* By programs of type EXT libxdp puts several onto one interface. */
	if (libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_EXT, NULL) == 0)
		say(f, "dispatcher", NULL,
		    "this kernel takes no EXT programs: libxdp (xdp-loader) can make no "
		    "dispatcher, "
		    "one XDP program an interface");
	say(f, "cpus", NULL, "%ld online", sysconf(_SC_NPROCESSORS_ONLN));
}

int ctl_doctor(const struct ctl *ctl, int argc, char **argv)
{
	struct finding f = { .list = json_array(), .print = !ctl->json };
	struct afxdp_nic nic;
	unsigned int ifindex;
	int err;

	if (argc > 1)
		return ctl_fail(2, "doctor takes no argument, but has '%s'", argv[1]);
	if (!ctl->ifname)
		return ctl_fail(2, "no interface: say which with -i IFACE");
	ifindex = if_nametoindex(ctl->ifname);
	if (!ifindex)
		return ctl_fail(3, "no such interface: '%s'", ctl->ifname);
	err = afxdp_nic_get(ifindex, &nic);
	if (err)
		return ctl_fail(1, "cannot look at '%s': %s", ctl->ifname, strerror(-err));
	libbpf_set_print(NULL);
	if (f.print)
		printf("%s\n", nic.name);
	check_link(&f, &nic);
	check_xdp(&f, &nic);
	check_program(&f, &nic);
	check_queues(&f, &nic);
	check_offloads(&f, &nic);
	check_machine(&f);
	if (ctl->json)
		ctl_print(f.list);
	json_decref(f.list);
	return 0;
}
