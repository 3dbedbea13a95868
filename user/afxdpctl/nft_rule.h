/* SPDX-License-Identifier: GPL-2.0-only */
/* nft_rule.h - one rule of nft's as one of ours. */
#ifndef AFXDP_CTL_NFT_RULE_H
#define AFXDP_CTL_NFT_RULE_H

#include "import.h"
#include "nft_text.h"

#define NFT_EXPRESSION 8192

/**
 * nft_rule() - words [from, to), in a table of @family.
 * @action: out: "drop", "limit 10/s burst 5"; room for 80
 * @why: out, if not: room for 160
 *
 * Return: whether there is one that means the same.
 */
bool nft_rule(struct import *im, const struct nft_words *w, uint32_t from, uint32_t to,
	      const char *family, char *action, char *expression, char *why);

#endif
