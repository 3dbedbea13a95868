/* SPDX-License-Identifier: GPL-2.0-only */
/* The directory of sockets where there is no root, and what others can change on the way to a file.
 */
#include "t.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "registry.h"
#include "trust.h"

static char why[512];

static int user_registry(bool make)
{
	struct registry r;

	return registry_open(&r, REGISTRY_USER, make, why, sizeof(why));
}

static void registries(const char *dir)
{
	char *long_dir = strdup(
		"/0123456789012345678901234567890123456789012345678901234567890123456");
	struct stat st;

	unsetenv("XDG_RUNTIME_DIR");
	CHECK(user_registry(true) == -ENOENT && strstr(why, "not set"), "%s", why);
	setenv("XDG_RUNTIME_DIR", "relative", 1);
	CHECK(user_registry(true) == -ENOENT, "a relative directory");
	setenv("XDG_RUNTIME_DIR", long_dir, 1);
	CHECK(user_registry(true) == -ENAMETOOLONG, "one that is too long");
	setenv("XDG_RUNTIME_DIR", dir, 1);
	CHECK(user_registry(false) == -ENOENT, "none is there");
	umask(0077);
	CHECK(!user_registry(true), "%s", why);
	umask(0022);
	CHECK(!user_registry(true) && !user_registry(false), "%s", why);
	CHECK(!chdir(dir) && !stat("afxdp", &st) && (st.st_mode & 07777) == 0755, "its mode");
	CHECK(!chmod("afxdp", 0777), "chmod");
	CHECK(user_registry(true) == -EPERM && strstr(why, "by others"), "%s", why);
	CHECK(!rmdir("afxdp") && !symlink("/tmp", "afxdp"), "a link");
	CHECK(user_registry(true) < 0, "a link is followed");
	CHECK(!unlink("afxdp"), "unlink");
	free(long_dir);
}

#define TRUSTED(path) CHECK(!trust_path(path, why, sizeof(why)), "%s: %s", path, why)
#define REFUSED(path, err, part)                                                        \
	do {                                                                            \
		int got = trust_path(path, why, sizeof(why));                           \
                                                                                        \
		CHECK(got == (err) && strstr(why, part), "%s: %d, %s", path, got, why); \
	} while (0)

static void paths(void)
{
	CHECK(!mkdir("ours", 0755) && !mkdir("open", 0755) && !chmod("open", 0777), "mkdir");
	CHECK(!mkdir("sticky", 0755) && !chmod("sticky", 01777), "mkdir");
	CHECK(!symlink("ours", "link") && !symlink("loop", "loop"), "symlink");
	CHECK(!symlink("../open", "ours/out") && !symlink("/", "root"), "symlink");
	fclose(fopen("plain", "w"));
	TRUSTED("x");
	TRUSTED("ours/x");
	TRUSTED("./ours//../ours/x");
	TRUSTED("link/x");
	TRUSTED("sticky/x");
	TRUSTED("root/dev/null");
	TRUSTED("/tmp/x");
	TRUSTED("/");
	REFUSED("open/x", -EPERM, "open is another user's");
	REFUSED("link/out/x", -EPERM, "open is another user's");
	REFUSED("ours/../open/x", -EPERM, "another user's");
	REFUSED("loop/x", -ELOOP, "loop");
	REFUSED("nothing/x", -ENOENT, "nothing");
	REFUSED("plain/x", -ENOTDIR, "plain");
}

int main(void)
{
	char dir[] = "/tmp/registry.XXXXXX", command[64];

	CHECK(mkdtemp(dir), "mkdtemp");
	registries(dir);
	paths();
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) != 0;
}
