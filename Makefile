# SPDX-License-Identifier: GPL-2.0-only
# Every target of the project. Each room of the house adds its own in a rules.mk beside its sources; all that is built goes to build/.
CC ?= gcc
CLANG ?= clang
PREFIX ?= /usr/local
DESTDIR ?=
B := build
VERSION := $(shell cat VERSION)

# A warning ends the build where we look at it (WERROR=1, or CI=true in the environment), not where somebody has a newer compiler than we had.
WERROR ?= $(if $(filter-out 0 false,$(CI)),1)
WARN := -Wall -Wextra $(if $(filter-out 0,$(WERROR)),-Werror)
# CFLAGS, CPPFLAGS and LDFLAGS are the caller's, from the environment or the command line; what the build itself needs is in ALL_*.
CFLAGS ?= -O2 -g
ALL_CPPFLAGS = -Iinclude -Iuser/lib -Iuser/common -D_GNU_SOURCE -DAFXDP_VERSION='"$(VERSION)"' $(CPPFLAGS)
ALL_CFLAGS = -std=gnu11 $(WARN) -Wstrict-prototypes -Wmissing-prototypes $(CFLAGS) -MMD -MP -pthread
# Where the compiler finds <asm/types.h>: clang -target bpf does not look into a multiarch directory. Asked in a way that every compiler answers.
ASM_INCLUDE := $(patsubst %/asm/types.h,-I%,$(filter %/asm/types.h,$(shell $(CC) -M -include asm/types.h -x c /dev/null 2>/dev/null)))
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# Quiet lines: what is made, not how; V=1 shows the commands.
ifneq ($(V),1)
Q := @
say = @printf '  %-8s %s\n' $(1) $(2)
endif

all:
# One command that finds nothing to do is silent about it, so that scripts may call make freely.
	@:

$(B)/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -c $< -o $@

include $(wildcard bpf/rules.mk user/*/rules.mk kmod/rules.mk tests/*/rules.mk docs/rules.mk)

clean:
	$(Q)rm -rf $(B)

check-style:
	$(Q)scripts/check-style

.PHONY: all clean check-style
.DELETE_ON_ERROR:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
