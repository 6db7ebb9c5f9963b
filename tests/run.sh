#!/usr/bin/env bash
# All tests, in the order in which a mistake shows soonest. Ends with the runners' own counts.
set -euo pipefail
cd "$(dirname "$0")/.."

dir=$(mktemp -d /tmp/bouillon-tests.XXXXXX)
trap 'tests/postgis.sh stop "$dir/pg"; rm -rf "$dir"' EXIT
chmod 755 "$dir"
step() { printf '\n== %s (%d s)\n' "$1" "$SECONDS"; }

step "formatting and lints"
cargo fmt --check
cargo clippy --locked --all-targets -- -D warnings
npm --prefix web run --silent lint
npm --prefix web run --silent check

step "release binary"
cargo build --release --locked

step "web unit tests"
npm --prefix web test --silent

step "server tests, on SQLite and PostGIS"
BOUILLON_TEST_POSTGIS=$(tests/postgis.sh start "$dir/pg")
export BOUILLON_TEST_POSTGIS
cargo test --locked 2>&1 | tee "$dir/cargo.log"

step "the API against its own description (schemathesis)"
tests/schemathesis.sh

step "browser tests"
npm --prefix web run --silent e2e 2>&1 | tee "$dir/browser.log"

step "counts"
grep -E '^test result' "$dir/cargo.log"
grep -E '^ +[0-9]+ (passed|failed|flaky|skipped)' "$dir/browser.log" || true
