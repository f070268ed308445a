# Every target makes the environment it needs; a second call skips what is there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
RUN ?= demo

.PHONY: bench bench-page screenshots browser-tools test-browser help demo test check test-backends reliability reliability-serve reproduce reproduce-small reproduce-champion bench-train bench-inference bench-audit bench-exports bench-serve bench-peers ingredients roofline bench-reading bench-read-speed shipped-model calibration locks clean

help:  ## Show the targets.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15) and \
		"digitry needs Python 3.11 to 3.14, this is %d.%d; try: make PYTHON=python3.13" % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)

$(VENV)/train.done: locks/train.txt pyproject.toml | $(BIN)/python
	@echo "Installing what training needs (about a minute)…"
	$(PIP) --require-hashes -r locks/train.txt
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.done: locks/dev.txt $(VENV)/train.done
	@echo "Installing what the tests need…"
	$(PIP) --require-hashes -r locks/dev.txt
	@touch $@

demo: $(VENV)/train.done  ## Fetch, explore, train, evaluate, read: the whole tour in a few minutes.
	@$(BIN)/python examples/demo.py $(RUN)

test: $(VENV)/dev.done  ## The test suite.
	$(BIN)/python -m pytest -n 3 -m "not full and not network and not backends and not browser"

test-browser: $(VENV)/dev.done browser-tools  ## The page in Chromium, and all its reader's answers beside Python's.
	$(BIN)/python -m pytest -m browser tests/browser tests/unit/serve/test_reading_in_javascript.py

bench-page: $(VENV)/dev.done browser-tools  ## How soon the page reads, and its reader beside onnxruntime-web (a minute).
	npm install --prefix bench --no-package-lock --no-audit --no-fund --loglevel=error
	$(BIN)/python bench/page.py
	$(BIN)/python bench/benchmarks_page.py

screenshots: $(VENV)/dev.done browser-tools  ## The pictures of the page in docs/.
	$(BIN)/python -m tests.browser.screenshots

browser-tools:  ## What drives Chromium in the tests; Chromium and Node themselves come from the system.
	@command -v npm >/dev/null || echo "npm is missing: the browser tests will be skipped"
	@command -v npm >/dev/null && npm install --prefix tests/browser --no-package-lock --no-audit --no-fund --loglevel=error || true

check: $(VENV)/dev.done  ## Style, types, who may import whom, and whether docs/commands.md is up to date.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python bench/commands_page.py --check

test-backends: .backends/done  ## The same networks on TensorFlow, JAX and Torch; and MLflow.
	.backends/bin/python -m pytest -m backends
	.backends/bin/python -m pytest tests/unit/training/test_tracking.py

.backends/done: locks/dev.txt pyproject.toml
	$(PYTHON) -m venv .backends
	.backends/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes -r locks/dev.txt
	.backends/bin/python -m pip --disable-pip-version-check install --quiet "jax>=0.10" "torch==2.13.0" "mlflow>=3.5"
	.backends/bin/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation -e .
	@touch $@

reliability: $(VENV)/dev.done  ## The long proofs: thousands of kills, flips and faults.
	$(BIN)/python bench/reliability.py

reliability-serve: $(VENV)/dev.done  ## The server's long proofs: overload, slow clients, signals, a soak (half an hour).
	$(BIN)/python bench/reliability.py serve

reproduce: $(VENV)/dev.done  ## Every tutorial recipe, five seeds, to docs/results.md (about an hour and a half).
	$(BIN)/python bench/reproduce.py --anew

bench-train: $(VENV)/dev.done .backends/done  ## The race to 99%: ours beside the tutorials' `cnn` in plain Keras (20 minutes).
	.backends/bin/python bench/cold_start.py
	.backends/bin/python bench/race.py
	$(BIN)/python bench/train_speed.py

