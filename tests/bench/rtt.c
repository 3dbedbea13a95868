/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rtt - round trips of datagrams, one under way at a time.
 *
 * `rtt serve PORT` sends back what comes, by a UDP socket, as one writes it first; it prints
 * "ready", and ends at SIGTERM.
 *
 * `rtt ask ADDR PORT SECONDS` asks, waits without sleeping, asks again, and prints one line of
 * JSON: round trips, lost ones (1 s without an answer), ns at p50, p99, p99.9 and at most.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SECOND	    1000000000ULL
#define TRIPS_MAX   (1U << 22)
#define PAYLOAD	    22	/* 64 bytes of frame */
#define FIRST_TRIPS 100 /* not counted: caches, ARP */

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

static int die(const char *what)
{
	fprintf(stderr, "rtt: %s: %s\n", what, strerror(errno));
	return 1;
}

static int serve(const char *port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	char data[2048];

	if (s < 0 || bind(s, (struct sockaddr *)&to, sizeof(to)))
		return die(port);
	puts("ready");
	fflush(stdout);
	for (;;) {
		socklen_t size = sizeof(to);
		ssize_t len = recvfrom(s, data, sizeof(data), 0, (struct sockaddr *)&to, &size);

		if (len < 0 || sendto(s, data, len, 0, (struct sockaddr *)&to, size) < 0)
			return die("echo");
	}
}

/* Return: ns, or 0 if no answer came. */
static uint64_t trip(int s, uint64_t number)
{
	char data[PAYLOAD] = "", back[PAYLOAD];
	uint64_t start = now(), t;

	memcpy(data, &number, sizeof(number));
	if (send(s, data, sizeof(data), 0) != sizeof(data))
		return 0;
	do {
		ssize_t len = recv(s, back, sizeof(back), MSG_DONTWAIT);

		t = now();
		/* Late answers to questions given up are not this one's. */
		if (len == sizeof(back) && !memcmp(back, data, sizeof(back)))
			return t - start;
	} while (t - start < SECOND);
	return 0;
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static int ask(const char *address, const char *port, const char *seconds)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };
	uint32_t *ns = malloc(TRIPS_MAX * sizeof(*ns)), n = 0, lost = 0;
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	uint64_t end, t;

	if (!ns || s < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
	    connect(s, (struct sockaddr *)&to, sizeof(to)))
		return die(address);
	for (uint32_t i = 0; i < FIRST_TRIPS; i++)
		trip(s, i);
	end = now() + strtod(seconds, NULL) * SECOND;
	while (now() < end && n < TRIPS_MAX) {
		t = trip(s, FIRST_TRIPS + n + lost);
		if (t)
			ns[n++] = t;
		else
			lost++;
	}
	if (!n) {
		errno = ETIMEDOUT;
		return die(address);
	}
	qsort(ns, n, sizeof(*ns), by_size);
	printf("{\"trips\":%u,\"lost\":%u,\"p50_ns\":%u,\"p99_ns\":%u,\"p999_ns\":%u,\"max_ns\":%u}"
	       "\n",
	       n, lost, ns[n / 2], ns[n - 1 - n / 100], ns[n - 1 - n / 1000], ns[n - 1]);
	free(ns);
	close(s);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "serve"))
		return serve(argv[2]);
	if (argc == 5 && !strcmp(argv[1], "ask"))
		return ask(argv[2], argv[3], argv[4]);
	fprintf(stderr, "usage: rtt serve PORT | rtt ask ADDR PORT SECONDS\n");
	return 2;
}
