PYTHON ?= python3
PORT ?= 8501
HEADLESS ?=
VENV := .venv
BIN := $(VENV)/bin
FRONTEND := dashboard/frontend
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix $(FRONTEND)
TOOLS := $(VENV)/tools/bin
LOWEST := $(VENV)/lowest
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Old releases do in tests what today's pytest warns of; an old Starlette tests with httpx.
OLD_WAYS := -W "ignore:Passing a non-Collection" -W "ignore:scipy.optimize" -W "ignore:Series.values returning"
LOCK := $(TOOLS)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras \
  --no-annotate --no-emit-index-url --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

.DEFAULT_GOAL := help
.PHONY: help run test check unit frontend-tests browser-tests browser bench faults mutants pictures lock check-lower-bounds audit clean

help: ## Say what each target does
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "annscope needs Python 3.11 or newer, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)

# The lock files name every package with its hashes: what is installed next year is what is tested today.
$(VENV)/installed: requirements.lock pyproject.toml | $(BIN)/python
	$(PIP) --require-hashes --no-deps -r requirements.lock
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/installed-dev: requirements-dev.lock pyproject.toml | $(BIN)/python
	$(PIP) --require-hashes --no-deps -r requirements-dev.lock
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/installed

$(TOOLS)/uv:
	$(PYTHON) -m venv $(VENV)/tools
	$(TOOLS)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9 pip-audit==2.10.1

$(FRONTEND)/node_modules/.package-lock.json: $(FRONTEND)/package-lock.json $(VENV)/installed-dev
	$(NPM) ci --silent
	@touch $@

run: $(VENV)/installed ## Set up and open the dashboard (PORT=8501, HEADLESS=1 for no browser window)
	$(BIN)/annscope dashboard --port $(PORT) $(if $(HEADLESS),--headless)

test: check unit frontend-tests browser-tests ## Set up and run every check and test

check: $(VENV)/installed-dev $(FRONTEND)/node_modules/.package-lock.json ## Format, lint and types, of Python and of JavaScript
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(NPM) run --silent check

unit: $(VENV)/installed-dev ## Unit, property and AppTest tests, with coverage
	SCIPY_ARRAY_API=1 $(BIN)/python -m pytest -n 2 -m "not browser" --cov --cov-report=term

frontend-tests: $(FRONTEND)/node_modules/.package-lock.json ## The modules of the dashboard in Node
	$(NPM) test --silent

browser-tests: $(VENV)/installed-dev ## The journeys in headless Chromium
	$(BIN)/python -m pytest -n 2 -m browser

browser: $(VENV)/installed-dev ## Fetch a Chromium for the browser tests, where the machine has none
	$(BIN)/python -m playwright install chromium

bench: $(VENV)/installed-dev ## Side-by-side timings
	$(BIN)/python -m benchmarks

faults: $(VENV)/installed-dev ## Full disks, killed processes, altered files and the like, by the hundred (docs/reliability.md)
	$(BIN)/python -m tests.faults

mutants: $(VENV)/installed-dev ## Small mistakes put into the core, one at a time: do its tests notice? (a night; SAMPLE=200 for so many)
	OPENBLAS_NUM_THREADS=1 nice -n 10 $(BIN)/python -m scripts.mutants --sample $(or $(SAMPLE),0)

pictures: $(VENV)/installed-dev ## Make the pictures of the README again
	$(BIN)/python -m scripts.pictures

lock: $(TOOLS)/uv ## Write the lock files for what requirements*.txt say now (UPGRADE=1 for the newest releases)
	echo 'setuptools>=77' | $(LOCK) requirements.txt - -o requirements.lock
	echo 'setuptools>=77' | $(LOCK) requirements-dev.txt - -c requirements.lock -o requirements-dev.lock

check-lower-bounds: $(TOOLS)/uv ## Run the unit tests with the oldest releases that requirements.txt allows
	$(TOOLS)/uv venv --quiet --clear --seed --python $(PYTHON) $(LOWEST)
	$(TOOLS)/uv pip install --quiet --python $(LOWEST)/bin/python --resolution lowest-direct -e . -r requirements-dev.txt httpx==0.28.1
	SCIPY_ARRAY_API=1 $(LOWEST)/bin/python -m pytest -n 2 -m "not browser" $(OLD_WAYS)

audit: $(TOOLS)/uv ## Ask whether anything in the lock files has a known vulnerability
	@$(TOOLS)/python -m scripts.audit requirements-dev.lock

clean: ## Remove the environment and every cache
	rm -rf $(VENV) $(FRONTEND)/node_modules build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage*
