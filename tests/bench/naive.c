/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * naive - a receiver as one writes it first, properly: a packet socket, one system call and one
 * malloc a frame, a copy to put metadata in front, a linked list under a spinlock to a second
 *thread that sleeps on a semaphore, and a free. Unbounded, as such things are.
 *
 *	naive IFACE	prints "ready", at SIGTERM one line of JSON
 */
#include <errno.h>
#include <net/if.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <arpa/inet.h>
#include <unistd.h>

#include "afxdp/abi.h"

struct frame {
	struct frame *next;
	size_t length;
	unsigned char bytes[];
};

static struct {
	pthread_spinlock_t lock;
	struct frame *head;
	struct frame **tail;
	sem_t some;
	int socket;
	int stop;
	unsigned long long consumed;
} n;

static void put(struct frame *f)
{
	f->next = NULL;
	pthread_spin_lock(&n.lock);
	*n.tail = f;
	n.tail = &f->next;
	pthread_spin_unlock(&n.lock);
	sem_post(&n.some);
}

static struct frame *get(void)
{
	struct frame *f;

	while (sem_wait(&n.some) && errno == EINTR)
		;
	pthread_spin_lock(&n.lock);
	f = n.head;
	if (f) {
		n.head = f->next;
		if (!n.head)
			n.tail = &n.head;
	}
	pthread_spin_unlock(&n.lock);
	return f;
}

static void *receive(void *arg)
{
	static unsigned char buffer[65536];

	(void)arg;
	while (!__atomic_load_n(&n.stop, __ATOMIC_RELAXED)) {
		ssize_t length = recv(n.socket, buffer, sizeof(buffer), 0);
		struct afxdp_meta meta = {};
		struct timespec now;
		struct frame *f;

		if (length < 0)
			continue;
		f = malloc(sizeof(*f) + sizeof(meta) + length);
		if (!f)
			abort();
		clock_gettime(CLOCK_MONOTONIC, &now);
		meta.rx_ns = now.tv_sec * 1000000000ULL + now.tv_nsec;
		f->length = length + sizeof(meta);
		memcpy(f->bytes, &meta, sizeof(meta));
		memcpy(f->bytes + sizeof(meta), buffer, length);
		put(f);
	}
	sem_post(&n.some);
	return NULL;
}

/* Ends when the receiver has, and the list is empty. */
static void *consume(void *arg)
{
	struct frame *f;

	(void)arg;
	while ((f = get())) {
		n.consumed++;
		free(f);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	struct timeval tick = { .tv_usec = 100000 };
	struct tpacket_stats lost = {};
	socklen_t size = sizeof(lost);
	pthread_t receiver, consumer;
	sigset_t ends;
	int signal;

	if (argc != 2 || !(at.sll_ifindex = if_nametoindex(argv[1]))) {
		fputs("usage: naive IFACE\n", stderr);
		return 2;
	}
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	pthread_spin_init(&n.lock, PTHREAD_PROCESS_PRIVATE);
	sem_init(&n.some, 0, 0);
	n.tail = &n.head;
	n.socket = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	if (n.socket < 0 || bind(n.socket, (void *)&at, sizeof(at)) ||
	    setsockopt(n.socket, SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof(tick)) ||
	    pthread_create(&receiver, NULL, receive, NULL) ||
	    pthread_create(&consumer, NULL, consume, NULL)) {
		perror("naive");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	sigwait(&ends, &signal);
	__atomic_store_n(&n.stop, 1, __ATOMIC_RELAXED);
	pthread_join(receiver, NULL);
	pthread_join(consumer, NULL);
	getsockopt(n.socket, SOL_PACKET, PACKET_STATISTICS, &lost, &size);
	printf("{\"consumed\":%llu,\"lost\":%u}\n", n.consumed, lost.tp_drops);
	return 0;
}
