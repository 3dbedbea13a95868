# SPDX-License-Identifier: GPL-2.0-only
# Rows of a benchmark's CSV in; rows "benchmark,round,subject,ratio,sane" out: -v column of each subject over that of -v base in the same round.
NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; print "benchmark,round,subject,ratio,sane"; next }
$at["sane"] == "yes" {
	r = $at["round"]; s = $at["subject"]
	if (!((r, s) in v)) { rounds[r]; if (!(s in seen)) { order[++n] = s; seen[s] } }
	v[r, s] = $at[column]
}
END {
	for (i = 1; i <= n; i++)
		for (r in rounds)
			if ((r, order[i]) in v && (r, base) in v && v[r, base] > 0)
				printf "ratio,%s,%s,%.6f,yes\n", r, order[i], v[r, order[i]] / v[r, base]
}
