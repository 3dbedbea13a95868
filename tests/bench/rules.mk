# SPDX-License-Identifier: GPL-2.0-only
# Benchmarks. `make bench` runs all of them, `make bench-quick` a short version, `make bench BENCH=NAME` one; results go to docs/benchmarks/.
BENCH ?=
BENCH_B := $(B)/tests/bench

$(BENCH_B)/bare: tests/bench/bare.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) $< -o $@ -lxdp -lbpf

$(BENCH_B)/naive: tests/bench/naive.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) $< -o $@

$(BENCH_B)/bare.bpf.o: tests/bench/bare.bpf.c
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

bench-tools: all $(BENCH_B)/bare $(BENCH_B)/naive $(BENCH_B)/bare.bpf.o

bench:
	$(Q)tests/bench/run $(BENCH)
bench-quick:
	$(Q)tests/bench/run --quick $(BENCH)

.PHONY: bench bench-quick bench-tools

# Only here, so that nothing else needs DPDK, ck and liburcu.
MECH_SRCS := $(wildcard tests/bench/mech/*.c)
$(BENCH_B)/mech: $(MECH_SRCS) tests/bench/mech/mech.h include/afxdp/ring.h
	$(call say,CC,tests/bench/mech)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) $(shell pkg-config --cflags libdpdk) $(MECH_SRCS) -o $@ \
		$(shell pkg-config --libs-only-L libdpdk) -lrte_ring -lrte_eal -lurcu-common -lck

bench-tools: $(BENCH_B)/mech

# Instructions a frame, in the VM: the same on every machine.
bench-driver: kmod
	$(Q)tests/bench/driver-cost.sh

.PHONY: bench-driver
