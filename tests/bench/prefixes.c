/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * prefixes - as many different IPv4 prefixes as `afxdpgen --scatter` has flows, of mixed lengths,
 * none inside another.
 *
 *	prefixes hit|miss N	every source address is in one of them, or none is
 *	prefixes hosts N	the addresses themselves
 *
 * Lengths are /22 to /32, half of them /24, as in lists that people block; longer where the next
 * flow is too near.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Flow 0 of afxdpgen, and its step. */
#define FIRST 0xc6120001u
#define STEP  2654435769u

#define FLOWS_MAX 1000000

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static uint32_t some_length(uint32_t i)
{
	static const uint8_t lengths[] = { 24, 22, 24, 23, 24, 25, 24, 26, 24, 27, 24,
					   28, 24, 29, 24, 30, 24, 31, 24, 32, 32, 32 };

	return lengths[i * STEP / 65536 % sizeof(lengths)];
}

static void print(uint32_t a, uint32_t length)
{
	printf("%u.%u.%u.%u/%u\n", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255, length);
}

int main(int argc, char **argv)
{
	static uint32_t source[FLOWS_MAX];
	uint32_t n = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	bool miss = argc == 3 && !strcmp(argv[1], "miss");

	if (!n || n > FLOWS_MAX) {
		fprintf(stderr, "usage: prefixes hit|miss|hosts N, N up to %d\n", FLOWS_MAX);
		return 2;
	}
	for (uint32_t i = 0; i < n; i++)
		source[i] = FIRST + i * STEP;
	qsort(source, n, sizeof(*source), compare);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t length = strcmp(argv[1], "hosts") ? some_length(i) : 32;
		uint64_t before = i ? source[i - 1] : 0,
			 next = i + 1 < n ? source[i + 1] : 1ULL << 32;
		uint64_t first;

		/* Around the source; or behind it, from the next boundary on. */
		do {
			uint64_t size = 1ULL << (32 - length);

			first = (source[i] + (miss ? size : 0)) & ~(size - 1);
			if (first + size <= next && (miss || !i || first > before))
				break;
		} while (++length <= 32);
		if (length <= 32)
			print(first, length);
	}
	return 0;
}
