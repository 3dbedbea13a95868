// SPDX-License-Identifier: GPL-2.0-only
/*
 * napi - the netdev family's view of a port's NAPIs.
 *
 * napi get IFACE: a line of JSON for each, the oldest first: id, and (6.13 and later) what is set.
 * napi set ID ATTRIBUTE VALUE...: attributes as in that JSON.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* linux/netdev.h, 6.8 and later */
#define CMD_NAPI_GET 11
#define CMD_NAPI_SET 14
#define A_IFINDEX    1
#define A_ID	     2
#define A_PID	     4

/* How many bytes an attribute has depends on its value, where it is a "uint" of the family. */
static const struct {
	const char *name;
	unsigned int type;
	bool uint;
} attributes[] = { { "id", A_ID, false }, { "pid", A_PID, false }, { "defer", 5, false },
		   { "flush", 6, true },  { "suspend", 7, true },  { "threaded", 8, false } };

#define N_ATTRIBUTES (sizeof(attributes) / sizeof(attributes[0]))

static struct mnl_socket *nl;
static char buffer[16384];

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "napi: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct nlmsghdr *request(unsigned int family, unsigned int flags, unsigned int command)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));

	nlh->nlmsg_type = family;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	genl->cmd = command;
	genl->version = 1;
	return nlh;
}

static void talk(struct nlmsghdr *nlh, mnl_cb_t parse, void *arg, const char *what)
{
	int n;

	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		die(what);
	do {
		n = mnl_socket_recvfrom(nl, buffer, sizeof(buffer));
		if (n > 0)
			n = mnl_cb_run(buffer, n, 0, mnl_socket_get_portid(nl), parse, arg);
	} while (n > MNL_CB_STOP);
	if (n < 0)
		die(what);
}

static int parse_family(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
	{
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			*(unsigned int *)arg = mnl_attr_get_u16(attr);
	}
	return MNL_CB_OK;
}

static unsigned int netdev_family(void)
{
	struct nlmsghdr *nlh = request(GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY);
	unsigned int family = 0;

	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, "netdev");
	talk(nlh, parse_family, &family, "the netdev family");
	return family;
}

static int print(const struct nlmsghdr *nlh, void *unused)
{
	const struct nlattr *attr;
	const char *sep = "{";
	unsigned int i;

	(void)unused;
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
	{
		for (i = 0; i < N_ATTRIBUTES; i++) {
			if (mnl_attr_get_type(attr) != attributes[i].type)
				continue;
			printf("%s\"%s\":%llu", sep, attributes[i].name,
			       mnl_attr_get_payload_len(attr) == 8
				       ? (unsigned long long)mnl_attr_get_u64(attr)
				       : mnl_attr_get_u32(attr));
			sep = ",";
		}
	}
	puts("}");
	return MNL_CB_OK;
}

static void put(struct nlmsghdr *nlh, const char *name, const char *value)
{
	unsigned int i;

	for (i = 0; i < N_ATTRIBUTES; i++) {
		if (!strcmp(attributes[i].name, name)) {
			mnl_attr_put_u32(nlh, attributes[i].type, strtoul(value, NULL, 0));
			return;
		}
	}
	errno = EINVAL;
	die(name);
}

int main(int argc, char **argv)
{
	unsigned int family;
	struct nlmsghdr *nlh;
	int i;

	if (!(argc == 3 && !strcmp(argv[1], "get")) &&
	    !(argc >= 5 && argc % 2 && !strcmp(argv[1], "set"))) {
		fprintf(stderr, "usage: napi get IFACE | napi set ID ATTRIBUTE VALUE...\n");
		return 2;
	}
	nl = mnl_socket_open(NETLINK_GENERIC);
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		die("netlink");
	family = netdev_family();
	if (!strcmp(argv[1], "get")) {
		nlh = request(family, NLM_F_DUMP, CMD_NAPI_GET);
		mnl_attr_put_u32(nlh, A_IFINDEX, if_nametoindex(argv[2]));
		talk(nlh, print, NULL, argv[2]);
		return 0;
	}
	nlh = request(family, 0, CMD_NAPI_SET);
	put(nlh, "id", argv[2]);
	for (i = 3; i < argc; i += 2)
		put(nlh, argv[i], argv[i + 1]);
	talk(nlh, NULL, NULL, "set");
	return 0;
}
