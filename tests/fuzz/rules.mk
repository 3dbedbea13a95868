# SPDX-License-Identifier: GPL-2.0-only
# libFuzzer targets: tests/fuzz/NAME.c becomes build/tests/fuzz/NAME; NAME_FUZZ_SRCS, NAME_FUZZ_LIBS. `make fuzz` runs each for FUZZ_SECONDS.
FUZZ := $(wildcard tests/fuzz/*.c)
FUZZ_BIN := $(FUZZ:%.c=$(B)/%)
FUZZ_SECONDS ?= 60

include $(filter-out tests/fuzz/rules.mk,$(wildcard tests/fuzz/*.mk))

$(B)/tests/fuzz/%: tests/fuzz/%.c
	$(call say,FUZZER,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -fsanitize=fuzzer $(SANITIZE) $< $($*_FUZZ_SRCS) -o $@ $($*_FUZZ_LIBS)

# The rule compiler, once for all of them.
RULES_FUZZ := $(addprefix $(B)/tests/fuzz/,rules_expr rules_file rules_import)
RULES_FUZZ_OBJS = $(RULES_LIB_SRCS:%.c=$(B)/fuzzed/%.o)
.SECONDEXPANSION:
$(RULES_FUZZ): $$(RULES_FUZZ_OBJS) $(B)/user/lib/object.o
$(B)/fuzzed/%.o: %.c
	$(call say,FUZZED,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -fsanitize=fuzzer-no-link $(SANITIZE) -c $< -o $@
# tests/netns/fuzz.sh runs them.
tests: $(RULES_FUZZ)

# What is found stays in build/tests/fuzz/NAME.corpus, so that the next run goes on from there. What is worth keeping is in tests/fuzz/corpus/NAME: make it
# with build/tests/fuzz/NAME -merge=1 -use_counters=0 tests/fuzz/corpus/NAME build/tests/fuzz/NAME.corpus.
fuzz: $(FUZZ_BIN)
	$(Q)for f in $^; do mkdir -p $$f.corpus && $$f -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 $$f.corpus \
		$$(ls -d tests/fuzz/corpus/$${f##*/} 2>/dev/null) || exit 1; done
.PHONY: fuzz
