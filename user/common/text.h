/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * text.h - bytes from outside (file names, rules, what a client sent) in JSON, which holds UTF-8
 * only: jansson refuses anything else, and a reply that cannot be made is one that is not sent.
 */
#ifndef AFXDP_TEXT_H
#define AFXDP_TEXT_H

#include <jansson.h>
#include <stddef.h>

/**
 * text_utf8() - @from with every byte that is not part of valid UTF-8 written as \xNN; cut to @size
 * between two characters.
 *
 * Return: @to.
 */
char *text_utf8(char *to, size_t size, const char *from);

/** json_text() - a JSON string of it, JSON null for NULL: a new reference, NULL only if memory ran
 * out. */
json_t *json_text(const char *text);

#endif
