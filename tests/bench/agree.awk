# SPDX-License-Identifier: GPL-2.0-only
# After median.awk. Two CSVs of one benchmark in, of two runs. Out: "all" TAB ratios compared TAB those within 10 % TAB of the others, those that differ by
# less than the rounds of one run do TAB median difference TAB largest; then for each of the others "far" TAB name TAB ratio in the first run TAB in the
# second TAB difference TAB spread of the rounds, of the run where it is wider. Differences in percent of the first run, spreads in percent of the median.
# A ratio is what a subject reached over what "bare" (without it, the first subject) of its group did in the same round; a group is what shares
# -v group=NAME,NAME...: without others in it, the file's first row is the base. -v value=NAME -v keys=NAME,NAME...
function fields(names,    a, n, i, s) { n = split(names, a, ","); for (i = 1; i <= n; i++) s = s (i > 1 ? " " : "") $at[a[i]]; return s }
# The ratios of key K in run F: their median; their spread goes to `spread`.
function ratio(f, k,    b, r, n, a, m) {
	b = base[of[k]]
	for (r = 1; r <= last[f]; r++)
		if ((f, k, r) in v && (f, b, r) in v && v[f, b, r] > 0) a[++n] = v[f, k, r] / v[f, b, r]
	if (!n) return 0
	m = median(a, n)
	spread = m > 0 ? 100 * (a[n] - a[1]) / m : 0
	return m
}
FNR == 1 { file++; delete at; for (i = 1; i <= NF; i++) at[$i] = i; next }
("sane" in at) && $at["sane"] != "yes" { next }
$at[value] ~ /^[0-9.]+$/ {
	g = fields(group); k = fields(keys) " " g
	if (!(k in of)) {
		of[k] = g; order[++count] = k; members[g]++
		if (first == "") first = k
		if (!(g in base) || k == "bare " g) base[g] = k
	}
	r = ("round" in at) ? $at["round"] + 0 : 1
	if (r > last[file]) last[file] = r
	v[file, k, r] = $at[value]
}
END {
	for (i = 1; i <= count; i++) if (members[of[order[i]]] == 1) base[of[order[i]]] = first
	for (i = 1; i <= count; i++) {
		k = order[i]
		if (k == base[of[k]]) continue
		x = ratio(1, k); wide = spread; y = ratio(2, k); if (spread > wide) wide = spread
		if (x <= 0 || y <= 0) continue
		off = 100 * (y / x - 1)
		d[++n] = off < 0 ? -off : off
		if (d[n] <= 10) { near++; continue }
		if (d[n] <= wide) explained++
		far[++nfar] = sprintf("far\t%s\t%.3f\t%.3f\t%+.1f\t%.0f", k, x, y, off, wide)
	}
	if (!n) exit
	middle = median(d, n)
	printf "all\t%d\t%d\t%d\t%.1f\t%.1f\n", n, near, explained, middle, d[n]
	for (i = 1; i <= nfar; i++) print far[i]
}
