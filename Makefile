# The ways into the project; `make help` tells them. GNU make >= 4, a POSIX shell and Python >= 3.11 are enough.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PORT ?= 8000
# Test workers; 0 runs them one after another in one process.
WORKERS ?= auto
# Compiled modules are kept even where the surroundings say otherwise: each worker, and each process that a test
# starts, would compile everything anew (3 s of processor time each).
unexport PYTHONDONTWRITEBYTECODE
# More arguments for pytest, such as: make test ARGS="-k timers"
ARGS ?=

PY := .venv/bin/python
BIN := .venv/bin
# Folder of the demo's data; another one for another demo beside it: make demo DEMO_DIR=var/second PORT=8001
DEMO_DIR ?= var/demo
# The demo never touches a database or a folder that the surroundings name for real use.
DEMO := env -u DATABASE_URL -u DATABASE_URL_FILE -u DEMO_DIR_FILE DEMO_DIR="$(DEMO_DIR)" DEMO_MODE=1 DEBUG=0 HTTPS=0 \
	SITE_URL=http://127.0.0.1:$(PORT) EMAIL_BACKEND=django.core.mail.backends.filebased.EmailBackend

.PHONY: help setup run demo demo-reset check test browser bench messages chromium pdfua

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Build the environment in .venv from uv.lock; quick if it is up to date
	@sh scripts/bootstrap.sh
	@$(PY) -m project.messages

demo: setup ## Load the demo and serve it on 127.0.0.1:8000 (PORT=8001 for another port)
	@$(DEMO) $(PY) manage.py rundemo --port $(PORT)

demo-reset: setup ## Remove the demo's data; the next `make demo` starts over
	@$(DEMO) $(PY) manage.py resetdemo

run: setup ## Serve for development, with debug pages and reload, on the demo's data
	@$(DEMO) $(PY) manage.py rundemo --only-prepare
	@$(DEMO) DEBUG=1 $(PY) manage.py runserver $(PORT)

check: setup ## Linters, types, import layers, migrations, texts, generated docs
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh scripts/check.sh

test: setup chromium pdfua ## Run every test (browser tests where Chromium is there)
	@$(BIN)/pytest -n $(WORKERS) $(ARGS)

browser: setup chromium ## Run the browser tests only
	@$(BIN)/pytest -n $(WORKERS) -m browser $(ARGS)

bench: setup ## Measure and print tables for docs/benchmarks.md (ARGS="index inbox" for some)
	@$(PY) -m tests.bench $(ARGS)

messages: setup ## Collect the texts to be translated into project/locale (needs GNU gettext)
	@$(DEMO) $(PY) manage.py updatemessages

chromium:
	@sh scripts/chromium.sh

pdfua:
	@sh scripts/pdfua.sh
