#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What a round trip through a mailbox and a posted message cost in the kernel, in instructions (scripts/vm --icount: the same in every run), beside
# a mutex, an ordered workqueue and a kthread_worker. `control-cost.sh table` prints a table; as a test it holds the mailbox to its promise.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

make_here build/tests/vm/modules/ctl_cost.ko || fail "the module does not build"
out=$("$ROOT/scripts/vm" --icount -- bash -c "insmod '$BUILD/tests/vm/modules/ctl_cost.ko' && rmmod ctl_cost && dmesg") || fail "the measuring failed: $out"
# cost WHAT: the median of the rounds.
cost() { sed -n "s/.*ctlcost: $1 //p" <<<"$out" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
spread() { sed -n "s/.*ctlcost: $1 //p" <<<"$out" | sort -n | sed -n '1p;$p' | xargs | sed 's/ / to /'; }

if [ "${1:-}" = table ]; then
	echo "| | round trip | posted, of 64 |"
	echo "|---|---|---|"
	for how in domain kthread_worker workqueue mutex; do
		post="-"
		[ $how = mutex ] || post="$(cost post-$how) ($(spread post-$how))"
		echo "| $how | $(cost trip-$how) ($(spread trip-$how)) | $post |"
	done
	exit 0
fi
for what in trip-domain trip-kthread_worker trip-workqueue trip-mutex post-domain post-kthread_worker post-workqueue; do
	[ -n "$(cost $what)" ] || fail "no figure for $what in: $out"
	say "$what $(cost $what)"
done
[ "$(cost trip-domain)" -le "$(cost trip-workqueue)" ] || fail "a round trip costs more than an ordered workqueue's"
[ "$(cost trip-domain)" -le $(($(cost trip-kthread_worker) * 5 / 4)) ] || fail "a round trip costs a quarter more than a kthread_worker's"
[ "$(cost post-domain)" -le "$(cost post-workqueue)" ] || fail "a posted message costs more than a work item"
