# Every target makes the environment it needs; a second call skips what is there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_OPTIONS := --disable-pip-version-check --quiet
RUN ?= demo
NODES ?= 2

.PHONY: help demo test test-slow docs test-browser test-backends test-cluster cluster check reliability bench locks clean

help:  ## Show the targets.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15) and \
		"digitry needs Python 3.11 to 3.14, this is %d.%d; try: make PYTHON=python3.13" % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)

$(VENV)/train.done: locks/train.txt pyproject.toml | $(BIN)/python
	@echo "Installing what training needs (about a minute)…"
	$(BIN)/python -m pip install $(PIP_OPTIONS) --require-hashes -r locks/train.txt
	$(BIN)/python -m pip install $(PIP_OPTIONS) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.done: locks/dev.txt $(VENV)/train.done
	@echo "Installing what the tests need…"
	$(BIN)/python -m pip install $(PIP_OPTIONS) --require-hashes -r locks/dev.txt
	@touch $@

# All three Keras backends and MLflow for tests and measurements, FastAPI and LitServe to measure the server beside, Keras Tuner
# to tune beside, RapidOCR to read beside, Ray to read on.
.backends/done: locks/dev.txt pyproject.toml
	$(PYTHON) -m venv .backends
	.backends/bin/python -m pip install $(PIP_OPTIONS) --require-hashes -r locks/dev.txt
	.backends/bin/python -m pip install $(PIP_OPTIONS) "jax>=0.10" "torch==2.13.0" "mlflow>=3.5" "fastapi>=0.115" "litserve>=0.2.19" "keras-tuner>=1.4.8" "tensorboard>=2.20" "rapidocr==3.10.0" "ray==2.60.0"
	.backends/bin/python -m pip install $(PIP_OPTIONS) --no-deps --no-build-isolation -e .
	@touch $@

demo: $(VENV)/train.done  ## Fetch, explore, train, evaluate, read: the whole tour in a few minutes.
	@$(BIN)/python examples/demo.py $(RUN)

# A file at a time: what its tests share, a training say, is made once. They start hundreds of processes, whose bytecode
# is kept.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 3 --dist loadfile
ELSEWHERE := not full and not network and not backends and not browser and not cluster

test: $(VENV)/dev.done  ## The test suite.
	$(PYTEST) -m "not slow and $(ELSEWHERE)"

test-slow: $(VENV)/dev.done  ## What takes over five seconds a test: killed trainings, servers under load, notebooks.
	$(PYTEST) -m "slow and $(ELSEWHERE)"

test-browser: $(VENV)/dev.done  ## The page in Chromium, and all its reader's answers beside Python's.
	@# What drives Chromium. Chromium, Node, npm, nginx and a C++ compiler come from the system (apt-get install chromium
	@# nodejs npm nginx g++); a test that misses one fails by its name.
	@command -v npm >/dev/null || echo "npm is missing: the tests of the page will fail"
	@command -v npm >/dev/null && npm install --prefix tests/browser --no-package-lock --no-audit --no-fund --loglevel=error || true
	$(BIN)/python -m pytest -m browser tests/browser tests/unit/serve/test_reading_in_javascript.py tests/unit/exports/test_c_library.py

test-backends: .backends/done  ## The same networks on TensorFlow, JAX and Torch; and MLflow.
	.backends/bin/python -m pytest -m backends
	.backends/bin/python -m pytest tests/unit/training/test_tracking.py

test-cluster: .backends/done  ## Reading, training and tuning on Ray nodes of this machine, some of which are killed.
	.backends/bin/python -m pytest -m "cluster and not full" tests/cluster

cluster: .backends/done  ## A few Ray nodes on loopback, to try --ray with; NODES=3 for three, Ctrl-C ends them.
	@.backends/bin/python bench/cluster_nodes.py $(NODES)

check: $(VENV)/dev.done  ## Style, types, who may import whom, and whether what is generated is up to date.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python bench/commands_page.py --check
	$(BIN)/python bench/settings_page.py --check
	$(BIN)/python bench/page_constants.py --check
	$(BIN)/python bench/model_cards.py --check

docs: $(VENV)/dev.done  ## The documentation as a site, in build/site: its guides are run, a broken link is an error.
	@# Behind others, where it runs beside them: a guide can wait, a test of the page waits for some seconds at most.
	nice $(BIN)/python bench/guides.py --check
	$(BIN)/zensical build --strict --clean

reliability: $(VENV)/dev.done  ## The long proofs: thousands of kills, flips and faults; then the server's (two hours).
	$(BIN)/python -m bench reliability
	$(BIN)/python -m bench reliability-serve

bench: $(VENV)/dev.done .backends/done  ## Everything beside its peers (hours); `python -m bench` lists the parts and runs one.
	$(BIN)/python -m bench all

locks: | $(BIN)/python  ## Renew the locks: versions and hashes, no addresses.
	$(BIN)/python -m pip install $(PIP_OPTIONS) uv
	$(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
		--python-version 3.11 --extra train --extra build -o locks/train.txt
	$(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
		--python-version 3.11 --extra dev --extra build -c locks/train.txt -o locks/dev.txt
	$(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
		--python-version 3.11 --extra serve -c locks/dev.txt -o locks/serve.txt
	echo "hatchling>=1.27" | $(BIN)/uv pip compile - --universal --generate-hashes --no-emit-index-url --no-header \
		--no-annotate --python-version 3.11 -c locks/dev.txt -o locks/build.txt

clean:  ## Remove what the targets made, environments included; your own runs/ stay.
	rm -rf $(VENV) .backends demo runs/exports runs/audits runs/shipped runs/cnn-for-bench
