#!/usr/bin/env bash
# What a release build of Forewarn costs, from nothing: CPU seconds, crates, size.
# Budget: 900 CPU seconds and 400 crates for the default build.
#
#   scripts/build_cost.sh                                the default build
#   scripts/build_cost.sh -p forewarn --features NAME    any other arguments of `cargo build`
#
# CPU seconds depend on the machine, but hardly on what else it is doing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

arguments=("$@")
if ((${#arguments[@]} == 0)); then arguments=(-p forewarn); fi

target=$(mktemp -d "${TMPDIR:-/tmp}/forewarn-build-cost.XXXXXX")
trap 'rm -rf "$target"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

cargo fetch --locked --quiet # downloads are not part of the cost
crates=$(python3 scripts/check_dependencies.py --count "${arguments[@]}")

TIMEFORMAT='%R %U %S'
{ time CARGO_TARGET_DIR="$target" RUSTC_WRAPPER='' \
  cargo build --release --locked --quiet "${arguments[@]}" 2>"$target.log"; } 2>"$target.times" ||
  { cat "$target.log" >&2 && rm -f "$target.log" "$target.times" && exit 1; }
read -r wall user system <"$target.times"
rm -f "$target.log" "$target.times"

echo "crates:      $crates"
awk -v u="$user" -v s="$system" 'BEGIN { printf "CPU seconds: %.0f\n", u + s }'
awk -v w="$wall" -v c="$(nproc)" 'BEGIN { printf "wall time:   %.0f s on %d cores\n", w, c }'
if [[ -x $target/release/forewarn ]]; then
  echo "binary:      $(stat -c %s "$target/release/forewarn") bytes"
fi
