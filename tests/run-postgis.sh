#!/usr/bin/env bash
# Serves the demonstration territory from a throw-away PostGIS that ends with the server.
set -euo pipefail
cd "$(dirname "$0")/.."
binary=$1 demo=$2 listen=$3
dir=$(mktemp -d /tmp/bouillon-postgis.XXXXXX)
trap 'tests/postgis.sh stop "$dir/pg"; rm -rf "$dir"' EXIT
chmod 755 "$dir"
url=$(tests/postgis.sh start "$dir/pg")
"$binary" import osm "$demo" --data "$dir/data" --database "$url"
"$binary" serve --data "$dir/data" --database "$url" --listen "$listen"
