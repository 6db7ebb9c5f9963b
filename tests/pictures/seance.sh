#!/usr/bin/env bash
# One sheet of pictures of a séance, played on a real server by real browsers: target/pictures/seance.png.
set -euo pipefail
cd "$(dirname "$0")/../.."

bouillon=$(realpath "${BOUILLON:-target/release/bouillon}")
data=$(mktemp -d /tmp/bouillon-pictures.XXXXXX)
server=
trap '[[ -z $server ]] || kill "$server"; rm -rf "$data"' EXIT

"$bouillon" import osm "$(ls fixtures/solvigne-*.osm.pbf | head -1)" --data "$data" >"$data/import.log" 2>&1 ||
  { cat "$data/import.log"; exit 1; }
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
url=http://127.0.0.1:$port
"$bouillon" serve --data "$data" --listen "127.0.0.1:$port" --base-url http://carte.solvigne.example --min-fill-seconds=0 >"$data/serve.log" 2>&1 &
server=$!
for _ in {1..50}; do
  ! curl -sf "$url/healthz" >/dev/null || break
  sleep 0.2
done

token=$("$bouillon" admin invite --role moderator --data "$data" | grep -oE '#.*')
mkdir -p target/pictures
node tests/pictures/seance.mjs "$url" "$url/invitation$token" target/pictures
