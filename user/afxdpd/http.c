/* SPDX-License-Identifier: GPL-2.0-only */
#include "http.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>
#include "metrics.h"

/* Split "ADDR:PORT" or "[ADDR6]:PORT" and look it up; numeric only, so that nothing waits for DNS. */
static struct addrinfo *look_up(const char *text)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC,
					.ai_socktype = SOCK_STREAM,
					.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE };
	char host[64], *colon;
	struct addrinfo *found = NULL;

	if (snprintf(host, sizeof(host), "%s", text) >= (int)sizeof(host))
		return NULL;
	colon = strrchr(host, ':');
	if (!colon)
		return NULL;
	*colon = '\0';
	if (*host == '[' && colon > host + 1 && colon[-1] == ']') {
		colon[-1] = '\0';
		memmove(host, host + 1, strlen(host));
	}
	if (getaddrinfo(*host ? host : NULL, colon + 1, &hints, &found))
		return NULL;
	return found;
}

static bool is_everybody(const struct sockaddr *a)
{
	const struct sockaddr_in *in = (const void *)a;
	const struct sockaddr_in6 *in6 = (const void *)a;

	return a->sa_family == AF_INET	  ? in->sin_addr.s_addr == htonl(INADDR_ANY)
	       : a->sa_family == AF_INET6 ? IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr)
					  : false;
}

static int listen_on(const struct addrinfo *a)
{
	int one = 1, fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, a->ai_addr, a->ai_addrlen) || listen(fd, 64)) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

static struct addrinfo *find(const char *address, char *why, size_t size)
{
	struct addrinfo *found = look_up(address);

	if (!found)
		snprintf(why, size, "--metrics '%s': must be ADDR:PORT, like 127.0.0.1:9090",
			 address);
	return found;
}

int http_check(const char *address, char *why, size_t size)
{
	struct addrinfo *found = find(address, why, size);
	int fd, err;

	if (!found)
		return -EINVAL;
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	err = fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) ? -errno : 0;
	if (fd >= 0)
		close(fd);
	freeaddrinfo(found);
	if (!err || err == -EADDRINUSE)
		return 0;
	snprintf(why, size, "--metrics '%s': cannot listen there: %s", address, strerror(-err));
	return err;
}

int http_listen(const char *address, bool *everybody, char *why, size_t size)
{
	struct addrinfo *found = find(address, why, size);
	int fd;

	if (!found)
		return -EINVAL;
	fd = listen_on(found);
	*everybody = is_everybody(found->ai_addr);
	freeaddrinfo(found);
	if (fd < 0)
		snprintf(why, size, "--metrics '%s': cannot listen there: %s", address,
			 strerror(-fd));
	return fd;
}

/* RFC 9112: the head tells how long the body is, and that the connection ends with it. */
#define PLAIN	    "text/plain; charset=utf-8"
#define HTML	    "text/html; charset=utf-8"
#define JSON	    "application/json"
#define PROMETHEUS  "text/plain; version=0.0.4; charset=utf-8"
#define OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"

static void answer(struct conn *conn, const char *status, const char *type, const char *more,
		   const char *body, size_t size)
{
	char head[1024];
	int n = snprintf(head, sizeof(head),
			 "HTTP/1.1 %s\r\n"
			 "Content-Type: %s\r\n"
			 "Content-Length: %zu\r\n"
			 "%sConnection: close\r\n\r\n",
			 status, type, size, more);

	conn_say(conn, head, n);
	if (!conn->head)
		conn_say(conn, body, size);
	conn->closing = true;
}

/* page.S */
extern const char http_page[], http_page_end[];

#define NONCE_WORD "NONCENONCENONCENONCEXX"
#define NONCE_LEN  (sizeof(NONCE_WORD) - 1)

/* What nobody can guess, so that only scripts and styles of our page are its own. Return: false if
 * there is none to be had. */
static bool make_nonce(char nonce[NONCE_LEN + 1])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t bytes[NONCE_LEN / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return false;
	for (size_t i = 0; i < NONCE_LEN; i++)
		nonce[i] = digits[bytes[i / 2] >> (i & 1 ? 0 : 4) & 0xf];
	nonce[NONCE_LEN] = '\0';
	return true;
}

