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

# In an environment of its own, with the peers that the benchmarks measure against.
bench: .bench/installed
	.bench/bin/python tests/benchmarks/bench_embedding.py
	.bench/bin/python tests/benchmarks/bench_clusters.py
	.bench/bin/python tests/benchmarks/bench_clustering_quality.py

canvas: .venv/installed
	QT_QPA_PLATFORM= $(BIN)/python -m Orange.canvas "orangecontrib/imageembedding/examples/Image clustering.ows"

.venv/installed: setup.py pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable ".[test]"
	touch $@

.bench/installed: setup.py
	$(PYTHON) -m venv .bench
	.bench/bin/python -m pip install --quiet --upgrade pip
	.bench/bin/python -m pip install --quiet --editable ".[test]" fastembed img2vec_pytorch
	touch $@

clean:
	rm -rf .venv .bench demo build *.egg-info
