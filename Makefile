# The same few commands for everybody. `make` lists them.

CARGO ?= cargo
DATA ?= data
LISTEN ?= 127.0.0.1:8080
DEMO := $(lastword $(sort $(wildcard fixtures/*-[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9].osm.pbf)))
WEB_SOURCES := tiles/palette.toml $(shell find web \( -name node_modules -o -name dist -o -name test-results -o -name playwright-report \) -prune -o -type f -print 2>/dev/null)
RELEASE := target/release/bouillon
# The build with maplibre-rs has a folder of its own: its features reach down to tokio, so that little could be shared, and the binary of
# the usual build must not change under a test or a server that runs it. One profile for the tests and for showing it: it is built once.
MAPLIBRE := --locked --features maplibre --target-dir target/maplibre
VULKAN = VK_ICD_FILENAMES=$${VK_ICD_FILENAMES:-$$(ls /usr/share/vulkan/icd.d/lvp_icd.*.json | head -1)} XDG_RUNTIME_DIR=$${XDG_RUNTIME_DIR:-/tmp}

.PHONY: help run run-postgis run-maplibre build dev test test-maplibre lint fuzz soak bench pictures fmt web clean-data

help: ## List these commands
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

run: build ## Serve the demonstration territory at http://127.0.0.1:8080, with its data in ./data
	@test -e $(DATA)/bouillon.sqlite || $(RELEASE) import osm $(DEMO) --data $(DATA)
	exec $(RELEASE) serve --data $(DATA) --listen $(LISTEN)

run-postgis: build ## The same on a throw-away PostGIS
	tests/install.sh
	tests/run-postgis.sh $(RELEASE) $(DEMO) $(LISTEN)

build: web/dist ## Leave the binary, with the web app inside, at target/release/bouillon
	$(CARGO) build --release --locked

web: web/dist ## Build the web app into web/dist

web/dist: web/node_modules $(WEB_SOURCES)
	npm --prefix web run build
	@touch web/dist

web/node_modules: web/package-lock.json
	npm --prefix web ci --no-audit --no-fund
	@touch web/node_modules

dev: web/node_modules ## Work on the web app: a server on port 8080, and Vite in front of it on port 5173
	$(CARGO) build --locked
	@test -e $(DATA)/bouillon.sqlite || target/debug/bouillon import osm $(DEMO) --data $(DATA)
	target/debug/bouillon serve --data $(DATA) --listen $(LISTEN) & trap "kill $$!" EXIT; npm --prefix web run dev

test: web/dist ## Everything: formatting, lints, unit, store, HTTP and browser tests, on SQLite and PostGIS
	tests/install.sh
	tests/run.sh

test-maplibre: web/dist ## Build with maplibre-rs as the second engine of raster tiles, and test it on Vulkan in software
	tests/install-maplibre.sh
	$(CARGO) clippy $(MAPLIBRE) --all-targets -- -D warnings
	$(VULKAN) $(CARGO) test $(MAPLIBRE) --lib -- raster
	$(VULKAN) $(CARGO) test $(MAPLIBRE) --test main -- raster_maplibre

run-maplibre: web/dist ## The demonstration with maplibre-rs drawing the base of raster tiles, such as /tiles/raster/solvigne/14/8110/5718.png
	tests/install-maplibre.sh
	$(CARGO) build $(MAPLIBRE)
	@test -e $(DATA)/bouillon.sqlite || target/maplibre/debug/bouillon import osm $(DEMO) --data $(DATA)
	$(VULKAN) exec target/maplibre/debug/bouillon serve --raster-engine maplibre --data $(DATA) --listen $(LISTEN)

fuzz: ## Run each fuzz target for FUZZ_SECONDS (60) on a nightly compiler; `make test` runs the kept cases
	tests/fuzz/run.sh

soak: build ## The long variants: a really full disk, every naughty text everywhere, 50,000 simulated seeds, 700 kills, schemathesis and fuzzing for longer
	tests/install.sh
	tests/soak.sh

lint: web/node_modules ## Formatting, clippy, and the web's checks
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	npm --prefix web run lint
	npm --prefix web run check

fmt: web/node_modules ## Format everything
	$(CARGO) fmt
	npm --prefix web exec -- prettier --log-level warn --write web/src

bench-peers: build ## Measure against tilemaker, osm2pgsql, Martin and supercluster (MARTIN=1 builds Martin first)
	tests/bench/peers.sh
	tests/bench/peers-actors.sh

bench: build ## Measure against bare baselines in the same run; the table goes to target/bench.md too
	tests/bench/run.sh

pictures: build ## Draw the base map in its three styles, with Chromium: target/pictures/index.html
	tests/install.sh
	tests/pictures/run.sh
