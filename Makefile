# The two commands of the README. Both need Python 3.10 or newer, git and make.

PYTHON ?= python3
BIN = .venv/bin
export QT_QPA_PLATFORM ?= offscreen

.PHONY: demo test bench canvas clean

demo: .venv/installed
	$(BIN)/image-embedding demo demo

test: .venv/installed
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/python -m pytest

bench: .venv/installed
	$(BIN)/python tests/benchmarks/bench_clusters.py
	$(BIN)/python tests/benchmarks/bench_clustering_quality.py

canvas: .venv/installed
	QT_QPA_PLATFORM= $(BIN)/python -m Orange.canvas "orangecontrib/imageembedding/examples/Image clustering.ows"

.venv/installed: setup.py pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable ".[test]"
	touch $@

clean:
	rm -rf .venv demo build *.egg-info
