/* SPDX-License-Identifier: GPL-2.0-only */
/* nft_rule.c - nft's matches and statements, as far as they mean the same here. */
#include "nft_rule.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct rule {
	struct import *im;
	const struct nft_words *w;
	uint32_t i, to; /* the word we are at */
	const char *family;
	char *action, *expression, *why;
	size_t length;
	bool decided; /* a verdict has been read */
	uint64_t rate, burst;
};

__attribute__((format(printf, 2, 3))) static bool refuse(struct rule *r, const char *why, ...)
{
	va_list args;

	va_start(args, why);
	vsnprintf(r->why, 160, why, args);
	va_end(args);
	return false;
}

static const char *word(const struct rule *r, uint32_t i)
{
	return i < r->to ? r->w->at[i].s : "";
}

static bool is(const struct rule *r, uint32_t i, const char *s)
{
	return !strcmp(word(r, i), s);
}

/* Take the words if they are what comes next. */
static bool take(struct rule *r, const char *first, const char *second)
{
	if (!is(r, r->i, first) || (second && !is(r, r->i + 1, second)))
		return false;
	r->i += second ? 2 : 1;
	return true;
}

__attribute__((format(printf, 2, 3))) static void say(struct rule *r, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(r->expression + r->length, NFT_EXPRESSION - r->length, format, args);
	va_end(args);
	if (n > 0)
		r->length += n;
	if (r->length >= NFT_EXPRESSION)
		r->length = NFT_EXPRESSION - 1;
}

/* ---- Values: one, { several }, or a set ---- */

/* How one value is asked for: @format has one %s. */
static bool one_value(struct rule *r, const char *format, bool ports, const char *value)
{
	char range[32];

	if (!*value || strchr("{},;\"", *value))
		return refuse(r, "no value for a match");
	if (*value == '@')
		return refuse(r, "a set among other values");
	if (!ports && strchr(value, '-') && isdigit((unsigned char)*value))
		return refuse(r, "a range of addresses: put it into a named set");
	if (ports && strchr(value, '-') && isdigit((unsigned char)*value))
		snprintf(range, sizeof(range), "portrange %.20s", value);
	else if (ports)
		snprintf(range, sizeof(range), "port %.20s", value);
	say(r, format, ports ? range : value);
	return true;
}

static bool several(struct rule *r, const char *format, bool ports)
{
	const char *join = "";

	say(r, "(");
	for (r->i++; r->i < r->to && !is(r, r->i, "}"); r->i++) {
		if (is(r, r->i, ","))
			continue;
		say(r, "%s", join);
		if (!one_value(r, format, ports, word(r, r->i)))
			return false;
		join = " or ";
	}
	say(r, ")");
	r->i++;
	return *join ? true : refuse(r, "no value for a match");
}

/* @set: how a set is asked for; NULL: not at all. @always: what such a match also asks, and goes on
 * to ask when its value is negated. */
static bool values(struct rule *r, const char *format, const char *set, bool ports,
		   const char *always)
{
	bool not = take(r, "!=", NULL);

	if (!not )
		take(r, "==", NULL);
	say(r, *r->expression ? " and " : "");
	if (not )
		say(r, "%s%snot (", always ?: "", always ? " and " : "");
	if (*word(r, r->i) == '@') {
		const char *name = word(r, r->i++) + 1;

		if (!set || !import_has_set(r->im, name))
			return refuse(r, "there is no set '%.60s' that could be asked here", name);
		say(r, set, name);
	} else if (is(r, r->i, "{")) {
		if (!several(r, format, ports))
			return false;
	} else if (!one_value(r, format, ports, word(r, r->i++))) {
		return false;
	}
	if (not )
		say(r, ")");
	return true;
}

/* ---- Matches ---- */

struct address_match {
	const char *layer, *field, *format, *set, *always;
};

static const struct address_match addresses[] = {
	{ "ip", "saddr", "ip src net %s", "ip src @%s", "ip" },
	{ "ip", "daddr", "ip dst net %s", "ip dst @%s", "ip" },
	{ "ip6", "saddr", "ip6 src net %s", "ip6 src @%s", "ip6" },
	{ "ip6", "daddr", "ip6 dst net %s", "ip6 dst @%s", "ip6" },
	{ "ether", "saddr", "ether src %s", "ether src @%s", NULL },
	{ "ether", "daddr", "ether dst %s", "ether dst @%s", NULL },
};

static const char *const port_layers[] = { "tcp", "udp", "sctp" };

