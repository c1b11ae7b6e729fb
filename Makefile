# Everything is set up by the targets themselves, in virtual environments of this checkout's own.
#   make demo   plays a whole match over real sockets
#   make test   runs all tests that need only Python

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PROTOS := $(patsubst schemas/%,bitbroker/_pb/%,$(wildcard schemas/*.proto schemas/examples/*.proto))
# Code of this protoc loads on every protobuf runtime from 4.25 on; that of newer ones refuses older runtimes.
PROTOC_PACKAGE := grpcio-tools==1.62.3
RUST := tests/interop/rust

VERSION = $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' bitbroker/__init__.py)
IMAGE ?= bitbroker
DOCKER ?= docker
# The Dockerfile's arguments and more: make docker-image DOCKER_BUILD_FLAGS="--build-arg BASE=python:3.12-slim-bookworm"
DOCKER_BUILD_FLAGS ?=
PLAYERS ?= 2

# Where the benchmark's programs and results go.
BENCH := tests/bench/build

# What tests/fuzz/targets.py has, and for how many seconds `make fuzz` tries each.
FUZZ_TARGETS := lines prefixed websocket-server websocket-client dialects broker
FUZZ_SECONDS ?= 60

# The tests that need nothing else installed, but for bash, curl and openssl.
ONLY_PYTHON := not engines and not container and not interop and not fresh and not languages and not package

# How much `make soak` plays, and how many connections do nothing.
SOAK_VERDICTS ?= 20000
SOAK_STARVED ?= 1000
SOAK_MATCHES ?= 100000
SOAK_AT_ONCE ?= 250
SOAK_IDLE ?= 10000

GO_BOT := tests/interop/go
JAVASCRIPT_BOT := tests/interop/javascript
# What bots in other languages and their tests need, each with Debian's package for it.
LANGUAGE_TOOLS := go:golang-go protoc:protobuf-compiler node:nodejs npm:npm chromium:chromium

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## Say what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

.PHONY: demo
demo: $(VENV)/.broker ## Play connect four through a real broker, each process by itself
	@$(BIN)/python -m bitbroker play \
		--game "{python} -m bitbroker.examples.connect_four.game --draw" \
		--bot "{python} -m bitbroker.examples.connect_four.random_bot" \
		--bot "{python} -m bitbroker.examples.connect_four.search_bot"

.PHONY: test
test: $(VENV)/.dev ## Run all tests that need only Python, bash, curl and openssl
	$(BIN)/python -m pytest -m "$(ONLY_PYTHON)"

.PHONY: test-chess
test-chess: $(VENV)/.dev ## Play real chess: needs Debian's stockfish and gnuchess
	$(BIN)/python -m pytest -m engines

.PHONY: test-interop
test-interop: $(VENV)/.dev rust-programs ## Play with the Rust crate's broker, game and bots: needs cargo and protoc
	$(BIN)/python -m pytest -m interop

.PHONY: bench-interop
bench-interop: $(VENV)/.broker rust-programs ## Turns a second of the crate's clients, on its broker and on ours
	@$(BIN)/python -m tests.interop.bench

.PHONY: rust-programs
rust-programs:
	@command -v cargo >/dev/null || { echo "cargo is missing: get Rust 1.85 or newer, on Debian 13 by apt-get install cargo"; exit 1; }
	@command -v "$${PROTOC:-protoc}" >/dev/null || { echo "protoc is missing: on Debian, apt-get install protobuf-compiler"; exit 1; }
	cargo build --release --quiet --manifest-path $(RUST)/Cargo.toml --target-dir $(RUST)/target

.PHONY: test-docs
test-docs: $(VENV)/.dev ## Follow README and docs word for word, each page in a fresh environment
	$(BIN)/python -m pytest -m fresh

.PHONY: test-languages
test-languages: $(VENV)/.dev $(GO_BOT)/bin/nimbot $(JAVASCRIPT_BOT)/node_modules/.installed ## Play with bots in Go and JavaScript: needs their tools, and chromium
	$(BIN)/python -m pytest -m languages

.PHONY: test-package
test-package: $(VENV)/.dev ## Build the package, and try it in clean environments as users would
	$(BIN)/python -m pytest -m package

.PHONY: test-lowest
test-lowest: .venv-lowest/.dev ## Run the tests on the lowest versions that pyproject.toml allows
	.venv-lowest/bin/python -m pytest -m "$(ONLY_PYTHON)" -W default

.PHONY: fuzz
fuzz: $(VENV)/.fuzz ## Fuzz decoders, dialects and a whole broker, FUZZ_SECONDS (60) each
	@for target in $(FUZZ_TARGETS); do \
		echo "--- $$target"; $(BIN)/python -m tests.fuzz.run $$target --seconds $(FUZZ_SECONDS) || exit 1; \
	done

.PHONY: fuzz-quick
fuzz-quick: $(VENV)/.fuzz ## The same for a few thousand inputs each, from one seed
	@for target in $(FUZZ_TARGETS); do \
		echo "--- $$target"; inputs=5000; [ $$target = broker ] && inputs=400; \
		$(BIN)/python -m tests.fuzz.run $$target --quick $$inputs || exit 1; \
	done

.PHONY: faults
faults: $(VENV)/.dev ## Kill and stop processes, and trouble connections, at every message of a match: takes long
	@$(BIN)/python -m tests.faults.run

.PHONY: coverage
coverage: $(VENV)/.dev ## Measure which lines the tests reach, in the processes they start too
	rm -f .coverage .coverage.*
	$(BIN)/coverage run -m pytest -q -m "$(ONLY_PYTHON)"
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

.PHONY: check
check: lint types floors check-generated ## Lint, types, floor plan, generated files

.PHONY: lint
lint: $(VENV)/.dev ## Check style
	$(BIN)/ruff check
	$(BIN)/ruff format --check

.PHONY: types
types: $(VENV)/.dev ## Check types
	$(BIN)/mypy
	$(BIN)/mypy docker

.PHONY: floors
floors: $(VENV)/.dev ## Check who imports whom
	$(BIN)/lint-imports

.PHONY: format
format: $(VENV)/.dev ## Mend style
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: generate
generate: .venv-protoc/.installed $(VENV)/.broker ## Make bitbroker/_pb, docs/settings.md and docs/misbehaviour.md anew
	.venv-protoc/bin/python -m grpc_tools.protoc --proto_path=bitbroker/_pb=schemas --python_out=. --pyi_out=. $(PROTOS)
	$(BIN)/python docs/settings_page.py > docs/settings.md
	$(BIN)/python -m tests.misbehaviour.page > docs/misbehaviour.md

.PHONY: check-generated
check-generated: generate ## See that what is generated is what is committed
	@git diff --exit-code --stat -- bitbroker/_pb docs/settings.md docs/misbehaviour.md || \
		{ echo "generated files differ from the committed ones: commit what 'make generate' wrote"; exit 1; }
	@test -z "$$(git ls-files --others --exclude-standard -- bitbroker/_pb)" || \
		{ echo "generated files are not committed: git add bitbroker/_pb"; exit 1; }

.PHONY: docker-image
docker-image: ## Build the container image, tagged with the version and as latest
	DOCKER_BUILDKIT=1 $(DOCKER) build --file docker/Dockerfile --build-arg VERSION=$(VERSION) \
		--tag $(IMAGE):$(VERSION) --tag $(IMAGE):latest $(DOCKER_BUILD_FLAGS) .

.PHONY: docker-run
docker-run: ## Run a broker from the image, for as many players as PLAYERS says (2)
	$(DOCKER) run --rm --read-only --cap-drop ALL --security-opt no-new-privileges \
		--publish 9000:9000 --publish 8080:8080 --env BROKER_NUM_PLAYERS=$(PLAYERS) $(IMAGE):$(VERSION)

.PHONY: docker-check
docker-check: $(VENV)/.dev ## Build the image and run it for real, in an engine of its own: needs root and Debian
	PYTHON=$(BIN)/python docker/check.sh

.PHONY: docs
docs: $(VENV)/.dev ## Make the documentation's site, to be read from site/index.html
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet --fresh-env -c docs . site

.PHONY: bench
bench: $(VENV)/.bench bench-programs bench-crate ## Measure side by side with others, and write docs/performance.md's tables and plots
	$(BIN)/python -m tests.bench.run --json $(BENCH)/results.json --docs docs

.PHONY: bench-quick
bench-quick: $(VENV)/.bench bench-programs ## See in a minute that the broker has not become much slower
	$(BIN)/python -m tests.bench.run --quick

.PHONY: soak
soak: $(VENV)/.bench ## Play 121,000 matches and hold every verdict against the clients' doings, and write docs/reliability.md's figures
	$(BIN)/python -m tests.soak.run --verdicts $(SOAK_VERDICTS) --starved $(SOAK_STARVED) --matches $(SOAK_MATCHES) --at-once $(SOAK_AT_ONCE) \
		--idle $(SOAK_IDLE) --docs docs

.PHONY: bench-programs
bench-programs: $(BENCH)/load $(BENCH)/extended $(BENCH)/relay
	@if echo '#include <openssl/ssl.h>' | $(CC) -E - >/dev/null 2>&1; \
		then $(MAKE) --silent $(BENCH)/load-tls $(BENCH)/extended-tls; \
		else echo "TLS is left out, since OpenSSL's headers are missing: on Debian, apt-get install libssl-dev"; fi

COMPILE_BENCH = $(CC) -std=gnu11 -O2 -Wall -Wextra -Werror

$(BENCH)/%-tls: tests/bench/%.c $(wildcard tests/bench/*.h)
	$(COMPILE_BENCH) -DTLS -o $@ $< -lssl -lcrypto

$(BENCH)/%: tests/bench/%.c $(wildcard tests/bench/*.h)
	@command -v $(CC) >/dev/null || { echo "$(CC) is missing: on Debian, apt-get install gcc libc6-dev"; exit 1; }
	@mkdir -p $(BENCH)
	$(COMPILE_BENCH) -o $@ $<

.PHONY: bench-crate
bench-crate: $(VENV)/.bench
	@$(BIN)/python -m tests.bench.crate

.PHONY: clean
clean: ## Remove what was made, the virtual environments too
	rm -rf $(GO_BOT)/bin $(GO_BOT)/pb $(JAVASCRIPT_BOT)/node_modules
	rm -rf tests/fuzz/build $(BENCH) $(RUST)/target $(RUST)/Cargo.lock .venv .venv-lowest .venv-protoc .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache dist site

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "bitbroker needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "python3 has no venv module: on Debian, apt-get install python3-venv"; exit 1; }

$(VENV)/.broker: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[broker]'
	@touch $@

$(VENV)/.bench: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[broker,bench]'
	@touch $@

$(VENV)/.fuzz: $(VENV)/.dev
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]' || \
		{ echo "the fuzzer atheris has wheels for Linux on x86-64 and Python 3.11 to 3.14 alone"; exit 1; }
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

.venv-lowest/.dev: pyproject.toml tests/lowest_versions.py
	rm -rf .venv-lowest
	$(PYTHON) -m venv .venv-lowest
	$(PYTHON) tests/lowest_versions.py > .venv-lowest/constraints.txt
	.venv-lowest/bin/python -m pip install --quiet --disable-pip-version-check --constraint .venv-lowest/constraints.txt --editable '.[dev]'
	@touch $@

.venv-protoc/.installed: Makefile
	rm -rf .venv-protoc
	$(PYTHON) -m venv .venv-protoc
	.venv-protoc/bin/python -m pip install --quiet --disable-pip-version-check '$(PROTOC_PACKAGE)' 'setuptools<81'
	@touch $@

.PHONY: language-tools
language-tools:
	@for tool in $(LANGUAGE_TOOLS); do \
		command -v $${tool%:*} >/dev/null || { echo "$${tool%:*} is missing: on Debian, apt-get install $${tool#*:}"; exit 1; }; \
	done

$(GO_BOT)/bin/nimbot: $(wildcard $(GO_BOT)/*.go) $(GO_BOT)/go.mod $(GO_BOT)/go.sum $(wildcard schemas/*.proto) | language-tools
	cd $(GO_BOT) && go generate && go vet && go build -o bin/
	@test -z "$$(cd $(GO_BOT) && gofmt -l *.go)" || { echo "Go code is not in its style: gofmt -w $(GO_BOT)/*.go"; exit 1; }

$(JAVASCRIPT_BOT)/node_modules/.installed: $(JAVASCRIPT_BOT)/package.json $(JAVASCRIPT_BOT)/.npmrc | language-tools
	cd $(JAVASCRIPT_BOT) && npm install --loglevel=error
	@touch $@
