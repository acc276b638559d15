# What people type. `make help` lists it; every target first makes sure that the tools are there.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PLAYBOOK := $(BIN)/ansible-playbook
# The parts of the tests, the longest first, and how they are run: three at a time, all of them, each with hosts of its own.
E2E := e2e-deployment e2e-operations e2e-upgrade
CHECK := promtool amtool engines unit lint contract core-versions
# The inner loop: what of it takes seconds, with the version of each service that is shipped.
INNER := unit promtool style amtool contract
# The versions of ansible-core that llmmon supports, each with a lock file in tests/core, and the last that it refuses.
CORES := 2.19 2.20 2.21
REFUSED_CORE := 2.18
SIDE_BY_SIDE := $(MAKE) --no-print-directory --jobs=3 --keep-going --output-sync=target

# molecule and ansible-lint call the other tools by name.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-down tools check test test-all ci versions style $(CHECK) rules mutations month molecule e2e $(E2E) bench bench-rules \
  boards dashboards docs docs-site collection changelog release requirements clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## install the tools into .venv (does nothing when they are there)

# The virtual environment is made by Python itself; where Debian left that part out, root gets it from the distribution.
$(READY): requirements.txt requirements-bootstrap.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "llmmon needs Python 3.11 or later; $$($(PYTHON) --version) is what PYTHON=$(PYTHON) gives"; exit 1; }
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { \
	  [ "$$(id -u)" = 0 ] || { echo "Python's venv is missing: run 'sudo apt-get install python3-venv' and try again"; exit 1; }; \
	  echo "installing python3-venv"; apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv >/dev/null; \
	  rm -rf $(VENV); $(PYTHON) -m venv $(VENV); }
	@echo "installing the tools into $(VENV)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-bootstrap.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --requirement requirements.txt
	@echo "ready: '. $(BIN)/activate' puts them on your path"
	@touch $@

demo: $(READY) ## the whole stack, a real LLM gateway and traffic on this machine
	@$(BIN)/python -m tests.demo prepare
	$(PLAYBOOK) -i inventories/demo playbooks/site.yml
	@$(BIN)/python -m tests.demo summary

demo-down: $(READY) ## remove the demo and all it started
	@$(BIN)/python -m tests.demo remove

# The programs that rules and routes are tested with.
tools: $(READY)
	@$(BIN)/python -m tests.testbed tools >/dev/null

# What pytest leaves out where not all is run; tests/support/levels.py says which tests are thorough.
QUICK := -m 'not thorough'

# Side by side, the longest first: much of it waits, for timers and for Alertmanager.
check: export LLMMON_VERSIONS := shipped
check: tools ## the inner loop, some two minutes: style, and the quick ones of the unit, rules, routing and contract tests
	@$(SIDE_BY_SIDE) $(INNER) LEVEL="$(QUICK)"

