# SPDX-License-Identifier: GPL-2.0-only
# Two CSVs of one benchmark in, of two runs. Out: rows of what was compared: name TAB ratio in the first run TAB in the second TAB difference in
# percent TAB spread of the rounds, in percent of the median, the larger of the two.
# A ratio is what a subject reached over what the first subject of its group did in the same round (or the nearest round that counts); a group is
# what shares -v group=NAME,NAME...: without others in it, the file's first row is the base. -v value=NAME -v keys=NAME,NAME...
function fields(names,    a, n, i, s) { n = split(names, a, ","); for (i = 1; i <= n; i++) s = s (i > 1 ? " " : "") $at[a[i]]; return s }
function ascending(a, n,    i, j, t) {
	for (i = 2; i <= n; i++) for (j = i; j > 1 && a[j - 1] > a[j]; j--) { t = a[j]; a[j] = a[j - 1]; a[j - 1] = t }
}
# The median of a[1..n], which it sorts.
function median(a, n) { ascending(a, n); return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2 }
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
	if (!(k in of)) { of[k] = g; order[++count] = k; if (!(g in base)) { base[g] = k; if (first == "") first = k } members[g]++ }
	r = ("round" in at) ? $at["round"] + 0 : 1
	if (r > last[file]) last[file] = r
	# A subject that is tried several times a round (a search) counts with its best.
	if (!((file, k, r) in v) || $at[value] > v[file, k, r]) v[file, k, r] = $at[value]
}
END {
	for (i = 1; i <= count; i++) if (members[of[order[i]]] == 1) base[of[order[i]]] = first
	for (i = 1; i <= count; i++) {
		k = order[i]
		if (k == base[of[k]]) continue
		x = ratio(1, k); sx = spread; y = ratio(2, k); sy = spread
		if (x > 0 && y > 0) printf "%s\t%.3f\t%.3f\t%+.1f\t%.0f\n", k, x, y, 100 * (y / x - 1), (sx > sy ? sx : sy)
	}
}
