/* SPDX-License-Identifier: GPL-2.0-only */
/* address.h - where a daemon's control socket is when nobody says otherwise: "@afxdp/IFACE",
 * abstract, per network namespace. */
#ifndef AFXDP_ADDRESS_H
#define AFXDP_ADDRESS_H

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/** control_address() - the address of the daemon on @ifname. Return: its length. */
static inline socklen_t control_address(const char *ifname, struct sockaddr_un *address)
{
	int n;

	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	n = snprintf(address->sun_path + 1, sizeof(address->sun_path) - 1, "afxdp/%s", ifname);
	return offsetof(struct sockaddr_un, sun_path) + 1 + n;
}

#endif