reproduce-small: .backends/done  ## The recipes with the fewest parameters, five seeds, to docs/results.md (half an hour).
	@# Two at once, each on one thread.
	OMP_NUM_THREADS=1 .backends/bin/python bench/reproduce.py tiny --anew & tiny=$$!; \
	OMP_NUM_THREADS=1 .backends/bin/python bench/reproduce.py small --anew; small=$$?; wait $$tiny && exit $$small
	.backends/bin/python bench/reproduce.py --page
	.backends/bin/python bench/benchmarks_page.py

reproduce-champion: .backends/done  ## The most accurate recipe, five seeds, on MNIST and on Fashion-MNIST (an hour and a half).
	OMP_NUM_THREADS=1 .backends/bin/python bench/reproduce.py champion --anew & digits=$$!; \
	OMP_NUM_THREADS=1 .backends/bin/python bench/reproduce.py champion --dataset fashion-mnist --anew; clothes=$$?; \
	wait $$digits && exit $$clothes
	.backends/bin/python bench/reproduce.py --page
	.backends/bin/python bench/benchmarks_page.py

bench-inference: $(VENV)/dev.done  ## The same weights answered by Keras, ONNX Runtime, LiteRT and digitry (15 minutes).
	$(BIN)/python bench/inference.py

bench-serve: $(VENV)/dev.done .peers/done  ## The server: requests a second, overload, start; beside FastAPI with Keras, and LitServe.
	$(BIN)/python bench/serve.py --peers .peers/bin/python
	$(BIN)/python bench/benchmarks_page.py

.peers/done:
	$(PYTHON) -m venv .peers
	.peers/bin/python -m pip --disable-pip-version-check install --quiet "fastapi>=0.115" "uvicorn[standard]>=0.51" \
		"keras>=3.15.1" "tensorflow-cpu>=2.21" "litserve>=0.2.19" "onnxruntime>=1.23"
	@touch $@

bench-exports: .backends/done  ## Every recipe of ours in every format: bytes, parity, one digit's time (most of it trains `champion`).
	.backends/bin/python bench/exports.py

bench: bench-train bench-inference bench-exports bench-serve bench-audit bench-peers bench-reading bench-read-speed bench-page roofline  ## Everything beside its peers, one after the other (hours).

ingredients: .backends/done  ## What each ingredient of `champion` brings, on validation digits, to docs/log.md (hours).
	.backends/bin/python bench/ingredients.py --anew

bench-audit: .backends/done  ## Of the 15 test labels that people doubt, how many an audit finds (half an hour).
	.backends/bin/python bench/audit.py

bench-peers: .backends/done  ## Seconds and accuracy beside Keras, PyTorch and scikit-learn, in turn (two hours).
	.backends/bin/python bench/peers.py --anew

roofline: .backends/done  ## Where the time of a training goes: every backend beside the machine's peak (half an hour).
	.backends/bin/python bench/roofline.py

bench-read-speed: $(VENV)/dev.done  ## Milliseconds a digit, a photograph, a command; pictures a second in folders.
	$(BIN)/python bench/read_speed.py

bench-reading: $(VENV)/dev.done  ## How robust the reader is: corruptions, photographs, numbers, what is no digit.
	$(BIN)/python bench/reading.py

shipped-model: $(VENV)/train.done  ## Train the networks that ship inside the package (an hour and a half), and calibrate them.
	$(BIN)/python bench/shipped_model.py
	$(BIN)/python bench/calibration.py
	$(BIN)/python bench/self_test.py

calibration: $(VENV)/train.done  ## What the shipped networks' confidences are worth, on pictures made of validation digits.
	$(BIN)/python bench/calibration.py
	$(BIN)/python bench/self_test.py

locks: | $(BIN)/python  ## Renew the locks: versions and hashes, no addresses.
	$(PIP) uv
	$(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
		--python-version 3.11 --extra train --extra build -o locks/train.txt
	$(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
		--python-version 3.11 --extra dev --extra build -c locks/train.txt -o locks/dev.txt

clean:  ## Remove what the targets made, environments included; your own runs/ stay.
	rm -rf $(VENV) .backends .peers demo runs/exports runs/audits runs/shipped runs/cnn-for-bench
