# The two commands of a newcomer are `make up` and `make test`. PYTHON names the interpreter (3.11 or newer).
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
export UV_LINK_MODE ?= copy

.PHONY: up test check bench lock clean

up: $(VENV)/.up
	@exec $(BIN)/copilot up

test: $(VENV)/.dev
	$(BIN)/python -m pytest --cov --cov-report=term:skip-covered

check: $(VENV)/.dev  ## format, lint, types, floors of the house
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

$(BIN)/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements/build.txt

$(VENV)/.up: requirements/up.txt pyproject.toml | $(BIN)/uv
	@test -e $(VENV)/.dev || $(BIN)/uv pip sync --python $(BIN)/python --require-hashes requirements/up.txt requirements/build.txt
	@test -e $(VENV)/.dev || $(BIN)/uv pip install --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(BIN)/uv
	$(BIN)/uv pip sync --python $(BIN)/python --require-hashes requirements/dev.txt requirements/build.txt
	$(BIN)/uv pip install --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

lock: | $(BIN)/uv  ## one resolution for everything; the smaller locks are cuts of it
	./requirements/compile

clean:
	rm -rf $(VENV)
