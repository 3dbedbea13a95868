# SPDX-License-Identifier: GPL-2.0-only
# Rows of a benchmark's CSV in; out: key TAB median TAB minimum TAB maximum TAB rounds, for each subject in the order of its first appearance.
# After median.awk. -v column=NAME -v scale=DIVISOR [-v keys=NAME,NAME...: what tells rows apart, default subject]
NR == 1 {
	for (i = 1; i <= NF; i++) at[$i] = i
	nk = split(keys == "" ? "subject" : keys, k, ",")
	next
}
$at["benchmark"] != "benchmark" {
	key = $at[k[1]]
	for (i = 2; i <= nk; i++) key = key "," $at[k[i]]
	if (!(key in n)) { order[++count] = key; n[key] = 0 }
	if ($at["sane"] == "yes") v[key, ++n[key]] = $at[column] / scale
	else why[key] = $at["sane"]
}
END {
	for (c = 1; c <= count; c++) {
		key = order[c]
		m = n[key]
		if (!m) { printf "%s\t-\t-\t-\t0\t%s\n", key, why[key]; continue }
		delete a
		for (i = 1; i <= m; i++) a[i] = v[key, i]
		middle = median(a, m)
		printf "%s\t%s\t%s\t%s\t%d\n", key, middle, a[1], a[m], m
	}
}
