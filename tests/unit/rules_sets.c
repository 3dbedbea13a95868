/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sets against a plain list: the same answer for every address, in the program that is loaded,
 * after every change of an element.
 */
#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "../rules/frames.h"
#include "../rules/run.h"
#include "t.h"

#define ELEMENTS 70000

/* The model: what the set's file says, and nothing clever. */
struct model {
	struct element {
		int family;
		uint8_t address[16];
		uint32_t length;
		bool there;
	} element[ELEMENTS];
	uint32_t n;
};

static bool same_bits(const uint8_t *a, const uint8_t *b, uint32_t bits)
{
	for (uint32_t i = 0; i < bits; i++)
		if ((a[i / 8] ^ b[i / 8]) & 0x80 >> i % 8)
			return false;
	return true;
}

static bool model_has(const struct model *m, int family, const uint8_t *address)
{
	for (uint32_t i = 0; i < m->n; i++) {
		const struct element *e = &m->element[i];

		if (e->there && e->family == family && same_bits(e->address, address, e->length))
			return true;
	}
	return false;
}

static void clear_rest(uint8_t *address, uint32_t bits, uint32_t length)
{
	for (uint32_t i = length; i < bits; i++)
		address[i / 8] &= ~(0x80 >> i % 8);
}

/* Addresses that share many bits: few values in most bytes. */
static void random_address(struct rng *r, int family, uint8_t *address)
{
	static const uint8_t bytes[] = { 0, 1, 2, 127, 128, 254, 255 };
	int n = family == AF_INET ? 4 : 16;

	for (int i = 0; i < n; i++)
		address[i] = i < 2 || rng_chance(r, 70) ? bytes[rng_below(r, i < 2 ? 2 : 7)]
							: rng_next(r);
}

static void random_element(struct rng *r, struct element *e, uint32_t shortest)
{
	uint32_t bits;

	e->family = rng_chance(r, 50) ? AF_INET : AF_INET6;
	bits = e->family == AF_INET ? 32 : 128;
	random_address(r, e->family, e->address);
	e->length = rng_chance(r, 30) ? bits : shortest + rng_below(r, bits - shortest + 1);
	clear_rest(e->address, bits, e->length);
	e->there = true;
}

static void print_element(const struct element *e, char *text, size_t size)
{
	char address[INET6_ADDRSTRLEN];

	inet_ntop(e->family, e->address, address, sizeof(address));
	snprintf(text, size, "%s/%u", address, e->length);
}

/* Already in the model under another index? */
static struct element *find(struct model *m, const struct element *e)
{
	for (uint32_t i = 0; i < m->n; i++)
		if (m->element[i].family == e->family && m->element[i].length == e->length &&
		    !memcmp(m->element[i].address, e->address, e->family == AF_INET ? 4 : 16))
			return &m->element[i];
	return NULL;
}

static void make_frame(struct rng *r, struct frame *f, int family, const uint8_t *src,
		       const uint8_t *dst)
{
	uint32_t tags = rng_below(r, 3), at = 12;

	memset(f->data, 0, sizeof(f->data));
	for (; tags; tags--) {
		f->data[at++] = 0x81;
		at++;
		f->data[at++] = 0;
		f->data[at++] = 7;
	}
	f->data[at++] = family == AF_INET ? 0x08 : 0x86;
	f->data[at++] = family == AF_INET ? 0x00 : 0xdd;
	if (family == AF_INET) {
		f->data[at] = 0x45;
		/* A wrong total length must not hide a frame from a set. */
		f->data[at + 3] = rng_chance(r, 90) ? 20 : 10;
		memcpy(&f->data[at + 12], src, 4);
		memcpy(&f->data[at + 16], dst, 4);
		f->len = at + 20;
	} else {
		f->data[at] = 0x60;
		f->data[at + 5] = rng_chance(r, 90) ? 0 : 200;
		f->data[at + 6] = 59;
		memcpy(&f->data[at + 8], src, 16);
		memcpy(&f->data[at + 24], dst, 16);
		f->len = at + 40;
	}
}

static void check_frame(struct probe_run *p, const struct frame *f, bool src, bool dst)
{
	uint64_t want = (src ? 1 : 0) | (dst ? 2 : 0) | (src || dst ? 4 : 0) | (!src ? 8 : 0);

	p->probe->parse = 1;
	probe_frame(p, f->data, f->len);
	CHECK(p->probe->matched == want, "got %#llx, want %#lx", p->probe->matched, want);
}

/* Addresses near the elements' borders, and anywhere. */
static void ask(struct probe_run *p, const struct model *m, struct rng *r, uint32_t times)
{
	while (times--) {
		int family = rng_chance(r, 50) ? AF_INET : AF_INET6;
		uint8_t address[2][16];
		struct frame f;
		bool has[2];

		for (int i = 0; i < 2; i++) {
			const struct element *e = &m->element[rng_below(r, m->n ?: 1)];
			uint32_t bits = family == AF_INET ? 32 : 128;

			random_address(r, family, address[i]);
			if (m->n && e->family == family && rng_chance(r, 60)) {
				memcpy(address[i], e->address, bits / 8);
				/* one bit off, often just inside or outside of the prefix */
				if (rng_chance(r, 70)) {
					uint32_t bit = rng_chance(r, 50) && e->length
							       ? e->length - 1
							       : rng_below(r, bits);

					address[i][bit / 8] ^= 0x80 >> bit % 8;
				}
			}
			has[i] = model_has(m, family, address[i]);
		}
		make_frame(r, &f, family, address[0], address[1]);
		check_frame(p, &f, has[0], has[1]);
	}
}

