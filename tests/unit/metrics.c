/* SPDX-License-Identifier: GPL-2.0-only */
/* The page of metrics from reports that no daemon makes every day: names that want escaping, many
 * rules, values that are missing. */
#include "t.h"

#include <stdlib.h>
#include <string.h>
#include "metrics.h"

static char *page(json_t *report, bool openmetrics)
{
	size_t size = 0;
	char *text = metrics_text(report, openmetrics, &size);

	CHECK(text && strlen(text) == size);
	json_decref(report);
	return text;
}

static void labels_are_escaped(void)
{
	char *text = page(json_pack("{s:s, s:s, s:[{s:i, s:s, s:i}]}", "interface", "a\"b\\c\n",
				    "version", "1", "rules", "index", 7, "text",
				    "drop \"x\" \\ \n\xc3\xa9", "frames", 3),
			  false);

	CHECK(strstr(text, "afxdp_rule_frames_total{interface=\"a\\\"b\\\\c\\n\",rule=\"7\","
			   "text=\"drop \\\"x\\\" \\\\ \\n\xc3\xa9\"} 3\n"));
	free(text);
}

/* No character is cut in two, and no text is longer than 120 bytes. */
static void texts_are_bounded(void)
{
	char long_text[401] = "", *text;

	for (int i = 0; i < 200; i++)
		strcat(long_text, "\xc3\xa9");
	text = page(json_pack("{s:s, s:[{s:i, s:s, s:i}]}", "interface", "a", "rules", "index", 0,
			      "text", long_text, "frames", 1),
		    false);
	long_text[120] = '\0';
	CHECK(strstr(text, long_text));
	long_text[120] = '\xc3';
	long_text[122] = '\0';
	CHECK(!strstr(text, long_text));
	free(text);
}

static void rules_are_bounded(void)
{
	json_t *rules = json_array();
	unsigned int rows = 0;
	char *text;

	for (int i = 0; i < 600; i++)
		json_array_append_new(rules, json_pack("{s:i, s:s, s:i, s:i}", "index", i, "text",
						       "drop ip", "frames", 2, "bytes", 100));
	text = page(json_pack("{s:s, s:o}", "interface", "a", "rules", rules), false);
	for (const char *at = text; (at = strstr(at, "\nafxdp_rule_frames_total{")); at++)
		rows++;
	CHECK(rows == 513, "%u rows", rows);
	CHECK(strstr(text, "rule=\"511\",text=\"drop ip\"} 2\n"));
	CHECK(strstr(text,
		     "afxdp_rule_frames_total{interface=\"a\",rule=\"others\",text=\"\"} 176\n"));
	CHECK(strstr(text,
		     "afxdp_rule_bytes_total{interface=\"a\",rule=\"others\",text=\"\"} 8800\n"));
	free(text);
}

/* Nothing is said of what nobody could look at. */
static void nothing_is_made_up(void)
{
	char *text = page(json_pack("{s:s, s:n, s:{s:n, s:i}, s:s}", "interface", "a",
				    "last_change", "nic", "missed", "packets", 4, "mode", "spin"),
			  true);

	CHECK(!strstr(text, "last_change"));
	CHECK(!strstr(text, "nic_missed"));
	CHECK(strstr(text, "# TYPE afxdp_nic_packets counter\n"
			   "afxdp_nic_packets_total{interface=\"a\"} 4\n"));
	CHECK(strstr(text, "afxdp_mode{interface=\"a\",mode=\"spin\"} 1\n"));
	CHECK(strstr(text, "afxdp_mode{interface=\"a\",mode=\"busy\"} 0\n"));
	CHECK(!strcmp(text + strlen(text) - 6, "# EOF\n"));
	free(text);
}

static void buckets_add_up(void)
{
	char *text = page(json_pack("{s:s, s:{s:[[i, i], [i, i], [I, i]], s:i, s:I}}", "interface",
				    "a", "latency_ns", "histogram", 127, 5, 511, 2,
				    (json_int_t)17179869183LL, 1, "samples", 8, "sum",
				    (json_int_t)1500000000LL),
			  false);

	CHECK(strstr(text, "le=\"2.55e-07\"} 5\n"));
	CHECK(strstr(text, "le=\"5.11e-07\"} 7\n"));
	CHECK(strstr(text, "le=\"8.58993459\"} 7\n"));
	CHECK(strstr(text, "le=\"+Inf\"} 8\n"));
	CHECK(strstr(text, "afxdp_latency_seconds_sum{interface=\"a\"} 1.500000000\n"));
	free(text);
}

/* Names are what Prometheus takes, and each is there once. */
static void names_are_good(void)
{
	for (const struct metric *m = metrics_table; m->name; m++) {
		CHECK(strspn(m->name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(m->name));
		CHECK(m->help && *m->help);
		for (const struct metric *n = metrics_table; n < m; n++)
			CHECK(strcmp(n->name, m->name));
	}
}

int main(void)
{
	labels_are_escaped();
	texts_are_bounded();
	rules_are_bounded();
	nothing_is_made_up();
	buckets_add_up();
	names_are_good();
	return 0;
}
