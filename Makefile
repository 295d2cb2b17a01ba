# Two commands on a machine with Python >= 3.10, Rust and make: `make demo` and `make test`.
# Everything made stays in .venv and target (or CARGO_TARGET_DIR); `make clean` takes both away.

PYTHON ?= python3
PYTEST_OPTIONS ?=
DEMO_OPTIONS ?=
BENCH_OPTIONS ?=

TARGET := $(or $(CARGO_TARGET_DIR),target)
VENV := .venv
BIN := $(VENV)/bin
WHEELS := $(TARGET)/wheels
# The shell looks for it when it is there; make would remember that it was not.
WHEEL := $$(ls $(WHEELS)/nnfast-*.whl)
# With the folders, whose time changes when a file is taken away.
SOURCES := Cargo.toml pyproject.toml README.md LICENSE \
	$(wildcard Cargo.lock) $(shell find src python -not -path '*/__pycache__*' -not -path '*/.*')
# What builds and formats, in the versions that pyproject.toml names.
TOOLS := $(shell grep -oE '"(maturin|ruff)[<>=~][^"]*"' pyproject.toml)
# What the extra "docs" brings, without the wheel.
SITE_TOOLS := $(shell grep -E '^docs = ' pyproject.toml | grep -oE '"[^"]*"')
# What is small enough for an interpreter.
MIRI_TESTS := parallel:: buffer:: simd::tests::partial gemm::tests::zeros_are gemm::tests::an_empty gemm::tests::what_is
# On CI the build takes the versions that are committed, or fails.
LOCKED := $(if $(CI),--locked)

# A shell that was open when Rust was installed does not find it yet.
export PATH := $(PATH):$(HOME)/.cargo/bin
# The bindings are built for the stable ABI of the Python that they are tested with.
export PYO3_PYTHON := $(CURDIR)/$(BIN)/python
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo test lint lint-rust lint-python format test-rust test-wheel test-python test-docs test-peers test-slow \
	test-sanitized site bench bench-quick bench-rust bench-micro wheel sdist clean need-rust

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

ifeq ($(NNFAST_BACKEND),numpy)
demo: $(VENV)/.fallback
demo: export PYTHONPATH := python
else
demo: $(VENV)/.demo
endif
demo: ## train on real handwritten digits (with NNFAST_BACKEND=numpy: without Rust)
	$(BIN)/python -m nnfast.demo $(DEMO_OPTIONS)

test: lint test-rust test-wheel test-python test-docs ## run every test, as CI does

lint: lint-rust lint-python ## check format, style and types of both languages

lint-rust: need-rust $(VENV)/.created
	cargo fmt --check
	cargo clippy $(LOCKED) --all-targets -- -D warnings
	cargo clippy $(LOCKED) --all-targets --features python -- -D warnings

lint-python: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest --mypy-config-file pyproject.toml nnfast._core

format: $(VENV)/.tools need-rust ## bring both languages into their format
	cargo fmt
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test-rust: need-rust ## test the core, without Python
	cargo test $(LOCKED)

test-wheel: $(WHEELS)/.built ## install the wheel into an empty environment and train there
	$(BIN)/python -m venv --clear $(TARGET)/empty-venv
	$(TARGET)/empty-venv/bin/python -m pip install --quiet "$(WHEEL)"
	$(TARGET)/empty-venv/bin/python tests/packaging/empty_environment.py

test-python: $(VENV)/.test ## test the installed wheel
	NNFAST_WHEEL="$(WHEEL)" $(BIN)/python -m pytest --ignore=tests/documents $(PYTEST_OPTIONS)

test-docs: $(VENV)/.test $(VENV)/.site ## run the code of the docstrings, README.md and docs/, and build the site
	$(BIN)/python -m pytest tests/documents $(PYTEST_OPTIONS)
	$(BIN)/python -m pytest --doctest-modules --pyargs nnfast $(PYTEST_OPTIONS)

# Keras and JAX remember in which precision they compute: each file has a process of its own. One whose library is
# not there has no test, which pytest calls 5.
test-peers: $(VENV)/.test ## compare with PyTorch, Keras and JAX (installs them: large)
	$(BIN)/python -m pip install --quiet "$(WHEEL)[peers]"
	@for file in tests/peers/test_*.py; do \
		KERAS_BACKEND=jax $(BIN)/python -m pytest $$file $(PYTEST_OPTIONS) || [ $$? = 5 ] || exit 1; \
	done

test-slow: $(VENV)/.test need-rust ## exhaustive and long tests: hours
	cargo test $(LOCKED) --release -- --include-ignored
	NNFAST_TEST_PROFILE=slow NNFAST_WHEEL="$(WHEEL)" $(BIN)/python -m pytest $(PYTEST_OPTIONS)

