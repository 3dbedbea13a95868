/* SPDX-License-Identifier: GPL-2.0-only */
/* What the fuzzer has kept (tests/fuzz/corpus/rules_expr), once more: no disagreement with libpcap,
 * no refusal by the verifier. */
#include <dirent.h>
#include <stdint.h>
#include <string.h>
#include "t.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SIZE_MAX_INPUT 4096

static void replay(const char *path)
{
	static uint8_t data[SIZE_MAX_INPUT];
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

int main(void)
{
	struct dirent *e;
	char path[512];
	unsigned int n = 0;
	DIR *dir = opendir(AFXDP_CORPUS);

	CHECK(dir, AFXDP_CORPUS);
	while ((e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", AFXDP_CORPUS, e->d_name);
		replay(path);
		n++;
	}
	closedir(dir);
	CHECK(n >= 20, "%u inputs in " AFXDP_CORPUS, n);
	return 0;
}