static const char rules_text[] = "set s = \"%s\"\n"
				 "count inner src @s\n"
				 "count inner dst @s\n"
				 "count inner @s\n"
				 "count inner not src @s\n";

static void write_set(const struct model *m, const char *path)
{
	FILE *f = fopen(path, "w");
	char text[100];

	CHECK(f, "%s", path);
	for (uint32_t i = 0; i < m->n; i++) {
		print_element(&m->element[i], text, sizeof(text));
		if (m->element[i].there)
			fprintf(f, "%s # element %u\n", text, i);
	}
	fclose(f);
}

static void load(struct probe_run *p, const char *path)
{
	struct afxdp_rules *rules;
	char text[512], err[512];

	snprintf(text, sizeof(text), rules_text, path);
	CHECK(!afxdp_rules_parse_text("rules", text, strlen(text), &rules, err, sizeof(err)), "%s",
	      err);
	CHECK(!probe_load(p, rules), "the kernel refuses the program");
}

/* Swap in a map made anew, as the daemon would. */
static void renew(struct probe_run *p, const char *element, bool add)
{
	struct afxdp_rules *next;
	char err[512];

	CHECK(!afxdp_rules_with_element(p->rules, "s", element, add, &next, err, sizeof(err)), "%s",
	      err);
	probe_close(p);
	CHECK(!probe_load(p, next), "the kernel refuses the program");
}

static int count_element(void *arg, const char *element)
{
	(void)element;
	++*(uint32_t *)arg;
	return 0;
}

static void check_list(struct probe_run *p, const struct model *m)
{
	uint32_t listed = 0, there = 0;

	for (uint32_t i = 0; i < m->n; i++)
		there += m->element[i].there;
	CHECK(!afxdp_rules_set_list(p->rules, "s", count_element, &listed), "no list");
	CHECK(listed == there, "%u elements are listed, %u there", listed, there);
}

/* Fill the spare room until it is used up, by ones in fresh /16s, then take out what is left: at
 * every border list, map and frames agree. */
static void grow_and_shrink(struct probe_run *p, struct model *m, struct rng *r, uint32_t *renewals)
{
	uint32_t n = m->n;

	for (uint32_t i = 0; i < 2 * n && m->n < ELEMENTS; i++) {
		struct element *e = &m->element[m->n < 700 ? m->n : rng_below(r, m->n)];
		bool add = e == &m->element[m->n] || !e->there;
		char text[100], err[512];
		int ret;

		if (e == &m->element[m->n]) {
			*e = (struct element){ .family = i % 3 ? AF_INET : AF_INET6,
					       .there = false };
			e->length = i % 3 ? 32 : 64;
			e->address[0] = i % 3 ? 11 : 0x20;
			e->address[1] = i;
			e->address[2] = i >> 8;
			e->address[3] = i % 3 ? 1 : 0;
			if (find(m, e))
				continue;
			m->n++;
		}
		print_element(e, text, sizeof(text));
		ret = add ? afxdp_rules_set_add(p->rules, "s", text, err, sizeof(err))
			  : afxdp_rules_set_del(p->rules, "s", text, err, sizeof(err));
		CHECK(!ret || ret == -ENOSPC, "%s %s: %s", add ? "add" : "del", text, err);
		if (ret == -ENOSPC) {
			ask(p, m, r, 50);
			renew(p, text, add);
			++*renewals;
			e->there = add;
			ask(p, m, r, 50);
		}
		e->there = add;
		check_list(p, m);
		if (i % 20 == 0)
			ask(p, m, r, 20);
	}
}

/* Add and take out elements of a running set, some of them at once again; @renewals counts how
 * often its map was full. */
static void change(struct probe_run *p, struct model *m, struct rng *r, uint32_t times,
		   uint32_t shortest, uint32_t *renewals)
{
	struct element *last = &m->element[0];
	char text[100], err[512];

	while (times--) {
		struct element fresh, *e = &m->element[rng_below(r, m->n)];
		bool add;
		int ret;

		random_element(r, &fresh, shortest);
		if (rng_chance(r, 40) && m->n < ELEMENTS && !find(m, &fresh)) {
			fresh.there = false;
			e = &m->element[m->n++];
			*e = fresh;
		} else if (rng_chance(r, 30)) {
			e = last;
		}
		last = e;
		add = !e->there;
		print_element(e, text, sizeof(text));
		ret = add ? afxdp_rules_set_add(p->rules, "s", text, err, sizeof(err))
			  : afxdp_rules_set_del(p->rules, "s", text, err, sizeof(err));
		CHECK(!ret || ret == -ENOSPC, "%s %s: %s", add ? "add" : "del", text, err);
		if (ret == -ENOSPC) {
			/* Refused is as if never asked: to the program, and to the list. */
			ask(p, m, r, 200);
			check_list(p, m);
			renew(p, text, add);
			++*renewals;
		}
		e->there = add;
		ret = add ? afxdp_rules_set_add(p->rules, "s", text, err, sizeof(err))
			  : afxdp_rules_set_del(p->rules, "s", text, err, sizeof(err));
		CHECK(ret == (add ? -EEXIST : -ENOENT), "a second time: %d", ret);
		ask(p, m, r, 20);
	}
}

