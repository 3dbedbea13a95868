/* SPDX-License-Identifier: GPL-2.0-only */
#include "mode.h"

#include <string.h>

static const char *const mode_names[MODES] = { "interrupt", "busy", "spin", "adaptive" };

int mode_parse(const char *name)
{
	for (int i = 0; i < MODES; i++)
		if (!strcmp(name, mode_names[i]))
			return i;
	return -1;
}

const char *mode_name(enum mode mode)
{
	return mode < MODES ? mode_names[mode] : "unknown";
}
