/* SPDX-License-Identifier: GPL-2.0-only */
/* table.h - the report for people. It is made from the JSON, so that daemon and client print the
 * same. */
#ifndef AFXDP_TABLE_H
#define AFXDP_TABLE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** table_report() - headline, ledger, latency, queues, rules of a report (schema 1). */
void table_report(FILE *to, const json_t *report);

/** table_ledger() - only the ledger. */
void table_ledger(FILE *to, const json_t *report);

/** table_number() - "1,234,567". Return: @text. */
const char *table_number(uint64_t n, char *text, size_t size);

/** table_duration() - "830 ns", "12.5 us", "3.1 ms". Return: @text. */
const char *table_duration(uint64_t ns, char *text, size_t size);

#endif
