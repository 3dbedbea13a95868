/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * http.h - GET and HEAD of /metrics, /report and the page / over HTTP/1.1, and nothing else: one
 * request a connection, which the answer ends.
 */
#ifndef AFXDP_HTTP_H
#define AFXDP_HTTP_H

#include "conn.h"

/**
 * http_listen() - on @address, ADDR:PORT or [ADDR6]:PORT.
 * @everybody: set if that is every address of this host.
 * @why: one line when it fails (size @size).
 *
 * Return: the socket; -EINVAL if @address is not one; other -errno.
 */
int http_listen(const char *address, bool *everybody, char *why, size_t size);

/** http_check() - whether that would succeed if nobody else listened there. Return: 0; else as
 * http_listen(). */
int http_check(const char *address, char *why, size_t size);

/** http_read() - whether a whole request for metrics or report is there. Anything else that is
 * whole is answered by this. */
bool http_read(struct conn *conn);

/** http_show() - answer what was asked for from @report; NULL: that it cannot be had now. */
void http_show(struct conn *conn, const json_t *report);

#endif
