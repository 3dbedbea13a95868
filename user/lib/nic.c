/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "nic.h"
#include "nic_parts.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* linux/netdev.h, 6.3 and later */
#define NETDEV_FAMILY	      "netdev"
#define CMD_DEV_GET	      1
#define A_DEV_IFINDEX	      1
#define A_DEV_XDP_FEATURES    3
#define A_DEV_XDP_RX_METADATA 5
#define A_DEV_XDP_ZC_MAX_SEGS 4

/* linux/ethtool_netlink.h, 5.18 and later */
#define A_RINGS_TCP_DATA_SPLIT 11
#define TCP_DATA_SPLIT_ENABLED 2

/* Send @request, give every answer to @parse. */
static int talk(int bus, struct nlmsghdr *request, mnl_cb_t parse, void *arg)
{
	char buffer[16384];
	struct mnl_socket *nl = mnl_socket_open(bus);
	unsigned int port;
	int n, err = 0;

	if (!nl)
		return -errno;
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		err = -errno;
		goto close;
	}
	port = mnl_socket_get_portid(nl);
	request->nlmsg_seq = 1;
	if (mnl_socket_sendto(nl, request, request->nlmsg_len) < 0) {
		err = -errno;
		goto close;
	}
	/* One answer, then (NLM_F_ACK) the acknowledgement. */
	do {
		n = mnl_socket_recvfrom(nl, buffer, sizeof(buffer));
		if (n < 0) {
			err = -errno;
			goto close;
		}
		n = mnl_cb_run(buffer, n, 1, port, parse, arg);
	} while (n > MNL_CB_STOP);
	if (n < 0)
		err = -errno;
close:
	mnl_socket_close(nl);
	return err;
}

static int parse_link(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct afxdp_nic *nic = arg;
	const struct nlattr *attr;

	nic->ifindex = ifi->ifi_index;
	nic->type = ifi->ifi_type;
	nic->up = ifi->ifi_flags & IFF_UP;
	nic->running = ifi->ifi_flags & IFF_RUNNING;
	nic->promisc = ifi->ifi_flags & IFF_PROMISC;
	mnl_attr_for_each(attr, nlh, sizeof(*ifi))
	{
		switch (mnl_attr_get_type(attr)) {
		case IFLA_IFNAME:
			snprintf(nic->name, sizeof(nic->name), "%s", mnl_attr_get_str(attr));
			break;
		case IFLA_MTU:
			nic->mtu = mnl_attr_get_u32(attr);
			break;
		case IFLA_NUM_RX_QUEUES:
			nic->queues = mnl_attr_get_u32(attr);
			break;
		case IFLA_STATS64: {
			struct rtnl_link_stats64 s = { 0 };
			size_t len = mnl_attr_get_payload_len(attr);

			memcpy(&s, mnl_attr_get_payload(attr), len < sizeof(s) ? len : sizeof(s));
			nic->stats = (struct afxdp_nic_stats){
				.packets = s.rx_packets,
				.missed = s.rx_missed_errors,
				.no_buffer = s.rx_fifo_errors + s.rx_over_errors,
				.dropped = s.rx_dropped,
				.errors = s.rx_errors,
				.tx_lost = s.tx_dropped + s.tx_errors,
			};
			break;
		}
		}
	}
	return MNL_CB_OK;
}

/* Of the device @ifindex, or of that called @name if it is 0. */
static int ask_link(unsigned int ifindex, const char *name, struct afxdp_nic *nic)
{
	char buffer[256];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *ifi;

	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_index = ifindex;
	/* Means the first name as well. */
	if (name)
		mnl_attr_put_strz(nlh, IFLA_ALT_IFNAME, name);
	return talk(NETLINK_ROUTE, nlh, parse_link, nic);
}

static int get_link(unsigned int ifindex, struct afxdp_nic *nic)
{
	int err = ask_link(ifindex, NULL, nic);

	if (!err)
		nic_xdp_tx(nic->name, &nic->stats);
	return err;
}

int afxdp_nic_find(const char *name, unsigned int *ifindex)
{
	struct afxdp_nic nic = { 0 };
	int err = strlen(name) > AFXDP_NIC_NAME_MAX ? -ENODEV : ask_link(0, name, &nic);

	*ifindex = nic.ifindex;
	return err;
}

bool afxdp_nic_is_ethernet(const struct afxdp_nic *nic)
{
	return nic->type == ARPHRD_ETHER || nic->type == ARPHRD_LOOPBACK;
}

static int parse_family(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) if (mnl_attr_get_type(attr) ==
								    CTRL_ATTR_FAMILY_ID) *
		(uint16_t *)arg = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

static int parse_xdp(const struct nlmsghdr *nlh, void *arg)
{
	struct afxdp_nic *nic = arg;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
	{
		if (mnl_attr_get_type(attr) == A_DEV_XDP_FEATURES) {
			nic->xdp_features = mnl_attr_get_u64(attr);
			nic->features_known = true;
		} else if (mnl_attr_get_type(attr) == A_DEV_XDP_ZC_MAX_SEGS) {
			nic->zc_max_segs = mnl_attr_get_u32(attr);
		} else if (mnl_attr_get_type(attr) == A_DEV_XDP_RX_METADATA) {
			nic->rx_metadata = mnl_attr_get_u64(attr);
		}
	}
	return MNL_CB_OK;
}

static struct nlmsghdr *genl(char *buffer, uint16_t type, uint8_t cmd)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *g;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	g = mnl_nlmsg_put_extra_header(nlh, sizeof(*g));
	g->cmd = cmd;
	g->version = 1;
	return nlh;
}

static uint16_t find_family(const char *name)
{
	char buffer[256];
	struct nlmsghdr *nlh = genl(buffer, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	uint16_t family = 0;

	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, name);
	return talk(NETLINK_GENERIC, nlh, parse_family, &family) ? 0 : family;
}

