/* SPDX-License-Identifier: GPL-2.0-only */
/* afxdpd - receive frames from an interface through AF_XDP, and account for every one. */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <xdp/libxdp.h>
#include "daemon.h"
#include "written.h"

int main(int argc, char **argv)
{
	struct options options;
	char why[512];
	int status = EXIT_DONE;

	standard_open();
	/* By the kernel's random numbers, which are read from a file, once. */
	json_object_seed(0);
	if (options_parse(&options, argc, argv, why, sizeof(why))) {
		log_line(LEVEL_ERROR, "%s", why);
		status = EXIT_USAGE;
	} else if (options.help) {
		options_help();
		printf("\nsinks:\n");
		sink_help();
	} else if (options.version) {
		printf("afxdpd %s\n", AFXDP_VERSION);
	} else {
		if (!options.verbose) {
			libbpf_set_print(NULL);
			libxdp_set_print(NULL);
		}
		status = daemon_run(&options);
	}
	options_free(&options);
	return written("afxdpd", status);
}
