/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "account.h"

#include <stddef.h>

const struct afxdp_account_field afxdp_account_fields[] = {
#define X(name, what) { #name, what, offsetof(struct afxdp_account, name) },
	AFXDP_ACCOUNT_FIELDS(X)
#undef X
		{ 0 },
};

void afxdp_account_add_program(struct afxdp_account *a, const struct afxdp_ledger *l)
{
	a->received += l->received;
	a->passed += l->passed;
	a->dropped += l->dropped;
	a->limited += l->limited;
	a->aborted += l->aborted;
	a->tx += l->tx;
	a->unclaimed += l->unclaimed;
	a->captured += l->captured;
}

void afxdp_account_add_socket(struct afxdp_account *a, const struct afxdp_xsk_stats *s,
			      bool zerocopy)
{
	uint64_t empty = zerocopy ? 0 : s->rx_fill_ring_empty_descs;

	if (empty > s->rx_dropped)
		empty = s->rx_dropped;
	a->ring_full += s->rx_ring_full;
	a->fill_empty += empty;
	a->kernel_dropped += s->rx_dropped - empty;
}

void afxdp_account_add_sink(struct afxdp_account *a, uint64_t consumed, uint64_t delivered,
			    uint64_t dropped)
{
	a->consumed += consumed;
	a->delivered += delivered;
	a->sink_dropped += dropped;
}

static uint64_t difference(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

void afxdp_account_balance(struct afxdp_account *a)
{
	a->unexplained = difference(a->received, a->passed + a->dropped + a->limited + a->aborted +
							 a->tx + a->unclaimed + a->captured) +
			 difference(a->captured, a->ring_full + a->fill_empty + a->kernel_dropped +
							 a->consumed) +
			 difference(a->consumed, a->delivered + a->sink_dropped + a->held);
}

const char *afxdp_verdict_name(enum afxdp_verdict verdict)
{
	static const char *const names[AFXDP_VERDICTS] = { "pass", "drop",	"limit",  "abort",
							   "tx",   "unclaimed", "capture" };

	return verdict < AFXDP_VERDICTS ? names[verdict] : "unknown";
}
