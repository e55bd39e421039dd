# `make demo`, `make test` and `make bench` make their environment first.
# On a bare Debian `python3 -m venv` has no pip, so the system's pip fills it.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check -c constraints.txt
# Tests wait for processes, databases and browsers, stories and crashes more than they work.
WORKERS ?= 3
WAITERS ?= 3
SOAK_RUNS ?= 40
# Without compiled files each of the many processes would compile everything again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test fix check tests soak bench languages

help: ## This list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

setup: .venv/ready ## The environment, in .venv

demo: .venv/ready ## Everything on this machine, in a browser
	@$(BIN)/tapgate demo

test: .venv/ready-dev check tests ## Every check and test

check: .venv/ready-dev ## Format, lint, types, import contracts
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

tests: .venv/ready-dev
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile --cov --cov-report=term \
		--ignore tests/flows --ignore tests/faults
	$(BIN)/python -m pytest -q -n $(WAITERS) --dist loadfile tests/flows tests/faults
	$(BIN)/coverage report --include='core/*' --fail-under=100 --skip-covered
	$(BIN)/coverage report --fail-under=90 --format=total

bench: .venv/ready-bench ## Measure, each figure beside its reference; writes benchmarks/RESULTS.md
	@$(BIN)/python -m benchmarks

soak: .venv/ready-dev ## Kill -9 at every step, more than once, and SOAK_RUNS times at random
	SOAK_RUNS=$(SOAK_RUNS) $(BIN)/python -m pytest -q -n $(WORKERS) tests/faults

languages: .venv/ready-dev ## Bring the catalogues up to date with the texts of the code
	@$(BIN)/python -m bot.telegram.languages

fix: .venv/ready-dev ## Format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.venv/bin/python:
	$(PYTHON) -m venv --without-pip .venv

.venv/ready: pyproject.toml constraints.txt .venv/bin/python
	@echo "Installing Tapgate into .venv (about a minute the first time)…"
	@$(PIP) -e .
	@touch $@

.venv/ready-bench: .venv/ready
	@$(PIP) -e '.[bench]'
	@touch $@

.venv/ready-dev: .venv/ready
	@$(PIP) -e '.[dev]'
	@touch $@
