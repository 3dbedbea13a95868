/* SPDX-License-Identifier: GPL-2.0-only */
#include "pcap_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of an Ethernet frame nothing is ever cut off: libpcap's own upper limit (MAXIMUM_SNAPLEN). */
#define SNAPLEN 262144

/*
 * A pipe is opened O_NONBLOCK, so that a write() to one that nobody empties can be given up. The
 * flag belongs to the open file description, which stdout shares with strangers: hence one of our
 * own, by way of /proc. Regular files ignore the flag.
 */
static int open_fd(const char *name)
{
	struct stat st;
	int fd = -1;

	if (strcmp(name, "-"))
		return open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0666);
	if (!fstat(STDOUT_FILENO, &st) && S_ISFIFO(st.st_mode))
		fd = open("/proc/self/fd/1", O_WRONLY | O_CLOEXEC | O_NONBLOCK);
	return fd < 0 ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0) : fd;
}

static int write_header(struct pcap_file *f, FILE *stream)
{
	pcap_t *dead = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, SNAPLEN,
							    PCAP_TSTAMP_PRECISION_NANO);

	if (!dead) {
		fclose(stream);
		return -ENOMEM;
	}
	errno = 0;
	f->dumper = pcap_dump_fopen(dead, stream);
	if (!f->dumper) {
		int err = errno ? -errno : -EIO;

		fclose(stream);
		pcap_close(dead);
		return err;
	}
	pcap_close(dead);
	return pcap_dump_flush(f->dumper) ? -errno : 0;
}

int pcap_file_open(struct pcap_file *f, const char *name, char *why, size_t size)
{
	FILE *stream;
	int fd, err;

	memset(f, 0, offsetof(struct pcap_file, piece));
	f->given_up = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	fd = f->given_up < 0 ? -1 : open_fd(name);
	stream = fd < 0 ? NULL : fdopen(fd, "w");
	if (!stream) {
		err = -errno;
		if (fd >= 0)
			close(fd);
		goto close;
	}
	/* libpcap writes the header, so that magic and link type are its business. Records we write
	 * ourselves: of 60-byte frames pcap_dump() with a buffer as large cost 59 ns each, its two
	 * calls of fwrite() being most of the difference to our 38 (tmpfs, one core). */
	err = write_header(f, stream);
	if (err)
		goto close;
	f->fd = fd;
	f->end = lseek(fd, 0, SEEK_CUR);
	return 0;
close:
	pcap_file_close(f);
	snprintf(why, size, "cannot write pcap file '%s': %s", name,
		 err == -ENXIO ? "no process reads this FIFO; start the reader first"
			       : strerror(-err));
	return err;
}

/* Skip the first @n bytes of what *@piece and what follows describe. */
static void advance(struct iovec **piece, uint32_t *pieces, size_t n)
{
	while (*pieces && n >= (*piece)->iov_len) {
		n -= (*piece)->iov_len;
		(*piece)++;
		(*pieces)--;
	}
	if (n) {
		(*piece)->iov_base = (uint8_t *)(*piece)->iov_base + n;
		(*piece)->iov_len -= n;
	}
}

/* Cut off what lies behind the last whole record. */
static void trim(struct pcap_file *f)
{
	if (f->end < 0 || ftruncate(f->fd, f->end) || lseek(f->fd, f->end, SEEK_SET) < 0)
		f->broken = true;
}

static int wait_room(struct pcap_file *f)
{
	struct pollfd fds[] = {
		{ .fd = f->fd, .events = POLLOUT },
		{ .fd = f->given_up, .events = POLLIN },
	};

	if (poll(fds, 2, -1) < 0 && errno != EINTR)
		return -errno;
	return fds[1].revents ? -ECANCELED : 0;
}

int pcap_file_write(struct pcap_file *f, uint32_t *written, uint64_t *bytes)
{
	uint64_t total = f->records ? f->record_end[f->records - 1] : 0, done = 0;
	struct iovec *piece = f->piece;
	uint32_t left = f->pieces, whole = f->records;
	int err = f->broken ? -EPIPE : 0;

	while (!err && done < total) {
		ssize_t n = writev(f->fd, piece, (int)left);

		if (n > 0) {
			done += n;
			advance(&piece, &left, n);
		} else if (n == 0) {
			err = -EIO;
		} else if (errno == EAGAIN) {
			err = wait_room(f);
		} else if (errno != EINTR) {
			err = -errno;
		}
	}
	while (whole && f->record_end[whole - 1] > done)
		whole--;
	*written = whole;
	*bytes = whole ? f->record_end[whole - 1] : 0;
	if (f->end >= 0)
		f->end += *bytes;
	if (done > *bytes)
		trim(f);
	f->pieces = 0;
	f->records = 0;
	f->copied = 0;
	return err;
}

void pcap_file_give_up(struct pcap_file *f)
{
	uint64_t one = 1;

	if (write(f->given_up, &one, sizeof(one)) < 0) {
		/* EAGAIN: it has been told often enough. */
	}
}

void pcap_file_close(struct pcap_file *f)
{
	if (f->given_up >= 0)
		close(f->given_up);
	f->given_up = -1;
	if (f->dumper)
		pcap_dump_close(f->dumper);
	f->dumper = NULL;
}
