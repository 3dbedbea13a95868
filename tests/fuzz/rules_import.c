/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rules and sets of other programs, as anybody may write them: byte 0 says whose. Whatever is made
 * of them is a rules file that is taken.
 */
#include <dirent.h>
#include <fcntl.h>
#include <netdb.h>
#include <rules.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ctl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Names are none of this: no question leaves the machine, and none takes time. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		struct addrinfo **res)
{
	(void)node;
	(void)service;
	(void)hints;
	*res = NULL;
	return EAI_NONAME;
}

/* What would be said; on one line, for what cannot be printed is not (printable.h). */
int ctl_fail(int status, const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (!*line)
		abort();
	return status;
}

static void empty(const char *directory)
{
	DIR *dir = opendir(directory);
	const struct dirent *e;

	while (dir && (e = readdir(dir)))
		unlinkat(dirfd(dir), e->d_name, 0);
	if (dir)
		closedir(dir);
	rmdir(directory);
}

static void check(const char *directory)
{
	struct afxdp_rules *rules;
	char path[128], err[512];

	snprintf(path, sizeof(path), "%s/rules", directory);
	if (afxdp_rules_parse_file(path, &rules, err, sizeof(err))) {
		fprintf(stderr, "%s\n", err);
		abort();
	}
	afxdp_rules_free(rules);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64], directory[64], nft[] = "nft", ipset[] = "ipset", import[] = "import";
	char *argv[] = { import, nft, path, directory, NULL };
	const struct ctl ctl = { 0 };
	int fd, out, status;

	if (!size)
		return 0;
	if (data[0] & 1)
		argv[1] = ipset;
	fd = memfd_create("text", 0);
	if (fd < 0 || write(fd, data + 1, size - 1) != (ssize_t)(size - 1))
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	snprintf(directory, sizeof(directory), "/dev/shm/afxdp-fuzz-%d", getpid());
	/* It says how much was taken. */
	fflush(stdout);
	out = dup(STDOUT_FILENO);
	freopen("/dev/null", "w", stdout);
	status = ctl_rules_import(&ctl, 4, argv);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	if (status != 2)
		check(directory);
	empty(directory);
	close(fd);
	return 0;
}
