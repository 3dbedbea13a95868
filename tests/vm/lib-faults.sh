# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# For tests with `scripts/vm --debug`, and in its guest: sweeps of failing allocations, and leaks. Source it after tests/lib.sh.

# need_debug_kernel: on the host, skips the test where it is not built.
need_debug_kernel() {
	# shellcheck source=scripts/vm.d/lib.sh
	. "$ROOT/scripts/vm.d/lib.sh"
	find_debug_kernel || skip "no debug kernel: 'make vm-debug-kernel' builds it, once, in about 25 minutes of CPU time"
}

FAILNTH_LIB=$BUILD/tests/vm/failnth.so

# The addresses of kmemleak's inner functions, first and last. It makes an allocation of its own for each that it records, and gets along without.
kmemleak_text() {
	awk '$3 ~ /^(__link_object|__alloc_object|__create_object|kmemleak_scan)$/ { print $1 }' /proc/kallsyms | sort | sed -n '1p;$p'
}

# faults_in MODULE: from now on only allocations with a function of MODULE on the stack fail; without a name, any. kmemleak's own do not.
faults_in() {
	local a s text start=0 end=0xffffffffffffffff reject
	mapfile -t reject < <(kmemleak_text)
	if [ ${#reject[@]} != 2 ] || [ $((0x${reject[1]} - 0x${reject[0]})) -gt 65536 ]; then fail "where is kmemleak in this kernel? ${reject[*]}"; fi
	if [ -n "${1-}" ]; then
		text=$(awk -v module="[$1]" '$4 == module && tolower($2) == "t" { print $1 }' /proc/kallsyms | sort)
		[ -n "$text" ] || fail "no module '$1' is loaded"
		# The address of the last function, and more than its length.
		start=0x$(head -n 1 <<<"$text")
		end=$(printf '0x%x' $((0x$(tail -n 1 <<<"$text") + 8192)))
	fi
	# (Copies from and to user space fail by the same counter.)
	for a in failslab fail_page_alloc fail_usercopy; do
		s=/sys/kernel/debug/$a
		[ -d "$s" ] || fail "no $s: this kernel has no fault injection; use scripts/vm --debug"
		echo "$start" >$s/require-start
		echo "$end" >$s/require-end
		echo "0x${reject[0]}" >$s/reject-start
		printf '0x%x\n' $((0x${reject[1]} + 2048)) >$s/reject-end
		echo 32 >$s/stacktrace-depth
		# Every kind of allocation; and no stack dump for each, it is on purpose.
		[ ! -e $s/ignore-gfp-wait ] || echo N >$s/ignore-gfp-wait
		echo 0 >$s/verbose
	done
	echo N >/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem
	echo 0 >/sys/kernel/debug/fail_page_alloc/min-order
}

# with_fault N COMMAND...: runs COMMAND with its N-th allocation failing, and the N-th of each of FAULT_TASKS. Leaves its exit status in $status and in
# $short how far the one that came nearest was from its N-th: 0 says that it has failed. A COMMAND that is a function of the shell runs in it, and its
# allocations are the shell's: for what faults_in MODULE narrows down. (A process takes a second on the debug kernel, and there are thousands of runs.)
with_fault() {
	local n=$1 left=${TMPDIR:-/tmp}/fault-left.$BASHPID pid tasks=${FAULT_TASKS:-}
	shift
	status=0 short=0
	if declare -F "$1" >/dev/null; then
		tasks+=" $BASHPID" short=$n
	else
		: >"$left"
	fi
	for pid in $tasks; do echo "$n" >"/proc/$pid/fail-nth"; done
	if [ "$short" != 0 ]; then
		"$@" >/dev/null 2>&1 || status=$?
	else
		FAIL_NTH=$n FAIL_NTH_LEFT=$left LD_PRELOAD=$FAILNTH_LIB "$@" >/dev/null 2>&1 || status=$?
		# A program that ended without a word about it was hit badly.
		read -r short <"$left" || short=${short:-0}
	fi
	for pid in $tasks; do
		read -r left <"/proc/$pid/fail-nth"
		[ "$left" -ge "$short" ] || short=$left
		echo 0 >"/proc/$pid/fail-nth"
	done
}

# fault_sweep CHECK COMMAND...: runs COMMAND undisturbed, and tells how many allocations it makes; then with its first allocation failing, then
# with its second, ... until one run is through undisturbed, which must succeed. After each, CHECK (a function; arguments: which one failed, 0
# for none, COMMAND's status) must succeed: it says whether the device is still well, and takes back what COMMAND did. FAULT_TASKS: process ids
# (kernel threads that work for COMMAND) in which allocations fail as well. FAULT_FROM, FAULT_STEP: begin with another one, leave some out, so
# that several guests can share a long sweep. Prints a summary.
fault_sweep() {
	local check=$1 step=${FAULT_STEP:-1} n runs=0 failed=0 status short
	shift
	with_fault 1000000 "$@"
	[ "$status" = 0 ] || fail "'$*' fails ($status) without any fault"
	"$check" 0 0 || fail "after '$*' without a fault: check '$check' failed"
	say "'$*': $((1000000 - short)) allocations in one task or another"
	n=$((${FAULT_FROM:-1} - step))
	while [ $((n += step)) -lt "${FAULT_MAX:-5000}" ]; do
		with_fault $n "$@"
		if [ "$short" != 0 ]; then
			[ "$status" = 0 ] || fail "'$*' fails ($status) without any fault, after $runs runs with one"
			"$check" 0 0 || fail "after '$*' without a fault: check '$check' failed"
			echo "'$*': $runs allocations failed, one a run; $failed runs failed, $((runs - failed)) coped"
			return
		fi
		runs=$((runs + 1))
		[ $((runs % 32)) != 0 ] || say "'$*': $runs allocations failed so far, the last one the ${n}th"
		[ "$status" = 0 ] || failed=$((failed + 1))
		"$check" $n "$status" || fail "after '$*' with failing allocation $n (its status: $status): check '$check' failed"
	done
	fail "'$*' made more than ${FAULT_MAX:-5000} allocations"
}

# leaks_forget: what is unreachable by now is not the fault of what comes next.
leaks_forget() {
	echo scan >/sys/kernel/debug/kmemleak || fail "no kmemleak in this kernel: use scripts/vm --debug"
	echo clear >/sys/kernel/debug/kmemleak
}
# leaks_check: nothing that was allocated since has been lost. Takes about 20 s: an object counts only after 5 s, and a pointer may be on the move.
leaks_check() {
	local found
	sleep 6
	echo scan >/sys/kernel/debug/kmemleak
	sleep 1
	echo scan >/sys/kernel/debug/kmemleak
	found=$(cat /sys/kernel/debug/kmemleak)
	[ -z "$found" ] || { say "$found"; fail "kmemleak: memory was lost (above)"; }
}
