.DEFAULT_GOAL := help
# make faults ONLY="K1 S1" runs some
ONLY ?=
# make test COVER=--cov tells how much of src/ they run
COVER ?=
# marks of tests that are no part of make test
LONG := slow or fault or fuzz or browser

.PHONY: help setup report test test-pipeline test-all axe test-slurm faults bench check-robustbench lint lock reference record

VENV ?= .venv
BIN := $(VENV)/bin
# make report TIER=smoke lays tiers/smoke.yaml over params.yaml
TIER ?= laptop
OVERLAY := $(if $(filter-out laptop,$(TIER)),--configfile tiers/$(TIER).yaml)
SNAKEMAKE := $(BIN)/snakemake

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

$(VENV)/.ready: requirements/lock.txt pyproject.toml requirements/setup.sh
	@sh requirements/setup.sh $(VENV)

setup: $(VENV)/.ready  ## Make .venv from the hashed lock (TORCH=cpu: CPU-only torch)

report: setup  ## Run the laptop tier (TIER=smoke|narrowed|standard|paper: another) and say where its report is
	@$(SNAKEMAKE) $(OVERLAY)
	@echo "Report: $(CURDIR)/results/$(TIER)/report/index.html"

build/axe/.ready: requirements/axe.txt $(VENV)/.ready
	@$(BIN)/uv pip install --quiet --no-deps --require-hashes --target build/axe -r requirements/axe.txt
	@touch $@

axe: build/axe/.ready  ## Bring axe-core, with which tests check the report for those who cannot see it

test: setup  ## Tests of every part, none of which runs the pipeline: 5 minutes on 2 cores
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist worksteal -m "not ($(LONG) or slurm)" $(COVER)

test-pipeline: setup axe  ## The other tests: the pipeline end to end, faults, fuzzing, the report in Chromium: 8 minutes
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist load --maxschedchunk 1 -m "($(LONG)) and not slurm"

test-all: test test-pipeline test-slurm  ## All of these

test-slurm: setup  ## The pipeline on a real Slurm of its own (root; apt-get install slurm-wlm munge): 4 minutes
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q tests/slurm

bench: setup  ## Speed beside other libraries, into docs/bench.md (downloads these; BENCH="pgd seeds": some of them)
	@OMP_NUM_THREADS=1 $(BIN)/python bench/run.py $(BENCH)

faults: setup  ## Kill, damage and lie to it at full size, Slurm included (ONLY="K1 S1": some); writes README's table
	@OMP_NUM_THREADS=1 $(BIN)/python tests/faults/every.py $(ONLY)

check-robustbench: setup  ## Exported decks in RobustBench's own benchmark, in an environment of its own (downloads it)
	@sh tests/robustbench_check.sh $(BIN) $(PICTURES)

lint: setup  ## Style of Python and Snakemake files
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/snakefmt --check Snakefile workflow

lock: setup  ## Resolve the dependencies anew into requirements/lock.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-annotate --no-emit-index-url --extra dev --extra install -o requirements/lock.txt pyproject.toml

reference: setup  ## Write docs/params.md, JSON Schemas and the tables of the published run anew
	@$(BIN)/shiftpress reference

record: setup  ## Tell DVC that the results in the workspace belong to the params and code in it
	@mkdir -p $(addprefix results/laptop/,decks atmc edge plots)  # phases that a study may leave out
	@$(BIN)/dvc commit --force --quiet
