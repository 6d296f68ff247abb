# What a person types. Everything happens in .venv, which is made on first use from the hash-locked requirements.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo demo-do run worker messages test lint bench money faults mutants screenshots clean

help:
	@echo "make demo     the whole product on this machine, without any account; serves until Ctrl-C"
	@echo "make demo ONCE=1   the same, ends by itself; status 0 only if every promise held"
	@echo "make demo-do DO=\"outage_drill --minutes 1\"   a command of manage.py against the demo that runs"
	@echo "make test     the suite: SQLite, and PostgreSQL and Redis where DATABASE_URL and CACHE_URL name them"
	@echo "make lint     style, types, architecture, migrations, deployment checks"
	@echo "make bench    ratios of time      make faults   kill, cut and break on purpose (SHORT=1: smaller)"
	@echo "make money    100,000 invoices to the cent, and documents built per second (ARGS=--invoices=1000: fewer)"
	@echo "make screenshots  the pictures of the README, taken of a demonstration (needs Chromium)"
	@echo "make mutants  plant faults in copies of the tree; the suite must catch each"
	@echo "make run      web server of development on port 8000      make worker   background work"
	@echo "make messages  read the texts of the sources into config/locale and compile them (needs GNU gettext)"

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	$(PYTHON) -m venv .venv

.venv/base.stamp: requirements/base.txt | .venv/bin/python
	$(BIN)/pip install --quiet --require-hashes -r requirements/base.txt
	@touch $@

.venv/dev.stamp: requirements/dev.txt | .venv/bin/python
	$(BIN)/pip install --quiet --require-hashes -r requirements/dev.txt
	@touch $@

demo: .venv/base.stamp
	@$(BIN)/python manage.py demo $(if $(ONCE),--once)

# The demonstration keeps what its processes were started with beside its database.
DEMO_ENVIRONMENT = $(or $(SELLO_DATA_DIR),var)/demo/environment
demo-do: .venv/base.stamp
	@test -f $(DEMO_ENVIRONMENT) || { echo "No demo was started here: make demo"; exit 1; }
	@. $(if $(filter /%,$(DEMO_ENVIRONMENT)),,./)$(DEMO_ENVIRONMENT) && $(BIN)/python manage.py $(DO)

run: .venv/base.stamp
	$(BIN)/python manage.py migrate -v0
	$(BIN)/python manage.py runserver 8000

worker: .venv/base.stamp
	$(BIN)/python manage.py migrate -v0
	$(BIN)/python manage.py qworker

# After translating what is new, once more: the compiled files are kept with the sources.
messages: .venv/dev.stamp
	@command -v msgmerge >/dev/null || { echo "GNU gettext is needed: apt-get install gettext"; exit 1; }
	$(BIN)/python manage.py makemessages -l es -l ro -e html,txt,py --add-location file --no-obsolete \
		--ignore .venv --ignore var --ignore staticfiles --ignore 'tests/*'
	$(BIN)/python manage.py compilemessages -l es -l ro --ignore .venv

# The suite names its own settings; of the environment it takes the two addresses and nothing else.
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile -m "not bench"
SUITE_ENV := env -u SECRET_KEY -u FIELD_ENCRYPTION_KEYS -u Q_BROKER_URL -u DJANGO_SETTINGS_MODULE

test: .venv/dev.stamp
	@echo "== 1. SQLite, cache in memory"
	@$(SUITE_ENV) -u DATABASE_URL -u CACHE_URL $(PYTEST) $(ARGS)
	@if [ -n "$$DATABASE_URL$$CACHE_URL" ]; then \
		echo "== 2. the stores named by DATABASE_URL and CACHE_URL"; \
		$(SUITE_ENV) $(PYTEST) $(ARGS); \
	elif [ "$$SELLO_REQUIRE_ALL" = 1 ]; then \
		echo "SELLO_REQUIRE_ALL=1 needs DATABASE_URL and CACHE_URL."; exit 1; \
	else \
		echo "== 2. PostgreSQL and Redis: not run. To have them, name servers on which databases may be made:"; \
		echo "   DATABASE_URL=postgres://postgres@127.0.0.1:5432/sello CACHE_URL=rediscache://127.0.0.1:6379/1 make test"; \
	fi

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy config billing smartbill notifications
	$(BIN)/lint-imports
	env -u DATABASE_URL -u CACHE_URL DJANGO_SETTINGS_MODULE=config.settings.test \
		$(BIN)/python manage.py makemigrations --check --dry-run
	@set -eu; data=$$(mktemp -d); trap 'rm -r "$$data"' EXIT; set -a; . ./.env.example; set +a; \
		key() { $(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(48))'; }; \
		SECRET_KEY=$$(key) FIELD_ENCRYPTION_KEYS=$$(key) STRIPE_API_KEY=rk_test_000000000000000000000000 SELLO_DATA_DIR=$$data \
		DJANGO_SETTINGS_MODULE=config.settings.production $(BIN)/python manage.py check --deploy --fail-level WARNING

# Ratios to the naive forms, on a PostgreSQL of its own; the full version writes its table into the README.
bench: .venv/dev.stamp
	@$(SUITE_ENV) -u DATABASE_URL -u CACHE_URL $(BIN)/python -m pytest -m bench -n 0
	@$(SUITE_ENV) -u DATABASE_URL -u CACHE_URL $(BIN)/python -m tests.bench $(if $(SHORT),--short) $(ARGS)

# What Stripe charged = the lines = our total = what the stand-in's compiler computes, over generated invoices.
money: .venv/dev.stamp
	@$(SUITE_ENV) -u DATABASE_URL -u CACHE_URL DJANGO_SETTINGS_MODULE=config.settings.test $(BIN)/python -m tests.money $(ARGS)

# The runs start a PostgreSQL of their own, web and workers, and make them crash: see tests/faults.
faults: .venv/dev.stamp
	@$(SUITE_ENV) -u DATABASE_URL -u CACHE_URL DJANGO_SETTINGS_MODULE=config.settings.test $(BIN)/python -m tests.faults $(if $(SHORT),--short) $(ARGS)

# Each planted fault must be caught by the tests that tests/mutations/table.py names for it.
mutants: .venv/dev.stamp
	@$(SUITE_ENV) -u DATABASE_URL -u CACHE_URL $(BIN)/python -m tests.mutations $(ARGS)

# One demonstration, ten pages in light, dark and phone width; look at every picture before it is kept.
screenshots: .venv/dev.stamp
	@$(SUITE_ENV) -u DATABASE_URL -u CACHE_URL DJANGO_SETTINGS_MODULE=config.settings.local $(BIN)/python -m tests.screenshots

clean:
	rm -rf .venv var staticfiles .mypy_cache .ruff_cache .import_linter_cache .hypothesis
