# The two that matter: `make demo` shows what this is, `make test` proves that it works.
# Every target installs what it needs; `make help` lists them.
SHELL := /bin/sh
.DELETE_ON_ERROR:
.PHONY: help venv demo demo-upgrade test lint unit plugin wire tcup suites cloud acceptance bench docs pyz format lock releases changelog clean

BIN := .venv/bin
OURS := pytest_whitebox pytest_cleanup pytest_upgrade devcloud tcup worker
STEP := @.ci/step
# Where a second cloud is for as long as it is looked at.
TLS := /var/lib/devcloud-tls
UPGRADES := /var/lib/devcloud-upgrades
AGAIN := $(MAKE) --no-print-directory
# Points what follows in the same recipe at the cloud.
CLIENT := variables=$$($(BIN)/devcloud env) || exit 1; eval "$$variables";

help:
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

venv: ## the virtual environment .venv, and Debian packages that are missing
	@.ci/bootstrap

demo: venv ## a real OpenStack on this machine, a suite that looks behind its APIs, and report.html
	@rm -f report.html
	@$(BIN)/devcloud up --install
	@$(CLIENT) status=0; \
	$(BIN)/pytest --os-cloud devcloud -m smoke tests/suites/compute --html=report.html --self-contained-html || status=$$?; \
	echo; \
	[ ! -e report.html ] || echo "report:             $(CURDIR)/report.html"; \
	echo "the cloud stays up; use it:  eval \"\$$($(CURDIR)/$(BIN)/devcloud env)\""; \
	echo "                    stop it: $(CURDIR)/$(BIN)/devcloud down"; \
	exit $$status

# The releases between which `make demo-upgrade` goes.
FROM := 2025.1
TO := 2025.2

demo-upgrade: venv ## the cloud of `make demo` upgraded, service by service, with tests before, between and after; a report
	@$(BIN)/devcloud up --install --workers 2
	@$(CLIENT) $(BIN)/pytest-upgrade run --deployer devcloud --os-cloud devcloud --upgrade-from $(FROM) --upgrade-to $(TO) \
	    -- -m rolling tests/suites

test: venv ## everything that must hold: lint, unit, plugin, wire and container tests, docs, and a cloud brought up, tested and taken down
	$(STEP) 300 lint $(AGAIN) lint
	$(STEP) 300 unit $(AGAIN) unit
	$(STEP) 1500 plugin $(AGAIN) plugin
	$(STEP) 1500 wire $(AGAIN) wire
	$(STEP) 900 tcup $(AGAIN) tcup
	$(STEP) 180 docs $(AGAIN) docs
	$(STEP) 1200 up $(BIN)/devcloud up --install
	$(STEP) 900 suites $(AGAIN) suites
	$(STEP) 1200 cloud $(AGAIN) cloud
	$(STEP) 120 down $(BIN)/devcloud down

lint: venv ## style, types and the directions of imports
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@said=$$($(BIN)/lint-imports --no-cache --no-logo) || { echo "$$said"; exit 1; }

unit: venv ## the inner loop, under a minute: what needs neither a cloud nor a server
	@$(BIN)/pytest -q -n auto --dist worksteal --doctest-modules $(OURS) tests/unit

plugin: venv ## runs of pytest inside pytest, with workers and without: what a user of the plugins reads
	@$(BIN)/pytest -q -n auto --dist worksteal tests/plugin

wire: venv ## what crosses a network: real sshd, runit, MariaDB and Gearman servers on loopback
	@.ci/bootstrap gearmand=gearman-job-server
	@$(BIN)/pytest -q -n auto --dist worksteal tests/wire --ignore tests/wire/tcup

tcup: venv ## an engine of its own, and in it containers from their image to results that are uploaded
	@.ci/bootstrap dockerd=docker.io mmdebstrap
	@$(BIN)/pytest -q tests/wire/tcup

suites: venv ## the smoke tests of the suites against the cloud that is up; report/index.html
	@rm -rf report
	@$(CLIENT) $(BIN)/pytest --os-cloud devcloud -n 2 --dist loadfile -m smoke tests/suites \
	    --html=report/index.html --self-contained-html --junit-xml=report/junit.xml

cloud: venv ## the tests of stackproof itself and of devcloud, but the slow ones, against the cloud that is up
	@$(CLIENT) $(BIN)/pytest --os-cloud devcloud -m "not slow" tests/cloud

