# SPDX-License-Identifier: GPL-2.0-only
# For the other awk programs here: awk -f median.awk -f ....awk
function ascending(a, n,    i, j, t) {
	for (i = 2; i <= n; i++) for (j = i; j > 1 && a[j - 1] > a[j]; j--) { t = a[j]; a[j] = a[j - 1]; a[j - 1] = t }
}
# The median of a[1..n], n > 0, which it sorts.
function median(a, n) { ascending(a, n); return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2 }
