#!/usr/bin/env bash
# Asks the running server what its own description promises: 25 examples per operation, no failure, no answer that is not described.
# One worker: with several, CPython 3.11 loses count in `ast` (SystemError: AST constructor recursion depth mismatch).
# First with anything, then with the addresses of the demonstration territory, so that what lies behind a 404 is reached as well.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
binary=${BINARY:-target/release/bouillon} seconds=${SCHEMATHESIS_SECONDS:-40} examples=${SCHEMATHESIS_EXAMPLES:-25}
dir=$(mktemp -d /tmp/bouillon-schemathesis.XXXXXX)
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT

"$binary" import osm fixtures/solvigne-2026-03-01.osm.pbf --data "$dir" >/dev/null 2>&1
free="--creations-per-hour=1000000 --edits-per-hour=1000000 --address-creations-per-hour=1000000 --address-edits-per-hour=1000000 --min-fill-seconds=0"
# shellcheck disable=SC2086
BOUILLON_LOG=warn "$binary" serve --data "$dir" --listen 127.0.0.1:0 $free >"$dir/out" 2>"$dir/log" &
server=$!
for _ in $(seq 100); do grep -q http "$dir/out" && break; sleep 0.1; done
url=$(grep -o 'http://[0-9.:]*' "$dir/out")
actor=$(curl -fsS "$url/api/v1/territories/solvigne/actors.geojson?limit=1" | grep -o '"id":"[0-9a-f-]\{36\}"' | head -1 | cut -d'"' -f4)

cat >"$dir/known.toml" <<TOML
[parameters]
"path.slug" = "solvigne"
"path.archive" = "solvigne"
"path.id" = "$actor"
"path.z" = 12
"path.x" = 2046
"path.y" = "1412"
"query.territory" = "solvigne"
"query.inside" = "solvigne"
TOML
: >"$dir/anything.toml"
for config in anything known; do
  # In its folder, because it leaves a cache where it runs.
  (cd "$dir" && "$root/target/venv/bin/st" --config-file "$dir/$config.toml" run "$url/api/v1/openapi.json" --no-color --workers 1 \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
    --phases examples,coverage,fuzzing --max-examples "$examples" --max-time "$seconds" --generation-deterministic --suppress-health-check all \
    >"$dir/report" 2>&1) || { cat "$dir/report"; exit 1; }
  sed -n '/= SUMMARY =/,$p' "$dir/report" | grep -E 'Tested|generated' || true
done
if grep -E 'panicked|ERROR' "$dir/log"; then echo "the server's log tells of a failure" >&2; exit 1; fi
