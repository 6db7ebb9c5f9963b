#!/usr/bin/env bash
# A throw-away PostGIS cluster on a unix socket: `postgis.sh start DIR` prints its URL, `postgis.sh stop DIR` ends and removes it.
# It uses the binaries that come with Debian's PostGIS packages, whatever PATH finds first, and never runs as root (initdb refuses).
set -euo pipefail

command=${1:?start or stop} dir=${2:?a folder}
bin=/usr/lib/postgresql/15/bin
name=bouillon

as_owner() {
  if [ "$(id -u)" = 0 ]; then
    runuser -u nobody -- env HOME="$dir" LC_ALL=C.UTF-8 "$@"
  else
    env LC_ALL=C.UTF-8 "$@"
  fi
}

case $command in
  start)
    [ -x $bin/initdb ] || { echo "PostgreSQL 15 is not installed (apt-get install postgresql-15 postgresql-15-postgis-3)" >&2; exit 1; }
    mkdir -p "$dir"
    [ "$(id -u)" = 0 ] && chown nobody "$dir"
    if [ ! -d "$dir/db" ]; then
      as_owner $bin/initdb -D "$dir/db" -U $name --auth=trust --encoding=UTF8 --no-sync >"$dir/initdb.log"
    fi
    if ! as_owner $bin/pg_ctl -D "$dir/db" status >/dev/null 2>&1; then
      as_owner $bin/pg_ctl -D "$dir/db" -w -l "$dir/log" -o "-k $dir -c listen_addresses='' -c max_connections=200" start >/dev/null
      as_owner $bin/createdb -h "$dir" -U $name $name 2>/dev/null || true
      # New databases are made from this one, PostGIS included.
      as_owner $bin/psql -q -h "$dir" -U $name -d $name -c "create extension if not exists postgis"
    fi
    echo "postgres://$name@localhost/$name?host=$dir"
    ;;
  stop)
    [ -d "$dir/db" ] && as_owner $bin/pg_ctl -D "$dir/db" -m immediate -w stop >/dev/null 2>&1 || true
    rm -rf "$dir"
    ;;
  *) echo "start or stop" >&2; exit 2 ;;
esac