/* Behind `ip daddr` `.`: the port that goes with it. A set of ours holds what is of one end. */
static bool concatenated(struct rule *r, bool source)
{
	const char *layer = word(r, r->i), *field = word(r, r->i + 1), *value = word(r, r->i + 2);

	if (strcmp(field, source ? "sport" : "dport"))
		return refuse(r, "an address and the port of the other end");
	if (*value != '@' || !import_has_set(r->im, value + 1))
		return refuse(r, "an address and a port not of a named set");
	say(r, "%s%s %s @%s", *r->expression ? " and " : "", layer, source ? "src" : "dst",
	    value + 1);
	r->i += 3;
	return true;
}

static bool address(struct rule *r, bool *found)
{
	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
		const struct address_match *m = &addresses[i];

		if (!take(r, m->layer, m->field))
			continue;
		*found = true;
		if (!strcmp(m->layer, "ip") && take(r, ".", NULL))
			return concatenated(r, *m->field == 's');
		return values(r, m->format, m->set, false, m->always);
	}
	return true;
}

static bool port(struct rule *r, bool *found)
{
	char format[32], set[32];

	for (size_t i = 0; i < sizeof(port_layers) / sizeof(*port_layers); i++) {
		const char *layer = port_layers[i];
		bool source = is(r, r->i + 1, "sport");

		if (!is(r, r->i, layer) || (!source && !is(r, r->i + 1, "dport")))
			continue;
		*found = true;
		r->i += 2;
		snprintf(format, sizeof(format), "%s %s %%s", layer, source ? "src" : "dst");
		snprintf(set, sizeof(set), "%s %s port @%%s", layer, source ? "src" : "dst");
		return values(r, format, set, true, layer);
	}
	return true;
}

/* Names of protocols, by what stands in front. nft writes the number where /etc/protocols is
 * missing. */
static const struct protocol {
	const char *name, *number, *ours;
} protocols[] = {
	{ "tcp", "6", "tcp" },	     { "udp", "17", "udp" },
	{ "sctp", "132", "sctp" },   { "icmp", "1", "icmp" },
	{ "icmpv6", "58", "icmp6" }, { "ipv6-icmp", "58", "icmp6" },
	{ "igmp", "2", "igmp" },     { "esp", "50", "esp" },
	{ "ah", "51", "ah" },	     { "gre", "47", "ip proto 47" },
	{ "pim", "103", "pim" },     { "vrrp", "112", "vrrp" },
	{ "ip", "", "ip" },	     { "ip6", "", "ip6" },
	{ "arp", "", "arp" },
};

static const char *protocol_of(const char *name)
{
	for (size_t i = 0; i < sizeof(protocols) / sizeof(*protocols); i++)
		if (*name &&
		    (!strcmp(protocols[i].name, name) || !strcmp(protocols[i].number, name)))
			return protocols[i].ours;
	return NULL;
}

static bool say_protocol(struct rule *r, const char *join)
{
	const char *ours = protocol_of(word(r, r->i));

	if (!ours)
		return refuse(r, "protocol '%.40s'", word(r, r->i));
	say(r, "%s%s", join, ours);
	r->i++;
	return true;
}

/* `meta l4proto { tcp, udp }`, `ip protocol tcp` ... */
static bool protocol(struct rule *r, bool *found)
{
	static const char *const words[][3] = { { "meta", "l4proto", NULL },
						{ "ip", "protocol", "ip" },
						{ "ip6", "nexthdr", "ip6" },
						{ "meta", "protocol", NULL },
						{ "ether", "type", NULL } };
	bool not ;
	size_t i = 0;

	while (i < sizeof(words) / sizeof(*words) && !take(r, words[i][0], words[i][1]))
		i++;
	if (i == sizeof(words) / sizeof(*words))
		return true;
	*found = true;
	not = take(r, "!=", NULL);
	say(r, "%s%s%s%s(", *r->expression ? " and " : "", words[i][2] ?: "",
	    words[i][2] ? " and " : "", not ? "not " : "");
	if (!is(r, r->i, "{")) {
		if (!say_protocol(r, ""))
			return false;
	} else {
		const char *join = "";

		for (r->i++; r->i < r->to && !is(r, r->i, "}");) {
			if (take(r, ",", NULL))
				continue;
			if (!say_protocol(r, join))
				return false;
			join = " or ";
		}
		r->i++;
	}
	say(r, ")");
	return true;
}

