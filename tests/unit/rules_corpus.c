/* SPDX-License-Identifier: GPL-2.0-only */
/* What the fuzzer has kept (tests/fuzz/corpus/rules_expr), once more: no disagreement with libpcap,
 * no refusal by the verifier. */
#include "corpus.h"

int main(void)
{
	corpus_replay(AFXDP_CORPUS, 20);
	return 0;
}
