/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include "internal.h"

int rules_define_set(struct afxdp_rules *r, const char *file, uint32_t line, const char *text,
		     char *err, size_t errlen)
{
	(void)r;
	snprintf(err, errlen, "%s:%u: 'set %s': sets are not supported yet", file, line, text);
	return -EOPNOTSUPP;
}

int rules_find_set(const struct afxdp_rules *r, const char *name)
{
	(void)r;
	(void)name;
	return -1;
}

int rules_set_fd(const struct afxdp_rules *r, uint32_t set)
{
	(void)r;
	(void)set;
	return -1;
}
