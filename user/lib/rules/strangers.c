/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* strangers.c - words of libpcap's language that cannot mean anything here, and what to write
 * instead of what it refuses. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "phrase.h"
#include "words.h"

/* How often @word stands in @text as a word of its own. */
static unsigned int count_word(const char *text, const char *word)
{
	size_t len = strlen(word);
	unsigned int n = 0;

	for (const char *s = strstr(text, word); s; s = strstr(s + 1, word))
		n += (s == text || (!text_is_name(s[-1]) && s[-1] != '\\' && s[-1] != '@')) &&
		     !text_is_name(s[len]);
	return n;
}

/* Words of libpcap's scanner that ask for what is not in a frame. It refuses most of them itself,
 * and accepts the first three for what is not a file, where they then never match. */
static const struct {
	const char *word, *why;
} strangers[] = {
	{ "inbound", "a rule sees received frames only: leave it out" },
	{ "outbound", "a rule sees received frames only, never one that is sent" },
	{ "ifindex", "a rule belongs to one interface: leave it out" },
	{ "ifname", "it is of OpenBSD's packet filter log, not of Ethernet" },
	{ "on", "it is of OpenBSD's packet filter log, not of Ethernet" },
	{ "rnr", "it is of OpenBSD's packet filter log, not of Ethernet" },
	{ "rulenum", "it is of OpenBSD's packet filter log, not of Ethernet" },
	{ "srnr", "it is of OpenBSD's packet filter log, not of Ethernet" },
	{ "subrulenum", "it is of OpenBSD's packet filter log, not of Ethernet" },
	{ "reason", "it is of OpenBSD's packet filter log, not of Ethernet" },
	{ "rset", "it is of OpenBSD's packet filter log, not of Ethernet" },
	{ "ruleset", "it is of OpenBSD's packet filter log, not of Ethernet" },
	{ "action", "it is of OpenBSD's packet filter log, not of Ethernet" },
	{ "type", "it is of 802.11 (wlan) frames, not of Ethernet: 'ether proto'?" },
	{ "subtype", "it is of 802.11 (wlan) frames, not of Ethernet" },
	{ "dir", "it is of 802.11 (wlan) frames, not of Ethernet" },
	{ "direction", "it is of 802.11 (wlan) frames, not of Ethernet" },
	{ "addr1", "it is of 802.11 (wlan) frames, not of Ethernet" },
	{ "addr2", "it is of 802.11 (wlan) frames, not of Ethernet" },
	{ "addr3", "it is of 802.11 (wlan) frames, not of Ethernet" },
	{ "addr4", "it is of 802.11 (wlan) frames, not of Ethernet" },
	{ "address1", "it is of 802.11 (wlan) frames, not of Ethernet" },
	{ "address2", "it is of 802.11 (wlan) frames, not of Ethernet" },
	{ "address3", "it is of 802.11 (wlan) frames, not of Ethernet" },
	{ "address4", "it is of 802.11 (wlan) frames, not of Ethernet" },
	{ "radio", "it is of 802.11 (wlan) frames, not of Ethernet" },
	{ "lane", "it is of ATM, not of Ethernet" },
	{ "metac", "it is of ATM, not of Ethernet" },
	{ "bcc", "it is of ATM, not of Ethernet" },
	{ "oam", "it is of ATM, not of Ethernet" },
	{ "oamf4", "it is of ATM, not of Ethernet" },
	{ "oamf4ec", "it is of ATM, not of Ethernet" },
	{ "oamf4sc", "it is of ATM, not of Ethernet" },
	{ "ilmic", "it is of ATM, not of Ethernet" },
	{ "sc", "it is of ATM, not of Ethernet" },
	{ "vpi", "it is of ATM, not of Ethernet" },
	{ "vci", "it is of ATM, not of Ethernet" },
	{ "connectmsg", "it is of ATM, not of Ethernet" },
	{ "metaconnect", "it is of ATM, not of Ethernet" },
	{ "fisu", "it is of SS7's MTP2, not of Ethernet" },
	{ "lssu", "it is of SS7's MTP2, not of Ethernet" },
	{ "lsu", "it is of SS7's MTP2, not of Ethernet" },
	{ "msu", "it is of SS7's MTP2, not of Ethernet" },
	{ "hfisu", "it is of SS7's MTP2, not of Ethernet" },
	{ "hlssu", "it is of SS7's MTP2, not of Ethernet" },
	{ "hmsu", "it is of SS7's MTP2, not of Ethernet" },
	{ "sio", "it is of SS7's MTP3, not of Ethernet" },
	{ "opc", "it is of SS7's MTP3, not of Ethernet" },
	{ "dpc", "it is of SS7's MTP3, not of Ethernet" },
	{ "sls", "it is of SS7's MTP3, not of Ethernet" },
	{ "hsio", "it is of SS7's MTP3, not of Ethernet" },
	{ "hopc", "it is of SS7's MTP3, not of Ethernet" },
	{ "hdpc", "it is of SS7's MTP3, not of Ethernet" },
	{ "hsls", "it is of SS7's MTP3, not of Ethernet" },
};

/* Is the word at @s the name of a host, a net or a port, and not one of the language? */
static bool is_argument(const char *text, const char *s)
{
	static const char *const before[] = { "host", "net",	    "port",    "portrange",
					      "src",  "dst",	    "gateway", "proto",
					      "mask", "protochain", NULL };
	struct text t = { .p = (char *)text, .n = s - text };
	size_t start;

	return text_word_before(&t, t.n, &start, before);
}

static bool has_stranger(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *s = strstr(text, word); s; s = strstr(s + 1, word))
		if ((s == text || (!text_is_name(s[-1]) && s[-1] != '\\' && s[-1] != '@')) &&
		    !text_is_name(s[len]) && !is_argument(text, s))
			return true;
	return false;
}

int words_check(struct words *w)
{
	static const char *const wrappers[] = { "vlan", "mpls", "pppoes", "pppoed", NULL };
	const char *text = words_behind_inner(w->text, &w->inner);

	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
		if (!has_stranger(text, strangers[i].word))
			continue;
		snprintf(w->err, w->errlen, "'%s' can match nothing here: %s", strangers[i].word,
			 strangers[i].why);
		return -EINVAL;
	}
	if (has_stranger(text, "inner")) {
		snprintf(w->err, w->errlen, "'inner' stands in front of the whole expression");
		return -EINVAL;
	}
	for (const char *const *word = wrappers; w->inner && *word; word++) {
		if (!has_stranger(text, *word))
			continue;
		snprintf(w->err, w->errlen,
			 "'%s' behind 'inner' can match nothing: it looks at what is behind them",
			 *word);
		return -EINVAL;
	}
	return 0;
}

const char *words_advice(const char *text)
{
	if (count_word(text, "vxlan"))
		return "this libpcap does not know 'vxlan': 'udp port 4789' is its outer frame";
	if (strstr(text, "ip broadcast") || strstr(text, "ip  broadcast"))
		return "write 'ether broadcast', or 'dst host' with the network's broadcast "
		       "address";
	if (count_word(text, "gateway"))
		return "write 'ether host MAC and not host IP', which is what it means";
	return NULL;
}
