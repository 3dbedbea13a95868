/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Elements that end by themselves, of sets of all kinds, against a model: after every change and
 * every moment that goes by, the list and the loaded program say what the model says. Time is made
 * to pass by what afxdp_rules_expire() is told; spans are so long that the real one does not matter.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "../rules/frames.h"
#include "../rules/run.h"
#include "t.h"

#define SECOND	1000000000ULL
#define UNIT	10000 /* seconds; moments lie half of it off */
#define ENTRIES 60
#define STEPS	1500

enum {
	MODEL_ADDRESSES,
	MODEL_PORTS,
	MODEL_MACS,
	MODEL_SERVICES,
	KINDS,
};

static const char names[KINDS + 1] = "apms";

/* Entry @i of each kind: what it is called. No two overlap. */
static void name_of(int kind, int i, char *text, size_t size)
{
	switch (kind) {
	case MODEL_ADDRESSES:
		if (i % 3 == 2)
			snprintf(text, size, "2001:db8:%x::/48", i);
		else
			snprintf(text, size, i % 3 ? "10.%d.0.0/16" : "10.%d.2.3", i);
		break;
	case MODEL_PORTS:
		snprintf(text, size, "%d", 1000 + 3 * i);
		break;
	case MODEL_MACS:
		snprintf(text, size, "02:00:00:00:01:%02x", i);
		break;
	default:
		snprintf(text, size, "10.0.0.%d:%d", i, 5000 + i);
	}
}

/* A frame that is about entry @i and no other. */
static void frame_of(int kind, int i, struct frame *f)
{
	static const uint8_t udp[] = { 2,  0, 0,   0,	0, 2, 2, 0, 0,	0,  0, 1, 8,   0,
				       69, 0, 0,   28,	0, 1, 0, 0, 64, 17, 0, 0, 192, 168,
				       9,  9, 192, 168, 9, 8, 0, 9, 0,	9,  0, 8, 0,   0 };
	uint16_t port = kind == MODEL_PORTS ? 1000 + 3 * i : 5000 + i;

	memset(f->data, 0, sizeof(f->data));
	memcpy(f->data, udp, sizeof(udp));
	f->len = sizeof(udp);
	switch (kind) {
	case MODEL_ADDRESSES:
		if (i % 3 != 2) {
			memcpy(&f->data[26], (uint8_t[]){ 10, i, 2, 3 }, 4);
			break;
		}
		f->data[12] = 0x86;
		f->data[13] = 0xdd;
		memset(&f->data[14], 0, 40);
		f->data[14] = 0x60;
		memcpy(&f->data[22], (uint8_t[]){ 0x20, 1, 0xd, 0xb8, 0, i, 9 }, 7);
		f->len = 54;
		break;
	case MODEL_MACS:
		memcpy(&f->data[6], (uint8_t[]){ 2, 0, 0, 0, 1, i }, 6);
		break;
	case MODEL_SERVICES:
		memcpy(&f->data[30], (uint8_t[]){ 10, 0, 0, i }, 4);
		/* fall through */
	case MODEL_PORTS:
		f->data[36] = port >> 8;
		f->data[37] = port;
	}
}

struct model {
	bool there[KINDS][ENTRIES];
	uint64_t due[KINDS][ENTRIES]; /* in units; 0: never */
	uint64_t now;
};

static uint64_t start_ns;

static void begin_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	start_ns = t.tv_sec * SECOND;
}

/* What a list says of an element's time: units left, as it counts them, from the beginning. */
static uint64_t units_left(const char *timeout)
{
	unsigned int d = 0, h = 0, m = 0, s = 0, n = 0;
	char unit;

	while (*timeout) {
		CHECK(sscanf(timeout, "%u%c", &n, &unit) == 2, "'%s'", timeout);
		*(unit == 'd' ? &d : unit == 'h' ? &h : unit == 'm' ? &m : &s) = n;
		while (*timeout >= '0' && *timeout <= '9')
			timeout++;
		timeout++;
	}
	return (d * 86400ULL + h * 3600 + m * 60 + s + UNIT / 2) / UNIT;
}

struct seen {
	const struct model *m;
	int kind;
	uint32_t n;
	bool seen[ENTRIES];
};

static int see(void *arg, const char *element)
{
	struct seen *s = arg;
	const char *timeout = strstr(element, " timeout ");
	size_t len = timeout ? (size_t)(timeout - element) : strlen(element);

	for (int i = 0; i < ENTRIES; i++) {
		char name[64];

		name_of(s->kind, i, name, sizeof(name));
		if (strlen(name) != len || memcmp(name, element, len))
			continue;
		CHECK(!s->seen[i] && s->m->there[s->kind][i], "'%s' is listed", element);
		s->seen[i] = true;
		CHECK(!timeout == !s->m->due[s->kind][i], "'%s', due %lu", element,
		      (unsigned long)s->m->due[s->kind][i]);
		/* The list goes by the real clock, which stands at the beginning. */
		if (timeout)
			CHECK(units_left(timeout + 9) == s->m->due[s->kind][i], "'%s', due %lu",
			      element, (unsigned long)s->m->due[s->kind][i]);
		s->n++;
		return 0;
	}
	CHECK(0, "'%s' is listed, and none of ours", element);
	return 1;
}

