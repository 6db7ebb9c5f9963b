#!/usr/bin/env bash
# Runs the benchmark, with a throw-away PostGIS beside it when Debian's binaries are there or BOUILLON_TEST_POSTGIS names one.
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo bench --locked --no-run --bench bench
if [ -z "${BOUILLON_TEST_POSTGIS:-}" ] && [ -x /usr/lib/postgresql/15/bin/initdb ]; then
  dir=$(mktemp -d /tmp/bouillon-bench.XXXXXX)
  trap 'tests/postgis.sh stop "$dir/pg"; rm -rf "$dir"' EXIT
  chmod 755 "$dir"
  BOUILLON_TEST_POSTGIS=$(tests/postgis.sh start "$dir/pg")
  export BOUILLON_TEST_POSTGIS
fi
cargo bench --locked --quiet --bench bench
