/* SPDX-License-Identifier: GPL-2.0-only */
/* Files of sets as people download them: what is taken, what is not and said to be, what is
 * refused. */
#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <rules.h>
#include "../rules/random.h"
#include "t.h"

static char path[] = "/tmp/afxdp-import-XXXXXX";

/* Rules with a set out of @text; NULL with @err. */
static struct afxdp_rules *import(const char *text, size_t len, char *err, size_t size)
{
	struct afxdp_rules *rules = NULL;
	FILE *f = fopen(path, "w");
	char line[128];

	CHECK(f && fwrite(text, 1, len, f) == len, "%s", path);
	fclose(f);
	snprintf(line, sizeof(line), "set s = \"%s\"\ndrop all\n", path);
	err[0] = 0;
	afxdp_rules_parse_text("rules", line, strlen(line), &rules, err, size);
	return rules;
}

/* What is left of a timeout as minutes, those that have begun too: however slow the test. */
static unsigned int minutes(const char *timeout)
{
	unsigned int seconds = 0, n;
	char unit;

	for (; *timeout; timeout++) {
		CHECK(sscanf(timeout, "%u%c", &n, &unit) == 2, "'%s'", timeout);
		seconds += n * (unit == 'd' ? 86400 : unit == 'h' ? 3600 : unit == 'm' ? 60 : 1);
		timeout = strchr(timeout, unit);
	}
	return (seconds + 59) / 60;
}

/* With `~MINUTES` behind what ends by itself. */
static int append(void *arg, const char *element)
{
	char *list = arg, *timeout;

	strcat(list, *list ? " " : "");
	strcat(list, element);
	timeout = strstr(list, " timeout ");
	if (timeout)
		sprintf(timeout, "~%u", minutes(strstr(element, " timeout ") + 9));
	return 0;
}

static void takes(const char *text, const char *want, const char *warning)
{
	char err[512], list[4096] = "";
	struct afxdp_rules *rules = import(text, strlen(text), err, sizeof(err));
	const char *said;

	CHECK(rules, "'%s': %s", text, err);
	CHECK(!afxdp_rules_set_list(rules, "s", append, list), "no set");
	CHECK(!strcmp(list, want), "'%s': '%s', not '%s'", text, list, want);
	said = afxdp_rules_warning(rules, 0);
	CHECK(!said == !warning && (!said || strstr(said, warning)), "'%s': said '%s'", text,
	      said ?: "");
	afxdp_rules_free(rules);
}

static void refuses(const char *text, size_t len, const char *why)
{
	char err[512];
	struct afxdp_rules *rules = import(text, len, err, sizeof(err));

	CHECK(!rules && strstr(err, why), "'%s': '%s'", text, err);
	afxdp_rules_free(rules);
}

/* The next prefix of a list is @text: it must begin at @state's place. */
struct walk {
	uint64_t at, end;
	uint32_t n;
};

static int step(void *arg, const char *text)
{
	struct walk *w = arg;
	char address[64];
	uint32_t length = 32, v4;

	snprintf(address, sizeof(address), "%s", text);
	if (strchr(address, '/')) {
		length = strtoul(strchr(address, '/') + 1, NULL, 10);
		*strchr(address, '/') = 0;
	}
	CHECK(inet_pton(AF_INET, address, &v4) == 1, "%s", text);
	CHECK(ntohl(v4) == w->at, "%s is not where the range goes on", text);
	w->at += 1ULL << (32 - length);
	w->n++;
	return 0;
}

/* A range is all of its addresses and no other. */
static void ranges(struct rng *r)
{
	for (int i = 0; i < 300; i++) {
		uint32_t a = rng_next(r),
			 b = rng_chance(r, 50) ? rng_next(r) : a + rng_below(r, 1000);
		uint32_t from = a < b ? a : b, to = a < b ? b : a;
		struct in_addr first = { htonl(from) }, last = { htonl(to) };
		char text[64], one[INET_ADDRSTRLEN], other[INET_ADDRSTRLEN], err[512];
		struct walk w = { .at = from };
		struct afxdp_rules *rules;

		inet_ntop(AF_INET, &first, one, sizeof(one));
		inet_ntop(AF_INET, &last, other, sizeof(other));
		snprintf(text, sizeof(text), "%s-%s\n", one, other);
		rules = import(text, strlen(text), err, sizeof(err));
		CHECK(rules, "%s: %s", text, err);
		CHECK(!afxdp_rules_set_list(rules, "s", step, &w), "no set");
		CHECK(w.at == (uint64_t)to + 1 && w.n <= 62, "%s ends before %lu, %u prefixes",
		      text, w.at, w.n);
		afxdp_rules_free(rules);
	}
}

