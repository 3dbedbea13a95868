/* SPDX-License-Identifier: GPL-2.0-only */
/* The list of afxdp-metrics(5), out of the daemon's own table. */
#include "metrics.h"

int main(void)
{
	metrics_manual(stdout);
	return fflush(stdout) ? 1 : 0;
}
