# Commands of the project; `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help install run doctor test lint format bench lock clean

help: ## Show this list
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-8s %s\n", $$1, $$2 }'

run: $(VENV)/.runtime ## Start the app, and the sandbox beside it unless Vinli credentials are set
	@exec $(BIN)/python -m serving.local

install: $(VENV)/.runtime ## Create .venv with what the app needs, for production too

doctor: $(VENV)/.runtime ## Find what is wrong with this installation's settings (DOCTOR_ARGS=--problems)
	@$(BIN)/python -m serving.doctor $(DOCTOR_ARGS)

# In the order of the folders: the many short modules of tests/unit come last, so that all workers end at one time.
test: $(VENV)/.dev ## Run all tests (installs Chromium and redis-server where it may)
	@tests/install-tools
	$(BIN)/python -m pytest -n 4 --dist loadscope --no-loadscope-reorder $(PYTEST_ARGS)

lint: $(VENV)/.dev ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev ## Put the code into its format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# `make bench`, or one of them: `make bench login`, `make bench devices`.
BENCHES := login devices tokens streams sandbox
bench: $(VENV)/.dev ## Measure, as ratios against baselines of the same run (make bench login|devices|tokens|streams|sandbox)
	$(BIN)/python -m bench $(filter $(BENCHES),$(MAKECMDGOALS))

.PHONY: $(BENCHES)
$(BENCHES):
	@:

lock: $(VENV)/.dev ## Pin the newest versions of all requirements
	$(BIN)/pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --upgrade --strip-extras --no-emit-options --no-header requirements.in
	$(BIN)/pip-compile --quiet --upgrade --strip-extras --no-emit-options --no-header --allow-unsafe requirements-dev.in

clean: ## Remove the virtual environment and caches; keeps instance/
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis test-artifacts

$(VENV)/.runtime: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name it like this: make run PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
