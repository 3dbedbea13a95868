# SPDX-License-Identifier: GPL-2.0-only
# kmod/domain.c over tests/unit/shim: what the module runs is what is tested here.
TSAN += domain domain_api
domain_SRCS := kmod/domain.c
domain_api_SRCS := kmod/domain.c
domain_signal_SRCS := kmod/domain.c

DOMAIN_TESTS := $(patsubst %,$(B)/tests/unit/%.t,domain domain_api domain_signal)
$(DOMAIN_TESTS): ALL_CPPFLAGS += -Ikmod -Itests/unit/shim -DOS_JITTER
$(DOMAIN_TESTS): kmod/domain.c kmod/domain.h tests/unit/shim/domain_os_user.h include/afxdp/mailbox.h
