/* SPDX-License-Identifier: GPL-2.0-only */
/* corpus.h - what a fuzzer has kept below tests/fuzz/corpus, once more. */
#ifndef AFXDP_TEST_CORPUS_H
#define AFXDP_TEST_CORPUS_H

#include <dirent.h>
#include <stdint.h>
#include <string.h>
#include "t.h"

#define CORPUS_INPUT_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void corpus_replay_one(const char *path)
{
	static uint8_t data[CORPUS_INPUT_MAX];
	FILE *f = fopen(path, "rb");
	size_t n;

	CHECK(f, "%s", path);
	n = fread(data, 1, sizeof(data), f);
	CHECK(n < sizeof(data), "%s is too large", path);
	fclose(f);
	/* Should it abort, this is the one. */
	fprintf(stderr, "%s\n", path);
	LLVMFuzzerTestOneInput(data, n);
}

/** corpus_replay() - run the target on every input in @directory, of which there are @least. */
static inline void corpus_replay(const char *directory, unsigned int least)
{
	struct dirent *e;
	char path[512];
	unsigned int n = 0;
	DIR *dir = opendir(directory);

	CHECK(dir, "%s", directory);
	while ((e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, e->d_name);
		corpus_replay_one(path);
		n++;
	}
	closedir(dir);
	CHECK(n >= least, "%u inputs in %s", n, directory);
}

#endif
