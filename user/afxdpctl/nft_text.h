/* SPDX-License-Identifier: GPL-2.0-only */
/* nft_text.h - nft's language as words with lines. */
#ifndef AFXDP_CTL_NFT_TEXT_H
#define AFXDP_CTL_NFT_TEXT_H

#include <stdbool.h>
#include <stdint.h>

/* A word, one of { } ; ,, a string with its quotation marks, or the end of a line (`;`). */
struct nft_word {
	char *s;
	uint32_t line;
};

struct nft_words {
	struct nft_word *at;
	uint32_t n;
};

/** nft_split() - @text. Return: 0 or -ENOMEM. */
int nft_split(struct nft_words *w, const char *text);
void nft_free(struct nft_words *w);

/* Is word @i, if there is one, @s? */
bool nft_is(const struct nft_words *w, uint32_t i, const char *s);

/** nft_behind() - behind what begins at word @i: its `;`, or the `}` that closes what it opens. */
uint32_t nft_behind(const struct nft_words *w, uint32_t i);

/** nft_join() - words [from, to) as a line. */
void nft_join(const struct nft_words *w, uint32_t from, uint32_t to, char *line, uint32_t size);

#endif
