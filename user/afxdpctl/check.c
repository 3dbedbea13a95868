/* SPDX-License-Identifier: GPL-2.0-only */
/* check.c - what a rules file becomes: compiled, and shown to the kernel. Needs no daemon. */
#include <net/if.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include "ctl.h"
#include "nic.h"
#include "rules.h"
#include "table.h"
#include "trial.h"

static json_t *describe_rules(const struct afxdp_rules *rules)
{
	json_t *list = json_array();
	struct afxdp_rule_info info;

	for (uint32_t i = 0; !afxdp_rules_describe(rules, i, &info); i++)
		json_array_append_new(list,
				      json_pack("{s:I, s:I, s:s, s:I}", "index", (json_int_t)i,
						"line", (json_int_t)info.line, "text", info.text,
						"instructions", (json_int_t)info.instructions));
	return list;
}

static json_t *describe_sets(const struct afxdp_rules *rules)
{
	json_t *list = json_array();
	struct afxdp_set_info info;

	for (uint32_t i = 0; !afxdp_rules_set(rules, i, &info); i++)
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "name",
					info.name, "path", info.path, "kind", info.kind, "others",
					(json_int_t)info.others, "rules", (json_int_t)info.rules,
					"ipv4", (json_int_t)info.ipv4, "ipv6",
					(json_int_t)info.ipv6, "bytes", (json_int_t)info.bytes));
	return list;
}

/* What only the kernel can say; NULL for those who may not ask it. */
static int describe_loaded(struct afxdp_rules *rules, json_t **out)
{
	struct afxdp_trial_size size;
	struct afxdp_trial *trial;
	char err[512];
	int ret = afxdp_trial_open(&trial, rules, err, sizeof(err));

	*out = json_null();
	if (ret == -EPERM) {
		fprintf(stderr, "afxdpctl: not loaded into the kernel: that needs root\n");
		return 0;
	}
	if (!ret) {
		ret = afxdp_trial_size(trial, &size);
		snprintf(err, sizeof(err), "cannot look at the loaded program");
	}
	if (ret)
		return ctl_fail(1, "%s", err);
	*out = json_pack("{s:I, s:I, s:I}", "instructions", (json_int_t)size.instructions,
			 "machine_bytes", (json_int_t)size.machine, "verified",
			 (json_int_t)size.verified);
	afxdp_trial_close(trial);
	return 0;
}

static uint64_t get(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static const char *text(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static void print_set(const json_t *o)
{
	const char *path = text(o, "path");
	char a[32], b[32], c[32];

	table_number(get(o, "ipv4"), a, sizeof(a));
	table_number(get(o, "ipv6"), b, sizeof(b));
	table_number(get(o, "bytes"), c, sizeof(c));
	if (get(o, "rules"))
		printf("%s are one look-up: %s IPv4, %s IPv6, %s bytes\n", text(o, "name"), a, b,
		       c);
	else if (get(o, "others"))
		printf(*path ? "set %s = \"%s\": %s %s, %s bytes\n"
			     : "set %s%s of a list: %s %s, %s bytes\n",
		       text(o, "name"), path, table_number(get(o, "others"), a, sizeof(a)),
		       text(o, "kind"), c);
	else if (*path)
		printf("set %s = \"%s\": %s IPv4, %s IPv6, %s bytes\n", text(o, "name"), path, a, b,
		       c);
	else
		printf("set %s of a list of addresses: %s IPv4, %s IPv6, %s bytes\n",
		       text(o, "name"), a, b, c);
}

static void print_listing(const json_t *listing)
{
	const json_t *loaded = json_object_get(listing, "loaded"), *o;
	char a[32], b[32], c[32];
	size_t i;

	printf("%5s %5s %12s  %s\n", "index", "line", "instructions", "text");
	json_array_foreach(json_object_get(listing, "rules"), i, o)
		printf("%5" PRIu64 " %5" PRIu64 " %12" PRIu64 "  %s\n", get(o, "index"),
		       get(o, "line"), get(o, "instructions"), text(o, "text"));
	printf("%5s %5s %12s  default %s\n", "", "", "", text(listing, "default"));
	json_array_foreach(json_object_get(listing, "sets"), i, o)
		print_set(o);
	printf("rules: %s instructions in %s eBPF functions\n",
	       table_number(get(listing, "instructions"), a, sizeof(a)),
	       table_number(get(listing, "functions"), b, sizeof(b)));
	if (json_is_null(loaded))
		return;
	printf("whole program: %s instructions, %s bytes of machine code, verified in %s steps\n",
	       table_number(get(loaded, "instructions"), a, sizeof(a)),
	       table_number(get(loaded, "machine_bytes"), b, sizeof(b)),
	       table_number(get(loaded, "verified"), c, sizeof(c)));
}

/* Asked about an interface: can rules see the tags of its frames? */
static void note_hidden_tags(const struct ctl *ctl)
{
	unsigned int ifindex = ctl->ifname ? if_nametoindex(ctl->ifname) : 0;
	struct afxdp_nic nic;
	char advice[160];

	if (!ifindex || afxdp_nic_get(ifindex, &nic) ||
	    !afxdp_nic_hides_tags(&nic, false, advice, sizeof(advice)))
		return;
	fprintf(stderr,
		"afxdpctl: %s: a VLAN tag that the device takes off is not seen by rules%s; to keep "
		"it in the frame: %s\n",
		nic.name,
		afxdp_nic_hides_tags(&nic, true, advice, sizeof(advice))
			? ""
			: " in generic mode, nor in a dispatcher",
		advice);
}

/* More than what was said when they were read. */
static void explain(struct afxdp_rules *rules)
{
	const char *line;
	uint32_t n = 0;

	while (afxdp_rules_warning(rules, n))
		n++;
	if (afxdp_rules_explain(rules))
		return;
	while ((line = afxdp_rules_warning(rules, n++)))
		ctl_fail(0, "%s", line);
}

int ctl_rules_check(const struct ctl *ctl, int argc, char **argv)
{
	struct afxdp_rules_size size;
	struct afxdp_rules *rules;
	json_t *listing, *loaded;
	const char *to;
	int status;

	if (ctl->pcap || (argc == 2) == !!ctl->expression)
		return ctl_fail(2, "rules check: say which FILE, or -f EXPR, and no more");
	status = ctl_read_rules(ctl, argv[1], &rules);
	if (status)
		return status;
	explain(rules);
	status = describe_loaded(rules, &loaded);
	if (status)
		goto free;
	afxdp_rules_size(rules, &size);
	to = afxdp_rules_default_consumer(rules);
	listing = json_pack(
		"{s:o, s:o, s:o, s:I, s:I, s:o}", "rules", describe_rules(rules), "default",
		json_sprintf("%s%s%s", ctl_verdict(afxdp_rules_default(rules)), to ? " to " : "",
			     to ?: ""),
		"sets", describe_sets(rules), "instructions", (json_int_t)size.instructions,
		"functions", (json_int_t)size.functions, "loaded", loaded);
	if (ctl->json)
		ctl_print(listing);
	else
		print_listing(listing);
	json_decref(listing);
	note_hidden_tags(ctl);
free:
	afxdp_rules_free(rules);
	return status;
}
