#!/usr/bin/env bash
# Measures against real peers on one large extract, in turns and in one run: tilemaker (base map), osm2pgsql (import) and Martin (base-map
# tiles from the same archive). The table goes to target/bench-peers.md too. ROUNDS=1 for a quick look; BIG=FILE for another extract.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=$PWD dir=$(mktemp -d /tmp/bouillon-peers.XXXXXX) work=target/peers table=target/bench-peers.md
chmod 755 "$dir"
servers=()
trap 'kill "${servers[@]}" 2>/dev/null || true; tests/postgis.sh stop "$dir/pg" 2>/dev/null || true; rm -rf "$dir"' EXIT
mkdir -p "$work"
data=$here/../shared/data bouillon=$here/target/release/bouillon rounds=${ROUNDS:-3}

missing=()
for tool in tilemaker osm2pgsql wrk osmium; do command -v "$tool" >/dev/null || missing+=("${tool/#osmium/osmium-tool}"); done
[ -x /usr/bin/time ] || missing+=(time)
if [ ${#missing[@]} != 0 ]; then
  [ "$(id -u)" = 0 ] || { echo "The comparison needs: ${missing[*]}" >&2; exit 1; }
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

big=${BIG:-$work/big.osm.pbf}
if [ ! -e "$big" ]; then
  [ -d "$data/osm" ] || { echo "There is no $big: give a large extract with BIG=FILE." >&2; exit 1; }
  python3 -c 'import osmium' 2>/dev/null || pip install -q osmium
  bases=()
  for name in monaco-riviera-2016-03 munchen-2020-07 redon kobenhavn-nometa liechtenstein-2021-10; do bases+=("$data/osm/$name.osm.pbf"); done
  python3 "$data/tools/make_big_pbf.py" "$big" 46 "${bases[@]}" --names="$data/admin/communes-centroides.csv.gz" >&2
fi
if [ ! -e "$work/whole.osm.pbf" ] || [ "$big" -nt "$work/whole.osm.pbf" ]; then
  python3 tests/bench/whole.py "$big" "$work/whole.osm.pbf"
fi
big=$work/whole.osm.pbf
bbox=$(osmium fileinfo -e -g data.bbox "$big" | tr -d '()')
say() { printf '%s\n' "$*" >&2; }
# Wall seconds and peak kilobytes of a command, without its output.
timed() { /usr/bin/time -o "$dir/time" -f '%e %M' "$@" >"$dir/out" 2>"$dir/err" || { cat "$dir/err" >&2; exit 1; }; cat "$dir/time"; }
row() { printf '| %s | %s | %s | %s | %s |\n' "$@" | tee -a "$table"; }
# The median of the first argument's column of a file, and of the ratio of two columns.
median() { awk -v c="$2" '{ print $c }' "$1" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
ratio() { awk -v a="$2" -v b="$3" '{ print $a / $b }' "$1" | sort -n | awk '{ v[NR] = $1 } END { printf "%.2f (%.2f to %.2f)", v[int((NR + 1) / 2)], v[1], v[NR] }'; }

printf 'Extract: %s, %s bytes, %s rounds in turns\n\n' "$(basename "$big")" "$(stat -c %s "$big")" "$rounds" | tee "$table"
row work ours peer "ours / peer" target
row --- --- --- --- ---

say "Base map: ours and tilemaker's"
openmaptiles=/usr/share/doc/tilemaker/examples
# Without the layers that it would fill from shapefiles of the sea: less work for it, and nothing to download.
python3 - "$openmaptiles/config-openmaptiles.json" >"$dir/tilemaker.json" <<'PYTHON'
import json, sys
config = json.load(open(sys.argv[1]))
config["layers"] = {name: layer for name, layer in config["layers"].items() if "source" not in layer}
print(json.dumps(config))
PYTHON
for _ in $(seq "$rounds"); do
  read -r extract _ < <(timed "$bouillon" read-osm "$big" --boundary="$bbox" < <(sleep 600))
  read -r whole memory < <(timed "$bouillon" read-osm "$big" --boundary="$bbox" --basemap-at "$dir/ours.pmtiles" < <(sleep 600))
  read -r peer theirs < <(timed tilemaker --input "$big" --output "$dir/theirs.mbtiles" --bbox "$bbox" --config "$dir/tilemaker.json" --process $openmaptiles/process-openmaptiles.lua)
  echo "$extract $whole $memory $peer $theirs $(awk "BEGIN { print $whole - $extract }")" >>"$dir/map"
  rm -f "$dir/theirs.mbtiles"
done
row "base map alone, wall" "$(median "$dir/map" 6) s" "$(median "$dir/map" 4) s (tilemaker)" "$(ratio "$dir/map" 6 4)" "≤ 0.7"
row "reading everything and the base map, wall" "$(median "$dir/map" 2) s" "$(median "$dir/map" 4) s (tilemaker)" "$(ratio "$dir/map" 2 4)" "–"
row "memory" "$(median "$dir/map" 3) kB" "$(median "$dir/map" 5) kB (tilemaker)" "$(ratio "$dir/map" 3 5)" "≤ 1.0"
row "archive" "$(stat -c %s "$dir/ours.pmtiles") B" "–" "–" "–"

say "Actors: ours into SQLite, osm2pgsql into PostgreSQL"
postgres=$(tests/postgis.sh start "$dir/pg")
for round in $(seq "$rounds"); do
  read -r ours _ < <(timed "$bouillon" import osm "$big" --boundary="$bbox" --territory ici --basemap "$dir/ours.pmtiles" --data "$dir/data$round")
  read -r peer _ < <(timed osm2pgsql --slim --drop --database "$postgres" --prefix "peer$round" "$big")
  echo "$ours $peer" >>"$dir/actors"
done
row "extract → actors, wall" "$(median "$dir/actors" 1) s" "$(median "$dir/actors" 2) s (osm2pgsql --slim --drop)" "$(ratio "$dir/actors" 1 2)" "≤ 0.2"

martin=$(tests/bench/martin.sh)
if [ -n "$martin" ]; then
  say "Base-map tiles: ours and Martin's from the same archive"
  "$bouillon" serve --data "$dir/data1" --listen 127.0.0.1:8391 >"$dir/serve.log" 2>&1 & servers+=($!)
  "$martin" --listen-addresses 127.0.0.1:8392 "$dir/ours.pmtiles" >"$dir/martin.log" 2>&1 & servers+=($!)
  for port in 8391/healthz 8392/health; do until curl -sf "http://127.0.0.1:$port" >/dev/null; do sleep 0.2; done; done
  python3 tests/bench/tiles.py "$dir/ours.pmtiles" >"$dir/tiles.txt"
  sed "s|TILES|$dir/tiles.txt|" tests/bench/tiles.lua >"$dir/tiles.lua"
  load() { PREFIX=$1 wrk -t1 -c16 -d8s --latency -s "$dir/tiles.lua" "http://127.0.0.1:$2" | awk '/Requests\/sec/ { r = $2 } /99%/ { p = $2 } END { print r, p }'; }
  for _ in $(seq "$rounds"); do
    read -r ours fast < <(load "/tiles/base/ours" 8391)
    read -r peer slow < <(load "/ours" 8392)
    echo "$ours $peer $fast $slow" >>"$dir/served"
  done
  row "base-map tiles served per second, 16 connections, gzip" "$(median "$dir/served" 1)" "$(median "$dir/served" 2) (Martin 1.14)" "$(ratio "$dir/served" 1 2)" "≥ 1.0"
fi