/* `tcp flags syn`: any of these is set. */
static bool flags(struct rule *r, bool *found)
{
	static const char *const names[] = { "fin", "syn", "rst", "psh", "ack", "urg" };
	static const char *const ours[] = { "tcp-fin",	"tcp-syn", "tcp-rst",
					    "tcp-push", "tcp-ack", "tcp-urg" };

	if (!is(r, r->i, "tcp") || !is(r, r->i + 1, "flags"))
		return true;
	*found = true;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (is(r, r->i + 2, names[i]) && !strchr("&|,/=!", *word(r, r->i + 3))) {
			/* tcp[...] is of IPv4 alone. */
			say(r, "%s(tcp[tcpflags] & %s != 0 or (ip6[6] = 6 and ip6[53] & %s != 0))",
			    *r->expression ? " and " : "", ours[i], ours[i]);
			r->i += 3;
			return true;
		}
	return refuse(r, "flags other than a single one");
}

/* ---- Statements ---- */

/* `limit rate over 10/second burst 5 packets`: ours. Without `over` it matches what is within. */
static bool limit(struct rule *r)
{
	char *end;

	if (!take(r, "over", NULL))
		return refuse(r, "a limit that matches what is within it, not 'over'");
	r->rate = strtoull(word(r, r->i), &end, 10);
	if (!r->rate || strcmp(end, "/second"))
		return refuse(r, "a limit other than of so many packets a second");
	r->i++;
	if (take(r, "burst", NULL)) {
		r->burst = strtoull(word(r, r->i++), &end, 10);
		if (!r->burst || *end || !take(r, "packets", NULL))
			return refuse(r, "a burst other than of packets");
	}
	return true;
}

static bool decide(struct rule *r, const char *action)
{
	if (r->decided)
		return refuse(r, "a second verdict");
	r->decided = true;
	if (!r->rate)
		strcpy(r->action, action);
	else if (strcmp(action, "drop"))
		return refuse(r, "a limit whose excess is not dropped");
	else if (r->burst)
		sprintf(r->action, "limit %llu/s burst %llu", (unsigned long long)r->rate,
			(unsigned long long)r->burst);
	else
		/* nft's burst where none is written. */
		sprintf(r->action, "limit %llu/s burst 5", (unsigned long long)r->rate);
	return true;
}

static bool counter(struct rule *r)
{
	if (take(r, "packets", NULL))
		r->i++;
	if (take(r, "bytes", NULL))
		r->i++;
	return true;
}

static bool statement(struct rule *r)
{
	if (take(r, "counter", NULL))
		return counter(r);
	if (take(r, "comment", NULL)) {
		r->i++;
		return true;
	}
	if (take(r, "limit", "rate"))
		return limit(r);
	if (take(r, "drop", NULL))
		return decide(r, "drop");
	if (take(r, "accept", NULL))
		return decide(r, "pass");
	if (is(r, r->i, "jump") || is(r, r->i, "goto") || is(r, r->i, "return"))
		return refuse(r, "rules here do not go to other lists");
	if (is(r, r->i, "reject"))
		return refuse(r, "nothing is answered here: it may be a 'drop'");
	return refuse(r, "nothing here is like '%.40s'", word(r, r->i));
}

/* What the table's family says of each of its rules. */
static const char *family_of(const struct rule *r, bool any)
{
	if (!strcmp(r->family, "ip") || !strcmp(r->family, "ip6"))
		return r->family;
	if (any)
		return NULL;
	return strcmp(r->family, "inet") ? "all" : "(ip or ip6)";
}

bool nft_rule(struct import *im, const struct nft_words *w, uint32_t from, uint32_t to,
	      const char *family, char *action, char *expression, char *why)
{
	struct rule r = { .im = im,
			  .w = w,
			  .i = from,
			  .to = to,
			  .family = family,
			  .action = action,
			  .expression = expression,
			  .why = why };
	const char *implied;
	bool any = false;

	*expression = '\0';
	implied = family_of(&r, true);
	if (implied)
		say(&r, "%s", implied);
	while (r.i < to) {
		bool found = false;

		if (!address(&r, &found) || (!found && !port(&r, &found)) ||
		    (!found && !protocol(&r, &found)) || (!found && !flags(&r, &found)))
			return false;
		any |= found;
		if (!found && !statement(&r))
			return false;
	}
	if (!*expression)
		say(&r, "%s", family_of(&r, any));
	if (r.length >= NFT_EXPRESSION - 1)
		return refuse(&r, "too long: put its values into a named set");
	if (!r.decided && r.rate)
		return refuse(&r, "a limit without a verdict");
	if (!r.decided)
		strcpy(action, "count");
	return true;
}
