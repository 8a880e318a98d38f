PYTHON ?= python3
PORT ?= 8501
HEADLESS ?=
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help run test check unit browser-tests browser bench faults pictures clean

help: ## Say what each target does
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "annscope needs Python 3.11 or newer, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: requirements.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/installed-dev: requirements.txt requirements-dev.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e . -r requirements-dev.txt
	@touch $@ $(VENV)/installed

run: $(VENV)/installed ## Set up and open the dashboard (PORT=8501, HEADLESS=1 for no browser window)
	$(BIN)/annscope dashboard --port $(PORT) $(if $(HEADLESS),--headless)

test: check unit browser-tests ## Set up and run every check and test

check: $(VENV)/installed-dev ## Format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

unit: $(VENV)/installed-dev ## Unit, property and AppTest tests, with coverage
	SCIPY_ARRAY_API=1 $(BIN)/python -m pytest -n 2 -m "not browser" --cov --cov-report=term

browser-tests: $(VENV)/installed-dev ## The journeys in headless Chromium
	$(BIN)/python -m pytest -m browser

browser: $(VENV)/installed-dev ## Fetch a Chromium for the browser tests, where the machine has none
	$(BIN)/python -m playwright install chromium

bench: $(VENV)/installed-dev ## Side-by-side timings
	$(BIN)/python -m benchmarks

faults: $(VENV)/installed-dev ## Full disks, killed processes, altered files and the like, by the hundred (docs/reliability.md)
	$(BIN)/python -m tests.faults

pictures: $(VENV)/installed-dev ## Make the pictures of the README anew
	$(BIN)/python -m scripts.pictures

clean: ## Remove the environment and every cache
	rm -rf $(VENV) build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage*
