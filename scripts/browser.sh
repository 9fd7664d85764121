#!/usr/bin/env bash
# Looks at every screen with sample data in a real browser: `scripts/browser.sh [DIR]`. Pictures go to DIR (artefacts/screens).
# Ends with "N passed, N failed", a look being one screen at one width in one colour scheme.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
pictures=${1:-artefacts/screens}
work=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$work"' EXIT

cargo run --quiet --locked -p forewarn-server --example screens -- "$work/site"
(cd tests/browser && npm ci --silent --no-audit --no-fund)
python3 -u -m http.server --bind 127.0.0.1 --directory "$work/site" 0 >"$work/server.log" 2>&1 &
server=$!
# The server names its port in its first line.
until port=$(grep --only-matching --extended-regexp 'port [0-9]+' "$work/server.log" | grep --only-matching --extended-regexp '[0-9]+'); do
  kill -0 "$server" || { cat "$work/server.log"; exit 2; }
done
mkdir -p "$pictures"
status=0
node tests/browser/run.mjs --list "$work/site/screens.txt" --base "http://127.0.0.1:$port" \
  --chromium "$(command -v chromium)" --out "$pictures" >"$work/looks" || status=$?
cat "$work/looks"
looks=$(sed -nE 's/^([0-9]+) looks, ([0-9]+) faults$/\1/p' "$work/looks")
faults=$(sed -nE 's/^([0-9]+) looks, ([0-9]+) faults$/\2/p' "$work/looks")
echo "$((${looks:-0} > ${faults:-1} ? ${looks:-0} - ${faults:-1} : 0)) passed, ${faults:-1} failed"
exit "$status"
