# One word for everything that is done often; `make help` lists them.
# Variables on the command line reach the programs: make run PORT=8010 VAR_DIR=/tmp/second

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
# What `make test-services` talks to; give others on the command line.
SERVICES_DATABASE_URL ?= postgres://postgres@127.0.0.1:5432/micdots
SERVICES_REDIS_URL ?= redis://127.0.0.1:6379/9
# Made elsewhere than the embedded default only where a target says so.
EMBEDDED := env -u DATABASE_URL -u REDIS_URL -u S3_BUCKET -u S3_ENDPOINT_URL -u EMAIL_URL
# Translations are kept as text and compiled where they are used.
MESSAGES := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/django.po))

export PYTHONUNBUFFERED := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

##@ Running
.PHONY: run worker setup
run: $(VENV)/.run $(MESSAGES) ## start MicDots: web server, worker and beat (PORT, HOST, VAR_DIR)
	@$(BIN)/python -m micdots.run

worker: $(VENV)/.run $(MESSAGES) ## start one more worker beside a running MicDots
	@$(BIN)/python -m micdots.run worker

setup: $(VENV)/.dev ## create .venv with everything that development needs

##@ Testing
.PHONY: test test-browser test-services test-crash test-load test-schema bench
test: $(VENV)/.dev $(MESSAGES) ## the test suite on the embedded default
	$(EMBEDDED) $(PYTEST) -n auto -m "not browser and not crash and not services"

test-browser: $(VENV)/.dev $(MESSAGES) ## the pages in a real browser (needs chromium)
	@bin=$${CHROMIUM:-$$(command -v chromium || command -v chromium-browser || command -v google-chrome)} && test -x "$$bin" || \
		{ echo "test-browser needs chromium: apt-get install chromium, or name one with CHROMIUM=…" >&2; exit 1; }; \
	CHROMIUM="$$bin" $(EMBEDDED) $(PYTEST) -n 2 -m browser

test-services: $(VENV)/.dev $(MESSAGES) ## the test suite on PostgreSQL, Redis and S3 (SERVICES_DATABASE_URL, SERVICES_REDIS_URL)
	DATABASE_URL=$(SERVICES_DATABASE_URL) REDIS_URL=$(SERVICES_REDIS_URL) \
		$(BIN)/python bin/with-s3 $(PYTEST) -n auto -m "not browser and not crash" --ignore=tests/ops

test-crash: $(VENV)/.dev ## kill workers on purpose and see that nothing is lost
	$(EMBEDDED) $(PYTEST) -n 2 -m crash

test-load: $(VENV)/.dev ## a minute of listeners over 1,000 dots, with a web process killed (LOAD_SECONDS, LOAD_DOTS)
	$(EMBEDDED) LOAD_SECONDS=$${LOAD_SECONDS:-60} LOAD_DOTS=$${LOAD_DOTS:-1000} $(PYTEST) -m crash -s tests/crash/test_spool_kill9.py

test-schema: $(VENV)/.dev ## ask every API call what it does with good and bad input (SCHEMA_EXAMPLES: how often)
	SCHEMA_EXAMPLES=$${SCHEMA_EXAMPLES:-100} $(EMBEDDED) $(PYTEST) tests/api/test_schema_contract.py

bench: $(VENV)/.dev ## how fast, against a floor in the same run (QUICK=1: smaller; BENCH_DATABASE_URL: also PostgreSQL)
	$(BIN)/python -m benchmarks

##@ Caring
.PHONY: lint format messages clean help
lint: $(VENV)/.dev ## every check of the code that needs no test run
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint templates --check --quiet
	$(BIN)/djlint templates --lint --quiet
	$(EMBEDDED) DJANGO_SETTINGS_MODULE=micdots.settings.test $(BIN)/python manage.py makemigrations --check --dry-run
	$(EMBEDDED) DJANGO_SETTINGS_MODULE=micdots.settings.test $(BIN)/python manage.py check --fail-level WARNING
	$(BIN)/hadolint Dockerfile
	@bin/check-compose
	$(BIN)/python -m pip check

format: $(VENV)/.dev ## put code and templates into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djlint templates --reformat --quiet

messages: $(VENV)/.dev ## gather the sentences to translate into locale/ (needs gettext)
	$(BIN)/python manage.py makemessages --all --no-obsolete --ignore '$(VENV)/*' --ignore 'var/*' --ignore 'tests/*'

clean: ## remove .venv and what tools leave behind; var/ with your dots stays
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache htmlcov .coverage test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

# --- The virtual environment: made when it is missing or broken, filled again when the pinned requirements change ---
ifneq ($(shell $(BIN)/python -c 'print("works")' 2>/dev/null),works)
$(shell rm -f $(VENV)/.python $(VENV)/.run $(VENV)/.dev)
endif

%.mo: %.po | $(VENV)/.run
	@$(BIN)/pybabel --quiet compile --input-file=$< --output-file=$@

$(VENV)/.python:
	@bin/make-venv $(VENV)
	@touch $@

$(VENV)/.run: requirements.txt | $(VENV)/.python
	@echo "Installing what MicDots needs …"
	@$(BIN)/python -m pip install --quiet --requirement requirements.txt
	@touch $@

$(VENV)/.dev: requirements.txt requirements-dev.txt | $(VENV)/.python
	@echo "Installing what development needs …"
	@$(BIN)/python -m pip install --quiet --requirement requirements-dev.txt
	@touch $(VENV)/.run $@
