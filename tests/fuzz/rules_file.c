/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A rules file, and the file of its set, as anybody may write them: byte 0 says where the first
 * ends. What is taken can be listed, and what the list says is taken again, as the same list.
 */
#include <rules.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <netdb.h>

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

/* While a file is tried no time goes by: what is left of a timeout stays. */
static bool frozen;

int clock_gettime(clockid_t clock, struct timespec *t)
{
	if (!frozen)
		return syscall(SYS_clock_gettime, clock, t);
	*t = (struct timespec){ .tv_sec = 1000000 };
	return 0;
}

struct list {
	char *text;
	size_t n, room;
};

static int append(void *arg, const char *element)
{
	struct list *l = arg;
	size_t n = strlen(element);

	if (l->n + n + 2 > l->room) {
		l->room = (l->n + n + 2) * 2;
		l->text = realloc(l->text, l->room);
		if (!l->text)
			abort();
	}
	memcpy(l->text + l->n, element, n);
	l->n += n;
	l->text[l->n++] = '\n';
	return 0;
}

/* A file of a set that holds @n bytes: its path in @path. */
static int make_file(const void *bytes, size_t n, char path[32])
{
	int fd = memfd_create("set", 0);

	if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
		abort();
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}

static struct afxdp_rules *with_set(const void *bytes, size_t n, struct list *list)
{
	char path[32], text[128], err[512];
	struct afxdp_rules *rules = NULL;
	int fd = make_file(bytes, n, path);

	snprintf(text, sizeof(text), "set s = \"%s\"\ndrop all\n", path);
	if (!afxdp_rules_parse_text("rules", text, strlen(text), &rules, err, sizeof(err)) &&
	    afxdp_rules_set_list(rules, "s", append, list))
		abort();
	close(fd);
	return rules;
}

static void try_set(const uint8_t *data, size_t size)
{
	struct list first = { .text = NULL }, second = { .text = NULL };
	struct afxdp_rules *rules = with_set(data, size, &first), *again;

	if (!rules)
		return;
	again = with_set(first.text ? first.text : "", first.n, &second);
	if (!again || first.n != second.n || (first.n && memcmp(first.text, second.text, first.n)))
		abort();
	afxdp_rules_free(rules);
	afxdp_rules_free(again);
	free(first.text);
	free(second.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct afxdp_rules *rules = NULL;
	char err[512];
	size_t cut;

	if (!size)
		return 0;
	cut = data[0] * (size - 1) / 255;
	frozen = true;
	err[0] = 0;
	if (!afxdp_rules_parse_text("rules", (const char *)data + 1, cut, &rules, err, sizeof(err)))
		afxdp_rules_free(rules);
	else if (!err[0] || strchr(err, '\n'))
		abort(); /* a refusal is one line */
	try_set(data + 1 + cut, size - 1 - cut);
	frozen = false;
	return 0;
}
