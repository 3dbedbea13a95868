# SPDX-License-Identifier: GPL-2.0-only
# The XDP program: build/bpf/afxdp_rx.bpf.o, loadable by libbpf, iproute2 and bpftool.
# -mcpu=v3: 32-bit ALU and jumps, in every kernel and clang we support; smaller and faster code.
BPF_OBJ := $(B)/bpf/afxdp_rx.bpf.o
BPF_CFLAGS := -std=gnu11 -O2 -g -target bpf -mcpu=v3 $(WARN) -Iinclude $(ASM_INCLUDE)

$(BPF_OBJ): bpf/afxdp_rx.bpf.c $(wildcard bpf/*.h) include/afxdp/abi.h
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

# The same with the device's own knowledge: see bpf/hw.h.
BPF_OBJ_HW := $(B)/bpf/afxdp_rx_hw.bpf.o

$(BPF_OBJ_HW): bpf/afxdp_rx.bpf.c $(wildcard bpf/*.h) include/afxdp/abi.h
	$(call say,BPF,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -DAFXDP_HW -c $< -o $@

all: $(BPF_OBJ) $(BPF_OBJ_HW)
