# Everything a user or CI runs. `make` alone prints this list.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SPARK_VENV := .venv-spark
SPARK_READY := $(SPARK_VENV)/.ready
DRT_VENV := .venv-drt
DRT_READY := $(DRT_VENV)/.ready
HOME_FOLDER ?= data
CONTACTS ?= 2000
SELECT ?= fqn:*
FULL ?=
# What reads the memberships is built after the segments, which record them; dbt cannot know this.
DBT = MILLRACE_WAREHOUSE=$(abspath $(HOME_FOLDER)/shop/warehouse.duckdb) $(BIN)/dbt build \
	--project-dir dbt_project --profiles-dir dbt_project --indirect-selection buildable $(FULL)
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export DAGSTER_DISABLE_TELEMETRY := yes
export GX_ANALYTICS_ENABLED := false
# Containers often say so, and then every start compiles thousands of modules anew: five seconds of CPU each.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup setup-spark setup-drt run dev test test-spark check static lint fmt types imports sql dbt validate docs docs-check bench evaluate prove lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(READY): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || (echo "Millrace needs Python 3.11 or newer; set PYTHON=/path/to/it" && exit 1)
	@echo "setting up $(VENV) (once; about 1.3 GB)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		$$(sed -n 's/^\(uv==[^ ]*\).*/\1/p' requirements.lock) 2>/dev/null
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

setup: $(READY) ## create .venv from the lock file

$(SPARK_READY): requirements-spark.lock | $(READY)
	@echo "setting up $(SPARK_VENV) (once; about 1.2 GB)"
	@test -x $(SPARK_VENV)/bin/python || $(BIN)/python -m venv $(SPARK_VENV)
	@$(BIN)/uv pip sync --quiet --python $(SPARK_VENV)/bin/python --require-hashes requirements-spark.lock
	@touch $@

setup-spark: $(SPARK_READY) ## create .venv-spark from its lock file; Java 17 from apt-get where there is none
	@test -n "$$JAVA_HOME" || command -v java > /dev/null || { \
		command -v apt-get > /dev/null || { echo "Spark needs Java 17: install it, or set JAVA_HOME" && exit 1; }; \
		apt-get update -qq && apt-get install -qq -y --no-install-recommends openjdk-17-jre-headless > /dev/null; }

$(DRT_READY): requirements-drt.lock | $(READY)
	@test -x $(DRT_VENV)/bin/python || $(BIN)/python -m venv $(DRT_VENV)
	@$(BIN)/uv pip sync --quiet --python $(DRT_VENV)/bin/python --require-hashes requirements-drt.lock
	@touch $@

setup-drt: $(DRT_READY) ## create .venv-drt from its lock file: what `make bench NAME=activations` is measured beside

run: $(READY) ## the sample shop, end to end: generate, load, build, predict, push to local endpoints
	@$(BIN)/python -m examples.shop --home $(HOME_FOLDER)/shop --contacts $(CONTACTS)

dev: $(READY) ## the Dagster UI on the sample shop's data (run `make run` first)
	@mkdir -p $(HOME_FOLDER)/shop/dagster
	@MILLRACE_HOME=$(abspath $(HOME_FOLDER)/shop) DAGSTER_HOME=$(abspath $(HOME_FOLDER)/shop/dagster) MILLRACE_AS_OF=2026-06-30T00:00:00Z \
		$(BIN)/dagster dev -m orchestration.definitions

# Tests sync thousands of small files that they throw away: in memory, where 6 GB of it and of the folder are free, it costs nothing.
IN_MEMORY = $$(df -Pm /dev/shm 2>/dev/null | awk '$$6 == "/dev/shm" && $$4 > 6000' | grep -q . && \
	awk '/^MemAvailable/ { exit $$2 < 12e6 }' /proc/meminfo && test -w /dev/shm && echo /dev/shm || echo "$${TMPDIR:-/tmp}")

test: $(READY) ## all tests, on every core; what they write is gone afterwards
	@folder=$$(mktemp -d "$(IN_MEMORY)/millrace-XXXXXX") && trap 'rm -rf "$$folder"' EXIT INT TERM && chmod 711 "$$folder" && \
		TMPDIR="$$folder" $(BIN)/python -m pytest -q --numprocesses logical --dist loadfile --no-loadscope-reorder \
		--override-ini tmp_path_retention_policy=failed

test-spark: $(READY) setup-spark ## build on DuckDB and on a local Spark cluster, compare every row (some 25 minutes)
	@$(BIN)/python -m tests.spark --home $(HOME_FOLDER)/spark-shop

static: lint types imports sql validate docs-check ## every check that is no test

check: static test ## everything CI runs

lint: $(READY) ## ruff: style and common mistakes
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

fmt: $(READY) ## ruff: rewrite in place
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

types: $(READY) ## mypy, strict, on warehouse, ml and activations
	@$(BIN)/mypy

imports: $(READY) ## import rules between packages
	@$(BIN)/lint-imports

sql: $(READY) ## sqlfluff on models
	@$(BIN)/sqlfluff lint models --disable-progress-bar --processes 2

dbt: $(READY) ## build and test a selection on the sample shop: make dbt SELECT=seg_vip (FULL=--full-refresh: all rows anew)
	@$(DBT) --select $(SELECT) --exclude segment_memberships+
	@$(DBT) --select $(SELECT),segment_memberships+

validate: $(READY) ## does Dagster load the definitions, without data and credentials?
	@MILLRACE_HOME=$$(mktemp -d) $(BIN)/dagster definitions validate -m orchestration.definitions

docs: $(READY) ## rewrite the generated reference pages
	@$(BIN)/python -m docs.generate

docs-check: $(READY) ## do the generated reference pages match the code?
	@$(BIN)/python -m docs.generate --check

bench: $(READY) ## measure: make bench NAME=spine
	@mkdir -p benchmarks/out
	@$(BIN)/python -m benchmarks.$(NAME)

evaluate: $(READY) ## judge the models on the real data beside the project: make evaluate (NAME=maven_crm: one data set)
	@NAME=$(NAME) $(BIN)/python -m benchmarks.evaluate

prove: $(READY) ## show that a promise holds, in figures: make prove NAME=collector
	@mkdir -p benchmarks/out
	@$(BIN)/python -m benchmarks.prove_$(NAME)

lock: $(READY) ## renew the lock files from pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--extra dev pyproject.toml --output-file requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--group spark --output-file requirements-spark.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--group drt --output-file requirements-drt.lock

clean: ## forget the virtual environment, the sample data and build output
	rm -rf $(VENV) $(SPARK_VENV) $(DRT_VENV) $(HOME_FOLDER) dbt_project/target dbt_project/logs
