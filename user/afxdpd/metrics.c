/* SPDX-License-Identifier: GPL-2.0-only */
#include "metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "daemon.h"

struct metrics {
	struct MHD_Daemon *http;
	struct daemon *daemon;
	int fd;
};

static void print_family(FILE *f, const char *name, const char *type, const char *help)
{
	fprintf(f, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void print_ledger(FILE *f, const char *ifname, const struct picture *p)
{
	print_family(f, "afxdp_ledger_total", "counter",
		     "Frames by where they went; received and captured are sums of others.");
	for (const struct afxdp_account_field *field = afxdp_account_fields; field->name; field++)
		if (strcmp(field->name, "unexplained"))
			fprintf(f,
				"afxdp_ledger_total{interface=\"%s\",reason=\"%s\"} %" PRIu64 "\n",
				ifname, field->name, afxdp_account_value(&p->total, field));
	print_family(f, "afxdp_unexplained_frames", "gauge",
		     "Frames the ledger cannot account for now; 0 once traffic has stopped.");
	fprintf(f, "afxdp_unexplained_frames{interface=\"%s\"} %" PRIu64 "\n", ifname,
		p->total.unexplained);
}

static void print_nic(FILE *f, const char *ifname, const struct afxdp_nic_stats *s)
{
	print_family(f, "afxdp_nic_total", "counter", "What the device and its driver counted.");
	fprintf(f,
		"afxdp_nic_total{interface=\"%s\",counter=\"packets\"} %" PRIu64 "\n"
		"afxdp_nic_total{interface=\"%s\",counter=\"missed\"} %" PRIu64 "\n"
		"afxdp_nic_total{interface=\"%s\",counter=\"no_buffer\"} %" PRIu64 "\n"
		"afxdp_nic_total{interface=\"%s\",counter=\"dropped\"} %" PRIu64 "\n"
		"afxdp_nic_total{interface=\"%s\",counter=\"errors\"} %" PRIu64 "\n",
		ifname, s->packets, ifname, s->missed, ifname, s->no_buffer, ifname, s->dropped,
		ifname, s->errors);
}

static void print_queues(FILE *f, const struct daemon *d)
{
	static const struct {
		const char *name, *type, *help;
		size_t offset;
	} rows[] = {
#define ROW(field, name, help)                           \
	{ "afxdp_queue_" name "_total", "counter", help, \
	  offsetof(struct worker_snapshot, count.field) }
		ROW(frames, "frames", "Frames consumed."),
		ROW(bytes, "bytes", "Bytes consumed."),
		ROW(batches, "batches", "Batches taken from the RX ring."),
		ROW(wakeups, "wakeups", "Returns from poll()."),
		ROW(busy_polls, "busy_polls", "System calls that drove NAPI."),
		ROW(mode_switches, "mode_switches", "Changes between sleeping and polling."),
#undef ROW
	};

	for (size_t r = 0; r < sizeof(rows) / sizeof(*rows); r++) {
		print_family(f, rows[r].name, rows[r].type, rows[r].help);
		for (uint32_t i = 0; i < d->worker_count; i++)
			fprintf(f, "%s{interface=\"%s\",queue=\"%u\"} %" PRIu64 "\n", rows[r].name,
				d->nic.name, d->workers[i]->xsk.config.queue,
				*(const uint64_t *)((const char *)&d->workers[i]->snapshot +
						    rows[r].offset));
	}
	print_family(f, "afxdp_ring_fill", "gauge", "Entries in a ring now.");
	for (uint32_t i = 0; i < d->worker_count; i++) {
		const struct worker *w = d->workers[i];

		fprintf(f,
			"afxdp_ring_fill{interface=\"%s\",queue=\"%u\",ring=\"rx\"} %u\n"
			"afxdp_ring_fill{interface=\"%s\",queue=\"%u\",ring=\"fill\"} %u\n",
			d->nic.name, w->xsk.config.queue, w->snapshot.rx_level, d->nic.name,
			w->xsk.config.queue, w->snapshot.fill_level);
	}
}

/* Buckets end at powers of two, where the histogram is exact: 256 ns to 8.6 s. */
static void print_latency(FILE *f, const char *ifname, const struct afxdp_hist *h)
{
	print_family(f, "afxdp_latency_seconds", "histogram",
		     "From the XDP program to the consumer, of the stamped frames.");
	for (int bits = 8; bits <= 33; bits++) {
		uint64_t longest = (1ULL << bits) - 1;

		fprintf(f,
			"afxdp_latency_seconds_bucket{interface=\"%s\",le=\"%.9g\"} %" PRIu64 "\n",
			ifname, longest / 1e9, afxdp_hist_at_most(h, longest));
	}
	fprintf(f,
		"afxdp_latency_seconds_bucket{interface=\"%s\",le=\"+Inf\"} %" PRIu64 "\n"
		"afxdp_latency_seconds_sum{interface=\"%s\"} %.9f\n"
		"afxdp_latency_seconds_count{interface=\"%s\"} %" PRIu64 "\n",
		ifname, afxdp_hist_count(h), ifname, afxdp_hist_get(&h->sum) / 1e9, ifname,
		afxdp_hist_count(h));
}

/* The whole page in memory of its own, or NULL. */
static char *make_page(struct daemon *d, size_t *size)
{
	struct picture p;
	char *page = NULL;
	FILE *f;

	if (daemon_look(d, &p))
		return NULL;
	f = open_memstream(&page, size);
	if (f) {
		print_ledger(f, d->nic.name, &p);
		print_nic(f, d->nic.name, &p.nic);
		print_queues(f, d);
		print_latency(f, d->nic.name, &p.latency);
		if (fclose(f)) {
			free(page);
			page = NULL;
		}
	}
	picture_free(&p);
	return page;
}

static enum MHD_Result answer(void *cls, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_size, void **state)
{
	struct metrics *m = cls;
	unsigned int status = MHD_HTTP_NOT_FOUND;
	struct MHD_Response *response;
	enum MHD_Result result;
	char *page = NULL;
	size_t size = 0;

	(void)version;
	(void)upload;
	(void)upload_size;
	(void)state;
	if (!strcmp(method, "GET") && !strcmp(url, "/metrics")) {
		page = make_page(m->daemon, &size);
		status = page ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
	}
	if (page)
		response = MHD_create_response_from_buffer(size, page, MHD_RESPMEM_MUST_FREE);
	else
		response = MHD_create_response_from_buffer(sizeof("see /metrics\n") - 1,
							   (void *)"see /metrics\n",
							   MHD_RESPMEM_PERSISTENT);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
				"text/plain; version=0.0.4");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

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

static int listen_on(const struct addrinfo *a)
{
	int one = 1, fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, a->ai_addr, a->ai_addrlen) || listen(fd, 16)) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

int metrics_open(struct metrics **metrics, struct daemon *d, const char *address, char *why,
		 size_t size)
{
	struct addrinfo *found = look_up(address);
	struct metrics *m;
	int fd;

	if (!found) {
		snprintf(why, size, "--metrics '%s': must be ADDR:PORT, like 127.0.0.1:9090",
			 address);
		return -EINVAL;
	}
	fd = listen_on(found);
	freeaddrinfo(found);
	if (fd < 0) {
		snprintf(why, size, "--metrics '%s': cannot listen there: %s", address,
			 strerror(-fd));
		return fd;
	}
	m = calloc(1, sizeof(*m));
	if (!m)
		goto close;
	m->daemon = d;
	/* Driven by the control thread's poll(): no thread of its own. */
	m->http = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, answer, m,
				   MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_TIMEOUT, 5U,
				   MHD_OPTION_END);
	if (!m->http)
		goto free;
	m->fd = MHD_get_daemon_info(m->http, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	*metrics = m;
	return 0;
free:
	free(m);
close:
	close(fd);
	snprintf(why, size, "--metrics '%s': cannot start the HTTP server", address);
	return -ENOMEM;
}

int metrics_fd(const struct metrics *m)
{
	return m->fd;
}

void metrics_serve(struct metrics *m)
{
	MHD_run(m->http);
}

void metrics_close(struct metrics *m)
{
	if (!m)
		return;
	MHD_stop_daemon(m->http);
	free(m);
}
