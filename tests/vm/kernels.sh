#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Debian's own kernels, 6.1 (whose verifier takes less) and 6.12: the program, the daemon beside and without others, and that nothing is lost.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$ROOT"
dir=$(mktemp -d)
cleanup rm -rf "$dir"
guests=()
# on KERNEL TEST...: those tests in a guest with that kernel, beside the other guests: nothing here asks how fast it is.
on() {
	local kernel=$1; shift
	compgen -G "/boot/vmlinuz-$kernel.*" >/dev/null || { say "no kernel $kernel in /boot"; return 0; }
	# shellcheck disable=SC2016 # for the guest's shell
	scripts/vm --kernel "$kernel" --timeout 900 -- env FRAMES=50000 bash -ec '
		for test; do
			echo "$(uname -r): $test" >&2
			"tests/$test.sh"
		done' tests "$@" >"$dir/${#guests[@]}" 2>&1 &
	guests+=("$!")
	cleanup kill "$!"
}
on 6.1 vm/guest/dispatcher netns/iplink
on 6.1 netns/rules-man netns/conservation
on 6.12 vm/guest/dispatcher
failed=0
for ((n = 0; n < ${#guests[@]}; n++)); do
	status=0
	wait "${guests[n]}" || status=$?
	cat "$dir/$n"
	[ $status = 0 ] || { say "guest $((n + 1)): status $status"; failed=1; }
done
[ ${#guests[@]} -gt 0 ] || skip "neither kernel is here"
exit $failed
