# SPDX-License-Identifier: GPL-2.0-only
# Rows of a benchmark's CSV in; out: key TAB median TAB minimum TAB maximum TAB rounds, for each subject in the order of its first appearance.
# -v column=NAME -v scale=DIVISOR [-v keys=NAME,NAME...: what tells rows apart, default subject]
function ascending(a, n,    i, j, t) {
	for (i = 2; i <= n; i++) for (j = i; j > 1 && a[j - 1] > a[j]; j--) { t = a[j]; a[j] = a[j - 1]; a[j - 1] = t }
}
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
		ascending(a, m)
		median = m % 2 ? a[(m + 1) / 2] : (a[m / 2] + a[m / 2 + 1]) / 2
		printf "%s\t%s\t%s\t%s\t%d\n", key, median, a[1], a[m], m
	}
}
