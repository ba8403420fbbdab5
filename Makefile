# Two commands are enough: `make demo` and `make test`. Both need Python >= 3.11 with pip, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
CLIENTS := tests/clients/node_modules/.installed
ARGS ?=
# Three processes, a file stays in one: much of a test is waiting for servers. `make test WORKERS=0` runs all in one.
# In the order in which they were collected (tests/conftest.py), and not the files of many tests, which are short, first.
WORKERS ?= 3

export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export DAGSTER_DISABLE_TELEMETRY := true

.PHONY: demo up test test-slow lint types bench lock clean

demo: $(STAMP)  ## A shop world, every asset materialized, a summary; stays up (ARGS="--exit --tenants 3 --days 5")
	$(BIN)/gxy demo $(ARGS)

up: $(STAMP)  ## The embedded stack, empty
	$(BIN)/gxy up $(ARGS)

test: $(STAMP) $(CLIENTS)  ## Every test that ends within minutes
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

test-slow: $(STAMP) $(CLIENTS)  ## The long runs too: fault rounds, fuzzing, volume
	$(BIN)/pytest -m "slow or not slow" --timeout 3600 $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	cd dbt && ../$(BIN)/sqlfluff lint --nocolor models

types: $(STAMP)
	$(BIN)/mypy

bench: $(STAMP)  ## Tables with ratios against a baseline of the same run
	$(BIN)/python -m benchmarks.ingest
	$(BIN)/python -m benchmarks.abuse
	$(BIN)/python -m benchmarks.enrich
	$(BIN)/python -m benchmarks.policy
	$(BIN)/python -m benchmarks.erasure
	$(BIN)/python -m benchmarks.daily

lock: $(STAMP)  ## Resolve requirements.lock anew from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url -o requirements.lock -q

clean:  ## Remove the environment, the stack's state and caches
	rm -rf $(VENV) .gxy dbt/target dbt/logs .pytest_cache .ruff_cache .mypy_cache .hypothesis

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed: make PYTHON=python3.12 ...')"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check "uv>=0.13,<0.14"
	$(BIN)/uv pip install -q --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps -e .
	touch $@

# The trackers from npm that tests/clients drives. Without npm, or without a registry, those tests skip and say so.
$(CLIENTS): tests/clients/package-lock.json
	if command -v npm >/dev/null; then cd tests/clients && npm ci --legacy-peer-deps --ignore-scripts --silent && touch ../../$@ || echo "the clients from npm could not be installed: their tests will be skipped"; fi
