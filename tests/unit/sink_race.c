/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hand-over between workers and the pcap sink's thread, under ThreadSanitizer: two workers, bursts
 * with pauses in between that let the thread go to sleep, every frame accounted for and back.
 */
#include "t.h"

#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "sink_stubs.h"

#define WORKERS 2
#define FRAMES	256
#define CHUNK	2048
#define BURSTS	400
#define PAUSES	20 /* bursts without a pause in between */

struct lane {
	struct afxdp_xsk xsk;
	struct sink_port *port;
	const struct sink_ops *ops;
	uint64_t free[FRAMES];
	uint32_t free_count;
	uint64_t consumed;
};

static void take_back(struct lane *w, const uint64_t *addr, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		w->free[w->free_count++] = addr[i] & ~(uint64_t)(CHUNK - 1);
	CHECK(w->free_count <= FRAMES, "more frames than there are");
}

static void burst(struct lane *w, uint32_t seed)
{
	struct xdp_desc d[64];
	uint64_t back[64];
	uint32_t n = 1 + seed % 64, got;

	got = w->ops->reclaim(w->port, back, 64);
	w->port->reclaimed += got;
	take_back(w, back, got);
	if (n > w->free_count)
		n = w->free_count;
	for (uint32_t i = 0; i < n; i++) {
		d[i] = (struct xdp_desc){ .addr = w->free[--w->free_count] + 256, .len = 60 };
		memset(w->xsk.umem + d[i].addr, (int)seed, 60);
	}
	w->consumed += n;
	got = w->ops->consume(w->port, d, n, back);
	w->port->kept += n - got;
	take_back(w, back, got);
}

static void *lane_run(void *arg)
{
	struct lane *w = arg;

	for (uint32_t i = 0; i < BURSTS; i++) {
		burst(w, i);
		if (i % PAUSES == 0)
			nanosleep(&(struct timespec){ .tv_nsec = 12000000 }, NULL);
	}
	return NULL;
}

int main(void)
{
	struct sink_env env = { .ports = WORKERS, .frames = FRAMES, .frame_size = CHUNK };
	static struct lane lane[WORKERS];
	uint64_t delivered = 0, dropped = 0, consumed = 0;
	char file[] = "/tmp/afxdp-sink-race-XXXXXX", why[256] = "";
	pthread_t thread[WORKERS];
	struct sink *sink;
	struct stat st;

	alarm(120);
	CHECK(mkstemp(file) >= 0, "mkstemp");
	CHECK(!sink_pcap_ops.open(&sink, file, &env, why, sizeof(why)), "%s", why);
	for (int i = 0; i < WORKERS; i++) {
		struct lane *w = &lane[i];

		w->ops = sink->ops;
		w->xsk.umem = calloc(FRAMES, CHUNK);
		w->xsk.chunk_mask = ~(uint64_t)(CHUNK - 1);
		for (uint32_t k = 0; k < FRAMES; k++)
			w->free[w->free_count++] = (uint64_t)k * CHUNK;
		CHECK(!w->ops->attach(sink, &w->xsk, &w->port), "attach");
	}
	for (int i = 0; i < WORKERS; i++)
		CHECK(!pthread_create(&thread[i], NULL, lane_run, &lane[i]), "thread");
	for (int i = 0; i < WORKERS; i++)
		pthread_join(thread[i], NULL);
	sink->ops->finish(sink);
	for (int i = 0; i < WORKERS; i++) {
		struct lane *w = &lane[i];
		uint64_t back[FRAMES];
		uint32_t n = w->ops->reclaim(w->port, back, FRAMES);

		take_back(w, back, n);
		CHECK(w->free_count == FRAMES, "%u of %u frames are back", w->free_count, FRAMES);
		delivered += sink_get(&w->port->there.delivered);
		dropped += sink_get(&w->port->here.dropped) + sink_get(&w->port->there.dropped);
		consumed += w->consumed;
	}
	CHECK(delivered + dropped == consumed, "%lu + %lu of %lu", delivered, dropped, consumed);
	CHECK(!stat(file, &st) && (uint64_t)st.st_size == 24 + delivered * (16 + 60),
	      "%lu records, %ld bytes", delivered, (long)st.st_size);
	CHECK(delivered, "nothing was written");
	sink->ops->close(sink);
	for (int i = 0; i < WORKERS; i++)
		free(lane[i].xsk.umem);
	unlink(file);
	return 0;
}
