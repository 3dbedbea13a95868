/* SPDX-License-Identifier: GPL-2.0-only */
/* afxdpctl - look at a running afxdpd, and tell it what to do. */
#include <getopt.h>
#include <stddef.h>
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
	{ "top", ctl_top, "", "rates of all, of queues, of rules, refreshed every second" },
	{ "top", ctl_top, "", "--batch N times and end, --sort rules by rate, total or order" },
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
	{ "sink", ctl_sink, "SINK|rotate [NAME]",
	  "send frames to another sink, or captures to another file, from now on" },
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

/* Options: where their value goes, and whose they are; NULL: everybody's. */
static const struct {
	int letter;
	const char *name;
	size_t at;
	ctl_command *whose;
} options[] = {
#define AT(member) offsetof(struct ctl, member)
	{ 'i', "-i", AT(ifname), NULL },
	{ 'C', "--control", AT(control), NULL },
	{ 'f', "-f", AT(expression), ctl_rules },
	{ 'r', "--pcap (-r)", AT(pcap), ctl_rules },
	{ 'p', "--pcap (-r)", AT(pcap), ctl_rules },
	{ 'n', "-n", AT(frame), ctl_rules },
	{ 'c', "-c", AT(count), ctl_dump },
	{ 'w', "-w", AT(write), ctl_dump },
	{ 's', "-s", AT(snap), ctl_dump },
	{ 'W', "--watch", AT(watch), ctl_ledger },
	{ 'S', "--since", AT(since), ctl_ledger },
	{ 'v', "--csv", AT(csv), ctl_ledger },
	{ 'B', "--batch", AT(batch), ctl_top },
	{ 'O', "--sort", AT(sort), ctl_top },
#undef AT
};

#define OPTIONS (sizeof(options) / sizeof(*options))

static const char **value_of(struct ctl *ctl, size_t option)
{
	return (const char **)((char *)ctl + options[option].at);
}

/* Return: whether @letter has a value, which is in place now. */
static bool take(struct ctl *ctl, int letter)
{
	for (size_t i = 0; i < OPTIONS; i++) {
		if (options[i].letter != letter)
			continue;
		*value_of(ctl, i) = optarg ?: "1";
		return true;
	}
	return false;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i].name, argv[0]))
			continue;
		for (size_t k = 0; k < OPTIONS; k++)
			if (*value_of(ctl, k) && options[k].whose &&
			    options[k].whose != commands[i].run)
				return ctl_fail(2, "%s does not take %s", argv[0], options[k].name);
		return commands[i].run(ctl, argc, argv);
	}
	return ctl_fail(2, "unknown command '%s' (--help shows all)", argv[0]);
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
					       { "batch", required_argument, NULL, 'B' },
					       { "sort", required_argument, NULL, 'O' },
					       { "version", no_argument, NULL, 'V' },
					       { "help", no_argument, NULL, 'h' },
					       { 0 } };
	struct ctl ctl = { 0 };
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":i:f:r:n:c:w:s:Vh", longs, NULL)) != -1) {
		if (c == 'V') {
			printf("afxdpctl %s\n", AFXDP_VERSION);
			return 0;
		}
		if (c == 'h') {
			help(stdout);
			return 0;
		}
		if (c == 'j')
			ctl.json = true;
		else if (!take(&ctl, c))
			return ctl_fail(2,
					c == ':' ? "option '%s' needs a value"
						 : "unknown option '%s' (--help shows all)",
					argv[optind - 1]);
	}
	if (optind == argc) {
		help(stderr);
		return 2;
	}
	return run(&ctl, argc - optind, argv + optind);
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
