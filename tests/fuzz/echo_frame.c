/* SPDX-License-Identifier: GPL-2.0-only */
/* echo_frame() on whatever comes. Byte 0: who we are; byte 1: 16 bytes each of a second descriptor;
 * the rest: the frame, at the end of its memory. */
#include <stdlib.h>
#include <string.h>
#include "sinks/echo_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A header checksum that lets the rest be seen. */
static void mend(uint8_t *ip, uint32_t bytes)
{
	uint32_t header = (ip[0] & 15) * 4, total = 0;

	if (header < 20 || header > bytes)
		return;
	ip[10] = ip[11] = 0;
	for (uint32_t i = 0; i < header; i += 2)
		total += ip[i] << 8 | ip[i + 1];
	total = (total & 0xffff) + (total >> 16);
	total = (total & 0xffff) + (total >> 16);
	ip[10] = ~total >> 8;
	ip[11] = ~total;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct echo_self self = { .v4_count = 1, .v6_count = 1 };
	uint32_t len, before, room;
	enum echo_answer is;
	uint8_t *frame, *copy;

	if (size < 2)
		return 0;
	before = len = size - 2;
	room = len + (data[0] & 8);
	frame = malloc(room ? room : 1);
	copy = malloc(room ? room : 1);
	if (!frame || !copy)
		abort();
	memcpy(frame, data + 2, len);
	if (data[0] & 4 && len >= 34)
		mend(frame + 14, len - 14);
	memcpy(copy, frame, len);
	/* Addresses of ours that the fuzzer need not guess: those of the frame. */
	self.any = data[0] & 1;
	if (len >= 14)
		memcpy(self.mac, frame, sizeof(self.mac));
	if (len >= 34)
		memcpy(&self.v4[0], frame + 30, sizeof(self.v4[0]));
	if (len >= 78)
		memcpy(&self.v6[0], frame + (data[0] & 2 ? 62 : 38), sizeof(self.v6[0]));
	is = echo_frame(&self, frame, &len, room, data[1] * 16);
	if (len > room || (is == ECHO_IGNORED && (len != before || memcmp(frame, copy, len))))
		abort();
	free(frame);
	free(copy);
	return 0;
}
