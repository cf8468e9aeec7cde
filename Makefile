# Every target makes or refreshes .venv by itself; a second call costs seconds.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The tests and the benchmarks start the program many times: without kept bytecode each start compiles it anew.
unexport PYTHONDONTWRITEBYTECODE
# Compiling all of torch costs more than half of the installation; what is imported is compiled then, and kept.
PIP := $(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test lint bench soak sample pictures wheel clean

demo: $(VENV)/.installed
	$(BIN)/assay demo

# Three processes: tests of the console wait for its screen for a third of their time, which a third one uses.
test: $(VENV)/.installed-test
	$(BIN)/python -m pytest -m "not soak" -n 3 --dist worksteal

soak: $(VENV)/.installed-test
	$(BIN)/python -m pytest -m soak

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

bench: $(VENV)/.installed
	$(BIN)/python -m benchmarks

sample: $(VENV)/.installed
	$(BIN)/python -m sample_data.author
	$(BIN)/python -m sample_data.train
	$(BIN)/python -m sample_data.author_retrieval
	$(BIN)/python -m sample_data.train_retrieval
	$(BIN)/python -m sample_data.author_response
	$(BIN)/python -m sample_data.train_response

# The pictures of README.md, drawn by the console itself on the sample.
pictures: $(VENV)/.installed
	$(BIN)/python -m sample_data.pictures

wheel: $(VENV)/.installed
	$(BIN)/python -m pip wheel --no-deps --wheel-dir dist .

$(VENV)/.installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --editable .
	touch $@

# What the tests need comes with all the rest: two installations would build the package twice.
$(VENV)/.installed-test: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --editable '.[test]'
	touch $(VENV)/.installed $@

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
