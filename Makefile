# SPDX-License-Identifier: GPL-2.0-only
# Front door for building and for the README's commands; ./swapscale is the
# front door for using.
SHELL   := /bin/bash
ifeq ($(origin CC),default)
CC      := gcc
endif
BUILD   := build
CFLAGS  ?= -O2 -g
CSTD    := -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -Wshadow \
	   -Wstrict-prototypes -Wmissing-prototypes -Wvla
SANITIZE := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all
PYTHON  := /usr/bin/python3

# name of the program = its folder; every .c there belongs to it.
sources = $(wildcard $(1)/*.c)
headers := $(wildcard workloads/*/*.h runner/agent/*.h lockstep/*.h)

LOADS := swapstorm swaptorture pressure swapbuild swapkv
PROGRAMS := $(LOADS:%=$(BUILD)/%) $(BUILD)/agent $(BUILD)/lockstep.so

.PHONY: all
all: $(PROGRAMS)

# Guest programs are static: the guest holds no libraries.  They are the same
# to the byte wherever the checkout lies, because the exact tier's guest sees
# the size of its initramfs.
GUEST := $(CSTD) $(CFLAGS) -ffile-prefix-map=$(CURDIR)=. -static -s -pthread

# What guest programs share; the linker takes what a program uses.
LIB := $(BUILD)/lib/guest.a
$(LIB): $(call sources,workloads/lib) $(headers) Makefile
	@rm -rf $(@D); mkdir -p $(@D)
	@for file in $(filter %.c,$^); do \
	    $(CC) $(GUEST) -I. -c -o $(@D)/$$(basename $$file .c).o $$file || exit 1; done
	$(AR) rcsD $@ $(patsubst workloads/lib/%.c,$(@D)/%.o,$(filter %.c,$^))

$(LOADS:%=$(BUILD)/%): $(BUILD)/%: $(LIB) $(headers) Makefile
	@mkdir -p $(@D)
	$(CC) $(GUEST) -I. -o $@ $(filter workloads/$*/%.c,$^) $(LIB) -lm
$(foreach one,$(LOADS),$(eval $(BUILD)/$(one): $(call sources,workloads/$(one))))

$(BUILD)/agent: $(call sources,runner/agent) $(LIB) $(headers) Makefile
	@mkdir -p $(@D)
	$(CC) $(GUEST) -I. -o $@ $(filter %.c,$^) $(LIB)

# QEMU loads it: its own symbols stay hidden, and current_cpu is the program's.
# Its checksum is part of a series, so where it was built is not in it.
PLUGIN := -fPIC -fvisibility=hidden -ftls-model=initial-exec -shared -ffile-prefix-map=$(CURDIR)=.
$(BUILD)/lockstep.so: $(call sources,lockstep) $(headers) Makefile
	@mkdir -p $(@D)
	$(CC) $(CSTD) $(CFLAGS) $(PLUGIN) -flto=auto -o $@ $(filter %.c,$^)

# C unit tests: tests/unit/c/test_X.c names what it tests in a line of the form
#   // LINK: workloads/lib/frame.c ...
# or in a header of tests/unit/c that it includes.
C_TESTS := $(patsubst tests/unit/c/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/c/test_*.c))
.SECONDEXPANSION:
links = $(shell sed -n 's,^// LINK: ,,p' $(1) \
	  $$(sed -n 's,^.include "\(tests/unit/c/.*\)"$$,\1,p' $(1)))
