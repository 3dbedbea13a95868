/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * nic_tx.c - frames that XDP_TX gave to the device, and that it did not send.
 *
 * The program cannot know: it is over when the driver finds no room. There is no common counter for
 * it; those drivers that have one show it in `ethtool -S`, under names that go alike:
 * rx_queue_0_xdp_tx_errors (veth), rx0_xdp_tx_full (xnic), rx0_xdp_tx_full and _err (mlx5),
 * rx0_xdp_tx_drops (virtio_net: tx0_xdp_tx_drops).
 */
#include <errno.h>
#include <linux/ethtool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "nic_parts.h"

/* More counters than that no device has; the kernel is not to make us take any number of them. */
#define COUNTERS_MAX 65536

/* See add_up(). */
#define SPARE 1024

static bool is_lost(const char *name)
{
	const char *tx = strstr(name, "xdp_tx");

	return tx && (strstr(tx, "err") || strstr(tx, "full") || strstr(tx, "drop") ||
		      strstr(tx, "fail"));
}

static uint32_t count(int fd, const char *name)
{
	struct {
		struct ethtool_sset_info info;
		uint32_t n;
	} sets = { .info = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_STATS } };

	if (nic_ethtool(fd, name, &sets) || !sets.info.sset_mask || sets.n > COUNTERS_MAX)
		return 0;
	return sets.n;
}

/* How many there are may change between two calls, as queues do, and the kernel writes all there
 * are: with room for that, and for the moment nothing is told. */
static void add_up(int fd, const char *name, struct ethtool_gstrings *names,
		   struct ethtool_stats *values, struct afxdp_nic_stats *stats)
{
	uint32_t n = names->len;

	if (nic_ethtool(fd, name, names) || names->len != n || nic_ethtool(fd, name, values) ||
	    values->n_stats != n)
		return;
	for (uint32_t i = 0; i < n; i++) {
		char one[ETH_GSTRING_LEN + 1] = "";

		memcpy(one, names->data + (size_t)i * ETH_GSTRING_LEN, ETH_GSTRING_LEN);
		if (!is_lost(one))
			continue;
		stats->xdp_tx_told = true;
		stats->xdp_tx_lost += values->data[i];
	}
}

void nic_xdp_tx(const char *name, struct afxdp_nic_stats *stats)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ethtool_gstrings *names;
	struct ethtool_stats *values;
	uint32_t n;

	stats->xdp_tx_told = false;
	stats->xdp_tx_lost = 0;
	if (fd < 0)
		return;
	n = count(fd, name);
	names = calloc(1, sizeof(*names) + (size_t)(2 * n + SPARE) * ETH_GSTRING_LEN);
	values = calloc(1, sizeof(*values) + (2 * n + SPARE) * sizeof(*values->data));
	if (n && names && values) {
		*names = (struct ethtool_gstrings){ ETHTOOL_GSTRINGS, ETH_SS_STATS, n };
		*values = (struct ethtool_stats){ ETHTOOL_GSTATS, n };
		add_up(fd, name, names, values, stats);
	}
	free(names);
	free(values);
	close(fd);
}