# With UBUNTU=URL, a mirror of Ubuntu, also a bare Ubuntu.
acceptance: venv ## hours: bare systems, jobs of the worker, tcup, all suites, also with what they look at broken, cycles, moves, daemons killed, faults, releases, upgrades; writes docs/acceptance
	@.ci/bootstrap debootstrap dockerd=docker.io mmdebstrap podman newuidmap=uidmap
	@$(BIN)/python -m tests.acceptance.bare_root
	@$(BIN)/python -m tests.acceptance.bare_root --interrupt 120
	@[ -z "$(UBUNTU)" ] || $(BIN)/python -m tests.acceptance.bare_root --suite noble --mirror "$(UBUNTU)"
	@$(BIN)/pytest -q tests/acceptance/worker
	@$(BIN)/python -m tests.acceptance.worker.swarm
	@$(BIN)/devcloud up --install --services cinder,swift,barbican,heat,designate
	@$(BIN)/python -m tests.acceptance.suites
	@$(BIN)/python -m tests.acceptance.sabotage
	@$(BIN)/python -m tests.acceptance.suites --workers 0 --page cloud tests/cloud
	@ENGINE=podman $(BIN)/pytest -q tests/wire/tcup
	@$(BIN)/python -m tests.acceptance.tcup
	@$(BIN)/python -m tests.acceptance.tcup_tours
	@$(BIN)/python -m tests.acceptance.cycles
	@$(BIN)/python -m tests.acceptance.migrations
	@$(BIN)/python -m tests.acceptance.kills
	@$(BIN)/python -m tests.acceptance.faults
	@$(BIN)/python -m tests.acceptance.rotation
	@$(BIN)/devcloud down
	@DEVCLOUD_STATE=$(TLS) $(BIN)/devcloud up --tls
	@DEVCLOUD_STATE=$(TLS) $(BIN)/python -m tests.acceptance.tls
	@DEVCLOUD_STATE=$(TLS) $(BIN)/devcloud destroy
	@$(BIN)/python -m tests.acceptance.releases
	@DEVCLOUD_STATE=$(UPGRADES) $(BIN)/python -m tests.acceptance.upgrades
	@DEVCLOUD_STATE=$(UPGRADES) $(BIN)/devcloud destroy

bench: venv ## take the figures of docs/figures anew; needs an idle machine and no cloud that is up
	@$(BIN)/python -m tests.benchmarks

docs: venv ## the documentation, docs/_build/index.html
	@$(BIN)/sphinx-build -q -E -W --keep-going -b html docs docs/_build

pyz: venv ## dist/worker.pyz, a worker in one file for hosts that have Python and nothing else
	@mkdir -p dist
	@$(BIN)/python -m worker pyz dist/worker.pyz

format: venv ## mend the style where that can be done by machine
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

lock: venv ## renew requirements.lock from pyproject.toml
	@$(BIN)/uv pip compile pyproject.toml --extra devcloud --extra tcup --extra tempest --extra worker --group dev --group docs \
	    --universal --python-version 3.11 --no-emit-index-url --no-header --no-annotate --generate-hashes --upgrade --quiet -o requirements.lock

# Where a release's upper constraints are: a folder or an address that has a file named after it.
CONSTRAINTS := https://releases.openstack.org/constraints/upper

releases: venv ## renew devcloud/releases/*.txt, which devcloud installs, from *.in and the releases' upper constraints
	@for input in devcloud/releases/2*.in; do \
	    release=$$(basename $$input .in); \
	    $(BIN)/uv pip compile $$input devcloud/releases/common.in --constraints $(CONSTRAINTS)/$$release \
	        --universal --python-version 3.11 --no-emit-index-url --no-header --no-annotate --upgrade --quiet \
	        -o .venv/$$release.txt >/dev/null || exit 1; \
	    sed "/sys_platform == '\(win32\|darwin\)'/d; s/ ; \(sys_platform\|implementation_name\) != .*//" \
	        .venv/$$release.txt >devcloud/releases/$$release.txt; \
	done

changelog: venv ## show what the fragments in changelog/ will become
	@$(BIN)/towncrier build --draft

clean: ## what the targets made here, but no cloud: that is `devcloud destroy`
	@rm -rf .venv build dist report report.html docs/_build .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
