/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dump.c - afxdpctl dump: look at frames on their way through a running daemon, those that are
 * dropped, too.
 *
 * The daemon's program copies them into a ring that we have been given; we empty it. The daemon
 * takes its rule away when our connection ends, however that comes about. Ended by a signal or by
 * -c, we ask for that, and read the ring to its end.
 */
#include "dump.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <afxdp/abi.h>
#include "copies.h"
#include "ctl.h"
#include "numbers.h"
#include "vlan.h"
#include "wall.h"

/* Generations of rules whose texts are remembered: frames of the last one may still be in the ring
 * when the next is told. */
#define GENERATIONS 8

/* The daemon takes its rule away when no other change is under way. */
#define END_NS	(30 * NS_PER_S)
/* And we wait so long for others' to be over before ours. */
#define BUSY_NS (10 * NS_PER_S)

struct dump {
	int fd; /* the daemon */
	struct ctl_input in;
	struct afxdp_ring ring;
	json_t *rules[GENERATIONS]; /* as the daemon told of them */
	uint32_t told;
	struct wall wall;
	FILE *to;	     /* a capture: to a file, or to tcpdump */
	bool is_text, named; /* for tcpdump; a file of that name */
	struct dump_text *text;
	uint64_t count, seen; /* -c, 0: no end */
	int signals;
	bool ending, over; /* we have asked for the end; it has come */
	uint64_t ends_by;
	json_t *account; /* what it came with */
	int status;
};

static bool enough(const struct dump *d)
{
	return d->count && d->seen >= d->count;
}

/* ---- what is said beside a frame ---- */

/* @texts: a reference of ours. */
static void learn(struct dump *d, json_int_t generation, json_t *texts)
{
	json_t **place = &d->rules[d->told++ % GENERATIONS];

	json_decref(*place);
	*place = json_pack("{s:I, s:o}", "generation", generation, "texts", texts);
}

static void learn_line(struct dump *d, const json_t *line)
{
	learn(d, json_integer_value(json_object_get(line, "generation")),
	      json_incref(json_object_get(line, "texts")));
}

/* One line from the daemon, which nobody asked for, or that the end has come. */
static void hear(struct dump *d, json_t *line)
{
	const char *over = json_string_value(json_object_get(line, "over"));

	if (json_object_get(line, "texts")) {
		learn_line(d, line);
	} else if (over) {
		d->status = ctl_fail(1, "dump: ended by afxdpd: %s", over);
		d->over = true;
	} else if (json_object_get(line, "ok")) {
		d->account = json_incref(json_object_get(line, "account"));
		d->over = true;
	}
	json_decref(line);
}

static bool listen_to(struct dump *d, int flags)
{
	json_t *line;

	if (!ctl_receive(d->fd, &d->in, flags))
		return false;
	while ((line = ctl_take(&d->in)))
		hear(d, line);
	return true;
}

static const json_t *texts_of(const struct dump *d, uint16_t generation)
{
	for (int i = 0; i < GENERATIONS; i++)
		if (d->rules[i] &&
		    json_integer_value(json_object_get(d->rules[i], "generation")) == generation)
			return json_object_get(d->rules[i], "texts");
	return NULL;
}

/* Rules are told of before they run: what we do not know has been sent. It is waited for once. */
static const char *rule_text(struct dump *d, const struct afxdp_copied *c)
{
	const json_t *texts = texts_of(d, c->generation);

	if (!texts && !d->over && listen_to(d, 0))
		texts = texts_of(d, c->generation);
	if (!texts)
		learn(d, c->generation, json_array());
	return json_string_value(json_array_get(texts, AFXDP_CLASS_RULE(c->class)));
}

static void describe(struct dump *d, const struct afxdp_copied *c, bool text, char *to, size_t size)
{
	const char *verdict = ctl_verdict(AFXDP_CLASS_VERDICT(c->class)), *what;
	uint32_t rule = AFXDP_CLASS_RULE(c->class);

	if (rule == AFXDP_RULE_DEFAULT) {
		snprintf(to, size, "%s, default", verdict);
		return;
	}
	what = text ? rule_text(d, c) : NULL;
	snprintf(to, size, "%s, rule %u%s%s", verdict, rule, what ? ": " : "", what ?: "");
}

/* ---- frames ---- */

static int failed(struct dump *d, int err)
{
	/* Who reads a pipe may have seen enough. */
	d->status = err == -EPIPE ? 0 : ctl_fail(1, "dump: cannot write: %s", strerror(-err));
	d->over = true;
	return 1;
}

