# What a person does here. `make demo` and `make test` do all the set-up themselves.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Corpus of real compose files, used by tests where it is there.
export CCCI_TEST_CORPUS ?= $(firstword $(wildcard ../shared/corpus))

# Tests on a Swarm mostly wait: more of them than cores run side by side.
WORKERS ?= $(shell expr 2 \* $$(nproc))

.DEFAULT_GOAL := help
.PHONY: help setup system abra demo test check lint format unit integration soak bench docs lock clean

help: ## show these targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  \1\t\2/' | expand -t 16

setup: $(READY) ## make .venv from the lock file (Debian packages too, when root)

system:
	@sh tests/system-packages.sh

$(READY): requirements.lock pyproject.toml | system
	python3 -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup system ## the main job on a throwaway Swarm: an upgrade that Swarm rolls back, and one that holds
	$(BIN)/python -m demo

test: setup system ## every test, those on a real Swarm included
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup tests

unit: setup ## the tests that need no Swarm
	$(BIN)/python -m pytest -n auto tests/unit

integration: setup system ## the tests on a real Swarm
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup tests/integration

lint: setup ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup ## rewrite the code in the project's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup ## write the generated pages of docs/
	$(BIN)/python -m docs.generate

check: lint unit ## lint, the tests without Swarm, the generated pages are current
	$(BIN)/python -m docs.generate --check

abra: ## install the abra release that ccci is written for (never tried against the forge itself)
	@sh scripts/install-abra.sh

soak: setup system ## long trials on a real Swarm
	$(BIN)/python -m pytest -m soak tests

bench: setup system ## the budgets of the design, side by side with the docker CLI
	$(BIN)/python tests/bench

lock: ## pin the dependencies again
	python3 -m venv $(VENV)/lock
	$(VENV)/lock/bin/pip install --quiet pip-tools
	$(VENV)/lock/bin/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --allow-unsafe --no-header --strip-extras --extra dev --upgrade -o requirements.lock pyproject.toml

clean: ## remove what the other targets made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
