# SPDX-License-Identifier: GPL-2.0-only
# Benchmarks. `make bench` runs all of them, `make bench-quick` a short version, `make bench BENCH=NAME` one; results go to docs/benchmarks/.
BENCH ?=
BENCH_B := $(B)/tests/bench

$(BENCH_B)/bare: tests/bench/bare.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) $< -o $@ -lxdp -lbpf

$(BENCH_B)/bare.bpf.o: tests/bench/bare.bpf.c
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

bench-tools: all $(BENCH_B)/bare $(BENCH_B)/bare.bpf.o

bench:
	$(Q)tests/bench/run $(BENCH)
bench-quick:
	$(Q)tests/bench/run --quick $(BENCH)

.PHONY: bench bench-quick bench-tools
