# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables of run and lib.sh
# Writing captures to memory (tmpfs) without losing a frame: afxdpd's pcap sink beside the tools people use.

# shellcheck source=tests/bench/lossfree.sh
. "$ROOT/tests/bench/lossfree.sh"

run_pcap() {
	local dir
	dir=$(mktemp -d /dev/shm/afxdp-bench.XXXXXX)
	cleanup rm -rf "$dir"
	chmod 777 "$dir"
	link 1
	if [ "$quick" = 1 ]; then
		lossfree_of "afxdpd -s pcap:$dir/capture" "tcpdump:$dir/capture"
	else
		lossfree_of "afxdpd -s pcap:$dir/capture" "tcpdump:$dir/capture" "dumpcap:$dir/capture" "netsniff-ng:$dir/capture"
	fi
	rm -rf "$dir"
	# The directory's name is of no interest.
	sed -i "s|$dir|tmpfs|g" "$rates" "$csv"
}

table_pcap() { rate_tables tcpdump:tmpfs/capture; }
