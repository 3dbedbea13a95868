/* SPDX-License-Identifier: GPL-2.0-only */
/* A connection whose reply finds no memory: it is hung up on, and not kept for ever. */
#include "t.h"

#include <stdlib.h>

static void *no_memory(void *old, size_t size)
{
	(void)old;
	(void)size;
	return NULL;
}

#define realloc no_memory
#include "conn.c"
#undef realloc

int main(void)
{
	struct conn c = { .fd = -1 };

	CHECK(!conn_over(&c), "over before it has begun");
	conn_say(&c, "text", 4);
	CHECK(c.closing, "it goes on without its reply");
	CHECK(conn_over(&c), "nobody hangs up");
	CHECK(!conn_busy(&c), "it waits for a reply that was lost");
	return 0;
}
