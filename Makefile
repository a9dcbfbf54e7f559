# The verbs of the project. Every one works from a fresh clone: what it needs goes into .venv (Rust stable and Python >= 3.10
# must be there).

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# An interpreter that works both from the virtual environment and for the extension's build.
export PYO3_PYTHON := $(abspath $(BIN)/python)

.PHONY: demo test check bench wheel golden clean

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
demo: wheel $(VENV)/.demo
	$(BIN)/python -m rsnn.demo

## test: install what tests need, run all of them
test: $(VENV)/.test
	cargo test --quiet --lib --tests
	$(MAKE) wheel
	$(BIN)/python -m pytest

## check: formatting, lints, types, layering, documentation examples
check: $(VENV)/.test
	cargo fmt --check
	cargo clippy --quiet --all-targets -- -D warnings
	cargo clippy --quiet --all-targets --features python -- -D warnings
	cargo test --quiet --test layering
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(MAKE) wheel
	$(BIN)/python tools/stubs.py --check
	$(BIN)/python -m mypy.stubtest rsnn._C

## bench: kernels, then rsnn beside PyTorch where the virtual environment has it
bench: wheel
	cargo bench
	if $(BIN)/python -c "import torch" 2>/dev/null; then $(BIN)/python benches/peers.py; fi

## wheel: build the release wheel into dist/ and install it
wheel: $(VENV)/.tools
	rm -rf dist
	$(BIN)/maturin build --quiet --release --interpreter $(BIN)/python --out dist
	$(BIN)/pip install --quiet --force-reinstall --no-deps dist/*.whl
	@ls -l dist/*.whl

## golden: record the expected numbers of the tests from a live PyTorch
golden: wheel $(VENV)/.test
	RSNN_RECORD_GOLDEN=1 $(BIN)/python -m pytest

clean:
	rm -rf dist demo-out $(VENV)
	cargo clean
