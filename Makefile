# What a person does here. `make demo` and `make test` do all the set-up themselves.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The Python that .venv is made of, 3.11 or newer.
PYTHON ?= python3
# Corpus of real compose files, used by tests where it is there.
export CCCI_TEST_CORPUS ?= $(firstword $(wildcard ../shared/corpus))

# What starts ccci by the hundred would compile all of it each time.
unexport PYTHONDONTWRITEBYTECODE

# Tests on a Swarm mostly wait: more of them than cores run side by side.
WORKERS ?= $(shell expr 4 \* $$(nproc))

.DEFAULT_GOAL := help
.PHONY: help setup system abra demo test check lint format unit local integration soak engines bench docs lock clean

help: ## show these targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  \1\t\2/' | expand -t 16

setup: $(READY) ## make .venv from the lock file (Debian packages too, when root)

system:
	@PYTHON=$(PYTHON) sh tests/system-packages.sh

$(READY): requirements.lock pyproject.toml | system
	$(PYTHON) -m venv $(VENV)
	@# Without a resolver: those of pip up to 23.2 refuse a lock once newer releases are out.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@# With the back-end of the lock, whatever has become of it since.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup system ## the main job on a throwaway Swarm: an upgrade that Swarm rolls back, and one that holds
	$(BIN)/python -m demo

test: setup system ## every test, those on a real Swarm included
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup --hypothesis-profile thorough tests

unit: setup ## the tests of one process alone, with few made-up examples of each property
	$(BIN)/python -m pytest -n auto -m "not slow and not soak" tests/unit

local: setup ## every test that needs no Swarm: those with git, sockets and the docker CLI as well
	$(BIN)/python -m pytest -n auto tests/unit

integration: setup system ## the tests on a real Swarm
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup tests/integration

lint: setup ## ruff and mypy; the generated pages are current
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m docs.generate --check

format: setup ## rewrite the code in the project's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup ## write the generated pages of docs/
	$(BIN)/python -m docs.generate

check: lint local ## lint, and every test that needs no Swarm

abra: ## install the abra release that ccci is written for (never tried against the forge itself)
	@sh scripts/install-abra.sh

soak: setup system ## long trials: on a real Swarm, of the installation, on minimal Debians, in a browser
	@sh tests/system-packages.sh debootstrap chromium-headless-shell
	$(BIN)/python -m pytest -m soak --hypothesis-profile search tests
	$(BIN)/python -m pytest -n auto -m hypothesis --hypothesis-profile search tests/unit

engines: setup system ## the tests on a Swarm, on the engine of each Debian (a root of its own each)
	@sh tests/system-packages.sh debootstrap
	$(BIN)/python tests/engines $(TESTS)

bench: setup system ## the budgets of the design, side by side with the docker CLI
	$(BIN)/python tests/bench

lock: ## pin the newest dependencies, for all Pythons from 3.11 on
	$(PYTHON) -m venv $(VENV)/lock
	$(VENV)/lock/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(VENV)/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --extra dev --upgrade -o requirements.lock pyproject.toml

clean: ## remove what the other targets made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
