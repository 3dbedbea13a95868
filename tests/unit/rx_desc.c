/* SPDX-License-Identifier: GPL-2.0-only */
/* What the fuzzer of descriptors (tests/fuzz/rx_desc.c) has kept, once more, and as many random
 * rings: long chains, lengths around the buffers' size. */
#include "corpus.h"
#include "rnd.h"

#define ROUNDS 4000

int main(void)
{
	static uint8_t input[3 + 4 * 600];

	corpus_replay("tests/fuzz/corpus/rx_desc", 10);
	for (uint32_t i = 0; i < ROUNDS; i++) {
		uint32_t n = 1 + rnd(600), more = rnd(64);

		for (uint32_t k = 0; k < 3; k++)
			input[k] = rnd(256);
		for (uint32_t k = 0; k < n; k++) {
			uint8_t *d = input + 3 + 4 * k;

			d[0] = 1 | (rnd(more + 1) ? 0 : 4) | (rnd(8) ? 0 : rnd(256));
			d[1] = rnd(2);
			d[2] = rnd(rnd(4) ? 8 : 256);
			d[3] = rnd(256);
		}
		LLVMFuzzerTestOneInput(input, 3 + 4 * n);
	}
	return 0;
}
