/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Plugins that are not as they should be, one for each value of ODD; and 0, which says what it is
 * called with.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <afxdp/plugin.h>

#if ODD == 1 /* defines nothing of the sort */
extern int something_else;
int something_else;
#else

static char *log_text;
static size_t log_size;
static FILE *log_file;

static int odd_open(const char *arg, const struct afxdp_plugin_env *env, void **state, char *why,
		    size_t size)
{
	if (arg && !strcmp(arg, "refuse")) {
		snprintf(why, size, "not today");
		return -EPERM;
	}
	if (arg && !strcmp(arg, "refuse silently"))
		return -EPERM;
	if (ODD == 6) /* has no close() to free it */
		return 0;
	log_file = open_memstream(&log_text, &log_size);
	fprintf(log_file, "open %s %u %s;", arg ? arg : "-", env->workers, env->ifname);
	*state = log_file;
	return 0;
}

static int odd_start(void *state, uint32_t worker, void **lane)
{
	if (state)
		fprintf(state, " start %u;", worker);
	*lane = state;
	return 0;
}

/* Every frame is described; those of more than one piece are refused; a batch of just one frame is
 * answered with nonsense. */
static uint32_t odd_frames(void *lane, const struct afxdp_plugin_frame *frames, uint32_t n)
{
	uint32_t refused = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct afxdp_plugin_frame *f = &frames[i];

		fprintf(lane, " %u", f->len);
		for (uint32_t k = 0; k < f->more_count; k++)
			fprintf(lane, "+%u", f->more[k].len);
		fprintf(lane, "=%u:%c%s;", f->length, f->data[0], f->meta ? "m" : "");
		refused += f->more_count > 0;
	}
	return n == 1 ? 1000 : refused;
}

static void odd_finish(void *state)
{
	fprintf(state, " finish");
}

static char *odd_report(void *state)
{
	char *text;

	fflush(state);
#if ODD == 5
	return strdup("{ not JSON");
#endif
	return asprintf(&text, "{\"log\":\"%s\"}", log_text ? log_text : "") < 0 ? NULL : text;
}

static void odd_close(void *state)
{
	fclose(state);
	free(log_text);
}

extern const struct afxdp_plugin afxdp_plugin;
const struct afxdp_plugin afxdp_plugin = {
	.abi = ODD == 2 ? AFXDP_PLUGIN_ABI + 1 : AFXDP_PLUGIN_ABI,
#if ODD == 3   /* no room for frames() */
	.size = offsetof(struct afxdp_plugin, frames),
#elif ODD == 6 /* an older one, that ends behind frames() */
	.size = offsetof(struct afxdp_plugin, finish),
#else
	.size = sizeof(struct afxdp_plugin),
#endif
	.name = "odd",
	.open = odd_open,
	.start = odd_start,
	.frames = ODD == 4 ? NULL : odd_frames,
	.finish = odd_finish,
	.report = odd_report,
	.close = odd_close,
};
#endif
