# SPDX-License-Identifier: GPL-2.0-only
# libafxdp: everything but words on a terminal. build/libafxdp.a holds the BPF object too.
LIB_SRCS := $(wildcard user/lib/*.c user/lib/rules/*.c)
# The program without the rest, for tests that compile it with sanitizers.
PROG_SRCS := $(addprefix user/lib/,prog.c constant.c need.c routes.c occupant.c pins.c dispatcher.c)
LIB_OBJS := $(LIB_SRCS:%.c=$(B)/%.o) $(B)/user/lib/object.o
LIB_LIBS := -lxdp -lbpf -lelf -lz -lpcap -lmnl
LIBS := $(LIB_LIBS) -ljansson

$(B)/user/lib/object.o: user/lib/object.S $(BPF_OBJ) $(BPF_OBJ_HW)
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -DAFXDP_RX_OBJECT='"$(BPF_OBJ)"' -DAFXDP_RX_HW_OBJECT='"$(BPF_OBJ_HW)"' -c $< -o $@

$(B)/libafxdp.a: $(LIB_OBJS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

all: $(B)/libafxdp.a
