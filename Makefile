# What a developer runs, with nothing but make and Python 3.11 or newer: a target that needs
# `.venv` sets it up first, from the hash lock.

PYTHON ?= python3
UV ?= uv
BIN := .venv/bin
READY := .venv/.ready
ACTION := .github/actions/diff
UNCOMPARED := temporalio nexus-rpc types-protobuf # `tqrun diff` reads without the SDK

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo test fuzz edits programs expressions faults sessions bench format lock clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(READY) ## Start a server and all example workers, launch real work, stop cleanly
	@$(BIN)/python docs/demo.py

test: $(READY) ## Lint, check types and import contracts, run every test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist worksteal --durations 10

fuzz: $(READY) ## Check 20,000 mutations of the example files (make test: 2,000)
	TQRUN_MUTATIONS=20000 $(BIN)/pytest tests/config/test_mutations.py

edits: $(READY) ## Judge 2,000 edits of known harm with tqrun diff, and print a table (make test: 300)
	@$(BIN)/python -m tests.diff.edits

programs: $(READY) ## Run 2,000 generated workflows in several ways, 10,000 items (make test: 25, 300)
	TQRUN_PROGRAMS=2000 $(BIN)/pytest -s tests/server/test_programs.py \
	  tests/server/test_steps.py::test_a_long_fan_out_is_continued_before_its_history_is_too_long

expressions: $(READY) ## Compare 20,000 random expressions with CEL itself (make test: 1,500)
	TQRUN_EXPRESSIONS=20000 $(BIN)/pytest -s tests/plan/expressions/test_against_cel.py

faults: $(READY) ## Kill workers and servers during 200 runs, and launches of 200 ids (make test: 40, 30)
	TQRUN_FAULT_RUNS=200 TQRUN_STRESS_IDS=200 TQRUN_LARGE_LAUNCHES=300 TQRUN_SMALL_LAUNCHES=10000 \
	  $(BIN)/pytest tests/server/test_faults.py tests/server/test_debounce_stress.py \
	  tests/server/test_debounce_hot.py

sessions: $(READY) ## Run 200 sessions of the pytest plugin, and scripts of six kinds (make test: 3, 2)
	TQRUN_SESSIONS=200 $(BIN)/pytest tests/testing/test_sessions.py tests/server/test_scripts.py \
	  -k "one_after or own_status"

bench: $(READY) ## Measure against a hand-written worker and print a table
	@$(BIN)/python -m tests.benchmarks

format: $(READY) ## Format the code and mend what ruff can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: ## Write both locks anew from pyproject.toml, newest versions (needs uv)
	$(UV) pip compile --quiet --universal --upgrade --generate-hashes --all-extras \
	  --group build --group lint --group test --custom-compile-command 'make lock' \
	  --output-file requirements.txt pyproject.toml
	$(UV) pip compile --quiet --universal --generate-hashes --group build \
	  $(addprefix --no-emit-package ,$(UNCOMPARED)) --constraint requirements.txt \
	  --custom-compile-command 'make lock' --output-file $(ACTION)/requirements.txt pyproject.toml

clean: ## Remove the environment, caches and the example's data
	rm -rf .venv .data .*_cache dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11) and \
	  "tqrun needs Python 3.11 or newer, and $(PYTHON) is %d.%d: make PYTHON=python3.11" % v[:2])'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes --requirement requirements.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
