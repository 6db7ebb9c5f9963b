#!/usr/bin/env bash
# A server whose data folder is a disk of 24 MiB: filled to the last byte, it serves readers and refuses writers; with room again it goes on.
# Runs inside a mount namespace of its own: see tests/soak.sh.
set -euo pipefail
cd "$(dirname "$0")/../.."
binary=${BINARY:-target/release/bouillon}
dir=$(mktemp -d /tmp/bouillon-tmpfs.XXXXXX)
mount -t tmpfs -o size=24m tmpfs "$dir"
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; umount "$dir"; rmdir "$dir"' EXIT
fail() { echo "FAIL: $1" >&2; cat /tmp/bouillon-tmpfs.log >&2; exit 1; }

"$binary" import osm fixtures/solvigne-2024-03-01.osm.pbf --data "$dir" >/dev/null 2>&1
free="--creations-per-hour=1000000 --edits-per-hour=1000000 --address-creations-per-hour=1000000 --address-edits-per-hour=1000000 --min-fill-seconds=0"
# shellcheck disable=SC2086
"$binary" serve --data "$dir" --listen 127.0.0.1:0 $free >/tmp/bouillon-tmpfs.out 2>/tmp/bouillon-tmpfs.log &
server=$!
for _ in $(seq 100); do grep -q http /tmp/bouillon-tmpfs.out && break; sleep 0.1; done
url=$(grep -o 'http://[0-9.:]*' /tmp/bouillon-tmpfs.out)
uuid() { cat /proc/sys/kernel/random/uuid; }
# $1: id of the edit, $2: id of the actor. Prints the status.
add() {
  token=$(curl -fsS "$url/api/v1/form" | sed 's/.*"token":"\([^"]*\)".*/\1/')
  printf '{"edits":[{"id":"%s","subject":{"kind":"actor","id":"%s"},"kind":"create","territory":"solvigne","set":{"name":"Soak","description":"%s"}}],"form":{"token":"%s"}}' \
    "$1" "$2" "$(head -c 1800 /dev/zero | tr '\0' a)" "$token" |
    curl -sS -o /tmp/bouillon-tmpfs.answer -w '%{http_code}' -H 'content-type: application/json' -b /tmp/bouillon-tmpfs.jar -c /tmp/bouillon-tmpfs.jar --data-binary @- "$url/api/v1/edits"
}
reads() { curl -fsS "$url/api/v1/territories/solvigne/actors.geojson?limit=5" | grep -q FeatureCollection || fail "a reader got nothing"; }
: >/tmp/bouillon-tmpfs.jar
[ "$(add "$(uuid)" "$(uuid)")" = 200 ] || fail "the first edit was not written"

for round in 1 2 3; do
  # Filled to the last byte; what the write-ahead log may still overwrite inside itself is used up by writing on.
  dd if=/dev/zero of="$dir/ballast" bs=4k 2>/dev/null || true
  edit=$(uuid) actor=$(uuid) status=200
  for _ in $(seq 6000); do
    status=$(add "$edit" "$actor")
    [ "$status" = 200 ] || break
    edit=$(uuid) actor=$(uuid)
  done
  [ "$status" = 507 ] || fail "round $round: $status on a full disk: $(cat /tmp/bouillon-tmpfs.answer)"
  reads
  [ "$(curl -sS -o /dev/null -w '%{http_code}' "$url/api/v1/actors/$actor")" = 404 ] || fail "what was refused is there"
  rm "$dir/ballast"
  [ "$(add "$edit" "$actor")" = 200 ] || fail "round $round: not written with room again: $(cat /tmp/bouillon-tmpfs.answer)"
  reads
  "$binary" check --data "$dir" | grep -q 'ok    atlas kept live' || fail "the atlas differs"
  echo "round $round: refused with 507, read on, written again without a restart"
done
