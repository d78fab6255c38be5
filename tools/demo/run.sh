#!/bin/sh
# Starts a program and counts its calls for three seconds. Needs a build of ring3 and a C compiler.
set -eu
cd "$(dirname "$0")/../.."

mkdir -p .cache
"${CC:-cc}" -O2 -g -o .cache/word-count tools/demo/word-count.c

.cache/word-count &
target=$!
trap 'kill "$target" 2>/dev/null || true; wait "$target" 2>/dev/null || true' EXIT

echo "A program is running: .cache/word-count, process $target. Which functions does it call, and how often?"
echo
echo "\$ ring3 count -p $target -d 3 'word-count:*' libc:calloc libc:free"
node dist/src/cli/main.js count -p "$target" -d 3 'word-count:*' libc:calloc libc:free
echo
kill -0 "$target" && echo "The program goes on running as before; the demo ends it now."
