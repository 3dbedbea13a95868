# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables of run and lib.sh
# The path at saturation: 64-byte frames, one flow, one queue, as fast as the generator goes.

path_subjects=(drop bare "bare 1024" "bare 512" "bare 256" "afxdpd -m spin" "afxdpd -m spin --stamp every" "afxdpd -m adaptive" "afxdpd -m interrupt" testpmd
	"testpmd busy_budget=0" tcpdump:/dev/null)

run_path() {
	local s rounds=$((quick ? 2 : 15))
	link 1
	for ((round = 1; round <= rounds; round++)); do
		for s in "${path_subjects[@]}"; do trial "$s" 1 max 64 1; done
	done
}

table_path() {
	cat <<'END'
## Frames consumed, million a second

`drop` is the ceiling: a program that drops every frame. `bare` is the least an AF_XDP receiver can do behind a program that only redirects;
its rings have 4096 slots, or as many as are named.

| subject | median | min to max |
|---|---|---|
END
	summary consumed_pps 1e6 | rows %.2f
	cat <<'END'

## Against the bare loop of the same round, rings of 512 slots

| subject | median ratio | min to max |
|---|---|---|
END
	ratios "bare 512" consumed_pps | rows %.3f
	cat <<'END'

## Against the bare loop of the same round, rings of 4096 slots

| subject | median ratio | min to max |
|---|---|---|
END
	ratios bare consumed_pps | rows %.3f
	cat <<'END'

## Against testpmd of the same round

| subject | median ratio | min to max |
|---|---|---|
END
	ratios testpmd consumed_pps | rows %.2f
	cat <<'END'

## CPU of the consumer, cores

| subject | median | min to max |
|---|---|---|
END
	summary consumer_cpu | rows %.2f
}
