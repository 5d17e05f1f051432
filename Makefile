# The one door.  `make` lists what it can do.  Needs only make and python3 (3.11 or newer).

PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
PIP    := $(PY) -m pip install --disable-pip-version-check --no-deps --only-binary :all:
STAMP  := $(VENV)/.installed
APT    := apt-get update && apt-get install -y --no-install-recommends

ARGS    ?=
MINUTES ?= 10
SEEDS   ?=
DAYS    ?= 30
CASES   ?= 4000
BENCH   ?= append views

.DEFAULT_GOAL := help
.PHONY: help install chromium demo test check fix docs arrows kafka hunt month bench storybook lock history ci

help: ## list what can be done
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

install: $(STAMP) chromium ## set everything up in .venv, from the lock; quick when nothing changed

demo: $(STAMP) ## a city works; ARGS="--kafka --speed 60 --port 8080"
	@$(VENV)/bin/taizhang demo $(ARGS)

# The three roads take a core for themselves, beside what needs no broker and no browser.
ROADS   := tests/agreement
QUIET   := tests/unit tests/tidy tests/property tests/simulation tests/closing
FOLDERS := $(patsubst %/,%,$(sort $(dir $(wildcard tests/*/test_*.py))))

test: install ## every test, with real Kafka and a real browser
	@echo "== $(ROADS) runs beside the others; its report comes last"
	@$(PY) -m pytest -p no:cacheprovider $(ROADS) > $(VENV)/roads.log 2>&1 & beside=$$!; \
	trap 'kill $$beside; exit 130' INT TERM; \
	$(PY) -m pytest $(QUIET) $(filter-out $(ROADS) $(QUIET), $(FOLDERS)); others=$$?; \
	wait $$beside; roads=$$?; cat $(VENV)/roads.log; exit $$((others | roads))

check: $(STAMP) ## all that a commit must pass, in under a minute
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(PY) -m pytest -q tests/unit tests/tidy

fix: $(STAMP) ## repair formatting and what else can be repaired
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

docs: $(STAMP) ## print the tables of docs/ that come from code
	$(PY) -c "from ledger.rules.indicators import page; print(page(), end='')" > docs/indicators.md
	$(PY) -c "from ledger.rules.supervision_page import page; print(page(), end='')" > docs/rules.md

arrows: $(STAMP) ## who may import whom
	$(VENV)/bin/lint-imports

kafka: $(STAMP) ## only what needs a broker
	$(PY) -m pytest -m kafka

hunt: $(STAMP) ## random seeds for MINUTES=10, or SEEDS=2000 days of the city; says what failed
	@[ -z "$(SEEDS)" ] || exec $(PY) -m pytest -q tests/simulation/test_seeds.py --seeds $(SEEDS); \
	[ -n "$(SEEDS)" ] || { end=$$(( $$(date +%s) + $(MINUTES) * 60 )); n=0; \
	while [ $$(date +%s) -lt $$end ]; do \
		seed=$$($(PY) -c 'import secrets; print(secrets.randbelow(2**32))'); n=$$((n + 1)); \
		$(PY) -m pytest -q -p no:cacheprovider --hypothesis-seed=$$seed $(wildcard tests/property tests/agreement) \
		|| { echo "failed: seed $$seed at commit $$(git rev-parse --short HEAD)"; exit 1; }; \
	done; echo "$$n seeds, no failure"; }

month: $(STAMP) ## thirty days of a large city on three roads; DAYS=30 CASES=4000
	$(PY) -m pytest -q tests/agreement/test_city_days.py --city-days $(DAYS) --city-cases $(CASES)

bench: $(STAMP) ## figures beside their peers, in one run; BENCH="append views"
	@for b in $(BENCH); do $(VENV)/bin/taizhang bench $$b $(ARGS) || exit; done

storybook: $(STAMP) ## every state of the wall, from fixed data
	@$(VENV)/bin/taizhang storybook $(ARGS)

lock: ## regenerate requirements.lock: versions and hashes, no addresses
	@[ -x $(VENV)/bin/uv ] || $(MAKE) install
	$(VENV)/bin/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --no-annotate $(ARGS) -o requirements.lock

history: ## samples of old events are added, never edited
	@git diff --diff-filter=MD --exit-code \
		$$(git rev-parse -q --verify origin/main || git rev-parse HEAD) -- tests/golden/wire

ci: test ## what CI runs

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	|| { echo "Taizhang needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Say which: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(call apt,python3-venv)
	@echo "== 1/3 virtual environment: $(VENV)"
	@[ -x $(PY) ] && $(PY) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo "== 2/3 packages of requirements.lock, each checked against its hash"
	@awk '/^[a-z]/ { on = /^uv==/ } on' requirements.lock >$(VENV)/uv.lock
	@$(PIP) -q --require-hashes -r $(VENV)/uv.lock  # uv takes a quarter of pip's time
	@index=$${PIP_INDEX_URL:-$$($(PY) -m pip config get global.index-url 2>/dev/null)}; \
	[ -z "$$index" ] || export UV_DEFAULT_INDEX=$$index; \
	$(VENV)/bin/uv pip install --python $(PY) --no-deps --only-binary :all: --require-hashes \
		-r requirements.lock \
	|| { echo "== uv could not; the same with pip, slower"; $(PIP) --require-hashes -r requirements.lock; }
	@echo "== 3/3 taizhang itself"
	@$(PY) -m pip install --disable-pip-version-check -q --no-deps --no-build-isolation -e .
	@$(PY) -m pip check
	@touch $@

chromium: $(STAMP)
	@fc-list :lang=zh 2>/dev/null | grep -q . || $(call apt,fontconfig fonts-noto-cjk)
	@command -v chromium >/dev/null \
	|| ls "$${PLAYWRIGHT_BROWSERS_PATH:-$$HOME/.cache/ms-playwright}" 2>/dev/null | grep -q chromium \
	|| $(call apt,chromium) || { grep -q '^ID=ubuntu' /etc/os-release && [ "$$(id -u)" = 0 ] \
		&& $(PY) -m playwright install --with-deps chromium; }  # Ubuntu has Chromium only as a snap

# $(call apt,packages) installs them when we are root, else says the command.
define apt
{ if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; \
	then echo "== from Debian: $(1)"; (export DEBIAN_FRONTEND=noninteractive; $(APT) $(1)); \
	else echo "Missing: $(1). Please run: sudo sh -c '$(APT) $(1)'"; false; fi; }
endef
