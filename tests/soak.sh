#!/usr/bin/env bash
# What takes longer than `make test` allows: every naughty text in every part of every address, more examples for schemathesis, the fuzz
# targets, and a data folder on a disk of 24 MiB that is really full (needs root, or a kernel that lets users mount a tmpfs of their own).
set -euo pipefail
cd "$(dirname "$0")/.."
dir=$(mktemp -d /tmp/bouillon-soak.XXXXXX)
trap 'tests/postgis.sh stop "$dir/pg"; rm -rf "$dir"' EXIT
chmod 755 "$dir"
step() { printf '\n== %s (%d s)\n' "$1" "$SECONDS"; }

step "a disk that is really full"
unshare --mount --map-root-user tests/faults/tmpfs.sh

step "every text in every address, the faults, the clock, kills"
BOUILLON_TEST_POSTGIS=$(tests/postgis.sh start "$dir/pg")
export BOUILLON_TEST_POSTGIS
SOAK=1 cargo test --locked --test main -- hostile_ faults clock crash

step "schemathesis, 200 examples"
SCHEMATHESIS_EXAMPLES=200 SCHEMATHESIS_SECONDS=600 tests/schemathesis.sh

step "fuzz"
FUZZ_SECONDS=${FUZZ_SECONDS:-600} tests/fuzz/run.sh
