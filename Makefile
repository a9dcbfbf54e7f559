# The verbs of the project. Every one works from a fresh clone: what it needs goes into .venv (Rust stable and Python >= 3.10
# must be there).

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# An interpreter that works both from the virtual environment and for the extension's build.
export PYO3_PYTHON := $(abspath $(BIN)/python)

# What the wheel is made of.
SOURCES := $(shell find src python -type f ! -name '*.pyc' ! -name '*.so')

.PHONY: demo test check types bench wheel golden clean

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip

# Stamps: installed once, again when the project file changes.
$(VENV)/.tools: $(BIN)/python pyproject.toml
	$(BIN)/pip install --quiet 'maturin>=1.8,<2' numpy
	touch $@

$(VENV)/.test: $(VENV)/.tools
	$(BIN)/pip install --quiet $$($(BIN)/python tools/requirements.py test demo check)
	touch $@

$(VENV)/.demo: $(VENV)/.tools
	$(BIN)/pip install --quiet $$($(BIN)/python tools/requirements.py demo)
	touch $@

## demo: build and install the wheel, train LeNet on real digits
demo: $(VENV)/.wheel $(VENV)/.demo
	$(BIN)/python -m rsnn.demo

## test: install what tests need, run all of them
test: $(VENV)/.test $(VENV)/.wheel
	cargo test --quiet --lib --tests
	# Kernels once more with the other instruction sets; where there is no AMX, it is emulated.
	for isa in portable avx2 amx; do RSNN_ISA=$$isa cargo test --quiet --lib kernels:: || exit 1; done
	$(BIN)/python -m pytest

## check: formatting, lints, layering, documentation of the crate, types
check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	cargo fmt --check
	cargo clippy --quiet --all-targets -- -D warnings
	cargo clippy --quiet --all-targets --features python -- -D warnings
	cargo test --quiet --test layering
	cargo test --quiet --doc
	RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps --document-private-items --features python
	$(MAKE) types

## types: the stubs are those of the built module, and checkers understand the package and its users
types: $(VENV)/.test $(VENV)/.wheel
	$(BIN)/python tools/stubs.py --check
	$(BIN)/python -m mypy.stubtest --allowlist tools/stubtest_allowlist.txt rsnn._C rsnn._functions
	$(BIN)/python -m mypy python/rsnn
	$(BIN)/python -m mypy --strict tests/typing
	$(BIN)/basedpyright --level error --pythonpath $(BIN)/python tests/typing

## bench: kernels, then rsnn beside PyTorch where the virtual environment has it
bench: wheel
	cargo bench
	if $(BIN)/python -c "import torch" 2>/dev/null; then $(BIN)/python benches/peers.py && $(BIN)/python benches/modules.py; fi

## wheel: build the release wheel into dist/ and install it, if a source has changed since
wheel: $(VENV)/.wheel

$(VENV)/.wheel: $(VENV)/.tools Cargo.toml Cargo.lock build.rs LICENSE NOTICE README.md $(SOURCES)
	rm -rf dist
	$(BIN)/maturin build --quiet --release --interpreter $(BIN)/python --out dist
	$(BIN)/pip install --quiet --force-reinstall --no-deps dist/*.whl
	@ls -l dist/*.whl
	touch $@

## golden: record the expected numbers of the tests from a live PyTorch
golden: $(VENV)/.wheel $(VENV)/.test
	RSNN_RECORD_GOLDEN=1 $(BIN)/python -m pytest

clean:
	rm -rf dist demo-out $(VENV)
	cargo clean
