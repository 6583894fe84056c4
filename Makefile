# What people type is what CI runs.

PYTHON ?= python3
BIN := .venv/bin
# No telemetry, no update checks: nothing here talks to anything but this machine.
export DO_NOT_TRACK := 1
export PREFECT_SERVER_ANALYTICS_ENABLED := false

# The server's login goes from one process to the next by its environment, never as an argument.
STATUS = $(BIN)/seedbed status --json | $(BIN)/python -c 'import json, sys; print(json.load(sys.stdin)["$(1)"])'

.PHONY: seed test soak lint reference bench bench-plot peers peers-lock up down lock install clean

seed: install  ## seed the datasets of `dev` on the embedded server by a deployment run, show it
	@$(BIN)/seedbed up
	@PREFECT_API_URL=$$($(call STATUS,api)) PREFECT_API_AUTH_STRING=$$($(call STATUS,login)) \
		$(BIN)/prefect deployment run seed/dev --watch > .venv/seed.log || { cat .venv/seed.log; exit 1; }
	@tail -n 1 .venv/seed.log
	@$(BIN)/seedbed runs
	@$(BIN)/seedbed verify
	@$(BIN)/seedbed status

test: lint  ## all tests, on a real PostgreSQL
	$(BIN)/pytest -n 2

soak: install  ## the random suites, faults and races at their nightly size, some hours
	SEEDBED_TEST_SCALE=$${SEEDBED_TEST_SCALE:-18} SEEDBED_TEST_SIZE=soak $(BIN)/pytest -m soak

lint: install  ## linter, formatter, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

reference: install  ## write docs/reference.md from the code
	$(BIN)/python -m tests.docs.reference

PARTS := shares satisfied gaps runners peers growth

bench: peers  ## the whole table: a million orders against COPY, then each of PARTS
	$(BIN)/python -m tests.benchmarks
	for part in $(PARTS); do $(BIN)/python -m tests.benchmarks.$$part || exit 1; done

bench-%: peers  ## one of PARTS by itself
	$(BIN)/python -m tests.benchmarks.$*

bench-plot: peers  ## draw docs/images/peers.svg and growth.svg from bench-results/
	bench-results/peers/bin/python -m tests.benchmarks.plot

peers: install  ## what the peers need, below bench-results/; what cannot be installed is named
	@$(BIN)/python -m tests.benchmarks.peers.installed

peers-lock: install  ## renew the locks of the peers
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header \
		--output-file tests/benchmarks/peers.txt tests/benchmarks/peers.in
	cd tests/benchmarks/peers && npm install --package-lock-only --no-audit --no-fund

up: install  ## database, Prefect server with UI, deployments and worker, in the background
	$(BIN)/seedbed up

down: install  ## stop exactly what `up` started
	$(BIN)/seedbed down

lock: install  ## renew requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev \
		--generate-hashes --no-emit-index-url --no-header \
		--output-file requirements.lock pyproject.toml

install: .venv/installed

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "seedbed needs Python 3.11 or newer; name one with make PYTHON=…")'
	@echo "installing into .venv (a minute or two)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

clean:  ## forget the installation
	rm -rf .venv
