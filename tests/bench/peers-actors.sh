#!/usr/bin/env bash
# Tiles of made-up actors against Martin with PostGIS and against supercluster, for SIZES="100000 1000000"; the tables are added to
# target/bench-peers.md.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$PWD/target/peers
mkdir -p "$work/npm"
[ -d "$work/npm/node_modules/supercluster" ] || npm install --silent --no-audit --no-fund --prefix "$work/npm" supercluster@9 vt-pbf@3 >&2
MARTIN=$(tests/bench/martin.sh) SUPERCLUSTER=$work/npm
[ -n "$MARTIN" ] && export MARTIN || unset MARTIN
export SUPERCLUSTER BENCH_ONLY=peers
for size in ${SIZES:-100000 1000000}; do
  BENCH_ACTORS=$size tests/bench/run.sh
  { echo; cat target/bench.md; } >>target/bench-peers.md
done
