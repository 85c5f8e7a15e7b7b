# SPDX-License-Identifier: GPL-2.0
# One Makefile, not recursive; everything it makes is under out/.
# `make help` lists the targets. V=1 shows the commands.

VERSION := 0.1
PREFIX ?= /usr/local
KERNEL ?= 6.12
O := out

CC ?= gcc
CLANG ?= clang
BPFTOOL ?= $(firstword $(shell command -v bpftool) /usr/sbin/bpftool)
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s %s\n' '$(1)' '$(2)')

# ---- sources: found, not listed -------------------------------------------

subdirs_of = $(1) $(foreach d,$(wildcard $(1)/*/),$(call subdirs_of,$(d:/=)))

CLI_SRC := $(foreach d,$(call subdirs_of,cli),$(wildcard $(d)/*.c))
BPF_SRC := $(wildcard bpf/*.bpf.c)
UNIT_SRC := $(wildcard tests/unit/test_*.c)

CLI_OBJ := $(CLI_SRC:%.c=$(O)/%.o)
BIN := $(if $(CLI_SRC),$(O)/convlist)

# pending is loaded alone, on request; everything else is one program set.
BPF_OBJ_pending := $(patsubst bpf/%.c,$(O)/bpf/obj/%.o,$(filter bpf/pending.bpf.c,$(BPF_SRC)))
# maps.bpf.c goes first: libbpf 1.1 links maps wrongly that are defined after
# their first use in another object.
BPF_OBJ_trace := $(patsubst bpf/%.c,$(O)/bpf/obj/%.o,$(filter bpf/maps.bpf.c,$(BPF_SRC)) \
	$(filter-out bpf/maps.bpf.c bpf/pending.bpf.c,$(BPF_SRC)))
# The same once more for kernels whose BPF can do less.
BPF_OBJ_trace_basic := $(BPF_OBJ_trace:$(O)/bpf/obj/%=$(O)/bpf/obj/basic/%)
SKEL := $(if $(BPF_OBJ_trace),$(O)/bpf/trace.skel.h $(O)/bpf/trace_basic.skel.h) $(if $(BPF_OBJ_pending),$(O)/bpf/pending.skel.h)

# Unit tests take what they need from an archive of everything but main.c, so
# that a pure test links no BPF, and everything in it runs under ASan and UBSan.
SAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
UNIT_OBJ := $(patsubst %.c,$(O)/unit/obj/%.o,$(filter-out cli/main.c,$(CLI_SRC)))
UNIT_LIB := $(if $(UNIT_OBJ),$(O)/unit/libconvlist.a)
UNIT_BIN := $(UNIT_SRC:tests/unit/%.c=$(O)/unit/%)

# Fuzzers (libFuzzer): the same code, with clang's coverage in it.
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_OBJ := $(patsubst %.c,$(O)/fuzz/obj/%.o,$(filter-out cli/main.c,$(CLI_SRC)))
FUZZ_BIN := $(FUZZ_SRC:tests/fuzz/%.c=$(O)/fuzz/%)
FUZZ_SAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined
# gcc says nothing of it; without the flag, clang does.
CLANG_WARN := -Wno-gnu-variable-sized-type-not-at-end

# Makes large recordings; not sanitized, since what reads them is measured.
SCALE_BIN := $(patsubst tests/scale/%.c,$(O)/scale/%,$(wildcard tests/scale/*.c))

# Programs that tests run: what they do with files needs a real kernel below.
# A program is a file in tests/workload, or a folder of files.
WORKLOAD_SRC := $(wildcard tests/workload/*.c tests/workload/*/*.c)
WORKLOADS := $(basename $(notdir $(wildcard tests/workload/*.c))) \
	$(sort $(notdir $(patsubst %/,%,$(dir $(wildcard tests/workload/*/*.c)))))
WORKLOAD_BIN := $(addprefix $(O)/workload/,$(WORKLOADS))
WORKLOAD_OBJ := $(WORKLOAD_SRC:%.c=$(O)/workload/obj/%.o)

# ---- flags ----------------------------------------------------------------

WARN := -Wall -Wextra -Wno-unused-parameter $(if $(WERROR),-Werror)
CPP := -D_GNU_SOURCE -DCONVLIST_VERSION='"$(VERSION)"' -I$(O)/bpf -Ibpf -Icli $(CPPFLAGS)
PKGS := libbpf libelf zlib libzstd jansson
# Expanded when a recipe runs: by then the missing tools have been named.
PKG_CFLAGS = $(shell $(PKG_CONFIG) --cflags $(PKGS))
PKG_LIBS = $(shell $(PKG_CONFIG) --libs $(PKGS))

