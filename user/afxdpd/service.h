/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * service.h - telling a service manager how we are, by sd_notify(3)'s protocol: datagrams of
 * "NAME=value" lines to the socket that NOTIFY_SOCKET names. Without that nothing is said.
 */
#ifndef AFXDP_SERVICE_H
#define AFXDP_SERVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct daemon;

struct service {
	int fd; /* -1: nobody wants to know */
	struct sockaddr_un to;
	socklen_t to_len;
	uint64_t watchdog_ns; /* WATCHDOG_USEC; 0: nobody watches */
	uint64_t feed_ns;     /* when the watchdog is due next */
	bool ready, reloading;
	char said[256]; /* the last STATUS */
};

#define SERVICE_NONE ((struct service){ .fd = -1 })

/** service_open() - as the environment says, which then says it to nobody else. A manager that
 * cannot be reached is one that does not want to know. */
void service_open(struct service *s);
void service_close(struct service *s);

/**
 * daemon_service_turn() - say what has changed: STATUS; READY when frames are delivered; RELOADING
 * and READY around a SIGHUP; and WATCHDOG, four times in its period, if every worker has answered
 * what it was asked a quarter ago.
 */
void daemon_service_turn(struct daemon *d);

/** daemon_service_due() - when it has to be called again at the latest; 0: when something happens.
 */
uint64_t daemon_service_due(const struct daemon *d);

void daemon_service_stopping(struct daemon *d);

#endif
