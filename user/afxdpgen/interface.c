/* SPDX-License-Identifier: GPL-2.0-only */
/* interface.c - questions to the kernel about one interface. */
#include <errno.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>

#include "interface.h"

static int ask(int fd, unsigned long request, struct ifreq *ifr)
{
	return ioctl(fd, request, ifr) ? -errno : 0;
}

int gen_interface_open(struct gen_interface *i, const char *name, char *why, size_t why_size)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq ifr = {};
	int fd, err = -ENODEV;

	*i = (struct gen_interface){};
	i->index = if_nametoindex(name);
	if (!i->index) {
		snprintf(why, why_size, "no interface '%s' here: see ip link", name);
		return -ENODEV;
	}
	snprintf(i->name, sizeof(i->name), "%s", name);
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		snprintf(why, why_size, "no socket to ask about '%s': %s", name, strerror(errno));
		return -ENODEV;
	}
	if (ask(fd, SIOCGIFHWADDR, &ifr) || (ifr.ifr_hwaddr.sa_family != ARPHRD_ETHER &&
					     ifr.ifr_hwaddr.sa_family != ARPHRD_LOOPBACK)) {
		snprintf(why, why_size, "'%s' is not an Ethernet interface", name);
		goto out;
	}
	memcpy(i->mac, ifr.ifr_hwaddr.sa_data, sizeof(i->mac));
	if (ask(fd, SIOCGIFFLAGS, &ifr) || !(ifr.ifr_flags & IFF_UP)) {
		snprintf(why, why_size, "'%s' is down: ip link set %s up", name, name);
		goto out;
	}
	if (ask(fd, SIOCGIFMTU, &ifr)) {
		snprintf(why, why_size, "the MTU of '%s' cannot be read: %s", name,
			 strerror(errno));
		goto out;
	}
	i->mtu = ifr.ifr_mtu;
	ifr.ifr_data = (void *)&info;
	if (!ask(fd, SIOCETHTOOL, &ifr))
		snprintf(i->driver, sizeof(i->driver), "%s", info.driver);
	err = 0;
out:
	close(fd);
	return err;
}

/* One RTM_GETLINK: the counters in sysfs belong to the network namespace sysfs was mounted in,
 * which need not be ours. */
int gen_interface_dropped(const struct gen_interface *i, uint64_t *drops)
{
	struct {
		struct nlmsghdr h;
		struct ifinfomsg link;
	} question = {
		.h = { .nlmsg_len = sizeof(question),
		       .nlmsg_type = RTM_GETLINK,
		       .nlmsg_flags = NLM_F_REQUEST },
		.link = { .ifi_index = i->index },
	};
	union {
		struct nlmsghdr h;
		char bytes[16384];
	} answer;
	struct rtattr *a;
	int fd, err, rest;
	ssize_t n;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return -errno;
	err = -EIO;
	if (send(fd, &question, sizeof(question), 0) < 0)
		goto out;
	n = recv(fd, &answer, sizeof(answer), 0);
	if (n < (ssize_t)NLMSG_LENGTH(sizeof(struct ifinfomsg)) ||
	    answer.h.nlmsg_type != RTM_NEWLINK)
		goto out;
	a = IFLA_RTA(NLMSG_DATA(&answer.h));
	for (rest = n - NLMSG_LENGTH(sizeof(struct ifinfomsg)); RTA_OK(a, rest);
	     a = RTA_NEXT(a, rest)) {
		struct rtnl_link_stats64 stats = {};
		size_t length = RTA_PAYLOAD(a);

		if (a->rta_type != IFLA_STATS64)
			continue;
		memcpy(&stats, RTA_DATA(a), length < sizeof(stats) ? length : sizeof(stats));
		*drops = stats.tx_dropped;
		err = 0;
	}
out:
	close(fd);
	return err;
}