/* afxdp_ring_each: Return: whether to take no more now. */
static int take(void *arg, const struct afxdp_copied *c, const uint8_t *bytes)
{
	uint8_t tag[VLAN_TAG_OFFSET + VLAN_HLEN];
	struct dump *d = arg;
	char comment[PCAPNG_COMMENT_MAX];
	struct pcapng_packet p = {
		.ns = d->wall.offset + (int64_t)c->ns,
		.length = c->length,
		.captured = c->captured,
		.queue = c->queue,
		.xdp_action = pcapng_xdp_action(AFXDP_CLASS_VERDICT(c->class)),
		.comment = comment,
	};
	bool stripped = c->flags & AFXDP_META_VLAN_STRIP && c->captured >= VLAN_TAG_OFFSET;
	int err;

	if (enough(d))
		return 0; /* taken, and not shown */
	describe(d, c, true, comment, sizeof(comment));
	if (stripped) {
		vlan_put(tag, bytes, c->flags, c->vlan_tci);
		p.captured += VLAN_HLEN;
		p.length += VLAN_HLEN;
	}
	if (d->is_text)
		describe(d, c, false, dump_text_note(d->text), NOTE_MAX);
	err = dump_file_packet(d->to, &p, stripped ? tag : NULL,
			       bytes + (stripped ? VLAN_TAG_OFFSET : 0));
	if (err)
		return failed(d, err);
	d->seen++;
	return d->is_text && dump_text_full(d->text);
}

static void take_all(struct dump *d)
{
	wall_turn(&d->wall, clock_ns(CLOCK_MONOTONIC));
	if (d->is_text && dump_text_full(d->text))
		return;
	afxdp_ring_read(&d->ring, take, d);
	if (fflush(d->to) && !d->status)
		failed(d, -errno);
}

/* ---- the way ---- */

/* Ask for the end; being asked twice, be gone. */
static void ask_end(struct dump *d)
{
	json_t *request = json_pack("{s:s}", "command", "dump-end");

	if (d->ending || !ctl_say(d->fd, request))
		d->over = true;
	d->ending = true;
	d->ends_by = clock_ns(CLOCK_MONOTONIC) + END_NS;
	json_decref(request);
}

static void read_signal(struct dump *d)
{
	struct signalfd_siginfo info;

	if (read(d->signals, &info, sizeof(info)) == sizeof(info))
		ask_end(d);
}

static void turn(struct dump *d)
{
	bool full = d->is_text && dump_text_full(d->text);
	struct pollfd fds[] = { { .fd = full ? -1 : d->ring.fd, .events = POLLIN },
				{ .fd = d->fd, .events = POLLIN },
				{ .fd = d->signals, .events = POLLIN },
				{ .fd = d->is_text ? d->text->out : -1, .events = POLLIN },
				/* Only whether its reader is there. */
				{ .fd = d->is_text ? -1 : fileno(d->to) } };

	poll(fds, 5, 1000);
	if (fds[3].revents)
		dump_text_turn(d->text);
	take_all(d);
	if (fds[2].revents)
		read_signal(d);
	if (fds[1].revents && !listen_to(d, MSG_DONTWAIT)) {
		d->over = true;
		if (!d->ending)
			d->status = ctl_fail(1, "dump: afxdpd has ended");
	}
	if ((d->is_text && d->text->out < 0) || ferror(stdout) || fds[4].revents)
		d->over = true;
	if (enough(d) && !d->ending)
		ask_end(d);
	if (d->ending && clock_ns(CLOCK_MONOTONIC) > d->ends_by)
		d->over = true;
}

/* What is in the ring still. */
static void drain(struct dump *d)
{
	while (!d->status && !enough(d) && afxdp_ring_pending(&d->ring) &&
	       (!d->is_text || d->text->out >= 0) && !ferror(stdout)) {
		if (d->is_text && dump_text_full(d->text))
			dump_text_turn(d->text);
		take_all(d);
	}
}

static void say_account(const struct dump *d, uint64_t *copied, uint64_t *lost)
{
	*copied = json_integer_value(json_object_get(d->account, "copied"));
	*lost = json_integer_value(json_object_get(d->account, "copy_lost"));
	if (d->account)
		ctl_fail(0,
			 "%" PRIu64 " frames shown of %" PRIu64 " copied; %" PRIu64
			 " lost, because they were not read in time",
			 d->seen, *copied, *lost);
	else
		ctl_fail(0, "%" PRIu64 " frames shown", d->seen);
}

static int run(struct dump *d)
{
	uint64_t copied, lost;
	int err;

	while (!d->over)
		turn(d);
	drain(d);
	say_account(d, &copied, &lost);
	if (d->is_text)
		return dump_text_end(d->text) ?: d->status;
	if (d->account && !ferror(d->to)) {
		err = dump_file_end(d->to, d->wall.offset + (int64_t)clock_ns(CLOCK_MONOTONIC),
				    copied, lost);
		if (err)
			failed(d, err);
	}
	if (fclose(d->to) && !d->status)
		failed(d, -errno);
	d->to = NULL;
	return d->status;
}

/* ---- beginnings ---- */

static int open_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	/* A shell's background job has it ignored. */
	signal(SIGINT, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Where frames go. What is in a file stays until the daemon has said yes. */
static int open_output(struct dump *d, const char *name)
{
	int fd;

	if (!name) {
		int status = dump_text_start(d->text);

		d->is_text = true;
		d->to = d->text->in;
		return status;
	}
	if (!strcmp(name, "-") && isatty(STDOUT_FILENO))
		return ctl_fail(2, "dump: -w - writes a capture, which is nothing for a terminal: "
				   "send it to a program or a file");
	/* What is captured is nobody else's business. */
	d->named = strcmp(name, "-");
	fd = d->named ? open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)
		      : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (fd < 0 || !(d->to = fdopen(fd, "w")))
		return ctl_fail(1, "dump: cannot write '%s': %s", name, strerror(errno));
	return 0;
}

