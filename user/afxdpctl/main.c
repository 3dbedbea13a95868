/* SPDX-License-Identifier: GPL-2.0-only */
/* afxdpctl - look at a running afxdpd, and tell it what to do. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "ctl.h"
#include "printable.h"
#include "written.h"

static const struct {
	const char *name;
	ctl_command *run;
	const char *args;
	const char *help;
} commands[] = {
	{ "status", ctl_status, "", "what the daemon on IFACE is doing" },
	{ "ledger", ctl_ledger, "", "where every frame went (--json: the whole report)" },
	{ "ledger", ctl_ledger, "",
	  "again each second (--watch), as --csv, --since FILE (a report)" },
	{ "top", ctl_top, "", "rates, refreshed every second" },
	{ "rules", ctl_rules, "VERB",
	  "show, or replace FILE: first match wins, see afxdp-rules(5)" },
	{ "rules", ctl_rules, "VERB",
	  "check FILE, or test FILE|-f EXPR --pcap CAPTURE; need no daemon" },
	{ "rules", ctl_rules, "VERB",
	  "explain FILE|-f EXPR [-r CAPTURE [-n N]]: what they ask of its N-th frame" },
	{ "rules", ctl_rules, "VERB",
	  "import nft|ipset FILE DIRECTORY: rules and sets of other programs" },
	{ "set", ctl_set, "NAME VERB",
	  "add ELEMENT [timeout 10m], del ELEMENT, list, or replace FILE" },
	{ "mode", ctl_mode, "MODE", "change to interrupt, busy, spin or adaptive" },
	{ "sink", ctl_sink, "SINK", "send frames to another sink from now on" },
	{ "dump", ctl_dump, "[EXPR]",
	  "look at frames, dropped ones too, as tcpdump would; or -w FILE|-" },
	{ "doctor", ctl_doctor, "", "what IFACE can do, and what to change; needs no daemon" },
	{ "stop", ctl_stop, "", "end the daemon; it prints its ledger" },
};

#define COMMANDS (sizeof(commands) / sizeof(*commands))

static void help(FILE *to)
{
	fprintf(to,
		"afxdpctl %s: look at a running afxdpd, and tell it what to do\n\n"
		"usage: afxdpctl -i IFACE [--control PATH] [--json] COMMAND\n\n",
		AFXDP_VERSION);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(to, "  %s %-*s %s\n", commands[i].name, 12 - (int)strlen(commands[i].name),
			commands[i].args, commands[i].help);
}

static int main_status(int argc, char **argv)
{
	static const struct option longs[] = { { "interface", required_argument, NULL, 'i' },
					       { "control", required_argument, NULL, 'C' },
					       { "pcap", required_argument, NULL, 'p' },
					       { "json", no_argument, NULL, 'j' },
					       { "csv", no_argument, NULL, 'v' },
					       { "watch", optional_argument, NULL, 'W' },
					       { "since", required_argument, NULL, 'S' },
					       { "version", no_argument, NULL, 'V' },
					       { "help", no_argument, NULL, 'h' },
					       { 0 } };
	struct ctl ctl = { 0 };
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":i:f:r:n:c:w:s:Vh", longs, NULL)) != -1) {
		switch (c) {
		case 'i':
			ctl.ifname = optarg;
			break;
		case 'C':
			ctl.control = optarg;
			break;
		case 'c':
			ctl.count = optarg;
			break;
		case 'w':
			ctl.write = optarg;
			break;
		case 's':
			ctl.snap = optarg;
			break;
		case 'f':
			ctl.expression = optarg;
			break;
		case 'p':
		case 'r':
			ctl.pcap = optarg;
			break;
		case 'n':
			ctl.frame = optarg;
			break;
		case 'v':
			ctl.csv = true;
			break;
		case 'W':
			ctl.watch = optarg ?: "1";
			break;
		case 'S':
			ctl.since = optarg;
			break;
		case 'j':
			ctl.json = true;
			break;
		case 'V':
			printf("afxdpctl %s\n", AFXDP_VERSION);
			return 0;
		case 'h':
			help(stdout);
			return 0;
		default:
			return ctl_fail(2,
					c == ':' ? "option '%s' needs a value"
						 : "unknown option '%s' (--help shows all)",
					argv[optind - 1]);
		}
	}
	if (optind == argc) {
		help(stderr);
		return 2;
	}
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i].name, argv[optind]))
			continue;
		if ((ctl.expression || ctl.pcap || ctl.frame) && commands[i].run != ctl_rules)
			return ctl_fail(2, "%s takes neither -f nor --pcap nor -n", argv[optind]);
		if ((ctl.count || ctl.write || ctl.snap) && commands[i].run != ctl_dump)
			return ctl_fail(2, "%s takes none of -c, -w and -s", argv[optind]);
		if ((ctl.csv || ctl.watch || ctl.since) && commands[i].run != ctl_ledger)
			return ctl_fail(2, "%s takes none of --csv, --watch and --since",
					argv[optind]);
		return commands[i].run(&ctl, argc - optind, argv + optind);
	}
	return ctl_fail(2, "unknown command '%s' (--help shows all)", argv[optind]);
}

int main(int argc, char **argv)
{
	standard_open();
	/* Whatever is in names, rules and answers: nothing that is printed does anything to the
	 * terminal. */
	stdout = printable_stream(STDOUT_FILENO);
	if (!stdout)
		return ctl_fail(1, "out of memory");
	return written("afxdpctl", main_status(argc, argv));
}