static void element_of(struct rng *r, struct element *e, uint32_t upper)
{
	e->family = AF_INET;
	e->length = 17 + rng_below(r, 16);
	e->address[0] = upper >> 8;
	e->address[1] = upper;
	e->address[2] = rng_next(r);
	e->address[3] = rng_next(r);
	clear_rest(e->address, 32, e->length);
	e->there = true;
}

/* Something in nearly every /16: what makes the first level one of lists. */
static void fill_wide(struct model *m, struct rng *r)
{
	for (uint32_t upper = 1024; upper < 65536; upper++)
		if (rng_chance(r, 95))
			element_of(r, &m->element[m->n++], upper);
}

/* Lists of every length, and a little longer. */
static void fill_lists(struct model *m, struct rng *r)
{
	for (uint32_t upper = 1024 + 7; upper < 1024 + 7 * 33; upper += 7) {
		uint32_t n = upper / 7 - 146;

		while (n--) {
			struct element *e = &m->element[m->n++];

			element_of(r, e, upper);
			/* Short ones would hide the others. */
			if (e->length < 22)
				e->length += 10;
			if (find(m, e) != e)
				m->n--;
		}
	}
}

enum fill {
	NOTHING,
	LISTS,
	WIDE
};

static void run(struct rng *r, enum fill fill, uint32_t elements, uint32_t shortest,
		uint32_t changes, const char *path)
{
	static struct model m;
	struct probe_run p;
	uint32_t renewals = 0;

	m.n = 0;
	if (fill == WIDE)
		fill_wide(&m, r);
	if (fill != NOTHING)
		fill_lists(&m, r);
	elements += m.n;
	while (m.n < elements) {
		random_element(r, &m.element[m.n], shortest);
		m.n++;
		if (find(&m, &m.element[m.n - 1]) != &m.element[m.n - 1])
			m.n--;
	}
	write_set(&m, path);
	load(&p, path);
	ask(&p, &m, r, fill == WIDE ? 1000 : 2000);
	if (m.n)
		change(&p, &m, r, changes, shortest, &renewals);
	if (m.n >= 200 && m.n < 2000)
		grow_and_shrink(&p, &m, r, &renewals);
	check_list(&p, &m);
	ask(&p, &m, r, 1000);
	probe_close(&p);
	printf("%u elements from /%u on: equal; the map was made anew %u times\n", elements,
	       shortest, renewals);
}

/* What holds everything, in and out again. */
static void everything(const char *path)
{
	static const char *const all[] = { "0.0.0.0/0", "::/0" };
	static struct model m;
	struct probe_run p;
	struct rng r = { .state = 3 };
	char err[512];

	m.n = 2;
	m.element[0] = (struct element){ .family = AF_INET, .length = 0 };
	m.element[1] = (struct element){ .family = AF_INET6, .length = 0 };
	write_set(&m, path);
	load(&p, path);
	for (int i = 0; i < 8; i++) {
		struct element *e = &m.element[i / 2 % 2];
		bool add = !e->there;
		const char *text = all[i / 2 % 2];
		int ret = add ? afxdp_rules_set_add(p.rules, "s", text, err, sizeof(err))
			      : afxdp_rules_set_del(p.rules, "s", text, err, sizeof(err));

		CHECK(!ret || ret == -ENOSPC, "%s: %s", text, err);
		if (ret)
			renew(&p, text, add);
		e->there = add;
		ask(&p, &m, &r, 50);
		check_list(&p, &m);
	}
	probe_close(&p);
}

int main(void)
{
	char path[] = "/tmp/afxdp-set-XXXXXX";
	struct rng r = { .state = 1 };

	libbpf_set_print(NULL);
	close(mkstemp(path));
	run(&r, NOTHING, 0, 8, 0, path);
	run(&r, NOTHING, 1, 0, 20, path);
	run(&r, NOTHING, 20, 0, 20, path);
	everything(path);
	run(&r, NOTHING, 20, 8, 20, path);
	run(&r, NOTHING, 200, 12, 100, path);
	run(&r, NOTHING, 1000, 16, 150, path);
	run(&r, NOTHING, 2000, 24, 150, path);
	run(&r, LISTS, 0, 24, 100, path);
	run(&r, WIDE, 500, 12, 100, path);
	run(&r, WIDE, 2000, 24, 50, path);
	unlink(path);
	return 0;
}