# Whatever happens, what was started is stopped; KEEP=1 leaves it running for a closer look. An hour's output is long:
# what failed is said once more at its end.
FAILED := ^(FAILED|ERROR) |^make.*\*\*\* \[|^(fatal|failed): |^CRITICAL
test ci: SHELL := bash
test ci: .SHELLFLAGS := -o pipefail -c
test: LONG_LEVEL := $(QUICK)
test: MOLECULE := --scenario-name stack
test: ## everything but the thorough tests on hosts and of engines, and the roles one by one: what a change is tried with
ci: ## everything, as CI runs it
test ci: tools
	@output="$$(mktemp)"; trap 'rm -f "$$output"' EXIT; \
	  $(BIN)/python -m tests.testbed up \
	    && { $(SIDE_BY_SIDE) $(E2E) molecule $(CHECK) LONG_LEVEL="$(LONG_LEVEL)" MOLECULE="$(MOLECULE)" 2>&1 | tee "$$output"; }; status=$$?; \
	  [ -n "$(KEEP)" ] || $(BIN)/python -m tests.testbed down; \
	  [ $$status = 0 ] || { echo "what failed:"; grep --text -E '$(FAILED)' "$$output" | cut --characters=1-300 | tail --lines=40; }; \
	  exit $$status

test-all: export LLMMON_VERSIONS := all
test-all: ## everything, with every version of the services that the testbed has; each with each where that is cheap
	@$(MAKE) --no-print-directory ci

versions: $(READY) ## write what the last `make test` or `make test-all` ran with which versions into docs/versions.md
	@$(BIN)/python -m docs.versions

lint: style ## style of Python, YAML and Ansible; types; spelling; the collection under its field's own checkers
	$(BIN)/ansible-lint --offline -q
	$(BIN)/python -m tests.published

style: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/yamllint --strict .
	$(BIN)/mypy
	$(BIN)/codespell

unit: $(READY) ## plans, classifiers, templates, archives: no service, no network
	$(BIN)/pytest -q $(LEVEL) tests/unit

core-versions: $(CORES:%=$(VENV)/core-%/bin/ansible-playbook) ## every playbook read by each ansible-core that is supported
	$(BIN)/pytest -q tests/core

# ansible-core 2.20 and later need Python 3.12. Where there is none, uv gets one. What pyenv shows on the path may not run.
$(VENV)/core-%/bin/ansible-playbook: tests/core/requirements-%.txt | $(READY)
	@for python in python3.12 python3.13 python3.14 $(wildcard $(PYENV_ROOT)/versions/3.1[2-4]*/bin/python3) $(PYTHON) 3.12; do \
	  ! $$python -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null || break; done; \
	  $(BIN)/uv venv --quiet --clear --python $$python $(VENV)/core-$* \
	  || { echo "ansible-core $* needs Python 3.12 or later; PYTHON=... names one"; exit 1; }
	@$(BIN)/uv pip install --quiet --python $(VENV)/core-$*/bin/python --require-hashes --requirement $<
	@touch $@

rules: tools ## promtool and amtool over the rendered rules: the oldest, the shipped and the newest version
	@$(SIDE_BY_SIDE) promtool amtool

promtool:
	$(BIN)/pytest -q $(LEVEL) tests/rules

amtool:
	$(BIN)/pytest -q $(LEVEL) tests/routing

engines: tools ## samples written to real engines, what is said where the way there is broken, and rules evaluated by VictoriaMetrics
	$(BIN)/pytest -q $(LONG_LEVEL) tests/engines

mutations: tools ## take each guard out of the rules and see that a test notices
	$(BIN)/python -m tests.rules.mutations

# With PICTURES=URL (and GRAFANA_PASSWORD_FILE, GRAFANA_USER) a browser takes pictures of all in that Grafana, into dist/pictures;
# SINCE=now-30m says since when, HEIGHT=1000 how much of each.
ifdef PICTURES
boards: $(VENV)/pictures/bin/playwright
	@$(VENV)/pictures/bin/python -m dashboards.pictures '$(PICTURES)' dist/pictures --user '$(or $(GRAFANA_USER),admin)' \
	  $(if $(GRAFANA_PASSWORD_FILE),--password-file '$(GRAFANA_PASSWORD_FILE)') $(if $(SINCE),--since '$(SINCE)') \
	  $(if $(HEIGHT),--height '$(HEIGHT)')
else
boards: tools ## what every dashboard shows of every kind of gateway, BOARD=uid KIND=kind; or pictures of a Grafana, PICTURES=URL
	@$(BIN)/python -m tests.rules.boards $(if $(BOARD),--board $(BOARD)) $(if $(KIND),--kind $(KIND))
endif

$(VENV)/pictures/bin/playwright: dashboards/pictures/requirements.txt | $(READY)
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(VENV)/pictures
	@$(BIN)/uv pip install --quiet --python $(VENV)/pictures/bin/python --require-hashes --requirement $<
	@touch $@

SEED := 1
WEEKS := 5
month: tools ## what people would be told in a month of simulated traffic; SEED=1 WEEKS=5
	$(BIN)/python -m tests.rules.month --seed $(SEED) --weeks $(WEEKS)

# With GRAFANA_URL (and GRAFANA_USER, GRAFANA_PASSWORD_FILE) the client's tests run against that Grafana instead and a report
# is written; the replays are about the stand-in and stay away.
contract: $(READY) ## Grafana's client and stand-in against what a real Grafana answered; GRAFANA_URL=... for yours, with a report
ifdef GRAFANA_URL
	@LLMMON_GRAFANA_URL='$(GRAFANA_URL)' LLMMON_GRAFANA_USER='$(or $(GRAFANA_USER),admin)' \
	  LLMMON_GRAFANA_PASSWORD_FILE='$(GRAFANA_PASSWORD_FILE)' $(BIN)/python -m tests.contract.ask
else
	$(BIN)/pytest -q $(LEVEL) tests/contract
endif

molecule: $(READY) ## each role on a fresh host, and the whole stack on one
	@$(BIN)/python -m tests.testbed up
	$(BIN)/molecule test $(or $(MOLECULE),--all)

e2e: $(READY) ## the whole stack over SSH with a real gateway, and what happens when things go wrong
	@$(BIN)/python -m tests.testbed up
	@$(SIDE_BY_SIDE) $(E2E)

# Each part is a folder of tests/e2e, with a host of its own.
$(E2E): e2e-%: $(READY)
	LLMMON_E2E_NAME=$* $(BIN)/pytest -q $(LONG_LEVEL) tests/e2e/$*

bench: $(READY) ## what a second site.yml takes, and pushing dashboards beside community.grafana
	@$(BIN)/python -m tests.testbed up
	$(BIN)/python -m tests.bench.no_change
	$(BIN)/python -m tests.bench.grafana_dashboards

bench-rules: tools ## what the rules of 20 gateways cost, and how much faster dashboards are for them
	$(BIN)/python -m tests.bench.rules

dashboards: $(READY) ## write the dashboards' JSON from their code
	$(BIN)/python -m dashboards

docs: $(READY) ## write docs/variables.md, the lists in the collection's README and the README's picture from their sources
	$(BIN)/python -m docs.generate
	$(BIN)/python -m docs.collection
	$(BIN)/python -m docs.overview

# Its tools have an environment of their own, and a build takes a minute of computing: `make check` and `make test` leave it out.
# A link that leads nowhere and a page that would load anything from another host fail it. REPOSITORY=... names another
# address than the public repository's for links to files that are no pages, such as https://git.example.com/llmmon/blob/main.
docs-site: $(VENV)/docs-site/bin/sphinx-build ## build the searchable documentation site into dist/site
	$(BIN)/python -m docs.site $(if $(REPOSITORY),--repository '$(REPOSITORY)')

$(VENV)/docs-site/bin/sphinx-build: docs/site/requirements.txt | $(READY)
	@echo "installing the documentation site's tools into $(VENV)/docs-site"
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(VENV)/docs-site
	@$(BIN)/uv pip install --quiet --python $(VENV)/docs-site/bin/python --require-hashes --requirement $<
	@touch $@

collection: $(READY) ## build the collection's archive into dist/
	@$(BIN)/python -m docs.release collection

# The last commit, and nothing else that lies about here; twice the same bytes. DRAFT=1 builds it before its changelog is written.
release: $(READY) $(VENV)/docs-site/bin/sphinx-build ## build the collection's archive, the documentation site and their checksums
	@$(BIN)/python -m docs.release $(if $(DRAFT),--draft)

changelog: $(READY) ## move the changelog's fragments into CHANGELOG.md, under VERSION=1.2.3, or the version in galaxy.yml
ifdef VERSION
	@$(BIN)/python -m docs.release version '$(VERSION)'
endif
	cd collections/llmmon && antsibull-changelog release --refresh-plugins --update-existing && rm changelogs/.plugin-cache.yaml

requirements: $(READY) ## renew the lock files from the .in files
	echo uv | $(BIN)/uv pip compile --quiet --generate-hashes --python-version 3.11 --universal --no-emit-index-url --no-header --no-annotate - -o requirements-bootstrap.txt
	$(BIN)/uv pip compile --quiet --generate-hashes --python-version 3.11 --universal --no-emit-index-url --no-header requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --generate-hashes --python-version 3.11 --universal --fork-strategy fewest --no-emit-index-url --no-header --no-annotate docs/site/requirements.in -o docs/site/requirements.txt
	$(BIN)/uv pip compile --quiet --generate-hashes --python-version 3.11 --universal --no-emit-index-url --no-header dashboards/pictures/requirements.in -o dashboards/pictures/requirements.txt
	for core in $(REFUSED_CORE) $(CORES); do printf '%s\n' "ansible-core==$$core.*" python-dotenv | $(BIN)/uv pip compile --quiet --generate-hashes --python-version 3.12 --universal --no-emit-index-url --no-header --no-annotate - -o tests/core/requirements-$$core.txt || exit 1; done

clean: ## remove the tools and every download
	@[ ! -x $(BIN)/python ] || $(BIN)/python -m tests.testbed down --all
	rm -rf $(VENV) .ansible .mypy_cache .pytest_cache .ruff_cache
