#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/vm itself: output and status come through, the time limit holds, what the guest's kernel reports fails the run, runs coexist.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=scripts/vm.d/lib.sh
. "$ROOT/scripts/vm.d/lib.sh"
vm=$ROOT/scripts/vm
tmp=$(mktemp -d)
cleanup rm -rf "$tmp"

# Judging a log needs no machine.
judge() { printf '%s\n' "$1" >"$tmp/log"; kernel_reports "$tmp/log" "${@:2}" >/dev/null; }
while IFS= read -r line; do
	judge "[    9.000000] $line" || fail "not taken for a report: $line"
done <<'END'
BUG: KASAN: slab-use-after-free in xnic_poll+0x1/0x2 [xnic]
BUG: kernel NULL pointer dereference, address: 0000000000000000
BUG kmalloc-64 (Not tainted): Poison overwritten
kernel BUG at mm/slub.c:1!
Oops: general protection fault, probably for non-canonical address 0xdead: 0000 [#1] SMP
WARNING: CPU: 0 PID: 1 at net/core/dev.c:1 x+0x1/0x2
WARNING: possible circular locking dependency detected
INFO: task ip:77 blocked for more than 120 seconds.
rcu: INFO: rcu_preempt self-detected stall on CPU
watchdog: BUG: soft lockup - CPU#0 stuck for 60s! [ip:77]
page_pool_release_retry() stalled pool shutdown: id 3, 1 inflight 60 sec
DMA-API: xnic 0000:01:00.0: device driver frees DMA memory with different size
DMAR: [DMA Write NO_PASID] Request device [01:00.0] fault addr 0xfffe0000 [fault reason 0x05] PTE Write access is not set
xnic 0000:01:00.0 eth0: NETDEV WATCHDOG: CPU: 0: transmit queue 0 timed out 5000 ms
kmemleak: 2 new suspected memory leaks (see /sys/kernel/debug/kmemleak)
UBSAN: array-index-out-of-bounds in x.c:1:2
unregister_netdevice: waiting for eth0 to become free. Usage count = 2
END
while IFS= read -r line; do
	! judge "[    9.000000] $line" || fail "wrongly taken for a report: $line"
done <<'END'
DMA-API: preallocated 65536 debug entries
DMA-API: debugging enabled by kernel config
DMAR: Host address width 39
Kernel command line: console=ttyS0 oops=panic
overlayfs: "xino" feature enabled using 3 upper inode bits.
kmemleak: 0 new suspected memory leaks
DEBUG_LOCKS is a word, and so is BUGGY: no report
END
judge "[    9.0] NETDEV WATCHDOG: eth0" || fail "the watchdog is no report"
! judge "[    9.0] NETDEV WATCHDOG: eth0" -e 'WATCHDOG: eth0' || fail "--allow has no effect"

expect_status 2 "$vm" --nics many -- true
expect_match "a bad number" "$OUT" "--nics 'many'"
expect_status 126 "$vm" --kernel 0.1 -- true
expect_match "a kernel that is not there" "$OUT" "no kernel 0.1"

# Beside all that follows: one that its time limit ends. (On a busy host booting takes half of it.)
"$vm" --timeout 60 -- bash -c 'echo begun; sleep 600' >"$tmp/slow" 2>"$tmp/slow-err" &
slow=$!

# One machine for what works: words, status, the checkout, the overlay, a shared directory, the wire; and the processor.
make_here build/tests/vm/cmpxchg16b
mkdir "$tmp/share"
cat >"$tmp/job" <<'END'
echo "in $PWD"; echo problem >/dev/stderr
test -x scripts/vm && touch Makefile /etc/of-the-guest && echo shared >"$1/file" || exit 1
for n in 0 1; do ip link set "eth$n" up; done
carrier() { for _ in $(seq 200); do [ "$(cat /sys/class/net/eth0/carrier)" = "$1" ] && return; sleep 0.05; done; exit 2; }
carrier 1; vm-link nic0 down; carrier 0; vm-link nic0 up; carrier 1
ip netns add peer && ip link set eth1 netns peer
ip -n peer addr add 10.0.0.2/24 dev eth1 && ip -n peer link set eth1 up && ip addr add 10.0.0.1/24 dev eth0
ping -q -c 2 -W 10 10.0.0.2 >/dev/null || exit 3
build/tests/vm/cmpxchg16b >/dev/null || exit 4
exit 37
END
status=0
"$vm" --share "$tmp/share" --nics 2 --device virtio-net-pci --driver virtio_net --driver veth -- \
	bash -c "$(cat "$tmp/job")" job "$tmp/share" >"$tmp/out" 2>"$tmp/err" || status=$?
expect_eq "the command's status (it said: $(cat "$tmp/out" "$tmp/err"))" $status 37
expect_eq "its output" "$(cat "$tmp/out")" "in $ROOT"
expect_eq "its standard error" "$(cat "$tmp/err")" problem
expect_eq "the shared directory" "$(cat "$tmp/share/file")" shared
[ ! -e /etc/of-the-guest ] || fail "the guest wrote to the host's root"

# One whose kernel has something to say and whose command hides it.
expect_status 125 "$vm" --log "$tmp/log" -- bash -c 'echo "<4>WARNING: CPU: 0 PID: 1 at planted.c:1" >/dev/kmsg; true'
expect_match "the report" "$OUT" "at planted.c:1"
grep -q planted "$tmp/log" || fail "--log has no planted line"

status=0
wait $slow || status=$?
expect_eq "the status at the time limit ($(cat "$tmp/slow-err"))" $status 124
expect_eq "what was said before it" "$(cat "$tmp/slow")" begun
expect_match "the words at the time limit" "$(cat "$tmp/slow-err")" "time limit of 60 s"

# Without a root file system, over a suspend to RAM that wakes by itself.
expect_status 0 "$vm" --disk-free --with e1000e --driver e1000e --nics 1 -- bash -c \
	'echo devices >/sys/power/pm_test; echo mem >/sys/power/state && ip -br link show eth0 && grep -q "success: 1" /sys/kernel/debug/suspend_stats'
expect_match "the card after the suspend" "$OUT" eth0