static void check_kind(struct probe_run *p, const struct model *m, int kind)
{
	struct seen seen = { .m = m, .kind = kind };
	static struct frame f;
	char set[2] = { names[kind] };
	uint32_t there = 0;

	CHECK(!afxdp_rules_set_list(p->rules, set, see, &seen), "no list");
	for (int i = 0; i < ENTRIES; i++) {
		there += m->there[kind][i];
		frame_of(kind, i, &f);
		probe_frame(p, f.data, f.len);
		CHECK((p->probe->matched >> kind & 1) == m->there[kind][i], "set %s, entry %d", set,
		      i);
	}
	CHECK(seen.n == there, "set %s: %u listed, %u there", set, seen.n, there);
}

/* Where there is no room for it: in new maps, which have it, in a new program. */
static int change_set(struct probe_run *p, const char *set, const char *element, bool add)
{
	struct probe_run next = { .obj = NULL };
	struct afxdp_rules *rules;
	char err[256];
	int ret = add ? afxdp_rules_set_add(p->rules, set, element, err, sizeof(err))
		      : afxdp_rules_set_del(p->rules, set, element, err, sizeof(err));

	if (ret != -ENOSPC)
		return ret;
	ret = afxdp_rules_with_element(p->rules, set, element, add, &rules, err, sizeof(err));
	CHECK(!ret, "%s", err);
	CHECK(!probe_load(&next, rules), "the kernel refuses");
	probe_close(p);
	*p = next;
	return 0;
}

static void change(struct probe_run *p, struct model *m, struct rng *r)
{
	int kind = rng_below(r, KINDS), i = rng_below(r, ENTRIES), err, want;
	bool *there = &m->there[kind][i], add = rng_chance(r, 70);
	uint64_t *due = &m->due[kind][i],
		 units = add && rng_chance(r, 60) ? 1 + rng_below(r, 9) : 0;
	char set[2] = { names[kind] }, name[64], element[128];

	name_of(kind, i, name, sizeof(name));
	/* From the moment that the model is at. */
	units += units ? m->now : 0;
	if (units)
		snprintf(element, sizeof(element), "%s timeout %lus", name,
			 (unsigned long)units * UNIT);
	else
		snprintf(element, sizeof(element), "%s", name);
	want = add ? (*there && !*due ? -EEXIST : 0) : *there ? 0 : -ENOENT;
	err = change_set(p, set, element, add);
	CHECK(err == want, "%s %s: %d, not %d", add ? "add" : "del", element, err, want);
	if (err)
		return;
	*there = add;
	*due = add ? units : 0;
}

static void pass(struct probe_run *p, struct model *m)
{
	const char *set;
	uint64_t next = UINT64_MAX, due;
	int err;

	m->now++;
	do {
		err = afxdp_rules_expire(p->rules, start_ns + (m->now * UNIT + UNIT / 2) * SECOND,
					 &set);
	} while (err == -EAGAIN);
	CHECK(!err, "expire: %d", err);
	for (int k = 0; k < KINDS; k++)
		for (int i = 0; i < ENTRIES; i++) {
			if (m->due[k][i] && m->due[k][i] <= m->now) {
				m->there[k][i] = false;
				m->due[k][i] = 0;
			}
			if (m->due[k][i] && m->due[k][i] < next)
				next = m->due[k][i];
		}
	due = afxdp_rules_due(p->rules);
	CHECK(next == UINT64_MAX || (due - start_ns) / SECOND <= next * UNIT + UNIT / 2,
	      "nothing is due before %lu, and something is", (unsigned long)due);
}

static char path[KINDS][64];

static void remove_files(void)
{
	for (int k = 0; k < KINDS; k++)
		unlink(path[k]);
}

/* The files say the first entry of each kind, for three units; the second, for ever. */
static struct afxdp_rules *parse(struct model *m)
{
	char text[1024] = "", err[256], name[64];
	struct afxdp_rules *rules;

	for (int k = 0; k < KINDS; k++) {
		FILE *f;

		snprintf(path[k], sizeof(path[k]), "/tmp/afxdp-times-%d-%c", getpid(), names[k]);
		f = fopen(path[k], "w");
		CHECK(f, "%s", path[k]);
		name_of(k, 0, name, sizeof(name));
		fprintf(f, "%s timeout %us comment \"x # y, z\"\n", name, 3 * UNIT);
		name_of(k, 1, name, sizeof(name));
		fprintf(f, "%s\n", name);
		fclose(f);
		m->there[k][0] = m->there[k][1] = true;
		m->due[k][0] = 3;
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "set %c = \"%s\"\n",
			 names[k], path[k]);
	}
	strcat(text, "count src @a\ncount udp dst port @p\ncount ether src @m\ncount dst @s\n");
	CHECK(!afxdp_rules_parse_text("f", text, strlen(text), &rules, err, sizeof(err)), "%s",
	      err);
	CHECK(!afxdp_rules_warning(rules, 0), "%s", afxdp_rules_warning(rules, 0));
	return rules;
}

