/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl.h"
#include "table.h"

int ctl_ledger(const struct ctl *ctl, int argc, char **argv)
{
	json_t *report;
	int status;

	if (argc > 1)
		return ctl_fail(2, "ledger takes no argument, but has '%s'", argv[1]);
	report = ctl_report(ctl, &status);
	if (!report)
		return status;
	if (ctl->json)
		ctl_print(report);
	else
		table_ledger(stdout, report);
	json_decref(report);
	return 0;
}