/* The words of the expression, as tcpdump takes them. From malloc(). */
static char *join(int argc, char **argv)
{
	size_t n = 1;
	char *text;

	for (int i = 0; i < argc; i++)
		n += strlen(argv[i]) + 1;
	text = calloc(1, n);
	for (int i = 0; text && i < argc; i++) {
		strcat(text, i ? " " : "");
		strcat(text, argv[i]);
	}
	return text;
}

/* 1/N in front. */
static int read_request(struct dump *d, const struct ctl *ctl, int argc, char **argv,
			json_t **request, uint32_t *bytes)
{
	uint64_t every = 1, snap = 256;
	bool share = argc > 1 && !strncmp(argv[1], "1/", 2);
	char *text;

	if (share && !number_parse(argv[1] + 2, 10, 1, UINT32_MAX, &every))
		return ctl_fail(2, "dump %s: the share is written 1/N, N from 1 to %u", argv[1],
				UINT32_MAX);
	if (ctl->count && !number_parse(ctl->count, 10, 1, UINT64_MAX, &d->count))
		return ctl_fail(2, "dump -c %s: how many frames? A number from 1 on", ctl->count);
	if (ctl->snap && !number_parse(ctl->snap, 10, 0, AFXDP_COPY_SNAP_MAX, &snap))
		return ctl_fail(2, "dump -s %s: bytes of a frame are from 1 to %u; 0 is %u too",
				ctl->snap, AFXDP_COPY_SNAP_MAX, AFXDP_COPY_SNAP_MAX);
	*bytes = snap ?: AFXDP_COPY_SNAP_MAX;
	text = join(argc - 1 - share, argv + 1 + share);
	*request = json_pack("{s:s, s:s, s:I, s:I}", "command", "dump", "expression", text ?: "",
			     "every", (json_int_t)every, "snap", (json_int_t)*bytes);
	free(text);
	return 0;
}

/* Another's change may be under way, or the end of another's dump: these take less than a second,
 * rules that are being compiled more. */
static int ask_begin(struct dump *d, const json_t *request, json_t **reply)
{
	const struct timespec pause = { .tv_nsec = 100000000 };
	uint64_t end = clock_ns(CLOCK_MONOTONIC) + BUSY_NS;

	if (!request)
		return ctl_fail(2, CTL_NOT_UTF8);
	for (;;) {
		*reply = ctl_exchange(d->fd, &d->in, request);
		if (!json_is_true(json_object_get(*reply, "busy")) ||
		    clock_ns(CLOCK_MONOTONIC) > end)
			return ctl_judge(reply);
		json_decref(*reply);
		nanosleep(&pause, NULL);
	}
}

static int begin(struct dump *d, const json_t *request, uint32_t snap)
{
	json_t *reply;
	int status = ask_begin(d, request, &reply), err;

	if (status)
		return status;
	learn_line(d, reply);
	err = d->in.passed > 0 ? afxdp_ring_map(&d->ring, d->in.passed) : -EBADF;
	if (err)
		status = ctl_fail(1, "dump: cannot use the ring that afxdpd gave us: %s",
				  strerror(-err));
	/* Pipes and devices have nothing that could go. */
	if (!err && d->named && ftruncate(fileno(d->to), 0) && errno != EINVAL)
		err = -errno;
	if (!err)
		err = dump_file_begin(d->to, json_string_value(json_object_get(reply, "interface")),
				      snap);
	if (!err && fflush(d->to))
		err = -errno;
	if (err && !status)
		status = ctl_fail(1, "dump: cannot write: %s", strerror(-err));
	json_decref(reply);
	return status;
}

static void clean_up(struct dump *d)
{
	if (d->is_text)
		dump_text_end(d->text);
	else if (d->to)
		fclose(d->to);
	afxdp_ring_free(&d->ring);
	for (int i = 0; i < GENERATIONS; i++)
		json_decref(d->rules[i]);
	json_decref(d->account);
	free(d->in.text);
	free(d->text);
	if (d->fd >= 0)
		close(d->fd);
	if (d->signals >= 0)
		close(d->signals);
}

int ctl_dump(const struct ctl *ctl, int argc, char **argv)
{
	struct dump d = { .fd = -1, .signals = -1, .ring = AFXDP_RING_NONE };
	json_t *request = NULL;
	uint32_t snap = 0;
	int status = read_request(&d, ctl, argc, argv, &request, &snap);

	d.text = calloc(1, sizeof(*d.text));
	if (!status && !d.text)
		status = ctl_fail(1, "out of memory");
	if (!status)
		status = ctl_open(ctl, &d.fd);
	if (!status)
		status = open_output(&d, ctl->write);
	/* Until here Ctrl-C is the end of us, and so of what has been asked for. */
	if (!status)
		status = begin(&d, request, snap);
	if (!status) {
		d.signals = open_signals();
		status = run(&d);
	}
	json_decref(request);
	clean_up(&d);
	return status;
}
