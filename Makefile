# SPDX-License-Identifier: Apache-2.0
# Every target can be typed by hand: each is one line over the virtual environment in .venv.
PYTHON ?= python3
BIN := .venv/bin
KERNELS := setup.py $(wildcard src/sluicegate/ridge/native/*.[ch])
STAMP := .venv/.sluicegate-$(shell cksum requirements/lock.txt pyproject.toml $(KERNELS) 2>/dev/null | cksum | cut -d' ' -f1)

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format bench screenshots fuzz fuzz-minute fuzz-native clean

help: ## list what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | column -t -s "$$(printf '\t')"

setup: $(STAMP) ## make .venv and install the locked dependencies (about a minute, 600 MB)

$(STAMP): requirements/lock.txt pyproject.toml $(KERNELS)
	@sh tools/preflight.sh $(PYTHON)
	@echo "setting up .venv (once; about a minute)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/lock.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@rm -f .venv/.sluicegate-* && touch $@

demo: setup ## the main job, end to end, on loopback (under 90 s); CARD=file plays a real card
	@$(BIN)/sluicegate demo $(if $(CARD),--card "$(CARD)")

test: setup ## run the tests
	@$(BIN)/python -m pytest

check: setup ## format, lint, strict types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

format: setup ## put the code into its one format
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

bench: setup ## bookings per second, time per stage, memory, and the search engine; about eight minutes; writes bench-out/
	@$(BIN)/python -m tools.bench
	@$(BIN)/python -m tools.bench_ridge

screenshots: setup ## a picture of every page of the site, by way of a demonstration (some minutes); HOME_DIR=folder takes that home
	@$(BIN)/python -m tools.screenshots $(if $(HOME_DIR),--home "$(HOME_DIR)")

fuzz: setup ## look for inputs that break a reader, MINUTES=10 each (or TARGETS="itl parts"); keeps fuzz-out/
	@$(BIN)/python -m tools.fuzz --seconds $$(( $(or $(MINUTES),10) * 60 )) $(TARGETS)

fuzz-minute: setup ## the same for about a minute in all
	@$(BIN)/python -m tools.fuzz --seconds 5

fuzz-native: ## look for inputs that a compiled kernel reads out of bounds, MINUTES=10 each; needs a C compiler
	@sh tools/fuzz_native/run.sh $$(( $(or $(MINUTES),10) * 60 )) $(or $(SEED),1)

lock: ## work the locked versions out again (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --no-annotate --extra dev pyproject.toml -o requirements/lock.txt

clean: ## remove what was made, the virtual environment included
	rm -rf .venv build dist demo-home bench-out fuzz-out screenshots .pytest_cache .mypy_cache .ruff_cache .hypothesis src/sluicegate/ridge/native/*.so
