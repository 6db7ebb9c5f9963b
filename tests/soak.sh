#!/usr/bin/env bash
# What takes longer than `make test` allows: every naughty text in every part of every address, more examples for schemathesis, the fuzz
# targets, the simulator with fifty times the seeds, killed servers and bad networks for hours, and a data folder on a disk of 24 MiB that is
# really full (needs root, or a kernel that lets users mount a tmpfs of their own).
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

step "the simulator, 50,000 seeds"
SIM_SEEDS=50000 cargo test --locked --test main -- sim:: --nocapture

step "sockets: 500 kills on SQLite, 200 on PostGIS"
LIVE_FAULTS=84 cargo test --locked --test main -- sockets_lose_no_acknowledged_edit_when_the_server_is_killed_under_them::on_sqlite --nocapture
LIVE_FAULTS=34 cargo test --locked --test main -- sockets_lose_no_acknowledged_edit_when_the_server_is_killed_under_them::on_postgis --nocapture

step "sockets: storms with cuts of 30 s, and two nodes for a minute"
LIVE_FAULTS=20 cargo test --locked --test main -- a_bad_network_loses_nothing people_who_hop --nocapture

step "schemathesis, 200 examples"
SCHEMATHESIS_EXAMPLES=200 SCHEMATHESIS_SECONDS=600 tests/schemathesis.sh

step "fuzz"
FUZZ_SECONDS=${FUZZ_SECONDS:-600} tests/fuzz/run.sh
