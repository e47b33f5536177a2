# What a newcomer, a developer and CI run. Everything lives in .venv, from the hash-pinned lock.
PYTHON ?= python3
BIN := .venv/bin
export DAGSTER_HOME ?= $(CURDIR)/data/dagster
export DAGSTER_DISABLE_TELEMETRY := 1

.DEFAULT_GOAL := help
.PHONY: help demo test lint defs dev bench bench-posting bench-report bench-rules texts crashes histories mutations between endings lines identity quality quality-vendors matching agreement regressions odd sources lock clean

help:  ## show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: .venv/installed  ## play the demonstration firm's nights and write its report
	$(BIN)/ps-integration demo

test: .venv/installed  ## run the tests; what needs a Debian package is skipped by name
	$(BIN)/python -m pytest -n 2 --dist loadfile -q

lint: .venv/installed  ## format, lint, types, import contracts, rule SQL
	$(BIN)/ruff format --check ps_integration ps_integration_tests
	$(BIN)/ruff check ps_integration ps_integration_tests
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint --processes 2 ps_integration
	$(BIN)/python -m pytest -q -p no:cacheprovider ps_integration_tests/domain/test_calendar_dates.py

$(DAGSTER_HOME)/dagster.yaml:
	@mkdir -p $(DAGSTER_HOME) && cp docs/dagster.yaml $@

defs: .venv/installed $(DAGSTER_HOME)/dagster.yaml  ## load the Dagster definitions and check them
	$(BIN)/dg check defs

dev: .venv/installed $(DAGSTER_HOME)/dagster.yaml  ## open the Dagster UI on the demonstration firm, sandbox included
	$(BIN)/ps-integration sandbox -- $(BIN)/dg dev

bench: .venv/installed  ## drive a million time entries from raw to batches, with timings
	$(BIN)/python -m ps_integration_tests.bench.bench_night

CASES ?= 10000
crashes: .venv/installed  ## kill posting CASES times over four ERPs and two stores, and count; adds up in data/crashes.jsonl
	$(BIN)/python -m ps_integration_tests.crashes --cases $(CASES) --out data/crashes.jsonl

histories: .venv/installed  ## play 300 random histories of 20 steps against the final truth, 300 of caps night by night
	PS_HISTORIES=300 PS_HISTORY_STEPS=20 PS_POOLS=300 $(BIN)/python -m pytest -q \
	  ps_integration_tests/billing/test_histories.py ps_integration_tests/billing/test_pools.py

mutations: .venv/installed  ## change a night's tables row by row, and count what the equations find
	$(BIN)/python -m ps_integration_tests.mutations --rows 8

between: .venv/installed  ## change a firm's stores row by row between nights: named, repaired, or equal to a twin
	$(BIN)/python -m ps_integration_tests.between --mutations 1000

endings: .venv/installed  ## end a night for every state of documents and stores: a report, or a sentence
	$(BIN)/python -m ps_integration_tests.endings

identity: .venv/installed  ## renumber, rename and merge everything after posting in every firm, and count what it sends
	$(BIN)/python -m ps_integration_tests.identity

lines: .venv/installed  ## posted work changed twice under every policy: equations, link checks, the ERP's sums
	$(BIN)/python -m ps_integration_tests.lines

quality: .venv/installed  ## plant every fault in eight worlds of 25,000 entries: precision, recall, causes
	$(BIN)/python -m ps_integration_tests.quality --seeds 8

quality-vendors: .venv/installed  ## plant faults in what vendors send, over nights: recall, precision, causes, money per fault
	$(BIN)/python -m ps_integration_tests.quality.vendors --seeds 2 --notes

matching: .venv/installed  ## matching beside brute force on 10,000 random small cases; then wrong links in eight worlds
	PS_MATCHING_CASES=10000 $(BIN)/python -m pytest -q --timeout 1800 ps_integration_tests/reconciliation/test_matching.py \
	  ps_integration_tests/reconciliation/test_credits.py
	$(BIN)/python -m ps_integration_tests.quality.links --seeds 8

sources: .venv/installed  ## streams that shrink and 1,000 damaged files of each kind, as a table
	$(BIN)/python -m ps_integration_tests.sources

agreement: .venv/installed  ## ten nights of two firms: every paper says the same money, and it is what the ERP holds
	PS_AGREEMENT_NIGHTS=10 $(BIN)/python -m pytest -q --timeout 1800 ps_integration_tests/agreement

BASE ?= 91bbdd3
regressions: .venv/installed  ## every case that once failed, on commit BASE and on this one, as a table
	$(BIN)/python -m ps_integration_tests.regressions --base $(BASE)

odd: .venv/installed  ## odd but valid rows of every contract in one firm, bisected where more than their own is held
	$(BIN)/python -m ps_integration_tests.odd

bench-posting: .venv/installed  ## post through the whole engine on both stores, ledger empty and full
	$(BIN)/python -m ps_integration_tests.bench.bench_posting

bench-report: .venv/installed  ## draw a report of 50,000 breaks and open it in Chromium
	$(BIN)/python -m ps_integration_tests.bench.bench_report

bench-rules: .venv/installed  ## all rules over 0.1 and 1 million entries a side, beside the bare join and two peers
	$(BIN)/python -m ps_integration_tests.bench.bench_rules

texts: .venv/installed  ## collect the reports' own texts into reports.pot, and bring the translations up to it
	$(BIN)/python -m ps_integration_tests.reports.extraction

lock:  ## resolve dependencies anew into requirements.lock (needs uv)
	uv pip compile pyproject.toml --all-extras --group dev --generate-hashes --universal \
	  --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header \
	  --no-strip-extras --no-annotate --output-file requirements.lock

clean:  ## remove the environment and caches (never data/)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
