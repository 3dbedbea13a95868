/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "refusal.h"

#include <bpf/libbpf.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdio.h>

static struct nlmsghdr *request(char *buffer, unsigned int ifindex, int prog_fd, uint32_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *ifi;
	struct nlattr *xdp;

	nlh->nlmsg_type = RTM_SETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_seq = 1;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_index = ifindex;
	xdp = mnl_attr_nest_start(nlh, IFLA_XDP);
	mnl_attr_put_u32(nlh, IFLA_XDP_FD, prog_fd);
	mnl_attr_put_u32(nlh, IFLA_XDP_FLAGS, flags | XDP_FLAGS_UPDATE_IF_NOEXIST);
	mnl_attr_nest_end(nlh, xdp);
	return nlh;
}

/* The text of an extended acknowledgement. Without NETLINK_CAP_ACK the request is in it again. */
static void read_words(const struct nlmsghdr *nlh, char *words, size_t size)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);
	size_t skip = sizeof(*e);
	const struct nlattr *attr;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += e->msg.nlmsg_len - sizeof(e->msg);
	mnl_attr_for_each(attr, nlh, skip)
	{
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
			snprintf(words, size, "%s", mnl_attr_get_str(attr));
	}
}

void afxdp_refusal(unsigned int ifindex, int prog_fd, uint32_t flags, char *words, size_t size)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts, .old_prog_fd = prog_fd);
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	char buffer[4096];
	const struct nlmsghdr *nlh = (struct nlmsghdr *)buffer;
	struct nlmsghdr *ask = request(buffer, ifindex, prog_fd, flags);
	int on = 1, n;

	words[0] = '\0';
	if (!nl)
		return;
	mnl_socket_setsockopt(nl, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl, NETLINK_CAP_ACK, &on, sizeof(on));
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(nl, ask, ask->nlmsg_len) < 0)
		goto close;
	n = mnl_socket_recvfrom(nl, buffer, sizeof(buffer));
	if (n < 0 || !mnl_nlmsg_ok(nlh, n) || nlh->nlmsg_type != NLMSG_ERROR)
		goto close;
	if (((const struct nlmsgerr *)mnl_nlmsg_get_payload(nlh))->error)
		read_words(nlh, words, size);
	else
		bpf_xdp_detach(ifindex, flags, &opts);
close:
	mnl_socket_close(nl);
}
