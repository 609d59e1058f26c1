# Every target makes what it needs: `.venv` comes from the hashed requirements, nothing is installed by hand.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BROWSER := $(VENV)/.browser
AUDIT := .venv-audit
PEERS := .venv-peers

.DEFAULT_GOAL := help

help:  ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements/dev.txt setup.cfg pyproject.toml
	@echo "setting up $(VENV) from requirements/dev.txt (hashes checked; one to two minutes)"
	@# Looked at before a folder is made: one of the wrong Python, or half of one, would be used by every later run.
	@test -x $(BIN)/pip || $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed, and $(PYTHON) is not: make PYTHON=python3.11 ..." >&2; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@# A path file instead of an editable install: that one's import hook costs every process 20 ms.
	@$(BIN)/python -c 'import pathlib, sysconfig; pathlib.Path(sysconfig.get_path("purelib"), "aldeia.pth").write_text("$(CURDIR)\n$(CURDIR)/scripts\n")'
	@touch $@

venv: $(READY)  ## Create .venv from the locked requirements

templates: $(READY)  ## Write templates/ from the description; prints one line for each file that changed
	@$(BIN)/python -m generator

docs: $(READY)  ## Write the generated pages of docs/ again
	@scripts/make_docs.sh

costs: $(READY)  ## What both compute options cost a month, from the templates
	@$(BIN)/python -m generator costs

prices: $(READY)  ## Read the unit prices again from the AWS Price List (needs AWS credentials), and the page that uses them
	@$(BIN)/python scripts/refresh_prices.py
	@$(BIN)/python -m generator.costs

check: $(READY)  ## Format, lint, types, stale templates, parameter files, cfn-lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m generator --check
	scripts/make_docs.sh --check
	$(BIN)/cfn-lint
	$(BIN)/python -m generator.lint

test: $(READY)  ## Every test but those marked slow (under five minutes on two cores)
	$(BIN)/pytest -m "not slow and not browser" -n 2 --dist worksteal

test-slow: $(READY)  ## The tests marked slow: foreign clients, long rehearsals
	@# They wait for clocks and other processes more than they compute.
	$(BIN)/pytest -m slow -n 5 --dist worksteal

$(BROWSER): $(READY) requirements/browser.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/browser.txt
	@touch $@

test-browser: $(BROWSER)  ## The tests that look at pages and pictures in Chromium (from the system: apt-get install chromium)
	$(BIN)/pytest -m browser

# Judges stand apart from the product: environments of their own, and npm's packages in the first of them.
$(AUDIT)/.ready: requirements/audit.txt requirements/audit-checkov.txt requirements/audit/package-lock.json
	@echo "setting up $(AUDIT) and $(AUDIT)-checkov (hashes checked; about two minutes)"
	@for name in audit audit-checkov; do \
	  { test -x .venv-$$name/bin/python || $(PYTHON) -m venv .venv-$$name; } && \
	  .venv-$$name/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/$$name.txt || exit 1; done
	@mkdir -p $(AUDIT)/node
	@cp requirements/audit/package.json requirements/audit/package-lock.json requirements/audit/.npmrc $(AUDIT)/node/
	@cd $(AUDIT)/node && npm ci --silent
	@touch $@

audit: $(AUDIT)/.ready  ## Ten independent judges over templates, policies, scripts and workflows (needs Node.js 20)
	@PYTHONPATH=scripts $(AUDIT)/bin/python -m audit

demo: $(READY)  ## The whole loop on the embedded CloudFormation: no AWS account needed
	@$(BIN)/python scripts/demo.py

bench: $(READY)  ## Measure: CPU seconds and ratios, medians of at least seven runs
	@$(BIN)/python -m bench

# Each peer in an environment of its own; the AWS CLI and sceptre in the one that the slow tests use too.
$(PEERS)/.ready: requirements/clients.txt requirements/peers-cdk.txt requirements/peers-composex.txt requirements/peers-sam.txt \
  requirements/peers/package-lock.json | $(READY)
	@echo "setting up $(PEERS), $(PEERS)-cdk, $(PEERS)-composex, $(PEERS)-sam, .venv-clients (hashes checked; about four minutes)"
	@for name in peers-cdk peers-composex peers-sam; do \
	  { test -x .venv-$$name/bin/python || $(PYTHON) -m venv .venv-$$name; } && \
	  .venv-$$name/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/$$name.txt || exit 1; done
	@$(BIN)/python -c 'from tests.clients import installed; installed()'
	@mkdir -p $(PEERS)/node
	@cp requirements/peers/package.json requirements/peers/package-lock.json requirements/peers/.npmrc $(PEERS)/node/
	@cd $(PEERS)/node && npm ci --silent
	@touch $@

bench-peers: $(PEERS)/.ready  ## Install what make bench compares with: AWS CDK, AWS SAM CLI, AWS CLI, sceptre, ecs-composex (needs Node.js 20)

format: $(READY)  ## Format and mend what ruff can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(READY)  ## Compile requirements/*.txt again from setup.cfg (needs uv on PATH)
	uv pip compile --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --all-extras \
	  setup.cfg requirements/build.in --output-file requirements/dev.txt
	for name in clients browser audit audit-checkov peers-cdk peers-composex peers-sam; do uv pip compile --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  requirements/$$name.in --output-file requirements/$$name.txt; done
	uv pip compile --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --constraint requirements/dev.txt requirements/deploy.in --output-file requirements/deploy.txt

clean:  ## Remove .venv and caches
	rm -rf $(VENV) .venv-* .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help venv templates docs costs prices check test test-slow test-browser audit demo bench bench-peers format lock clean
