#!/bin/sh
# Draws docs/count.svg from what ring3 says about a redis-server under load. Needs a build, redis-server and redis-benchmark.
set -eu
cd "$(dirname "$0")/../.."

port=7391
lines=16
folder=$(mktemp -d)
redis-server --port "$port" --save '' --dir "$folder" --daemonize no >/dev/null &
server=$!
load=
trap 'kill $load $server 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$folder"' EXIT
until redis-cli -p "$port" ping >/dev/null 2>&1; do sleep 0.1; done
redis-benchmark -p "$port" -q -l -t set,get,lpush,lpop,zadd -r 100000 >/dev/null 2>&1 &
load=$!
sleep 1

node dist/src/cli/main.js count -p "$server" -d 5 'redis-server:*' >"$folder/table" 2>"$folder/messages"
{
  echo "\$ ring3 count -p $server -d 5 'redis-server:*'"
  fold -s -w 90 "$folder/messages"
  sed -n '1s/.*/\x1b[1m&\x1b[22m/p;2,'"$lines"'p' "$folder/table"
  echo "  … $(($(grep -c redis-server: "$folder/table") - lines + 1)) more lines"
  tail -1 "$folder/table"
} | node dist/tools/terminal-picture.js >"$folder/count.svg"
mv "$folder/count.svg" docs/count.svg
