# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables of run and lib.sh
# Receive livelock: the kernel's receive work on the consumer's core, before everything else there, as interrupts are. A thread does that work
# (threaded NAPI) at a real-time priority, as on an RT kernel; what it is given it takes, and the consumer has what is left.

livelock_subjects=(naive tcpdump:/dev/null "afxdpd -m interrupt" "afxdpd -m adaptive" "afxdpd -m spin" deferred:spin)

# The thread is made when the receiver has its program, or GRO, in place.
livelock_prepare() {
	local pid
	ip netns exec "$RX" sh -c 'echo 1 >/sys/class/net/b1/threaded'
	sleep 0.2
	for pid in $(pgrep "^napi/b1"); do
		taskset -cp "$CONS" "$pid" >/dev/null
		chrt -f -p 50 "$pid"
	done
}

run_livelock() {
	local s pps rates=(30000 100000 200000 500000 1000000 2000000 3000000)
	[ "$quick" = 0 ] || rates=(100000 500000 2000000)
	link 1
	AFTER_START=livelock_prepare

	for ((round = 1; round <= (quick ? 1 : 3); round++)); do
		for pps in "${rates[@]}"; do
			for s in "${livelock_subjects[@]}"; do
				trial "$s" 1 "$pps" 60 1
			done
		done
	done
	AFTER_START=:
}

table_livelock() {
	cat <<'END'
The kernel's receive work runs on the consumer's core, before everything else there, as interrupts do: threaded NAPI at real-time priority 50. The
scheduler leaves ordinary threads 5 % of such a core (`sched_rt_runtime_us`). What leaves the consumer its share is a device that does not interrupt while it is
polled nor for 200 us after (`deferred:spin`: `napi_defer_hard_irqs` 2, `gro_flush_timeout` 200 us, as `-m busy` sets them where a socket can poll the
device, which this kernel's veth does not allow), beside a consumer that does not sleep.

## Frames that the consumer took, a second

END
	grid "$csv" offered_pps consumed_pps 1 %.0f
	printf '\n![consumed](livelock.svg)\n\n## Frames that the device accepted, a second\n\n'
	grid "$csv" offered_pps sent 1 %.0f
	grid_plot "$csv" offered_pps consumed_pps 1e6 livelock.svg "consumed, million frames/s"
}
