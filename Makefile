# Claimstream. `make` alone lists what can be done here.

# The first interpreter that is new enough; `make PYTHON=... setup` names another.
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null && echo $$name && break; done)
VENV := .venv
RUN := $(VENV)/bin/python
SEED ?= 1
FUZZ ?= 20000
ONLY ?=
ARGS ?=
TWO_WORKERS := -n 2 --dist loadgroup --no-loadscope-reorder
SHELL := /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:

help:  ## list the targets
	@sed -n 's/^\([a-z][a-z-]*\):[^#]*## \(.*\)/\1|\2/p' Makefile | awk -F'|' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(VENV)/dev.stamp  ## everything for development and tests, into .venv

demo: $(VENV)/demo.stamp  ## one process, an invented clinic, the first paid claim in under a minute (ARGS='--once --json')
	@exec $(RUN) -m cli demo $(ARGS)

test: setup  ## the whole suite but faults and benchmarks (ARGS='tests/shared -k money')
	@$(RUN) -m pytest -m 'not fault and not bench' $(or $(ARGS),$(TWO_WORKERS))

check: setup  ## format, lint, types, import contracts, sizes: under a minute
	@.ci/check $(RUN)

bench: setup  ## measure, as ratios against a yardstick in the same run
	@$(RUN) -m pytest -m bench tests/benchmarks $(ARGS)

faults: setup kafka-jars  ## kill, cut, freeze, poison (SEED=7 ONLY=F7b reproduces one run)
	@RCM_FAULT_SEED=$(SEED) $(RUN) -m pytest -m fault $(ARGS) tests/faults $(if $(ONLY),-k "$(ONLY)")

fuzz: setup  ## 20,000 damaged inputs for each X12 set (FUZZ=200000 SEED=7)
	@$(RUN) -m tests.shared.x12.fuzz --inputs $(FUZZ) --seed $(SEED) $(ARGS)

properties: setup  ## every property test against a hundred times more invented inputs (SEED=7)
	@$(RUN) -m pytest -m hypothesis --hypothesis-profile=fuzz --hypothesis-seed=$(SEED) $(ARGS)

format: setup  ## format the code and sort its imports
	@$(RUN) -m ruff format .
	@$(RUN) -m ruff check --fix --select I .

docs: setup  ## write the generated pages anew
	@$(RUN) -m cli.documents

lock:  ## pin the requirements anew, with hashes (needs uv)
	@.ci/lock

kafka-jars:  ## fetch the jars of the real Kafka (needs Maven once)
	@deploy/kafka/start --jars-only

clean:  ## remove what the targets made, the environment too
	rm -rf $(VENV) .cache build dist deploy/kafka/libs
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps carry the hash of the requirements they were made from, so that a changed pin installs again.
$(VENV)/dev.stamp: requirements-dev.txt .ci/install
	@.ci/install "$(PYTHON)" $(VENV) dev

$(VENV)/demo.stamp: requirements-demo.txt .ci/install
	@.ci/install "$(PYTHON)" $(VENV) demo

.PHONY: help setup demo test check bench faults fuzz properties format docs lock kafka-jars clean
