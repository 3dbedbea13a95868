/* SPDX-License-Identifier: GPL-2.0-only */
/* change.c - mode, sink, stop: one word to the daemon, nothing to print. */
#include <string.h>
#include "ctl.h"

static int tell(const struct ctl *ctl, json_t *request)
{
	json_t *reply;
	int status = ctl_ask(ctl, request, &reply);

	if (status)
		return status;
	if (ctl->json)
		ctl_print(reply);
	json_decref(reply);
	return 0;
}

int ctl_mode(const struct ctl *ctl, int argc, char **argv)
{
	if (argc != 2)
		return ctl_fail(2, "mode: say which: interrupt, busy, spin or adaptive");
	return tell(ctl, json_pack("{s:s, s:s}", "command", "mode", "mode", argv[1]));
}

int ctl_sink(const struct ctl *ctl, int argc, char **argv)
{
	if ((argc == 2 || argc == 3) && !strcmp(argv[1], "rotate"))
		return tell(ctl, json_pack("{s:s, s:s*}", "command", "sink-rotate", "name",
					   argc == 3 ? argv[2] : NULL));
	if (argc != 2)
		return ctl_fail(2, "sink: say which, as after afxdpd -s");
	return tell(ctl, json_pack("{s:s, s:s}", "command", "sink", "sink", argv[1]));
}

int ctl_stop(const struct ctl *ctl, int argc, char **argv)
{
	if (argc > 1)
		return ctl_fail(2, "stop takes no argument, but has '%s'", argv[1]);
	return tell(ctl, json_pack("{s:s}", "command", "stop"));
}
