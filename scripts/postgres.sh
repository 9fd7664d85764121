#!/usr/bin/env bash
# Starts and stops a throwaway PostgreSQL server. Only for tests: everybody on this
# machine may connect to it, and its data belongs to nobody.
#
#   scripts/postgres.sh bin         prints the folder of initdb, pg_ctl and postgres
#   scripts/postgres.sh start DIR   makes or reuses the server in DIR, prints its URL
#   scripts/postgres.sh stop DIR [fast|immediate]
#
# A server that is stopped and started again keeps its port and its data, so a test can
# see what a restart of the database does. `immediate` is a crash: no shutdown checkpoint.
# Durability is PostgreSQL's default (fsync on), because tests about crashes rely on it.
set -euo pipefail

fail() {
  echo "postgres.sh: $*" >&2
  exit 1
}

# Debian keeps one folder per version and puts none of them on the PATH. The newest wins.
bin_folder() {
  local folder newest=
  for folder in /usr/lib/postgresql/*/bin; do
    [[ -x $folder/initdb && -x $folder/postgres ]] || continue
    if [[ -z $newest ]] || (($(version_of "$folder") > $(version_of "$newest"))); then
      newest=$folder
    fi
  done
  if [[ -z $newest ]] && command -v initdb >/dev/null; then
    newest=$(dirname "$(command -v initdb)")
  fi
  [[ -n $newest ]] || fail "no PostgreSQL server here; install it: apt-get install postgresql"
  echo "$newest"
}

version_of() {
  basename "$(dirname "$1")" | grep -oE '^[0-9]+' || echo 0
}

# PostgreSQL refuses to run as root, so root lends it the account that its package makes.
account() {
  if id postgres >/dev/null 2>&1; then echo postgres; else echo nobody; fi
}

as_server() {
  if ((EUID == 0)); then
    setpriv --reuid="$(account)" --regid="$(id -gn "$(account)")" --init-groups "$@"
  else
    "$@"
  fi
}

start() {
  local dir=$1 bin port attempt
  bin=$(bin_folder)
  mkdir -p "$dir"
  dir=$(cd "$dir" && pwd)
  if ((EUID == 0)); then chown "$(account)" "$dir"; fi
  cd "$dir" # so that the server's account never stands in a folder it may not enter

  if [[ ! -e data/PG_VERSION ]]; then
    as_server "$bin/initdb" --pgdata=data --username=postgres --auth=trust \
      --encoding=UTF8 --locale=C --no-sync >initdb.log 2>&1 ||
      { cat initdb.log >&2 && fail "initdb failed in $dir (may $(account) enter it?)"; }
  fi

  # Between the look and the start another program may take the port: then try the next.
  for attempt in {1..20}; do
    if [[ -e port ]]; then port=$(<port); else port=$(free_port); fi
    if as_server "$bin/pg_ctl" start --wait --silent --timeout=60 --pgdata=data --log=data/server.log \
      --options="-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=300" \
      </dev/null >/dev/null 2>pg_ctl.log; then
      echo "$port" >port
      echo "postgres://postgres@127.0.0.1:$port/postgres"
      return
    fi
    if [[ -e port ]] || ! grep -q 'could not bind' data/server.log; then break; fi
  done
  tail -n 20 data/server.log pg_ctl.log >&2 || true
  fail "the server in $dir did not start (attempt $attempt, port $port)"
}

# Below 32768, where Linux starts to hand out ports of its own accord.
free_port() {
  local port
  for _ in {1..100}; do
    port=$((20000 + RANDOM % 12000))
    if ! (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      echo "$port"
      return
    fi
  done
  fail "no free port found"
}

stop() {
  local dir=$1 mode=${2:-fast}
  cd "$dir" || fail "no server was started in $dir"
  [[ -e data/postmaster.pid ]] || return 0
  as_server "$(bin_folder)/pg_ctl" stop --wait --silent --timeout=60 --pgdata=data --mode="$mode"
}

case ${1:-} in
bin) bin_folder ;;
start) start "${2:?start needs a folder}" ;;
stop) stop "${2:?stop needs a folder}" "${3:-fast}" ;;
*)
  sed -n '2,11p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//'
  exit 2
  ;;
esac
