# Two commands for a newcomer: `make run` and `make test`. Both make the environment in .venv first.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: run test lint soak clean

run: .venv/run
	@$(BIN)/tradewind serve --dev --end-with-parent

test: .venv/test
	@$(BIN)/python -m tests.parts

soak: .venv/test
	@$(BIN)/python -m tests.parts --soak

.venv/run: pyproject.toml
	@echo "Making the environment (once, a minute) ..."
	@$(PYTHON) -m venv .venv
	@$(PIP) --editable .
	@touch $@

.venv/test: pyproject.toml .venv/run
	@$(PIP) --editable '.[dev]'
	@touch $@

clean:
	rm -rf .venv .tradewind build *.egg-info
