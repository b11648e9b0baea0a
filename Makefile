# The tools behind these targets are in tools/; CONTRIBUTING.md explains them.
PYTHON ?= python3
export PORT MODULES ODOO_SRC

.PHONY: help run test test-matrix test-odoo test-libraries stress lint format readme bench screenshots \
	translate setup clean

help:
	@echo "make run     serve Odoo with the addon     PORT=8069 MODULES=my_demo_api"
	@echo "                                          ARGS='--workers=2 --log-level=debug'"
	@echo "make test    run the test suite            ARGS='fastapi/tests/test_x.py -k name'"
	@echo "make test-matrix  the same, oldest and newest libraries, several Pythons"
	@echo "                                          CELLS='3.10-oldest 3.13-newest'"
	@echo "make test-odoo  the same with Odoo's own runner, as OCA's CI has it"
	@echo "                                          ARGS='--short --werkzeug newest'"
	@echo "make test-libraries  apps with Sentry, slowapi, strawberry and others"
	@echo "make stress  what takes longer: load, faults, hostile input"
	@echo "make lint    check the code                make format: repair what can be"
	@echo "make readme  write the generated README of each addon"
	@echo "make bench   measure the speed            PEER=1 ARGS='--only trivial'"
	@echo "make screenshots  take the pictures of the documentation anew"
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
	@$(PYTHON) tools test-matrix $(if $(CELLS),--cells '$(CELLS)') $(ARGS)
	@$(if $(CELLS)$(ARGS),,exec $(PYTHON) tools test-odoo --short)

test-odoo:
	@exec $(PYTHON) tools test-odoo $(ARGS)

test-libraries:
	@exec $(PYTHON) tools test-libraries $(ARGS)

stress:
	@exec $(PYTHON) tools stress $(ARGS)

lint:
	@exec $(PYTHON) tools lint

format:
	@exec $(PYTHON) tools lint --fix

readme:
	@exec $(PYTHON) tools readme

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
