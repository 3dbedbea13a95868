/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * log.h - what the daemon says while it runs: one line each on stderr, which may be a terminal, a
 * file, or the journal ("<4>" in front of a line is its level there, sd-daemon(3)).
 *
 * A state that comes and goes (a carrier, a disk) is not allowed to fill a disk: of lines of one
 * kind, those of one format, so many are printed at once, and then one in a while, which says how
 * many there were. The last one is always printed. All but
 * log_line() are the steward's.
 */
#ifndef AFXDP_LOG_H
#define AFXDP_LOG_H

/* syslog's, of which we need these. */
enum log_level {
	LEVEL_ERROR = 3,
	LEVEL_WARNING = 4,
	LEVEL_INFO = 6,
};

/** log_line() - one line, whatever is quoted in it, and at once. Any thread. */
__attribute__((format(printf, 2, 3))) void log_line(enum log_level level, const char *format, ...);

/** daemon_note() - information. */
__attribute__((format(printf, 1, 2))) void daemon_note(const char *format, ...);

/** daemon_warn() - something is not as it should be, and goes on. */
__attribute__((format(printf, 1, 2))) void daemon_warn(const char *format, ...);

/** daemon_log_tick() - print what was held back and is due; call it once a second or so. */
void daemon_log_tick(void);

/** daemon_log_end() - print what was held back. */
void daemon_log_end(void);

#endif