static int parse_rings(const struct nlmsghdr *nlh, void *arg)
{
	struct afxdp_nic *nic = arg;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
	{
		if (mnl_attr_get_type(attr) == A_RINGS_TCP_DATA_SPLIT)
			nic->splits_headers = mnl_attr_get_u8(attr) == TCP_DATA_SPLIT_ENABLED;
	}
	return MNL_CB_OK;
}

static void get_rings(unsigned int ifindex, struct afxdp_nic *nic)
{
	uint16_t family = find_family(ETHTOOL_GENL_NAME);
	char buffer[256];
	struct nlmsghdr *nlh;
	struct nlattr *header;

	if (!family)
		return;
	nlh = genl(buffer, family, ETHTOOL_MSG_RINGS_GET);
	header = mnl_attr_nest_start(nlh, ETHTOOL_A_RINGS_HEADER);
	mnl_attr_put_u32(nlh, ETHTOOL_A_HEADER_DEV_INDEX, ifindex);
	mnl_attr_nest_end(nlh, header);
	talk(NETLINK_GENERIC, nlh, parse_rings, nic);
}

static void get_xdp_features(unsigned int ifindex, struct afxdp_nic *nic)
{
	uint16_t family = find_family(NETDEV_FAMILY);
	char buffer[256];
	struct nlmsghdr *nlh;

	if (!family)
		return; /* Linux before 6.3 */
	nlh = genl(buffer, family, CMD_DEV_GET);
	mnl_attr_put_u32(nlh, A_DEV_IFINDEX, ifindex);
	talk(NETLINK_GENERIC, nlh, parse_xdp, nic);
}

int nic_ethtool(int fd, const char *name, void *command)
{
	struct ifreq ifr = { .ifr_data = command };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	return ioctl(fd, SIOCETHTOOL, &ifr) ? -errno : 0;
}

static void get_offloads(int fd, struct afxdp_nic *nic)
{
	struct ethtool_value gro = { .cmd = ETHTOOL_GGRO }, flags = { .cmd = ETHTOOL_GFLAGS };

	if (!nic_ethtool(fd, nic->name, &gro))
		nic->gro = gro.data;
	if (!nic_ethtool(fd, nic->name, &flags)) {
		nic->rxvlan = flags.data & ETH_FLAG_RXVLAN;
		nic->lro = flags.data & ETH_FLAG_LRO;
	}
}

static void get_ethtool(struct afxdp_nic *nic)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ethtool_channels channels = { .cmd = ETHTOOL_GCHANNELS };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	if (!nic_ethtool(fd, nic->name, &info)) {
		snprintf(nic->driver, sizeof(nic->driver), "%s", info.driver);
		snprintf(nic->bus, sizeof(nic->bus), "%s", info.bus_info);
	}
	if (!nic_ethtool(fd, nic->name, &channels) &&
	    channels.rx_count + channels.combined_count > 0) {
		nic->queues = channels.rx_count + channels.combined_count;
		nic->channels_known = true;
	}
	get_offloads(fd, nic);
	close(fd);
}

bool afxdp_nic_hides_tags(const struct afxdp_nic *nic, bool asked, char *advice, size_t size)
{
	bool veth = !strcmp(nic->driver, "veth");

	if (veth)
		snprintf(advice, size,
			 "at the other end of %s: ethtool -K PEER txvlan off "
			 "tx-vlan-stag-hw-insert off",
			 nic->name);
	else
		snprintf(advice, size, "ethtool -K %s rxvlan off", nic->name);
	return (nic->rxvlan || veth) && !(asked && nic->rx_metadata & AFXDP_NIC_METADATA_VLAN);
}

int afxdp_nic_get(unsigned int ifindex, struct afxdp_nic *nic)
{
	int err;

	memset(nic, 0, sizeof(*nic));
	nic->ifindex = ifindex;
	err = get_link(ifindex, nic);
	if (err)
		return err;
	get_ethtool(nic);
	get_xdp_features(ifindex, nic);
	get_rings(ifindex, nic);
	return 0;
}

int afxdp_nic_stats(unsigned int ifindex, struct afxdp_nic_stats *stats)
{
	struct afxdp_nic nic = { 0 };
	int err = get_link(ifindex, &nic);

	if (!err)
		*stats = nic.stats;
	return err;
}

int afxdp_nic_watch(void)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

bool afxdp_nic_changed(int fd)
{
	bool changed = false;
	char buffer[16384];
	ssize_t n;

	/* ENOBUFS: the kernel had more to say than the socket holds. */
	while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0 || (n < 0 && errno == ENOBUFS))
		changed = true;
	return changed;
}

void afxdp_nic_stats_add(struct afxdp_nic_stats *sum, const struct afxdp_nic_stats *to,
			 const struct afxdp_nic_stats *from)
{
	sum->packets += to->packets - from->packets;
	sum->missed += to->missed - from->missed;
	sum->no_buffer += to->no_buffer - from->no_buffer;
	sum->dropped += to->dropped - from->dropped;
	sum->errors += to->errors - from->errors;
	sum->tx_lost += to->tx_lost - from->tx_lost;
	sum->xdp_tx_lost += to->xdp_tx_lost - from->xdp_tx_lost;
	sum->xdp_tx_told = to->xdp_tx_told;
}

int afxdp_nic_state(struct afxdp_nic *nic)
{
	struct afxdp_nic now = *nic;
	int err = get_link(nic->ifindex, &now);

	if (err)
		return err;
	/* IFLA_NUM_RX_QUEUES is what was allocated; ethtool has said what is in use. */
	now.queues = nic->queues;
	*nic = now;
	return 0;
}