$(BUILD)/tests/%: tests/unit/c/%.c $$(call links,tests/unit/c/%.c) $(headers) \
		$(wildcard tests/unit/c/*.h) Makefile
	@mkdir -p $(@D)
	$(CC) $(CSTD) $(SANITIZE) -I. -pthread -o $@ $(filter %.c,$^) -lcmocka -lm

.PHONY: unit-c
unit-c: $(C_TESTS)
	@for t in $(C_TESTS); do echo "# $$t"; $$t || exit 1; done

# libFuzzer's targets: each tests/fuzz/fuzz_X.c is linked with what its LINK lines name, and begins
# with what its SEEDS lines name and what earlier runs found.  'make fuzz SECONDS=600' runs each
# so long.
FUZZERS := $(patsubst tests/fuzz/fuzz_%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
SECONDS := 10
seeds = $(shell sed -n 's,^// SEEDS: ,,p' $(1))
$(BUILD)/fuzz/%: tests/fuzz/fuzz_%.c $$(call links,tests/fuzz/fuzz_%.c) $(headers) \
		$(wildcard tests/fuzz/*.h tests/unit/c/*.h) Makefile
	@mkdir -p $(@D)
	clang $(CSTD) $(SANITIZE) -fsanitize=fuzzer -I. -o $@ $(filter %.c,$^) -lm

.PHONY: fuzz
fuzz: $(FUZZERS)
	@set -e; $(foreach one,$(FUZZERS),mkdir -p $(one).corpus; echo "# $(one), $(SECONDS) s"; \
	    $(one) -max_total_time=$(SECONDS) -max_len=8192 -verbosity=0 -print_final_stats=1 \
	        -artifact_prefix=$(one)- $(one).corpus \
	        $(call seeds,tests/fuzz/fuzz_$(notdir $(one)).c);)

# The README's two commands.  Each installs what it needs.
.PHONY: bench test test-all test-slurm
SERIES := vanilla pagewise pagewise+writeback-tags batched batched-more batch-add today-batched
bench:
	@setup/install bench
	@./swapscale run configs/bench.toml

test:
	@setup/install test
	@$(MAKE) --no-print-directory check unit-c
	@# Built here, where their progress shows, not inside the tests.
	@./swapscale kernel build 6.1:vanilla 6.1:batch-add 6.1:pagewise 6.1:batched 6.1:today-batched
	@./swapscale kernel build --flavour perf 6.1:./tests/series/faults 6.1:./tests/series/swap-corruption \
	    6.1:./tests/series/faults+./tests/series/cost-3 6.1:./tests/series/phase-faults
	@./swapscale kernel build --flavour perf+devices 6.1:vanilla
	@./swapscale kernel build --flavour perf+tools 6.1:vanilla
	@./swapscale kernel build --flavour perf+tools+loads 6.1:vanilla
	@./swapscale kernel build --flavour lockstat $(foreach s,6.1 6.12,$(addprefix $(s):,$(SERIES)))
	@./swapscale kernel build --flavour debug 6.1:batched-more 6.1:./tests/series/torture-faults
	@$(MAKE) --no-print-directory pytest

# Two workers for what the host's load cannot show in: unit tests, and guests whose time is
# instructions.  What is timed then has the machine to itself.
.PHONY: pytest
pytest:
	@beside=$$($(PYTHON) -c 'import xdist; print("-n 2 --dist loadgroup")' 2>/dev/null); \
	$(PYTHON) -m pytest tests $$beside -m "not alone and not slow and not slurm"
	@$(PYTHON) -m pytest tests -m "alone and not slow and not slurm"

# What each test took, for docs/times.md: the machine is to do nothing else meanwhile.
.PHONY: times
times: all
	@rm -f $(BUILD)/times.jsonl
	@SWAPSCALE_TIMES=$(CURDIR)/$(BUILD)/times.jsonl $(MAKE) --no-print-directory pytest
	@$(PYTHON) -m tests.times $(BUILD)/times.jsonl docs/times.md

# What takes hours: every prefix of every series built, ...
test-all: test
	@$(PYTHON) -m pytest -m slow tests

# Real campaigns through munged, slurmctld and two slurmd of Debian's: two nodes, this machine.
test-slurm:
	@setup/install slurm
	@$(PYTHON) -m pytest -m slurm tests/slurm

# The two commands in a fresh root of each release of Debian, made by mmdebstrap; as root.
.PHONY: test-releases
test-releases:
	@tests/releases/run

# What the harness finds and what it sees wrongly, measured: docs/error-rates.md.  Hours; what was
# begun is gone on with.  TIERS="exact locks" leaves the timed tier away.
.PHONY: selftest
selftest:
	@setup/install bench
	@$(PYTHON) -m tests.selftest $(TIERS)

# What lockstep's figures hang on: the tables of docs/lockstep.md.  Hours; gone on with.
.PHONY: study
study:
	@setup/install bench
	@$(PYTHON) -m tests.study

# Faults injected end to end, and what becomes of each: docs/faults.md.  An hour; what was begun
# is gone on with.
.PHONY: faults
faults:
	@setup/install test
	@$(PYTHON) -m tests.faults $(FAULTS)

# Every linter that can run here; one that is missing is named as skipped.
SCRIPTS := setup/install .ci/run tests/releases/run
C_FILES := $(wildcard workloads/*/*.[ch] runner/agent/*.[ch] lockstep/*.[ch] \
	     tests/unit/c/*.[ch] tests/hascache/*.c tests/policy/*.c tests/faults/*.c \
	     tests/fuzz/*.[ch])
lint = @if command -v $(1) >/dev/null; then echo "check: $(1)"; $(2); \
	else echo "check: $(1) skipped: not installed, setup/install test adds it"; fi

# A test that finds no memory fails by itself, and cppcheck does not know cmocka's assertions.
CPPCHECK := cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr \
	    --enable=warning,performance,portability --suppress=missingIncludeSystem \
	    --suppress=normalCheckLevelMaxBranches --suppress=nullPointerOutOfMemory:tests/* \
	    --suppress=nullPointerOutOfResources:tests/*
PROGRAM_FILES := $(filter-out tests/%,$(filter %.c,$(C_FILES)))

.PHONY: check
check: all
	$(call lint,clang-format,clang-format --dry-run -Werror $(C_FILES))
	$(call lint,cppcheck,$(CPPCHECK) $(filter %.c,$(C_FILES)))
	$(call lint,clang-tidy,$(PYTHON) -m tests.tidy $(PROGRAM_FILES) -- -std=c11 -D_GNU_SOURCE -I.)
	$(call lint,shellcheck,shellcheck $(SCRIPTS))
	$(call lint,mandoc,mandoc -T lint -W warning docs/man/*.1)
	$(call lint,flake8,$(PYTHON) -m flake8 swapscale runner tests)
	$(call lint,mypy,$(PYTHON) -m mypy)

# Into PREFIX, with man pages and bash completion; 'swapscale' works from any folder then, and its
# results go where it is called.  DESTDIR is for packages.
.PHONY: install
PREFIX ?= /usr/local
INSTALLED := swapscale runner configs kernels plots setup workloads lockstep docs README.md LICENSE \
	     Makefile results/README.md results/baselines $(LIB) $(PROGRAMS)
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/swapscale \
	    $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	@# With their times: make sees by them that the guest's programs are up to date.
	cp -a --no-preserve=ownership --parents -t $(DESTDIR)$(PREFIX)/lib/swapscale $(INSTALLED)
	find $(DESTDIR)$(PREFIX)/lib/swapscale -name __pycache__ -exec rm -r {} +
	touch $(DESTDIR)$(PREFIX)/lib/swapscale/installed
	ln -sf ../lib/swapscale/swapscale $(DESTDIR)$(PREFIX)/bin/swapscale
	install -m 644 docs/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	./swapscale completion bash \
	    > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/swapscale

# build/swapscale_VERSION_amd64.deb, made of what is committed; lintian has to pass it.
.PHONY: deb
deb:
	@setup/install deb
	@rm -rf $(BUILD)/deb && mkdir -p $(BUILD)/deb/swapscale
	git archive HEAD | tar -x -C $(BUILD)/deb/swapscale
	cd $(BUILD)/deb/swapscale && dpkg-buildpackage --build=binary --no-sign
	lintian --fail-on error,warning $(BUILD)/deb/swapscale_*.changes
	mv $(BUILD)/deb/swapscale_*.deb $(BUILD)/

.PHONY: clean
clean:
	rm -rf $(BUILD)
