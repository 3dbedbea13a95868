/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dump_text.c - frames as text, by the program that knows all protocols: tcpdump gets them as a
 * capture and prints a line each, to which we add what became of the frame.
 */
#include "dump.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "ctl.h"

extern char **environ;

/* For IN_FLIGHT lines, whatever they say. */
#define PIPE_SIZE (1 << 20)

/* Numbered (-#), so that a frame of several lines is still one; without names (-n), so that nothing
 * waits for a resolver. */
static int spawn(struct dump_text *t, const int in[2], const int out[2])
{
	char *const argv[] = { "tcpdump", "-l", "-n", "-#", "-r", "-", NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none;
	int err;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	posix_spawn_file_actions_adddup2(&files, in[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, out[1], STDOUT_FILENO);
	/* It says what it reads. */
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	/* Ctrl-C is for us; tcpdump ends when it has printed all. */
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
	err = posix_spawnp(&t->pid, argv[0], &files, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return -err;
}

int dump_text_start(struct dump_text *t)
{
	int in[2], out[2] = { -1, -1 }, err = 0;

	*t = (struct dump_text){ .out = -1 };
	if (pipe2(in, O_CLOEXEC))
		return ctl_fail(1, "cannot make a pipe: %s", strerror(errno));
	if (pipe2(out, O_CLOEXEC) || !(t->in = fdopen(in[1], "w")))
		err = -errno;
	fcntl(out[0], F_SETPIPE_SZ, PIPE_SIZE);
	if (!err)
		err = spawn(t, in, out);
	close(in[0]);
	close(out[1]);
	t->out = out[0];
	if (!err)
		return 0;
	if (err == -ENOENT)
		return ctl_fail(3, "dump: tcpdump is not installed, which prints the frames: "
				   "install it, or write a capture with -w FILE");
	return ctl_fail(1, "dump: cannot start tcpdump: %s", strerror(-err));
}

/* One line of tcpdump's: a frame's first if it begins with the number that comes next. */
static void print_line(struct dump_text *t, const char *line)
{
	char *end;
	uint64_t n = strtoull(line, &end, 10);

	if (end == line || strncmp(end, "  ", 2) || n != t->printed + 1 || t->printed == t->given) {
		puts(line);
		return;
	}
	printf("%s  [%s]\n", end + 2, t->note[t->printed++ % IN_FLIGHT]);
}

static void print_lines(struct dump_text *t)
{
	char *line = t->line, *end;

	while ((end = memchr(line, '\n', t->line + t->have - line))) {
		*end = '\0';
		print_line(t, line);
		line = end + 1;
	}
	t->have -= line - t->line;
	memmove(t->line, line, t->have);
	/* A line that is longer is none of tcpdump's. */
	if (t->have == sizeof(t->line))
		t->have = 0;
	fflush(stdout);
}

void dump_text_turn(struct dump_text *t)
{
	ssize_t n = read(t->out, t->line + t->have, sizeof(t->line) - t->have);

	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		close(t->out);
		t->out = -1;
		return;
	}
	t->have += n;
	print_lines(t);
}

int dump_text_end(struct dump_text *t)
{
	int status = 0;

	if (t->in)
		fclose(t->in);
	t->in = NULL;
	while (t->out >= 0 && !ferror(stdout))
		dump_text_turn(t);
	if (t->out >= 0)
		close(t->out);
	t->out = -1;
	if (!t->pid)
		return 0;
	waitpid(t->pid, &status, 0);
	t->pid = 0;
	if (!t->given || ferror(stdout) || (WIFEXITED(status) && !WEXITSTATUS(status)))
		return 0;
	return ctl_fail(1, "dump: tcpdump ended with %s %d",
			WIFEXITED(status) ? "status" : "signal",
			WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}
