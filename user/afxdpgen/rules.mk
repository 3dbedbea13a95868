# SPDX-License-Identifier: GPL-2.0-only
# afxdpgen, the traffic generator: build/afxdpgen, its BPF object inside it.
GEN := user/afxdpgen
GEN_SRCS := $(addprefix $(GEN)/,main.c options.c frame.c traffic.c pcap.c interface.c live.c hold.c packet.c file.c crew.c clock.c)
GEN_OBJS := $(GEN_SRCS:%.c=$(B)/%.o) $(B)/user/common/numbers.o $(B)/$(GEN)/object.o

# -mcpu=v2: clang 14 spills 32-bit halves of packet pointers with v3, which the verifier refuses.
$(B)/$(GEN)/afxdpgen.bpf.o: $(GEN)/afxdpgen.bpf.c $(addprefix $(GEN)/,live.h pace.h stamp.h)
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) -std=gnu11 -O2 -g -target bpf -mcpu=v2 $(WARN) $(ASM_INCLUDE) -c $< -o $@

# libbpf reads the object where it lies, as 64-bit ELF: hence the alignment.
$(B)/$(GEN)/object.o: $(B)/$(GEN)/afxdpgen.bpf.o
	$(call say,EMBED,$<)
	$(Q)printf '%s\n' '.section .rodata' '.balign 16' '.global gen_bpf_object, gen_bpf_object_end' \
		'gen_bpf_object:' '.incbin "$<"' 'gen_bpf_object_end:' '.section .note.GNU-stack' | \
		$(CC) -x assembler -c - -o $@

$(B)/afxdpgen: $(GEN_OBJS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) $^ -o $@ -lbpf -lpcap

all: $(B)/afxdpgen
