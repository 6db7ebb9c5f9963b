#!/usr/bin/env bash
# Pictures of the base map in its three styles, drawn by Chromium on a real server: target/pictures/index.html.
# The places beside the demonstration commune need the extracts of ../shared/data/osm.
set -euo pipefail
cd "$(dirname "$0")/../.."

bouillon=$(realpath "${BOUILLON:-target/release/bouillon}")
extracts=$(realpath -m "${EXTRACTS:-../shared/data/osm}")
out=target/pictures
data=$(mktemp -d /tmp/bouillon-pictures.XXXXXX)
server=
trap '[[ -z $server ]] || kill "$server"; rm -rf "$data"' EXIT

files=("$(ls fixtures/solvigne-*.osm.pbf | tail -1)")
if [[ -d $extracts ]]; then
  for name in andorra-2021-10 liechtenstein-2021-10 monaco-2021-04 redon; do
    [[ ! -e $extracts/$name.osm.pbf ]] || files+=("$extracts/$name.osm.pbf")
  done
else
  echo "$extracts is not there: only the demonstration commune is drawn."
fi
for file in "${files[@]}"; do
  "$bouillon" import osm "$file" --data "$data" >"$data/import.log" 2>&1 || { cat "$data/import.log"; exit 1; }
done

"$bouillon" serve --data "$data" --listen 127.0.0.1:0 >"$data/serve.log" 2>&1 &
server=$!
for _ in {1..50}; do
  url=$(grep -oE 'http://127\.0\.0\.1:[0-9]+' "$data/serve.log" | head -1 || true)
  [[ -z $url ]] || break
  sleep 0.2
done
[[ -n $url ]] || { cat "$data/serve.log"; exit 1; }

node tests/pictures/draw.mjs "$url" "$out" "$@"
echo "$out/index.html"