ARCH := $(shell uname -m)
BPF_ARCH := $(patsubst aarch64,arm64,$(patsubst x86_64,x86,$(ARCH)))
# For another machine than this one: its libraries and headers. See arm64 below.
SYSROOT ?=
# -idirafter: clang -target bpf does not look into Debian's multiarch folder.
BPF_CFLAGS = -target bpf -mcpu=v3 -g -O2 -D__TARGET_ARCH_$(BPF_ARCH) -Ibpf -Wall \
	$(if $(WERROR),-Werror) $(addprefix --sysroot=,$(SYSROOT)) \
	-idirafter $(SYSROOT)/usr/include/$(ARCH)-linux-gnu

# ---- what users ask for ---------------------------------------------------

.PHONY: arm64 bench-patch bench-tool all install uninstall test test-long demo unit workload fuzz scale setup clean help

all: $(SKEL) $(BIN)

help:
	@echo 'make             build out/convlist'
	@echo 'make install     install it below $(PREFIX) (PREFIX=, DESTDIR=)'
	@echo 'make uninstall   remove it again'
	@echo 'make demo        build a patched kernel, boot it, run fio under convlist'
	@echo '                 (KERNEL=6.12, or 6.12-nofsync for a kernel that loses writes)'
	@echo 'make test        every test: static, unit, golden, and in the virtual machine'
	@echo '                 (for a part: tests/run --help)'
	@echo 'make test-long   the same at length, on the debug kernels as well, then hours of fuzzing'
	@echo '                 (FUZZ_SECONDS=7200 each)'
	@echo 'make bench-patch measure the series: stock, deferred, overwrite (an hour; QUICK=1: 6 minutes;'
	@echo '                 ROWS=REGEX REPEATS=N KERNEL=...; DOCS=1: the table into docs as well)'
	@echo 'make bench-tool  measure what watching costs: check, trace, stat, pending, bpftrace'
	@echo '                 (10 minutes; KERNEL=6.12-stock, ROWS=... as in tests/bench/tool --help;'
	@echo '                 ICOUNT=1: by instructions, not by time)'
	@echo 'make unit        build the unit tests; make workload: the programs that tests run;'
	@echo '                 make fuzz: the fuzzers; make scale: what makes large recordings'
	@echo 'make arm64       build out/arm64/convlist on another machine (downloads 30 MB once)'
	@echo 'make setup       install the Debian packages that demo and test need'
	@echo 'make clean       remove out/ (built kernels stay cached: kernel-patch/kernel clean)'

install: all
	install -D -m 755 $(O)/convlist $(DESTDIR)$(PREFIX)/bin/convlist
	install -D -m 644 docs/convlist.8 $(DESTDIR)$(PREFIX)/share/man/man8/convlist.8

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/convlist $(DESTDIR)$(PREFIX)/share/man/man8/convlist.8

# With clang, which compiles for any machine, and the distribution's arm64 packages.
arm64:
	$(Q)tests/arm64/sysroot build
	$(Q)root=$$(tests/arm64/sysroot path) && $(MAKE) --no-print-directory O=$(O)/arm64 \
		ARCH=aarch64 SYSROOT="$$root" CFLAGS='-O2 -g $(CLANG_WARN)' \
		CC="$(CLANG) --target=aarch64-linux-gnu --sysroot=$$root" LDFLAGS=-fuse-ld=lld all

unit: $(UNIT_BIN)

fuzz: $(FUZZ_BIN)

scale: $(SCALE_BIN)

workload: $(WORKLOAD_BIN)

setup:
	$(Q)tests/setup all

# A second make: on a bare machine the first one started without the tools.
demo: setup
	$(Q)$(MAKE) --no-print-directory all
	$(Q)tests/demo $(KERNEL)

test: setup
	$(Q)$(MAKE) --no-print-directory WERROR=1 all unit workload fuzz
	$(Q)tests/run

# Hours: every test as long as it is of use, then each fuzzer for so many seconds.
FUZZ_SECONDS ?= 7200
test-long: setup
	$(Q)$(MAKE) --no-print-directory WERROR=1 all unit workload fuzz scale
	$(Q)for suite in bookworm forky; do tests/programs get $$suite || [ $$? = 77 ]; done
	$(Q)CONVLIST_LONG=1 tests/run
	$(Q)CONVLIST_LONG=1 tests/run vm -k 6.12-debug
	$(Q)CONVLIST_LONG=1 tests/run vm -k 6.12-kcsan
	$(Q)tests/fuzz/run $(FUZZ_SECONDS)
	$(Q)tests/scale/run

# A kernel that is built from what is here now, else the figures are another's.
bench-patch: setup
	$(Q)kernel-patch/kernel build $(KERNEL)
	$(Q)tests/bench/patch -k $(KERNEL) $(if $(QUICK),--quick) $(if $(ROWS),--rows '$(ROWS)') \
		$(if $(REPEATS),--repeats $(REPEATS)) $(if $(DOCS),--docs)

bench-tool: KERNEL := $(if $(filter command line,$(origin KERNEL)),$(KERNEL),6.12-stock)
bench-tool:
	$(Q)tests/setup bench
	$(Q)kernel-patch/kernel build $(KERNEL)
	$(Q)tests/bench/tool -k $(KERNEL) $(if $(ICOUNT),--icount) $(if $(ROWS),--rows $(ROWS)) $(if $(REPEATS),--repeats $(REPEATS))

