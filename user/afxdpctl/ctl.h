/* SPDX-License-Identifier: GPL-2.0-only */
/* ctl.h - what the subcommands of afxdpctl share. One small file a subcommand, one row a subcommand
 * in main.c. */
#ifndef AFXDP_CTL_H
#define AFXDP_CTL_H

#include <jansson.h>
#include <stdbool.h>

struct ctl {
	const char *ifname;
	const char *control; /* socket file, or NULL for the daemon of @ifname in this namespace */
	bool json;
	const char *expression;		  /* for `rules check`, `rules test` and `rules explain` */
	const char *pcap;		  /* for the latter two */
	const char *frame;		  /* its number, for `rules explain` */
	const char *count, *write, *snap; /* for `dump` */
	const char *watch, *since, *csv;  /* for `ledger` */
	const char *batch, *sort;	  /* for `top` */
};

struct afxdp_rules;

/** A subcommand: @argv[0] is its own name. Return: exit status (0 done, 1 failed, 2 usage, 3
 * cannot). */
typedef int ctl_command(const struct ctl *ctl, int argc, char **argv);

ctl_command ctl_status, ctl_ledger, ctl_top, ctl_rules, ctl_set, ctl_mode, ctl_sink, ctl_doctor,
	ctl_stop, ctl_dump;

/* Verbs of ctl_rules. */
ctl_command ctl_rules_check, ctl_rules_test, ctl_rules_explain, ctl_rules_import;

/** ctl_read_rules() - of ctl->expression if there is one, else of the file @path; warnings are
 * printed. Return: 0, or an exit status after the one line that says why. */
int ctl_read_rules(const struct ctl *ctl, const char *path, struct afxdp_rules **rules);

/** ctl_verdict() - the word for it: that of the action which has it, where there is one. */
const char *ctl_verdict(unsigned int verdict);

/* What the daemon says of new rules, on standard error. */
void ctl_print_notes(const json_t *reply);

/**
 * ctl_ask() - send @request (stolen) to the daemon.
 * @reply: new reference on success.
 *
 * Return: 0, or an exit status after the one line that says why.
 */
int ctl_ask(const struct ctl *ctl, json_t *request, json_t **reply);

/* What has been received and not been looked at. */
struct ctl_input {
	char *text;
	size_t have, room;
	int passed; /* a descriptor that came with it; 0: none */
};

/** ctl_open() - connect. Return: 0, or an exit status after the one line that says why. */
int ctl_open(const struct ctl *ctl, int *fd);

/* What is to be said where a request cannot be made. */
#define CTL_NOT_UTF8 "what was given is not UTF-8, which the control socket speaks"

/** ctl_exchange() - at a connection that stays: a new reference to the reply, or NULL. */
json_t *ctl_exchange(int fd, struct ctl_input *in, const json_t *request);

/** ctl_judge() - Return: 0, or an exit status after the one line that says why *@reply, which is
 * let go then, is none or says no. */
int ctl_judge(json_t **reply);

/** ctl_say() - send @request, and wait for nothing. Return: whether it went. */
bool ctl_say(int fd, const json_t *request);

/** ctl_receive() - read what is there. @flags: MSG_DONTWAIT, or 0 to wait for something. Return:
 * false if no more will come. */
bool ctl_receive(int fd, struct ctl_input *in, int flags);

/** ctl_take() - the next line that has been received: a new reference, or NULL. */
json_t *ctl_take(struct ctl_input *in);

/** ctl_report() - the daemon's report: new reference, or NULL after the one line, with *status set.
 */
json_t *ctl_report(const struct ctl *ctl, int *status);

/** ctl_print() - @value as indented JSON on stdout. Return: 0. */
int ctl_print(const json_t *value);

__attribute__((format(printf, 2, 3))) int ctl_fail(int status, const char *format, ...);

#endif
