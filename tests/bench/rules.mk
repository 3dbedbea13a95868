# SPDX-License-Identifier: GPL-2.0-only
# Benchmarks. `make bench` runs all of them, `make bench-quick` a short version, `make bench BENCH=NAME` one; results go to docs/benchmarks/.
BENCH ?=
BENCH_B := $(B)/tests/bench

$(BENCH_B)/bare: tests/bench/bare.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $< -o $@ -lxdp -lbpf

$(BENCH_B)/naive $(BENCH_B)/rtt: $(BENCH_B)/%: tests/bench/%.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $< -o $@

$(BENCH_B)/bare.bpf.o: tests/bench/bare.bpf.c
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(BENCH_B)/bare.bpf.o: tests/bench/filter.h

# For rules.sh.
$(BENCH_B)/filter_c.bpf.o: tests/bench/filter_c.bpf.c tests/bench/filter.h $(wildcard bpf/*.[ch] include/afxdp/*.h)
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(BENCH_B)/cost: tests/bench/cost.c $(B)/libafxdp.a
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $< $(B)/libafxdp.a -o $@ $(LIBS)

$(BENCH_B)/prefixes: tests/bench/prefixes.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $< -o $@

bench-tools: all $(addprefix $(BENCH_B)/,bare naive rtt bare.bpf.o filter_c.bpf.o cost prefixes)

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
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(shell pkg-config --cflags libdpdk) $(MECH_SRCS) -o $@ \
		$(shell pkg-config --libs-only-L libdpdk) -lrte_ring -lrte_eal -lurcu-common -lck

bench-tools: $(BENCH_B)/mech

# Instructions a frame, in the VM: the same on every machine.
bench-driver: kmod
	$(Q)tests/bench/driver.sh

# Ways of learning that frames arrived: the daemon's on veth in real time, the driver's in the VM in instruction time.
bench-notify: bench-tools kmod
	$(Q)tests/bench/run load livelock
	$(Q)tests/bench/notify.sh

.PHONY: bench-driver bench-notify

# The control plane in user space. The domain runtime is built twice: its threads sleep at once (as in the kernel), or give the CPU away 20 times
# first.
CONTROL_BENCH := $(BENCH_B)/control $(BENCH_B)/control-yield
$(BENCH_B)/control-yield: ALL_CPPFLAGS += -DOS_YIELDS=20

$(CONTROL_BENCH): tests/bench/control.c kmod/domain.c kmod/domain.h tests/unit/shim/domain_os_user.h include/afxdp/mailbox.h
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) -Ikmod -Itests/unit/shim $(ALL_CFLAGS) $(filter %.c,$^) -o $@

bench-tools: $(CONTROL_BENCH)

bench-control: $(CONTROL_BENCH)
	$(Q)tests/bench/control.sh

.PHONY: bench-control
