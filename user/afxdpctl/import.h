/* SPDX-License-Identifier: GPL-2.0-only */
/* import.h - rules and sets of other programs made into ours: what import_nft.c and import_ipset.c
 * share. */
#ifndef AFXDP_CTL_IMPORT_H
#define AFXDP_CTL_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct import {
	const char *path;      /* of what is read */
	const char *directory; /* of what is written */
	char *text;	       /* all of it, with a NUL behind */
	FILE *sets, *rules;    /* of the rules file, in memory */
	char (*name)[64];      /* of sets there are */
	uint32_t names, taken, refused;
};

/* ---- import.c ---- */

/** import_refuse() - @what of line @line is not taken, and why: said, and written where it would
 * have been. */
__attribute__((format(printf, 4, 5))) void import_refuse(struct import *im, uint32_t line,
							 const char *what, const char *why, ...);

/**
 * import_set() - the file of a set called @name, into which elements are to be written.
 * @ours: what it is called here: only letters, digits, _ - .
 *
 * Return: it, for import_close_set(); or NULL after the line that says why.
 */
FILE *import_set(struct import *im, uint32_t line, const char *name, char ours[64]);

/** import_close_set() - all elements are in @f. If they are none of ours it is no set, and that is
 * said. */
void import_close_set(struct import *im, uint32_t line, const char *ours, FILE *f);

/** import_has_set() - is there one of that name? */
bool import_has_set(const struct import *im, const char *name);

/** import_rule() - `@action @expression`, if that is a rule with the sets that there are; @what is
 * what was written. */
void import_rule(struct import *im, uint32_t line, const char *what, const char *action,
		 const char *expression);

/** import_ipset(), import_nft() - what @im->text holds. */
void import_ipset(struct import *im);
void import_nft(struct import *im);

#endif
