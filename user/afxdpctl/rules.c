/* SPDX-License-Identifier: GPL-2.0-only */
/* rules.c - rules: of a running daemon, shown with their counters, and replaced; or of a file
 * (check.c, trial.c, explain.c, import.c). */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <afxdp/abi.h>
#include <bpf/libbpf.h>
#include "ctl.h"
#include "rules.h"
#include "table.h"

static uint64_t get(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static void print_rules(const json_t *before, const json_t *now)
{
	const json_t *rules = json_object_get(now, "rules"), *r;
	double s = json_real_value(json_object_get(now, "time_s")) -
		   json_real_value(json_object_get(before, "time_s"));
	char frames[32], bytes[32], rate[32];
	size_t i;

	printf("%5s %18s %20s %12s  %s\n", "index", "frames", "bytes", "frames/s", "text");
	json_array_foreach(rules, i, r) {
		const json_t *old = json_array_get(json_object_get(before, "rules"), i);
		uint64_t n = get(r, "frames");

		printf("%5" PRIu64 " %18s %20s %12s  %s\n", get(r, "index"),
		       table_number(n, frames, sizeof(frames)),
		       table_number(get(r, "bytes"), bytes, sizeof(bytes)),
		       table_number(s > 0 ? (n - get(old, "frames")) / s : 0, rate, sizeof(rate)),
		       json_string_value(json_object_get(r, "text")));
	}
	printf("%5s %18s %20s %12s  default %s\n", "", "", "", "",
	       json_string_value(json_object_get(now, "default")));
}

static int show(const struct ctl *ctl, int argc, char **argv)
{
	json_t *before, *now;
	int status;

	if (argc > 1)
		return ctl_fail(2, "rules show takes no argument, but has '%s'", argv[1]);
	status = ctl_ask(ctl, json_pack("{s:s}", "command", "rules"), &before);
	if (status)
		return status;
	if (ctl->json) {
		ctl_print(before);
		json_decref(before);
		return 0;
	}
	sleep(1); /* rates need two looks */
	status = ctl_ask(ctl, json_pack("{s:s}", "command", "rules"), &now);
	if (!status) {
		print_rules(before, now);
		json_decref(now);
	}
	json_decref(before);
	return status;
}

static int replace(const struct ctl *ctl, int argc, char **argv)
{
	char *path;
	json_t *reply;
	int status;

	if (argc != 2)
		return ctl_fail(2, "rules replace: say which file");
	/* The daemon's working directory is not ours. */
	path = realpath(argv[1], NULL);
	if (!path)
		return ctl_fail(2, "%s: %s", argv[1], strerror(errno));
	status = ctl_ask(ctl, json_pack("{s:s, s:s}", "command", "rules-replace", "path", path),
			 &reply);
	free(path);
	if (status)
		return status;
	if (ctl->json)
		ctl_print(reply);
	ctl_print_notes(reply);
	json_decref(reply);
	return 0;
}

void ctl_print_notes(const json_t *reply)
{
	const json_t *note;
	size_t i;

	json_array_foreach(json_object_get(reply, "notes"), i, note)
		ctl_fail(0, "%s", json_string_value(note));
}

int ctl_read_rules(const struct ctl *ctl, const char *path, struct afxdp_rules **rules)
{
	const char *line;
	char err[512];
	int ret;

	libbpf_set_print(NULL);
	ret = ctl->expression ? afxdp_rules_parse_expr(ctl->expression, rules, err, sizeof(err))
			      : afxdp_rules_parse_file(path, rules, err, sizeof(err));
	if (ret)
		return ctl_fail(ret == -ENOMEM ? 1 : 2, "%s", err);
	for (uint32_t i = 0; (line = afxdp_rules_warning(*rules, i)); i++)
		ctl_fail(0, "%s", line);
	return 0;
}

const char *ctl_verdict(unsigned int verdict)
{
	static const char *const names[AFXDP_VERDICTS] = {
		[AFXDP_PASS] = "pass",	     [AFXDP_DROP] = "drop", [AFXDP_LIMIT] = "limit",
		[AFXDP_ABORT] = "abort",     [AFXDP_TX] = "tx",	    [AFXDP_UNCLAIMED] = "unclaimed",
		[AFXDP_CAPTURE] = "capture",
	};

	return verdict < AFXDP_VERDICTS ? names[verdict] : "?";
}

static const struct {
	const char *name;
	ctl_command *run;
	bool trial; /* of rules that are not running: takes -f and --pcap */
} verbs[] = {
	{ "show", show, false },
	{ "replace", replace, false },
	{ "check", ctl_rules_check, true },
	{ "test", ctl_rules_test, true },
	{ "explain", ctl_rules_explain, true },
	{ "import", ctl_rules_import, false },
};

int ctl_rules(const struct ctl *ctl, int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(*verbs); i++)
		if (!strcmp(verbs[i].name, argv[1])) {
			if (!verbs[i].trial && (ctl->expression || ctl->pcap))
				return ctl_fail(2, "rules %s takes neither -f nor --pcap", argv[1]);
			if (ctl->frame && verbs[i].run != ctl_rules_explain)
				return ctl_fail(2, "rules %s takes no -n", argv[1]);
			return verbs[i].run(ctl, argc - 1, argv + 1);
		}
	if (argc > 1)
		return ctl_fail(2, "unknown verb 'rules %s' (--help shows all)", argv[1]);
	return ctl_fail(
		2, "rules: say what: show, replace FILE, check FILE, test FILE --pcap CAPTURE, or "
		   "explain FILE [-r CAPTURE [-n N]], import nft|ipset FILE DIRECTORY");
}
