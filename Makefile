# SPDX-License-Identifier: GPL-2.0-only
# Every target of the project. Each room of the house adds its own in a rules.mk beside its sources; all that is built goes to build/.
CC ?= gcc
CLANG ?= clang
PREFIX ?= /usr/local
DESTDIR ?=
B := build
VERSION := $(shell cat VERSION)

WARN := -Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes
CFLAGS ?= -O2 -g
CPPFLAGS += -Iinclude -Iuser/lib -Iuser/common -D_GNU_SOURCE -DAFXDP_VERSION='"$(VERSION)"'
ALL_CFLAGS = -std=gnu11 $(WARN) $(CFLAGS) -MMD -MP -pthread
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
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -c $< -o $@

include $(wildcard bpf/rules.mk user/*/rules.mk kmod/rules.mk tests/*/rules.mk docs/rules.mk)

clean:
	$(Q)rm -rf $(B)

check-style:
	$(Q)scripts/check-style

.PHONY: all clean check-style
.DELETE_ON_ERROR:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
