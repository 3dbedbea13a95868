/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A plugin that blocks where it is told to, by words in its argument: open, frames, finish, report;
 * for as long as the file FILE of "WORD,FILE" is there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <afxdp/plugin.h>

static char *file;
static const char *where = "";

static void block(const char *at)
{
	while (!strcmp(at, where) && !access(file, F_OK))
		usleep(10000);
}

static int stuck_open(const char *arg, const struct afxdp_plugin_env *env, void **state, char *why,
		      size_t size)
{
	char *text = strdup(arg ? arg : ",");

	(void)env;
	(void)why;
	(void)size;
	file = strchr(text, ',');
	*file++ = '\0';
	where = text;
	*state = text;
	block("open");
	return 0;
}

static uint32_t stuck_frames(void *lane, const struct afxdp_plugin_frame *frames, uint32_t n)
{
	(void)lane;
	(void)frames;
	(void)n;
	block("frames");
	return 0;
}

static void stuck_finish(void *state)
{
	(void)state;
	block("finish");
}

static char *stuck_report(void *state)
{
	(void)state;
	block("report");
	return strdup("{}");
}

static void stuck_close(void *state)
{
	free(state);
	where = "";
}

extern const struct afxdp_plugin afxdp_plugin;
const struct afxdp_plugin afxdp_plugin = {
	.abi = AFXDP_PLUGIN_ABI,
	.size = sizeof(struct afxdp_plugin),
	.name = "stuck",
	.open = stuck_open,
	.frames = stuck_frames,
	.finish = stuck_finish,
	.report = stuck_report,
	.close = stuck_close,
};