# RUSTC_BOOTSTRAP lets a stable compiler take the flag; the flag wants the target named. The addresses that
# AddressSanitizer watches are those of every instruction set; Miri runs the portable one, watches who may touch
# what when, and is slow, so it gets the threads and the smallest products.
test-sanitized: need-rust ## test the core under AddressSanitizer, and under Miri where a nightly Rust has it
	@ls "$$(rustc --print target-libdir)"/librustc*_rt.asan.* >/dev/null 2>&1 || { echo "This Rust has no \
	AddressSanitizer: run 'make test-sanitized' on Linux or macOS with Rust from https://rustup.rs." >&2; exit 1; }
	RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address cargo test $(LOCKED) --lib \
		--target "$$(rustc --print host-tuple)" --target-dir $(TARGET)/sanitized
	@if cargo +nightly miri --version >/dev/null 2>&1; then set -x; \
		cargo +nightly miri test $(LOCKED) --lib --target-dir $(TARGET)/miri -- $(MIRI_TESTS); \
	else echo "Miri is not there, and was left out: 'rustup toolchain install nightly -c miri' brings it."; fi

site: $(VENV)/.site ## build the documentation into target/site, without Rust; a bad link is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --site-dir "$(abspath $(TARGET))/site"

bench: $(VENV)/.bench ## compare with other libraries and the machine's limits (installs them: large)
	$(BIN)/python benches/compare.py --json $(TARGET)/bench.json --markdown $(TARGET)/bench.md \
		--pictures docs/images $(BENCH_OPTIONS)

bench-quick: $(VENV)/.bench ## the same in a minute: fewer cases, shorter turns
	$(BIN)/python benches/compare.py --quick $(BENCH_OPTIONS)

bench-rust: need-rust ## measure the core's parts, without Python
	cargo bench $(LOCKED) --bench model

bench-micro: $(VENV)/.bench ## measure single calls from Python
	$(BIN)/python -m pytest benches/micro $(PYTEST_OPTIONS)

wheel: $(WHEELS)/.built ## build the wheel into target/wheels
	@ls -l $(WHEEL)

sdist: $(VENV)/.tools need-rust ## pack the sources into target/sdist
	rm -f $(TARGET)/sdist/*
	$(BIN)/maturin sdist --out $(TARGET)/sdist

clean: ## remove everything that was built
	rm -rf $(VENV) $(TARGET)

need-rust:
	@command -v cargo >/dev/null || { echo "Rust is missing: install it as https://rustup.rs says and \
	run this again, or run the NumPy fallback without it by 'make demo NNFAST_BACKEND=numpy'." >&2; exit 1; }

# The stamps below say when a step was last done; each is redone when what it comes from is newer.

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "Python 3.10 or newer is \
	wanted, and $(PYTHON) is not: name another, as in 'make demo PYTHON=python3.12'." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "$(PYTHON) cannot create a virtual environment: on Debian \
	and Ubuntu, install the package python3-venv." >&2; exit 1; }
	@touch $@

$(VENV)/.fallback: | $(VENV)/.created
	$(BIN)/python -m pip install --quiet numpy safetensors matplotlib tqdm
	@touch $@

$(VENV)/.tools: pyproject.toml | $(VENV)/.created
	$(BIN)/python -m pip install --quiet $(TOOLS)
	@touch $@

$(VENV)/.site: pyproject.toml | $(VENV)/.created
	$(BIN)/python -m pip install --quiet $(SITE_TOOLS)
	@touch $@

$(WHEELS)/.built: $(SOURCES) | need-rust $(VENV)/.tools
	rm -f $(WHEELS)/nnfast-*.whl
	$(BIN)/maturin build --release $(LOCKED) --interpreter $(BIN)/python --out $(WHEELS)
	@touch $@

# First what an extra asks for; then the wheel itself, which pip would not replace at the same version.
$(VENV)/.demo: $(WHEELS)/.built
	$(BIN)/python -m pip install --quiet "$(WHEEL)[demo]"
	$(BIN)/python -m pip install --quiet --force-reinstall --no-deps "$(WHEEL)"
	@touch $@

$(VENV)/.test: $(WHEELS)/.built
	$(BIN)/python -m pip install --quiet "$(WHEEL)[test,lint]"
	$(BIN)/python -m pip install --quiet --force-reinstall --no-deps "$(WHEEL)"
	@touch $@ $(VENV)/.demo

$(VENV)/.bench: $(WHEELS)/.built
	$(BIN)/python -m pip install --quiet "$(WHEEL)[bench]"
	$(BIN)/python -m pip install --quiet --force-reinstall --no-deps "$(WHEEL)"
	@touch $@
