# Every chore of the project; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python

.PHONY: help env test-env demo demo-rollback up down status rollback gate manifests faults test test-faults lint bench clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

env: ## make the two environments (.venv, .venv-triton)
	@bash local/install.sh

test-env:
	@bash local/install.sh tests/packages.txt

demo: env ## run the whole life of flight_delays on real data
	@$(PYTHON) -m local.demo

demo-rollback: env ## release a poisoned model and see its canary stop it (after `make demo`)
	@$(PYTHON) -m local.demo rollback

up: env ## start the laptop stack
	@$(PYTHON) -m local up

down: ## stop the laptop stack and every pod
	@$(PYTHON) -m local down

status: ## show the servers of the laptop stack
	@$(PYTHON) -m local status

rollback: env ## give a model's traffic back to its previous version: make rollback MODEL=flight_delays REASON="…"
	@$(PYTHON) -m local.rollback $(MODEL) --reason "$(or $(REASON),by hand)"

gate: env ## judge a registered candidate by its spec's gates: make gate MODEL=flight_delays
	@$(PYTHON) -m local.gate $(MODEL) $(ARGS)

manifests: env ## print the Kubernetes manifests of a model: make -s manifests MODEL=flight_delays
	@$(PYTHON) -m include.kubernetes.manifests $(MODEL) $(ARGS)

faults: env ## break releases in every known way on the running stack; prints a table
	@$(PYTHON) -m local.faults

lint: test-env ## check style, types and generated files
	@.venv/bin/ruff format --check . && .venv/bin/ruff check .
	@.venv/bin/mypy include local plugins $$(ls -d providers/*/src)
	@$(PYTHON) providers/provider_info.py --check
	@.venv/bin/hadolint Dockerfile Dockerfile.train Dockerfile.triton

test: lint ## run every test but the slow proofs: unit, integration, end to end, browser
	@$(PYTHON) -m pytest -m "not faults"

test-faults: test-env ## run the slow proofs: kills, outages, repeated runs
	@$(PYTHON) -m pytest -m faults

bench: env ## measure; prints a table and writes .shamal/bench.json
	@$(PYTHON) -m local.bench

clean: ## stop the stack and delete everything made at run time (keeps the environments)
	@if [ -x $(PYTHON) ]; then $(PYTHON) -m local down; fi
	@rm -rf .shamal
