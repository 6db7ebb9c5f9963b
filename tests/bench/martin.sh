#!/usr/bin/env bash
# Prints the path of Martin 1.14, or nothing when it is not there; MARTIN=1 builds it first (20 to 40 minutes).
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$PWD/target/peers
martin=$(command -v martin || echo "$work/bin/martin")
if [ ! -x "$martin" ] && [ -n "${MARTIN:-}" ]; then
  echo "Martin is built once (20 to 40 minutes)" >&2
  CARGO_PROFILE_RELEASE_LTO=false CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_TARGET_DIR=$work/martin \
    cargo install martin --version 1.14.0 --locked --no-default-features --features pmtiles,postgres --root "$work" >&2
  rm -rf "$work/martin"
fi
if [ -x "$martin" ]; then echo "$martin"; else echo "Martin is not there: MARTIN=1 make bench-peers builds it first." >&2; fi