/* The page may load and run nothing but what is in it, and ask nobody but us. */
#define PAGE_HEADERS                                                                           \
	"Content-Security-Policy: default-src 'none'; script-src 'nonce-%s'; style-src "       \
	"'nonce-%s'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; " \
	"frame-ancestors 'none'\r\n"                                                           \
	"X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"                  \
	"Cache-Control: no-store\r\n"

static void show_page(struct conn *conn)
{
	size_t size = http_page_end - http_page;
	char nonce[NONCE_LEN + 1], more[sizeof(PAGE_HEADERS) + 2 * NONCE_LEN], *page, *at;

	page = make_nonce(nonce) ? malloc(size + 1) : NULL;
	if (!page) {
		answer(conn, "503 Service Unavailable", PLAIN, "", "no memory\n", 10);
		return;
	}
	memcpy(page, http_page, size + 1);
	for (at = strstr(page, NONCE_WORD); at; at = strstr(at, NONCE_WORD))
		memcpy(at, nonce, NONCE_LEN);
	snprintf(more, sizeof(more), PAGE_HEADERS, nonce, nonce);
	answer(conn, "200 OK", HTML, more, page, size);
	free(page);
}

static void say(struct conn *conn, const char *status, const char *more, const char *body)
{
	answer(conn, status, PLAIN, more, body, strlen(body));
}

/* The end of the head: an empty line. Some clients send bare newlines. */
static bool whole(const struct conn *conn)
{
	return memmem(conn->in, conn->have, "\r\n\r\n", 4) ||
	       memmem(conn->in, conn->have, "\n\n", 2);
}

/*
 * Whether the header @name of the request has @word somewhere in its value, in any case. Which of
 * two formats a client likes better it may say by weights; all known ones that name OpenMetrics
 * give it the greater one.
 */
static bool header_has(char *request, const char *name, const char *word)
{
	size_t len = strlen(name);

	for (char *line = strchr(request, '\n'); line; line = strchr(line, '\n')) {
		line++;
		if (!strncasecmp(line, name, len) && line[len] == ':' &&
		    memmem(line, strcspn(line, "\r\n"), word, strlen(word)))
			return true;
	}
	return false;
}

bool http_read(struct conn *conn)
{
	char method[16] = "", target[256] = "", version[16] = "";

	if (!whole(conn)) {
		if (conn->have == REQUEST_MAX)
			say(conn, "431 Request Header Fields Too Large", "", "too long\n");
		return false;
	}
	conn->in[conn->have] = '\0';
	if (sscanf(conn->in, "%15[^ \r\n] %255[^ \r\n] %15[^ \r\n]", method, target, version) < 3 ||
	    strncmp(version, "HTTP/1.", 7)) {
		say(conn, "400 Bad Request", "", "this is HTTP/1.1\n");
		return false;
	}
	conn->head = !strcmp(method, "HEAD");
	if (!conn->head && strcmp(method, "GET")) {
		say(conn, "405 Method Not Allowed", "Allow: GET, HEAD\r\n", "GET or HEAD\n");
		return false;
	}
	conn->openmetrics = header_has(conn->in, "Accept", "application/openmetrics-text");
	target[strcspn(target, "?")] = '\0';
	conn->json = !strcmp(target, "/report");
	if (!strcmp(target, "/")) {
		show_page(conn);
		return false;
	}
	if (!conn->json && strcmp(target, "/metrics")) {
		say(conn, "404 Not Found", "", "see / for the page, /metrics and /report\n");
		return false;
	}
	return true;
}

static void show_report(struct conn *conn, const json_t *report)
{
	char *text = json_dumps(report, JSON_COMPACT);

	if (text)
		answer(conn, "200 OK", JSON, "Cache-Control: no-store\r\n", text, strlen(text));
	else
		say(conn, "503 Service Unavailable", "", "no memory\n");
	free(text);
}

void http_show(struct conn *conn, const json_t *report)
{
	size_t size;
	char *page = NULL;

	if (report && conn->json) {
		show_report(conn, report);
		return;
	}
	if (report)
		page = metrics_text(report, conn->openmetrics, &size);
	if (page)
		answer(conn, "200 OK", conn->openmetrics ? OPENMETRICS : PROMETHEUS, "", page,
		       size);
	else
		say(conn, "503 Service Unavailable", "Retry-After: 1\r\n",
		    "not now: afxdpd is starting or stopping\n");
	free(page);
}