static void test_random(void)
{
	struct rng r = { .state = 11 };
	struct model m = { .now = 0 };
	struct probe_run p = { .obj = NULL };

	begin_time();
	CHECK(!probe_load(&p, parse(&m)), "the kernel refuses");
	for (int step = 0; step < STEPS; step++) {
		if (rng_chance(&r, 4))
			pass(&p, &m);
		else
			change(&p, &m, &r);
		check_kind(&p, &m, step % KINDS);
	}
	CHECK(m.now > 30, "%lu moments", (unsigned long)m.now);
	probe_close(&p);
}

static int none(void *arg, const char *element)
{
	CHECK(0, "%s of %s is still there", element, (char *)arg);
	return 1;
}

/* More than go at once: some hundred at a time, or all of them in a new map. */
static void test_many(void)
{
	struct model m = { .now = 0 };
	struct probe_run p = { .obj = NULL };
	struct afxdp_rules *next;
	char err[256], element[64];
	uint64_t late;
	const char *set;
	int rounds = 0, ret;

	begin_time();
	late = start_ns + 100 * SECOND * UNIT;
	CHECK(!probe_load(&p, parse(&m)), "the kernel refuses");
	CHECK(!change_set(&p, "p", "1-24000 timeout 1h", true), "ports");
	CHECK(!change_set(&p, "p", "1003", false), "a port");
	for (int i = 0; i < 300; i++) {
		snprintf(element, sizeof(element), "172.%d.%d.1 timeout 10m", i % 200, i / 200);
		CHECK(!change_set(&p, "a", element, true), "%s", element);
	}
	CHECK(afxdp_rules_expire(p.rules, start_ns, &set) == 0, "nothing has ended");
	CHECK(afxdp_rules_expire(p.rules, late, &set) == -EAGAIN, "there are more");
	ret = afxdp_rules_with_set(p.rules, "p", NULL, &next, err, sizeof(err));
	CHECK(!ret, "%s", err);
	afxdp_rules_free(next);
	while ((ret = afxdp_rules_expire(p.rules, late, &set)) == -EAGAIN)
		rounds++;
	CHECK(!ret && rounds > 20, "%d, %d rounds", ret, rounds);
	for (int k = 0; k < KINDS; k++) {
		char one[64];

		/* The second entry was there for ever: but the port has been deleted. */
		name_of(k, 1, one, sizeof(one));
		snprintf(element, sizeof(element), "%c", names[k]);
		ret = afxdp_rules_set_del(p.rules, element, one, err, sizeof(err));
		CHECK(ret == (k == MODEL_PORTS ? -ENOENT : 0), "%s: %d", one, ret);
		CHECK(!afxdp_rules_set_list(p.rules, element, none, element), "no list");
	}
	CHECK(afxdp_rules_due(p.rules) == UINT64_MAX, "something is due");
	probe_close(&p);
}

static void test_words(void)
{
	static const struct {
		const char *element, *says;
	} wrong[] = {
		{ "10.0.0.1 timeout 10x", "'10x' is not a time" },
		{ "10.0.0.1 timeout ", "'' is not a time" },
		{ "10.0.0.1 timeout 0", "'0' is not a time" },
		{ "10.0.0.1 timeout -1", "'-1' is not a time" },
		{ "10.0.0.1 timeout 11y", "'11y' is not a time" },
		{ "10.0.0.1 timeout 3651d", "'3651d' is not a time" },
		{ "10.0.0.1 timeout 99999999999999999999", "is not a time" },
		{ "10.0.0 timeout 1s", "'10.0.0' is not an IPv4" },
		{ " timeout 1s", "'' is not an IPv4" },
	};
	struct model m = { .now = 0 };
	struct afxdp_rules *rules = parse(&m);
	char err[256];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		CHECK(afxdp_rules_set_add(rules, "a", wrong[i].element, err, sizeof(err)) ==
			      -EINVAL,
		      "'%s' is taken", wrong[i].element);
		CHECK(strstr(err, wrong[i].says), "'%s': %s", wrong[i].element, err);
	}
	CHECK(afxdp_rules_set_del(rules, "a", "10.0.2.3 timeout 1s", err, sizeof(err)) == -EINVAL,
	      "del with a timeout");
	CHECK(afxdp_rules_set_add(rules, "a", "10.1.0.0/16 timeout 1s", err, sizeof(err)) ==
			      -EEXIST &&
		      strstr(err, "without a timeout"),
	      "%s", err);
	afxdp_rules_free(rules);
}

int main(void)
{
	libbpf_set_print(NULL);
	atexit(remove_files);
	test_words();
	test_random();
	test_many();
	printf("%d changes\n", STEPS);
	return 0;
}
