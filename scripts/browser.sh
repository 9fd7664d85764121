#!/usr/bin/env bash
# Looks at every screen with sample data and every mail in a real browser, walks through the demo, does what people do there by keyboard, without script and by
# pointing, and reads cards without it: `scripts/browser.sh [DIR]`. Pictures go to DIR (artefacts/screens).
# Ends with "N passed, N failed", a look being one screen at one width in one colour scheme.
# What passed today with the same program, scripts and browser is not walked again; FOREWARN_TEST_AFRESH=1 walks.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
pictures=${1:-artefacts/screens}
work=$(mktemp -d)
trap 'kill "${server:-}" "${demo:-}" 2>/dev/null || true; rm -rf "$work"' EXIT

cargo build --quiet --locked -p forewarn
cargo run --quiet --locked -p forewarn-server --example screens -- "$work/site"
(cd tests/browser && npm ci --silent --no-audit --no-fund)
mkdir -p "$pictures"
# The shell without a window is the same engine and twice as quick.
chromium=${FOREWARN_TEST_CHROMIUM:-$(command -v chromium-headless-shell || command -v chromium)}

built=${CARGO_TARGET_DIR:-target}/debug
of="$(date +%F) $("$chromium" --version) $(cat "$built/forewarn" "$built/examples/screens" tests/browser/*.mjs tests/browser/package-lock.json | sha256sum)"
if [[ -z ${FOREWARN_TEST_AFRESH:-} && $(head -1 "$pictures/passed" 2>/dev/null) == "$of" ]]; then
  echo "passed before, and nothing has changed since:"
  tail -n +2 "$pictures/passed"
  exit 0
fi

# `first_match FILE PATTERN PID`: what the server says of itself once it is ready.
first_match() {
  until grep --only-matching --extended-regexp --max-count=1 "$2" "$1"; do
    kill -0 "$3" 2>/dev/null || { cat "$1" >&2; return 2; }
  done
}

python3 -u -m http.server --bind 127.0.0.1 --directory "$work/site" 0 >"$work/server.log" 2>&1 &
server=$!
samples=http://127.0.0.1:$(first_match "$work/server.log" 'port [0-9]+' $server | cut -d' ' -f2)
token=$(head -c 24 /dev/urandom | sha256sum | cut -c1-40)
FOREWARN_ADMIN_TOKEN=$token FOREWARN_LISTEN=127.0.0.1:0 "$built/forewarn" demo >"$work/demo.log" 2>&1 &
demo=$!
base=$(first_match "$work/demo.log" 'http://[0-9.:]+' $demo)

# `walk NAME BASE ARGS...`: one script, with pictures of what it sees. Its last line is "N looks, N faults".
walk() {
  local name=$1 from=$2
  shift 2
  node "tests/browser/$name.mjs" --base "$from" --chromium "$chromium" --out "$pictures" "$@" >"$work/looks.$name" || echo "$name" >>"$work/failed"
}

# Looking at samples and walking through the demo have nothing to do with each other, and both wait for a browser.
{
  walk run "$samples" --list "$work/site/screens.txt" --seen "$pictures/seen"
  walk desk "$samples"
  walk push "$samples"
  walk mails "$samples" --seen "$pictures/seen-mails"
} &
looking=$!
for name in demo declare banner editing undo cards; do walk $name "$base"; done
walk flows "$base" --token "$token"
wait $looking
status=0
if [[ -e $work/failed ]]; then status=1; fi

cat "$work"/looks.* >"$work/looks"
cat "$work/looks"
# Each of the eleven ends with "N looks, N faults".
awk '/^[0-9]+ looks, [0-9]+ faults$/ { looks += $1; faults += $3; ended++ }
  END { if (ended < 11) faults++; print (looks > faults ? looks - faults : 0) " passed, " faults + 0 " failed"; exit faults > 0 }' \
  "$work/looks" >"$work/counted" || status=1
cat "$work/counted"
if ((status == 0)); then { echo "$of"; cat "$work/counted"; } >"$pictures/passed"; fi
exit "$status"
