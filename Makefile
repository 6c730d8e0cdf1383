# `make help` lists the targets and the variables.
SHELL := /bin/sh
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
STUDY ?= study.toml
OUT ?= build
STAKEHOLDERS ?= stakeholders.toml
EDITIONS ?= reports/editions
WORKERS ?= $(shell nproc 2>/dev/null || echo 1)
# Matrices here are small: a second thread of BLAS gains nothing, and where another process wants the core it spins.
export OMP_NUM_THREADS ?= 1

options = --study "$(STUDY)" --out "$(OUT)" --workers $(WORKERS) \
	$(if $(SOURCE),--source "$(SOURCE)") $(if $(AS_OF),--as-of "$(AS_OF)") $(if $(filter-out 0 no false,$(QUICK)),--quick)

.PHONY: help setup report findings data distribute test check bench robustness validate lock clean

help: ## Show the targets and what they do
	@echo "make TARGET [VARIABLE=value ...]"
	@echo
	@grep -E '^[a-z]+:.*## ' $(firstword $(MAKEFILE_LIST)) | awk -F ':.*## ' '{printf "  %-13s %s\n", $$1, $$2}'
	@echo
	@echo "  SOURCE        folder of CSV files, or sample, snapshot, packaged (default: newest snapshot, else sample)"
	@echo "  AS_OF         models and verdicts use nothing after this date, e.g. 2026-02-08 (default: the study's own date)"
	@echo "  STUDY         study file (default: study.toml)"
	@echo "  OUT           folder of the editions (default: build)"
	@echo "  EDITIONS      folder of the records that the next edition is compared with (default: reports/editions)"
	@echo "  QUICK         1: fewer bootstrap resamples; every page says so"
	@echo "  WORKERS       processes for independent pieces (default: one for each processor)"
	@echo "  PYTHON        interpreter for the environment (default: python3)"
	@echo "  DRY_RUN       distribute: 1 writes .eml files to OUT/mail and sends nothing"
	@echo "  FORCE         distribute: 1 sends an edition that is simulated, a draft or fails the preflight"
	@echo "  DOUBTFUL      distribute: resend or arrived, for messages that a crash left without an answer"
	@echo "  STAKEHOLDERS  who receives which edition (default: stakeholders.toml)"

setup: $(READY) ## Create .venv from requirements.lock and see that Pango is there

$(READY): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed. Name one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "Making $(VENV) from requirements.lock, about a minute ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/python -m reports.system
	@touch $@

report: $(READY) ## Make the edition: PDF, HTML and tables in OUT/<as-of>, newest at OUT/latest
	@$(BIN)/python -m reports report $(options) --editions "$(EDITIONS)"

findings: $(READY) ## Write docs/findings.md: what the study found, claim by claim
	@$(BIN)/python -m reports findings --study "$(STUDY)" --workers $(WORKERS) \
		$(if $(SOURCE),--source "$(SOURCE)") $(if $(AS_OF),--as-of "$(AS_OF)")

data: $(READY) ## Download a snapshot of every instrument (the only target that downloads)
	@$(BIN)/python -m data fetch --study "$(STUDY)" $(if $(AS_OF),--as-of "$(AS_OF)")

distribute: $(READY) ## Mail the newest edition to the readers in stakeholders.toml; nobody gets a file twice
	@$(BIN)/python -m reports.distribution --stakeholders "$(STAKEHOLDERS)" --out "$(OUT)" \
		$(if $(AS_OF),--as-of "$(AS_OF)") $(if $(filter-out 0 no false,$(DRY_RUN)),--dry-run) \
		$(if $(filter-out 0 no false,$(FORCE)),--force) $(if $(DOUBTFUL),--doubtful "$(DOUBTFUL)")

test: $(READY) ## Run the tests
	@$(BIN)/python -m pytest

check: $(READY) ## Lint, check types, check the layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(READY) ## Time the report by stages and the correlation engine beside its peer, pymgarch
	@$(BIN)/python -m benchmarks.stages --study "$(STUDY)" $(if $(SOURCE),--source "$(SOURCE)") $(if $(AS_OF),--as-of "$(AS_OF)")
	@$(BIN)/python -m benchmarks.correlation

robustness: $(READY) ## Long studies (power, number of regimes, joint tests), kept in .cache and quoted by the next edition
	@$(BIN)/python -m reports robustness --study "$(STUDY)" --workers $(WORKERS) \
		$(if $(SOURCE),--source "$(SOURCE)") $(if $(AS_OF),--as-of "$(AS_OF)")

validate: $(READY) ## Monte Carlo of coverage, hours, resumable; writes docs/validation.md
	@$(BIN)/python -m tests.validation

lock: $(READY) ## Renew requirements.lock from pyproject.toml
	@$(BIN)/pip-compile --quiet --extra develop --generate-hashes --allow-unsafe --strip-extras --no-header --no-annotate \
		--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --output-file requirements.lock pyproject.toml

clean: ## Remove caches and editions (snapshots stay)
	@rm -rf build .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +
