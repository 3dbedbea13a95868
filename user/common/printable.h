/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * printable.h - text from anywhere (names of interfaces, rules, what a peer says) on a terminal,
 * which would obey control characters in it. What is printed passes here at the edge, once.
 */
#ifndef AFXDP_PRINTABLE_H
#define AFXDP_PRINTABLE_H

#include <stddef.h>
#include <stdio.h>

/** utf8_length() - bytes of the valid character at @s, which ends with a NUL; 0 if there is none.
 */
size_t utf8_length(const char *s);

/**
 * printable() - question marks in the place of what is not to be shown, in place: control
 * characters (C0, DEL, C1), those that change the direction of text or end a line, and what is
 * no UTF-8.
 *
 * Return: @line.
 */
char *printable(char *line);

/** printable_text() - the same, but newlines and tabs stay. */
char *printable_text(char *text);

/**
 * printable_stream() - a stream whose output goes to @fd as printable_text(); by lines to a
 * terminal.
 *
 * Return: the stream, or NULL if memory ran out.
 */
FILE *printable_stream(int fd);

#endif
