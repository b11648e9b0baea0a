# The tools behind these targets are in tools/; CONTRIBUTING.md explains them.
PYTHON ?= python3
NOX = $(PYTHON) tools exec nox
PRE_COMMIT = $(PYTHON) tools exec pre-commit run --all-files
export PORT MODULES ADDONS_PATH ODOO_SRC

.PHONY: help run test test-matrix test-odoo test-libraries stress lint format readme bench screenshots \
	translate setup clean

help:
	@echo "make run     serve Odoo with the addon     PORT=8069 MODULES=my_demo_api,my_api"
	@echo "                                          ADDONS_PATH=~/folder-of-my-addons"
	@echo "                                          ARGS='--workers=2 --log-level=debug'"
	@echo "make test    run the test suite            ARGS='fastapi/tests/test_x.py -k name'"
	@echo "make test-matrix  the same, oldest and newest libraries, several Pythons"
	@echo "                                          CELLS='3.10-oldest 3.13-newest'"
	@echo "make test-odoo  the same with Odoo's own runner, as OCA's CI has it"
	@echo "                                          ARGS='--short --addons fastapi'"
	@echo "make test-libraries  apps with Sentry, slowapi, strawberry and others"
	@echo "make stress  what takes longer: load, faults, hostile input"
	@echo "make lint    check the code                make format: repair what can be"
	@echo "make readme  write the generated README of each addon"
	@echo "make bench   measure the speed            PEER=1 ARGS='--only trivial' ARGS=--growth"
	@echo "make screenshots  take the pictures of the documentation again"
	@echo "make translate  export the terms, bring translations in line"
	@echo "make setup   only get Odoo and packages    ODOO_SRC=/path/to/odoo"
	@echo "make clean   remove what was made          ARGS=--cache: and downloaded"
	@echo "             any of them with another Python: PYTHON=python3.12"

run:
	@exec $(PYTHON) tools run $(ARGS)

test:
	@exec $(PYTHON) tools test $(ARGS)

# As long as `make test` a cell, six cells, then Odoo's own runner.
test-matrix:
	@$(NOX) $(if $(CELLS),--session $(CELLS) table,--tags matrix) -- $(ARGS)
	@$(if $(CELLS)$(ARGS),,$(NOX) --session odoo_runner -- --short)

test-odoo:
	@exec $(NOX) --session odoo_runner -- $(ARGS)

test-libraries:
	@exec $(NOX) --session libraries -- $(ARGS)

# One test may take 20 minutes, all of them 60; on two idle cores they take half of it.
stress:
	@exec $(PYTHON) tools test --table=stress -rfEs --timeout=1200 --session-timeout=3600 \
		$(wildcard */tests/test_stress_*.py) $(ARGS)

lint:
	@exec $(PRE_COMMIT) --show-diff-on-failure

# All but the checks that repair nothing.
format:
	@SKIP=pylint_odoo,oca-checks-odoo-module,oca-checks-po $(PRE_COMMIT) || true

readme:
	@$(PRE_COMMIT) readme || true

# PEER=1 adds the addon published on PyPI.
bench:
	@exec $(PYTHON) tools bench $(if $(filter-out 0,$(PEER)),--peer) $(ARGS)

screenshots:
	@exec $(PYTHON) tools screenshots

translate:
	@exec $(PYTHON) tools translate

setup:
	@exec $(PYTHON) tools setup

clean:
	@exec $(PYTHON) tools clean $(ARGS)
