// SPDX-License-Identifier: GPL-2.0-only
/*
 * qstats IFACE: the kernel's statistics of an interface's queues (netdev genetlink family,
 * qstats-get), a line each: "rx0_packets: 5". Debian 12 has no other program that shows them.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

/* Documentation/netlink/specs/netdev.yaml; Debian 12's linux/netdev.h is older. */
enum {
	CMD_QSTATS_GET = 12,
	QSTATS_IFINDEX = 1,
	QSTATS_QUEUE_TYPE = 2, /* 0: rx, 1: tx */
	QSTATS_QUEUE_ID = 3,
	QSTATS_SCOPE = 4,
	SCOPE_QUEUE = 1,
	QSTATS_FIRST = 8,
};

/* From attribute QSTATS_FIRST on. */
/* clang-format off */
static const char *const names[] = {
	"packets", "bytes", "packets", "bytes",
	"alloc_fail", "hw_drops", "hw_drop_overruns",
	"csum_complete", "csum_unnecessary", "csum_none", "csum_bad",
	"hw_gro_packets", "hw_gro_bytes", "hw_gro_wire_packets", "hw_gro_wire_bytes",
	"hw_drop_ratelimits",
	"hw_drops", "hw_drop_errors", "csum_none", "needs_csum",
	"hw_gso_packets", "hw_gso_bytes", "hw_gso_wire_packets", "hw_gso_wire_bytes",
	"hw_drop_ratelimits", "stop", "wake",
};
/* clang-format on */

static unsigned long long number(const struct nlattr *attr)
{
	unsigned long long value = 0;

	memcpy(&value, mnl_attr_get_payload(attr),
	       mnl_attr_get_payload_len(attr) < sizeof(value) ? mnl_attr_get_payload_len(attr)
							      : sizeof(value));
	return value;
}

static int show(const struct nlmsghdr *nlh, void *arg)
{
	unsigned long long field[QSTATS_FIRST] = { 0 };
	const struct nlattr *attr;
	unsigned int type, i;

	(void)arg;
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
	{
		type = mnl_attr_get_type(attr);
		if (type < QSTATS_FIRST)
			field[type] = number(attr);
	}
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
	{
		type = mnl_attr_get_type(attr);
		i = type - QSTATS_FIRST;
		if (type >= QSTATS_FIRST && i < sizeof(names) / sizeof(*names))
			printf("%s%llu_%s: %llu\n", field[QSTATS_QUEUE_TYPE] ? "tx" : "rx",
			       field[QSTATS_QUEUE_ID], names[i], number(attr));
	}
	return MNL_CB_OK;
}

static int family_id(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
	{
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			*(unsigned int *)arg = mnl_attr_get_u16(attr);
	}
	return MNL_CB_OK;
}

static void talk(struct mnl_socket *s, struct nlmsghdr *nlh, mnl_cb_t callback, void *arg)
{
	char buffer[65536];
	ssize_t n;
	int more = 1;

	if (mnl_socket_sendto(s, nlh, nlh->nlmsg_len) < 0)
		goto failed;
	while (more > 0) {
		n = mnl_socket_recvfrom(s, buffer, sizeof(buffer));
		if (n < 0)
			goto failed;
		more = mnl_cb_run(buffer, n, 0, mnl_socket_get_portid(s), callback, arg);
		if (more < 0)
			goto failed;
	}
	return;

failed:
	fprintf(stderr, "qstats: netlink: %s\n", strerror(errno));
	exit(1);
}

static struct nlmsghdr *message(char *buffer, unsigned int family, unsigned int command, int flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = family;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = command;
	genl->version = 1;
	return nlh;
}

int main(int argc, char **argv)
{
	unsigned int ifindex = argc == 2 ? if_nametoindex(argv[1]) : 0, family = 0;
	struct mnl_socket *s = mnl_socket_open(NETLINK_GENERIC);
	char buffer[256];
	struct nlmsghdr *nlh;

	if (!ifindex || !s || mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0) {
		fprintf(stderr, "qstats: wants an interface\n");
		return 2;
	}
	nlh = message(buffer, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, NLM_F_ACK);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, "netdev");
	talk(s, nlh, family_id, &family);
	nlh = message(buffer, family, CMD_QSTATS_GET, NLM_F_DUMP);
	mnl_attr_put_u32(nlh, QSTATS_IFINDEX, ifindex);
	mnl_attr_put_u32(nlh, QSTATS_SCOPE, SCOPE_QUEUE);
	talk(s, nlh, show, NULL);
	mnl_socket_close(s);
	return 0;
}
