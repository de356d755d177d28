# Needs Python 3.10 or newer, git and make. `make help` lists the targets.

PYTHON ?= python3
BIN = .venv/bin
export QT_QPA_PLATFORM ?= offscreen

.PHONY: help demo test shuffle lint types format coverage pictures bench canvas dist clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/installed ## run the example workflow, write pictures and tables into demo/
	$(BIN)/image-embedding demo

canvas: .venv/installed ## open the example workflow in Orange
	QT_QPA_PLATFORM= $(BIN)/python -m Orange.canvas "orangecontrib/imageembedding/examples/Image clustering.ows"

test: lint types ## lint, check types, run all tests
	$(BIN)/python -m pytest

shuffle: .venv/installed ## run all tests in random order, which must not matter
	$(BIN)/python -m pytest --random-order

lint: .venv/installed ## check style and format
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .

types: .venv/installed ## check types
	$(BIN)/python -m mypy

format: .venv/installed ## format the code, mend what can be mended
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

coverage: .venv/installed ## run the tests, say which lines they do not reach
	$(BIN)/python -m pytest --cov --cov-report=term-missing:skip-covered

pictures: .venv/installed ## draw the pictures of the help again, and every widget in all sizes into build/sheets
	for script in doc/pictures/draw_*.py; do $(BIN)/python $$script || exit 1; done

bench: .bench/installed ## measure against peers, in an environment of its own
	.bench/bin/python tests/benchmarks/bench_embedding.py
	.bench/bin/python tests/benchmarks/bench_clusters.py
	.bench/bin/python tests/benchmarks/bench_clustering_quality.py
	.bench/bin/python tests/benchmarks/bench_checks.py

dist: .venv/installed ## build and check the sdist and the wheel
	$(BIN)/python -m pip install --quiet build twine
	$(BIN)/python -m build
	$(BIN)/python -m twine check dist/*

clean: ## remove what the other targets have built
	rm -rf .venv .bench demo demo-[0-9]* build dist *.egg-info

.venv/installed: setup.py pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable ".[test]"
	touch $@

.bench/installed: setup.py pyproject.toml
	$(PYTHON) -m venv .bench
	.bench/bin/python -m pip install --quiet --upgrade pip
	.bench/bin/python -m pip install --quiet --editable ".[test]" fastembed img2vec_pytorch cleanvision cleanlab
	touch $@
