/* SPDX-License-Identifier: GPL-2.0-only */
#include "forward_target.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/if_packet.h>
#include "frame.h"

/* What a tagged frame may have more than the MTU. */
#define L2_BYTES (ETH_HLEN + VLAN_HLEN)

int forward_look(const char *ifname, struct forward_target *t)
{
	struct ifreq ifr = { 0 };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), err = 0;

	if (fd < 0)
		return -errno;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	if (ioctl(fd, SIOCGIFINDEX, &ifr))
		err = -errno;
	t->ifindex = ifr.ifr_ifindex;
	if (!err && ioctl(fd, SIOCGIFFLAGS, &ifr))
		err = -errno;
	t->up = ifr.ifr_flags & IFF_UP;
	if (!err && ioctl(fd, SIOCGIFMTU, &ifr))
		err = -errno;
	t->longest = ifr.ifr_mtu + L2_BYTES;
	close(fd);
	return err;
}

int forward_find(struct forward_spec *spec, struct forward_target *t, const char *arg,
		 const struct sink_env *env, char *why, size_t size)
{
	int err = forward_spec_parse(spec, arg, why, size);

	if (err)
		return err;
	arg = spec->ifname;
	err = forward_look(arg, t);
	if (err == -ENODEV) {
		snprintf(why, size, "sink 'forward:%s': no such interface", arg);
		return err;
	}
	if (!strcmp(arg, env->ifname)) {
		snprintf(why, size, "sink 'forward:%s': that is where frames come from", arg);
		return -EINVAL;
	}
	if (!err && !t->up)
		err = -ENETDOWN;
	if (err)
		snprintf(why, size, "sink 'forward:%s': %s%s%s", arg, strerror(-err),
			 err == -ENETDOWN ? ": ip link set up " : "", err == -ENETDOWN ? arg : "");
	return err;
}
