# SPDX-License-Identifier: GPL-2.0-only
# Manual pages by scdoc, and installing.
MAN_SRCS := $(wildcard docs/*.scd)
MAN := $(MAN_SRCS:docs/%.scd=$(B)/man/%)

$(B)/man/%: docs/%.scd
	$(call say,MAN,$<)
	@mkdir -p $(@D)
	$(Q)scdoc <$< >$@

# What afxdp-metrics(5) lists comes out of the daemon's own table.
$(B)/metrics-manual: docs/metrics-manual.c user/afxdpd/metrics_table.c user/afxdpd/metrics.h
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -Iuser/afxdpd $(filter %.c,$^) -o $@

$(B)/man/afxdp-metrics.5: docs/afxdp-metrics.5.in $(B)/metrics-manual
	$(call say,MAN,$<)
	@mkdir -p $(@D)
	$(Q)$(B)/metrics-manual | sed -e '/^@METRICS@$$/{r /dev/stdin' -e 'd;}' $< | scdoc >$@
MAN += $(B)/man/afxdp-metrics.5

man: $(MAN)
all: man

PUBLIC := $(wildcard include/afxdp/*.h) $(addprefix user/lib/,account.h hist.h knobs.h nic.h post.h \
	prog.h rules.h trial.h uapi.h xsk.h)

# What is installed: the library, its own functions renamed out of the way of a user's.
$(B)/public/libafxdp.a: $(B)/libafxdp.a
	$(call say,AR,$@)
	@mkdir -p $(@D)
	$(Q)nm -gP --defined-only $< 2>/dev/null | awk 'NF > 2 && $$1 !~ /^afxdp_/ { print $$1, "afxdp_own_" $$1 }' | sort -u >$(@D)/own
	$(Q)objcopy --redefine-syms=$(@D)/own $< $@

all: $(B)/public/libafxdp.a

install: all
	$(Q)install -D -m 755 $(B)/afxdpd $(DESTDIR)$(PREFIX)/sbin/afxdpd
	$(Q)install -D -m 755 -t $(DESTDIR)$(PREFIX)/bin $(B)/afxdpctl $(B)/afxdpgen
	$(Q)install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/afxdp $(BPF_OBJ)
	$(Q)install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib $(B)/public/libafxdp.a
	$(Q)install -D -m 644 -t $(DESTDIR)$(PREFIX)/include/afxdp $(PUBLIC)
	$(Q)mkdir -p $(DESTDIR)$(PREFIX)/lib/pkgconfig
	$(Q)printf '%s\n' 'prefix=$(PREFIX)' 'Name: libafxdp' 'Description: AF_XDP receive path' \
		'Version: $(VERSION)' 'Cflags: -I$${prefix}/include' \
		'Libs: -L$${prefix}/lib -lafxdp $(LIB_LIBS)' >$(DESTDIR)$(PREFIX)/lib/pkgconfig/libafxdp.pc
	$(Q)mkdir -p $(DESTDIR)$(PREFIX)/lib/systemd/system
	$(Q)sed 's|@PREFIX@|$(PREFIX)|' packaging/afxdpd@.service.in >$(DESTDIR)$(PREFIX)/lib/systemd/system/afxdpd@.service
	$(Q)install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/afxdp packaging/prometheus.rules.yml packaging/grafana.json
	$(Q)install -D -m 755 -t $(DESTDIR)$(PREFIX)/share/afxdp/extcap packaging/extcap/afxdp
	$(Q)for page in $(MAN); do \
		install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man$${page##*.} $$page || exit 1; done

uninstall:
	$(Q)rm -f $(DESTDIR)$(PREFIX)/sbin/afxdpd $(DESTDIR)$(PREFIX)/bin/afxdpctl \
		$(DESTDIR)$(PREFIX)/bin/afxdpgen $(DESTDIR)$(PREFIX)/lib/libafxdp.a \
		$(DESTDIR)$(PREFIX)/lib/pkgconfig/libafxdp.pc \
		$(DESTDIR)$(PREFIX)/lib/systemd/system/afxdpd@.service
	$(Q)rm -rf $(DESTDIR)$(PREFIX)/lib/afxdp $(DESTDIR)$(PREFIX)/share/afxdp $(DESTDIR)$(PREFIX)/include/afxdp
	$(Q)for page in $(notdir $(MAN)); do \
		rm -f $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$$page; done

demo:
	$(Q)scripts/demo
test:
	$(Q)scripts/test
# On bare Debian suites with their compilers and libraries: docs/compatibility.md. MATRIX="trixie" runs some.
matrix:
	$(Q)scripts/matrix $(MATRIX)

.PHONY: man install uninstall demo test matrix
