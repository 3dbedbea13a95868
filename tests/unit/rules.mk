# SPDX-License-Identifier: GPL-2.0-only
# Unit tests: tests/unit/NAME.c becomes build/tests/unit/NAME.t, under ASan and UBSan, or under ThreadSanitizer if it is listed in TSAN.
# A test that needs library sources lists them: NAME_SRCS := user/lib/x.c; extra libraries: NAME_LIBS.
TSAN :=
UNIT := $(wildcard tests/unit/*.c)
UNIT_BIN := $(UNIT:%.c=$(B)/%.t)

include $(filter-out tests/unit/rules.mk,$(wildcard tests/unit/*.mk))

$(B)/tests/unit/%.t: tests/unit/%.c
	$(call say,TEST,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -Itests/unit \
		$(if $(filter $*,$(TSAN)),-fsanitize=thread,$(SANITIZE)) $< $($*_SRCS) -o $@ $($*_LIBS)

$(B)/sanitized/%.o: %.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(SANITIZE) -c $< -o $@

tests: $(UNIT_BIN)
.PHONY: tests