clean:
	rm -rf $(O)

# ---- how it is built ------------------------------------------------------

# Says what is missing, with the apt command, before the first compile fails.
$(O)/.tools: tests/setup
	$(Q)tests/setup --check build
	@mkdir -p $(@D) && touch $@

$(O)/convlist: $(CLI_OBJ)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(O)/cli/%.o: cli/%.c Makefile | $(O)/.tools $(SKEL)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPP) $(PKG_CFLAGS) -std=gnu11 $(CFLAGS) $(WARN) -MMD -MP -c -o $@ $<

$(O)/bpf/obj/%.o: bpf/%.c Makefile | $(O)/.tools
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c -o $@ $<

$(O)/bpf/obj/basic/%.o: bpf/%.c Makefile | $(O)/.tools
	$(call say,BPF,$< (basic))
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -mcpu=v2 -DCL_BASIC -MMD -MP -c -o $@ $<

$(O)/bpf/trace.bpf.o: $(BPF_OBJ_trace)
$(O)/bpf/trace_basic.bpf.o: $(BPF_OBJ_trace_basic)
$(O)/bpf/pending.bpf.o: $(BPF_OBJ_pending)
$(O)/bpf/trace.bpf.o $(O)/bpf/trace_basic.bpf.o $(O)/bpf/pending.bpf.o:
	$(call say,BPFLD,$@)
	$(Q)$(BPFTOOL) gen object $@ $^

$(O)/bpf/%.skel.h: $(O)/bpf/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@

$(O)/unit/obj/%.o: %.c Makefile | $(O)/.tools $(SKEL)
	$(call say,CC,$< (sanitized))
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPP) $(PKG_CFLAGS) -Itests/unit -std=gnu11 -O1 -g $(SAN) $(WARN) -MMD -MP -c -o $@ $<

$(UNIT_LIB): $(UNIT_OBJ)
	$(Q)rm -f $@ && ar rcs $@ $^

$(O)/unit/%: $(O)/unit/obj/tests/unit/%.o $(UNIT_LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(SAN) -o $@ $^ $(PKG_LIBS) -lcmocka

$(O)/scale/%: tests/scale/%.c Makefile $(filter-out $(O)/cli/main.o,$(CLI_OBJ))
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPP) $(PKG_CFLAGS) -std=gnu11 $(CFLAGS) $(WARN) -MMD -MP -MF $@.d -o $@ \
		$(filter %.c %.o,$^) $(PKG_LIBS) -lm

$(O)/fuzz/obj/%.o: %.c Makefile | $(O)/.tools $(SKEL)
	$(call say,CC,$< (fuzzed))
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(CPP) -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION $(PKG_CFLAGS) -std=gnu11 -O1 -g \
		-fsanitize=fuzzer-no-link $(FUZZ_SAN) $(WARN) $(CLANG_WARN) -MMD -MP -c -o $@ $<

$(O)/fuzz/libconvlist.a: $(FUZZ_OBJ)
	$(Q)rm -f $@ && ar rcs $@ $^

$(O)/fuzz/%: $(O)/fuzz/obj/tests/fuzz/%.o $(O)/fuzz/libconvlist.a
	$(call say,LD,$@)
	$(Q)$(CLANG) -fsanitize=fuzzer $(FUZZ_SAN) -o $@ $^ $(PKG_LIBS)

$(O)/workload/obj/%.o: %.c Makefile | $(O)/.tools
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -std=gnu11 $(CFLAGS) $(WARN) -MMD -MP -c -o $@ $<

define workload_objects
$(O)/workload/$(1): $(filter $(O)/workload/obj/tests/workload/$(1).o $(O)/workload/obj/tests/workload/$(1)/%,$(WORKLOAD_OBJ))
endef
$(foreach program,$(WORKLOADS),$(eval $(call workload_objects,$(program))))

$(O)/workload/commit_fsync.so: tests/bench/commit_fsync.c Makefile | $(O)/.tools
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -std=gnu11 $(CFLAGS) $(WARN) -fPIC -shared -o $@ $<

$(WORKLOAD_BIN):
	$(call say,LD,$@)
	$(Q)$(CC) -o $@ $^ -Wl,--as-needed -laio -luring -lpthread

.SECONDARY:
-include $(CLI_OBJ:.o=.d) $(UNIT_OBJ:.o=.d) $(BPF_OBJ_trace:.o=.d) $(BPF_OBJ_trace_basic:.o=.d) $(BPF_OBJ_pending:.o=.d)
-include $(UNIT_SRC:%.c=$(O)/unit/obj/%.d)
-include $(WORKLOAD_OBJ:.o=.d)
-include $(FUZZ_OBJ:.o=.d) $(FUZZ_SRC:%.c=$(O)/fuzz/obj/%.d)
-include $(SCALE_BIN:=.d)
