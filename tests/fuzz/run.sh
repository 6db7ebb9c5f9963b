#!/usr/bin/env bash
# Runs each fuzz target for FUZZ_SECONDS (default 60), from the kept corpus: `run.sh [TARGET…]`. What it finds is written to
# target/fuzz/artifacts/TARGET; once mended, the case is kept in fixtures/fuzz/TARGET, where `make test` runs it for ever.
# Needs a nightly compiler (rustup toolchain install nightly) and cargo-fuzz (cargo install cargo-fuzz --locked).
set -euo pipefail
cd "$(dirname "$0")"
command -v cargo-fuzz >/dev/null || { echo "cargo-fuzz is missing: cargo install cargo-fuzz --locked" >&2; exit 1; }
rustc +nightly --version >/dev/null 2>&1 || { echo "a nightly compiler is missing: rustup toolchain install nightly" >&2; exit 1; }
targets=("$@")
[ ${#targets[@]} = 0 ] && targets=(pbf edits queries tiles archives)

# Without a sanitizer: our code holds no unsafe block, and overflows, indices and assertions panic by themselves.
build=(--fuzz-dir . --target-dir ../../target/fuzz -s none)
cargo +nightly fuzz build "${build[@]}"
for target in "${targets[@]}"; do
  corpus=../../target/fuzz/corpus/$target found=../../target/fuzz/artifacts/$target
  mkdir -p "$corpus" "$found"
  echo "== $target, ${FUZZ_SECONDS:-60} s"
  # The demonstration commune in memory, and an extract's 256 MiB, fit in 1.5 GiB.
  cargo +nightly fuzz run "${build[@]}" "$target" "$corpus" "../../fixtures/fuzz/$target" -- \
    -max_total_time="${FUZZ_SECONDS:-60}" -timeout=20 -rss_limit_mb=1536 -max_len=8192 -print_final_stats=1 -artifact_prefix="$found/" 2>&1 |
    grep -E '^stat::|panicked|^==|ERROR|SUMMARY|Test unit' || true
  [ -z "$(ls -A "$found")" ] || { echo "found: $(ls "$found")" >&2; exit 1; }
done
