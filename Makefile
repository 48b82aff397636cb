# Fourfold: `make` lists what there is to make.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

TARGET := $(or $(CARGO_TARGET_DIR),target)
# The build writes this one last.
ASSETS := portal/assets/dist/manifest.json
UI_PACKAGES := ui/node_modules/.package-lock.json
BROWSER_PACKAGES := tests/browser/node_modules/.package-lock.json
# Arguments for the demonstration, which leaves out what takes long to build (documents, Parquet, HTTPS, the cluster) and is
# small, to be there soon: make demo ARGS='--reports 50000'
ARGS ?=
# `make lint test CLUSTER=yes` takes the cluster in, which nearly doubles the build. One set of features for everything
# in one run, so that nothing is compiled twice.
CLUSTER ?=
FEATURES := $(if $(CLUSTER),--features fourfold/cluster)

.PHONY: help
help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: needs-build assets ## Generate a county, run it through the service and serve it
	cargo build --profile demo --bin fourfold --locked --no-default-features
	$(TARGET)/demo/fourfold demo $(or $(ARGS),--reports 6000)

.PHONY: test
test: needs-test assets ## Run every test, on both databases and in a real browser
	@if command -v cargo-nextest >/dev/null; then \
	  scripts/with-postgres cargo nextest run --workspace --locked $(FEATURES); \
	else \
	  scripts/with-postgres cargo test --workspace --locked $(FEATURES) --lib --bins --tests; \
	fi
	cargo test --workspace --locked $(FEATURES) --doc
	@$(MAKE) walk

.PHONY: build
build: needs-build assets ## Build the release binary with its assets and the cluster inside
	cargo build --release --bin fourfold --features fourfold/cluster --locked
	@ls -l $(TARGET)/release/fourfold

.PHONY: lint
lint: assets ## Check format, clippy, sources and, where installed, licences
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked $(FEATURES) -- -D warnings
	@# What the demonstration leaves out; not where the cluster is taken in, which has another set of features.
	$(if $(CLUSTER),,cargo check --bin fourfold --locked --no-default-features)
	scripts/check-sources
	@if command -v cargo-deny >/dev/null; then \
	  cargo deny --locked check bans licenses sources; \
	else \
	  echo 'cargo-deny is not installed: licences and banned crates were not checked'; \
	fi

.PHONY: assets
assets: $(ASSETS) ## Build the style sheet and scripts that the binary carries

.PHONY: browser
browser: needs-test assets ## Build, and walk the flows in Chromium
	cargo build --workspace --bins --locked $(FEATURES)
	@$(MAKE) walk

# With the binary that is there: the tests before have built it, and building it alone, without what tests ask of
# their dependencies, would compile half of everything again.
.PHONY: walk
walk: $(BROWSER_PACKAGES)
	cd tests/browser && node --test self/*.test.mjs
	@if compgen -G 'tests/browser/flows/*.mjs' >/dev/null; then \
	  scripts/with-demo node --test tests/browser/run.mjs; \
	else \
	  echo 'tests/browser/flows holds no flow yet: none was walked'; \
	fi

.PHONY: bench
bench: assets ## Measure what docs/performance.md reports
	cargo build --release --bin fourfold --locked
	$(TARGET)/release/fourfold bench $(ARGS)

.PHONY: clean
clean: ## Remove everything that was built
	cargo clean
	rm -rf ui/node_modules tests/browser/node_modules tests/browser/out foundation/web/assets/dist portal/assets/dist

.PHONY: needs-build needs-test
needs-build:
	@scripts/install-needs build
needs-test:
	@scripts/install-needs test

$(ASSETS): $(UI_PACKAGES) ui/build.mjs $(wildcard ui/src/*)
	cd ui && node build.mjs

# npm writes this file last, so it stands for a whole install.
$(UI_PACKAGES): ui/package.json ui/package-lock.json ui/.npmrc
	cd ui && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

$(BROWSER_PACKAGES): tests/browser/package.json tests/browser/package-lock.json tests/browser/.npmrc
	cd tests/browser && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@
