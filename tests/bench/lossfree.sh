# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables of run and lib.sh
# The loss-free rate (RFC 2544 section 26.1): a binary search for the highest offered rate at which nothing is lost. A rate passes if one of three trials (two if quick)
# loses nothing: on a machine that is not ours alone, one trial's loss says as much about the neighbours.

# lossless SUBJECT PPS: whether a trial at PPS loses nothing. Sets reached: whether the generator kept the rate to 1 %.
lossless() {
	local try
	for ((try = quick; try < 3; try++)); do
		trial "$1" $((quick ? 1 : 3)) "$2" 60 1
		reached=$(awk -v s="$sent" -v d="$duration" -v p="$2" 'BEGIN { print (s / d >= 0.99 * p) }')
		[ -z "$sane" ] || continue
		[ "$reached" = 1 ] || continue
		[ "$consumed" != "$sent" ] || return 0
	done
	return 1
}

# search SUBJECT: the highest rate, to within 4 % (25 % if quick), into $best and the rates' CSV.
search() {
	local low=50000 high=8000000 mid verdict=yes
	best=0
	while [ $((high - low)) -gt $((low / (quick ? 4 : 25))) ]; do
		mid=$(awk -v a="$low" -v b="$high" 'BEGIN { printf "%d", sqrt(a * b) }')
		if lossless "$1" "$mid"; then best=$mid low=$mid; else high=$mid; fi
	done
	# A rate that nobody could offer says nothing about who receives it.
	[ "$best" != 0 ] || verdict="no rate from 50 k/s up was both offered and received whole: is the machine busy with other things?"
	echo "$benchmark,$round,$1,$best,$verdict" >>"$rates"
	progress "$benchmark, round $round: $1: $best frames/s without loss"
}

# lossfree_of SUBJECT...: rounds of searches, in turns.
lossfree_of() {
	local s
	rates=$out/$benchmark-rates.csv
	echo benchmark,round,subject,rate,sane >"$rates"
	for ((round = 1; round <= (quick ? 1 : 3); round++)); do
		for s in "$@"; do search "$s"; done
	done
}

run_lossfree() {
	link 1
	if [ "$quick" = 1 ]; then
		lossfree_of bare "afxdpd -m spin" tcpdump:/dev/null
	else
		lossfree_of bare "afxdpd -m spin" "afxdpd -m adaptive" testpmd tcpdump:/dev/null
	fi
}

# rate_tables: loss-free rates, and their ratios to BASE.
rate_tables() {
	printf '## Highest rate without loss, thousand frames a second\n\n| subject | median | min to max |\n|---|---|---|\n'
	summarize -v column=rate -v scale=1000 -v keys=subject "$rates" | rows %.0f
	printf '\n## Against %s of the same round\n\n| subject | median ratio | min to max |\n|---|---|---|\n' "$1"
	awk -F, -v base="$1" -v column=rate -f "$ROOT/tests/bench/ratios.awk" "$rates" |
		summarize -v column=ratio -v scale=1 -v keys=subject | rows %.2f
}

table_lossfree() { rate_tables bare; }
