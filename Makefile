# Everything a fresh checkout needs. `make demo` and `make test` set up what is missing first.
PYTHON := .venv/bin/python
export R_LIBS := $(CURDIR)/.rlib
export PYFLOW_SPEC_DIR := $(CURDIR)/shared_spec
export PYFLOW_PYTHON := $(CURDIR)/.venv/bin/python

.PHONY: help setup demo demo-r test test-python test-r format docs check-packages bench bench-wide bench-artifacts bench-memory clean

help:  ## What can be made
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*## /\t/'

setup:  ## Install system packages (apt), .venv/ and .rlib/, and write the example's data
	@tools/setup.sh

demo: setup  ## Run the main example: a Python flow with R steps
	$(PYTHON) examples/genre_stats/flow.py run

demo-r: setup  ## The same example as an R flow with Python steps
	Rscript examples/genre_stats/flow.R run

test: setup test-python test-r  ## Run all tests, of Python and of R

test-python: setup
	$(PYTHON) -m pytest -n 2 --dist loadfile

test-r: setup
	Rscript tools/test_r.R

format: setup  ## Format the Python code
	.venv/bin/ruff check --fix pyflow tests examples bench tools && .venv/bin/ruff format pyflow tests examples bench tools

docs: setup  ## Write the references and build the site into site/
	$(PYTHON) -m pip install -q --disable-pip-version-check -e '.[docs]'
	$(PYTHON) tools/docs.py
	NO_MKDOCS_2_WARNING=1 $(PYTHON) -m mkdocs build --strict -q

check-packages: setup  ## R CMD check of rflow; the wheel with all that it needs, in a fresh environment (minutes)
	PYFLOW_CHECK_PACKAGES=1 $(PYTHON) -m pytest -n0 -rs tests/packaging

bench: setup  ## Compare the cost of tasks with Metaflow's, in one run
	$(PYTHON) bench/overhead.py

bench-wide: setup  ## What a foreach of 10,000 tasks costs (minutes)
	$(PYTHON) bench/wide.py

bench-artifacts: setup  ## How fast values move, against other ways and the limits (a quarter of an hour; LARGE=1: 1 GB too)
	$(PYTHON) bench/artifacts.py $(if $(LARGE),--large)

bench-memory: setup  ## What a foreach of 100 tasks over one table of 1 GB needs in memory
	$(PYTHON) bench/memory.py

clean:  ## Remove everything that the set-up made in this folder
	rm -rf .venv .rlib .setup .pyflow examples/genre_stats/movies.csv