int main(void)
{
	struct rng r = { .state = 1 };

	libbpf_set_print(NULL);
	close(mkstemp(path));
	takes("\xef\xbb\xbf; Spamhaus DROP List - (c)\r\n1.10.16.0/20 ; SBL256894\r\n\r\n"
	      "1.19.0.0/16 ; SBL434604\r\n",
	      "1.10.16.0/20 1.19.0.0/16", NULL);
	takes("10.0.0.5-10.0.0.9\n10.1.0.0 - 10.1.255.255 # all\n",
	      "10.0.0.5 10.0.0.6/31 10.0.0.8/31 10.1.0.0/16", NULL);
	takes("192.0.2.0/255.255.255.0\n10.0.0.0/255.0.0.0", "10.0.0.0/8 192.0.2.0/24", NULL);
	takes("::ffff:10.0.0.1\n::ffff:192.0.2.0/120\n::ffff:0:0/95\n",
	      "10.0.0.1 192.0.2.0/24 ::fffe:0:0/95", "has bits behind its length");
	takes("2001:db8::1-2001:db8::4", "2001:db8::1 2001:db8::2/127 2001:db8::4", NULL);
	takes("0.0.0.0-255.255.255.255\n::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	      "0.0.0.0/0 ::/0", NULL);
	takes("create bad hash:net family inet hashsize 1024 maxelem 65536\n"
	      "add bad 198.51.100.0/24\nadd bad 203.0.113.7 timeout 300 comment \"x\"\n",
	      "198.51.100.0/24 203.0.113.7~5", NULL);
	takes("add bad 203.0.113.7 timeout 0\n", "203.0.113.7", NULL);
	takes("add bad 10.0.0.0/8\nadd bad 10.1.0.0/16 nomatch\n", "10.0.0.0/8",
	      "'10.1.0.0/16' is not taken");
	takes("add bad 10.0.0.1,tcp:80\nadd bad 10.0.0.2\n", "10.0.0.2",
	      "'10.0.0.1,tcp:80' is not taken");
	takes("table ip filter {\n\tset black {\n\t\ttype ipv4_addr\n\t\tflags interval,timeout\n"
	      "\t\tauto-merge\n\t\telements = { 192.0.2.1, 192.0.2.4-192.0.2.7,\n"
	      "\t\t\t     198.51.100.0/24 timeout 1h expires 59m58s, 203.0.113.9 }\n\t}\n}\n",
	      "192.0.2.1 192.0.2.4/30 198.51.100.0/24~60 203.0.113.9", NULL);
	takes("table ip f {\n\tset s {\n\t\ttype ipv4_addr\n\t\tflags timeout\n\t\ttimeout 2h\n"
	      "\t\telements = { 192.0.2.1 expires 59m59s500ms, 192.0.2.2 timeout 1d expires 3h,\n"
	      "\t\t\t     192.0.2.3 counter packets 0 bytes 0 comment \"a, b # timeout 3s\" }\n\t}\n}\n",
	      "192.0.2.1~60 192.0.2.2~180 192.0.2.3~120", NULL);
	takes("10.0.0.1 timeout 10m\n10.0.0.2 timeout 3600, 10.0.0.4-10.0.0.5 timeout 1h30m # x\n"
	      "10.0.0.8/32\n",
	      "10.0.0.1~10 10.0.0.2~60 10.0.0.4/31~90 10.0.0.8", NULL);
	takes("80 timeout 1h\n81 timeout 1h\n443-445 timeout 2h\n", "80-81~60 443-445~120", NULL);
	takes("10.0.0.1 . 80 timeout 1h\n10.0.0.1:81\n", "10.0.0.1:80~60 10.0.0.1:81", NULL);
	takes("10.0.0.1 timeout 1h\n10.0.0.1 timeout 2h\n", "10.0.0.1~120", NULL);
	takes("80\n443, 8000-8002 # web\n8003\n", "80 443 8000-8003", NULL);
	takes("create p bitmap:port range 0-65535\nadd p 53\nadd p 100-102 timeout 5\n",
	      "53 100-102~1", NULL);
	takes("table inet f {\n\tset p {\n\t\ttype inet_service\n\t\tflags interval\n"
	      "\t\telements = { 22, 6000-6063 }\n\t}\n}\n",
	      "22 6000-6063", NULL);
	takes("02:00:00:00:00:0A\n02-00-00-00-00-02\n", "02:00:00:00:00:02 02:00:00:00:00:0a",
	      NULL);
	takes("create m hash:mac\nadd m 01:02:03:04:05:06\n", "01:02:03:04:05:06", NULL);
	takes("10.0.0.1:80\r\n192.0.2.1:53 ; dns\r\n", "192.0.2.1:53 10.0.0.1:80", NULL);
	takes("elements = { 10.0.0.1 . 80, 10.0.0.2 . 22 }\n", "10.0.0.2:22 10.0.0.1:80", NULL);
	refuses("80\n10.0.0.1\n", 12, "'10.0.0.1' is not one of the ports");
	refuses("10.0.0.1\n80\n", 12, "'80' is not one of the addresses");
	refuses("65536\n", 6, "'65536' is not");
	refuses("10.0.0.1 timeout 10x\n", 21, "'10x' is not a time");
	refuses("10.0.0.1 timeout\n", 17, "'' is not a time");
	refuses("10.0.0.1 timeout 4000d\n", 23, "'4000d' is not a time");
	refuses("10.0.0.1, timeout 3s\n", 21, "'timeout 3s' has no element");
	refuses("80-79\n", 6, "'80-79' is not");
	refuses("02:00:00:00:00\n", 15, "is not");
	refuses("02:00:00-00:00:01\n", 18, "is not");
	refuses("10.0.0.1:65536\n", 15, "is not");
	refuses("10.0.0.0/8:80\n", 14, "is not");
	takes("10.0.0.1, 10.0.0.2,\n", "10.0.0.1 10.0.0.2", NULL);
	refuses("10.0.0.1\0x\n", 11, "NUL byte");
	refuses("\0\n", 2, "NUL byte");
	refuses("10.0.0.9-10.0.0.1", 17, "ends before it begins");
	refuses("10.0.0.1-2001:db8::1", 20, "not a range");
	refuses("10.0.0.0/8-10.0.0.1", 19, "not a range");
	refuses("10.0.0.0/255.0.255.0", 20, "'10.0.0.0/255.0.255.0' is not");
	refuses("10.0.0.1\nexample.org\n", 21, ":2: 'example.org' is not");
	refuses("set s = \"file\"\n", 15, "'set s = \"file\"' is not");
	refuses("10.0.0.1 10.0.0.2\n", 18, "'10.0.0.1 10.0.0.2' is not");
	ranges(&r);
	unlink(path);
	return 0;
}
