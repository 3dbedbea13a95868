# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables of run and lib.sh
# What is measured: how each receiver is started on b1, how it is known to be ready, and what it says at its end.
#
# subject_start NAME: sets SUBJECT_PID. subject_stop: sets consumed (a number, or "driver": whatever the driver saw) and lost (a number, or empty if the
# subject does not say). More of them may be in functions start_NAME and stop_NAME, for names NAME:REST. Names: drop, bare, naive, testpmd, tcpdump:FILE, dumpcap:FILE, netsniff-ng:FILE, or "afxdpd ARGS".

SUBJECT='' SUBJECT_PID=0

on_consumer() { exec nsenter --net="/run/netns/$RX" -- taskset -c "$CONS" "$@"; }
log_says() { grep -q -- "$1" "$SCRATCH/subject.out" "$SCRATCH/subject.err"; }
gone() { ! kill -0 "$SUBJECT_PID" 2>/dev/null; }
ready_or_gone() { log_says "$1" || gone; }

# launch READY CMD...: start on the consumer's core; ready when its output holds READY.
launch() {
	local ready=$1
	shift
	: >"$SCRATCH/subject.out"
	: >"$SCRATCH/subject.err"
	(on_consumer "$@") >"$SCRATCH/subject.out" 2>"$SCRATCH/subject.err" </dev/null &
	SUBJECT_PID=$!
	wait_for 60 ready_or_gone "$ready" || die "$SUBJECT is not ready after 60 s: $(tail -n 3 "$SCRATCH/subject.err")"
	! gone || die "$SUBJECT does not start: $(tail -n 3 "$SCRATCH/subject.err" "$SCRATCH/subject.out")"
}

subject_start() {
	local queues
	SUBJECT=$1
	queues=$(seq -s ' ' 0 $((LINK_QUEUES - 1)))
	# shellcheck disable=SC2086 # several words
	case $1 in
	drop) launch ready "$TOOLS/bare" "$TOOLS/bare.bpf.o" b1 drop ;;
	bare) launch ready "$TOOLS/bare" "$TOOLS/bare.bpf.o" b1 redirect $queues ;;
	# With so many slots in each ring, all in circulation; fewer are faster, down to a few hundred.
	"bare "[0-9]*) launch ready "$TOOLS/bare" --ring "${1#bare }" "$TOOLS/bare.bpf.o" b1 redirect $queues ;;
	"bare filter") launch ready "$TOOLS/bare" "$TOOLS/bare.bpf.o" b1 filter $queues ;;
	naive) launch ready "$TOOLS/naive" b1 ;;
	afxdpd*) launch ": ready" "$BUILD/afxdpd" -i b1 --report "$SCRATCH/report.json" ${1#afxdpd} ;;
	# --no-huge: a machine as it comes has no hugepages; one forwarding core.
	testpmd*)
		CONS_SAVED=$CONS CONS=0-$((CONS > GEN ? CONS : GEN))
		launch "packet forwarding" dpdk-testpmd --no-huge -m 512 --no-pci --no-shconf --no-telemetry -l "$GEN,$CONS_SAVED" --main-lcore "$GEN" \
			"--vdev=net_af_xdp0,iface=b1,start_queue=0,queue_count=$LINK_QUEUES$(tr " " , <<<"${1#testpmd}")" -- --forward-mode=rxonly --auto-start --nb-cores=1 \
			--rxq="$LINK_QUEUES" --txq="$LINK_QUEUES" --no-lsc-interrupt --total-num-mbufs=16384 --rxd=2048 --burst=64 --stats-period 3600
		CONS=$CONS_SAVED
		;;
	tcpdump:*) launch "listening on" tcpdump -i b1 -n -B 16384 -Z root -w "${1#*:}" ;;
	dumpcap:*) launch "File:" dumpcap -i b1 -B 16 -P -w "${1#*:}" ;;
	# --silent: without, it prints every frame, and that is all it has time for.
	netsniff-ng:*) launch "Running" netsniff-ng --in b1 --out "${1#*:}" --silent --verbose --ring-size 16MiB ;;
	*)
		declare -F "start_${1%%:*}" >/dev/null || die "no subject '$1'"
		"start_${1%%:*}" "${1#*:}"
		;;
	esac
}

# deferred:MODE: afxdpd on a device whose interrupts wait: it is not told of frames while it is polled, nor for 200 us after. (That is what -m busy asks of a
# device, where the kernel lets the socket poll it.)
defer_interrupts() { ip netns exec "$RX" sh -c "cd /sys/class/net/b1 && echo $1 >napi_defer_hard_irqs && echo $2 >gro_flush_timeout"; }
start_deferred() {
	defer_interrupts 2 200000
	launch ": ready" "$BUILD/afxdpd" -i b1 --report "$SCRATCH/report.json" -m "$1"
}
stop_deferred() {
	SUBJECT="afxdpd -m ${SUBJECT#*:}" subject_stop
	defer_interrupts 0 0
}

# Seconds until all that was sent has been taken: a block of a packet socket's ring waits up to a second to be filled.
subject_settles() { case $SUBJECT in tcpdump* | dumpcap* | netsniff*) echo 1.5 ;; *) echo 0.2 ;; esac; }

# end SIGNAL: stop the subject, wait for it.
end() {
	kill "-$1" "$SUBJECT_PID" 2>/dev/null || true
	wait "$SUBJECT_PID" 2>/dev/null || true
	SUBJECT_PID=0
}

# The number in front of (or behind) a phrase of what the subject said last.
said() { cat "$SCRATCH/subject.out" "$SCRATCH/subject.err" | sed -nE "s/$1/\1/p" | tail -n 1; }


subject_stop() {
	consumed=0 lost=''
	case $SUBJECT in
	drop)
		end TERM
		consumed=driver
		;;
	bare | "bare "* | naive)
		end TERM
		consumed=$(said '.*"consumed":([0-9]+).*')
		lost=$(said '.*"lost":([0-9]+).*')
		;;
	afxdpd*)
		end TERM
		consumed=$(jq .ledger.delivered "$SCRATCH/report.json")
		lost=$(jq '.ledger | .ring_full + .fill_empty + .kernel_dropped + .sink_dropped' "$SCRATCH/report.json")
		[ "$(jq .ledger.unexplained "$SCRATCH/report.json")" = 0 ] || lost=-1
		;;
	testpmd*)
		end INT
		consumed=$(said '.*RX-packets: *([0-9]+) +RX-dropped.*')
		lost=$(said '.*RX-packets: *[0-9]+ +RX-dropped: *([0-9]+).*')
		;;
	tcpdump:*)
		end TERM
		consumed=$(said '^([0-9]+) packets? captured.*')
		lost=$(said '^([0-9]+) packets? dropped by kernel.*')
		;;
	dumpcap:*)
		end TERM
		consumed=$(said '.*Packets captured: *([0-9]+).*')
		lost=$(said '.*received\/dropped on interface .*: [0-9]+\/([0-9]+).*')
		;;
	netsniff-ng:*)
		end INT
		# Those it has read; what "passed the filter" may be unread in its ring.
		consumed=$(said '.* ([0-9]+) +packets incoming.*')
		lost=$(said '.* ([0-9]+) +packets failed filter.*')
		;;
	*) "stop_${SUBJECT%%:*}" ;;
	esac
	consumed=${consumed:-0}
	case $SUBJECT in *:/dev/null | *:/dev/shm/*) rm -f "$SCRATCH"/capture* ;; esac
}
