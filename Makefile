PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Files beside one another on the cores there are; one thread each, or libraries fight over them.
BESIDE := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --maxprocesses=4 --dist loadfile
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test test-slow serve lint docs screenshots coverage bench clean

demo: $(READY)
	$(BIN)/chargewise demo

test: $(READY)
	$(BESIDE) -m "not slow"

test-slow: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --timeout=600 -m slow

screenshots: $(READY)
	$(BIN)/python docs/screenshots.py

serve: $(READY)
	$(BIN)/chargewise serve --demo

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(READY)
	$(PIP) -c constraints.txt -e '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

coverage: $(READY)
	$(BIN)/python -m pytest -m "not slow" --cov --cov-report=term --cov-report=html

bench: $(READY)
	$(PIP) -c constraints.txt -e '.[bench]'
	@for name in $$(ls benchmarks | sed -n 's/^\([a-z][a-z_]*\)\.py$$/\1/p' | grep -vE '^(report|.*peers|.*instances|.*plants|.*simulation|.*deployment|.*foundry|federation_faults|faults_.*|published_charges|recipe_.*|breakable_.*|flower_.*|hostile|trust_.*|closed_loop_.*|shift_.*)$$'); do \
		$(BIN)/python -m benchmarks.$$name --quick --json $$name.json || exit 1; done

# torch first and by its exact version: with it in place nothing else asks for a build with CUDA.
$(READY): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Chargewise needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) -c constraints.txt torch==2.13.0
	$(PIP) -c constraints.txt -e '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) build site htmlcov *.egg-info
