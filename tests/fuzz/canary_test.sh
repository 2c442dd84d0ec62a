#!/usr/bin/env bash
# Replaying a corpus must notice a crash, a missing and an empty corpus, and say what it did.
#   canary_test.sh PROGRAM   (canary_fuzz linked with replay_main.cc)
set -euo pipefail

program=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
  echo "canary: $1" >&2
  exit 1
}

# status COMMAND...: prints its exit code; the output goes to $scratch/out. The shell of its own
# keeps the report of a crash out of the test's output.
status() {
  local code=0
  (ulimit -c 0 && exec "$@") >"$scratch/out" 2>&1 || code=$?
  echo "$code"
}

[[ $(status "$program" tests/fuzz/canary) -ge 128 ]] || fail "the crash was missed"
grep -q "replay tests/fuzz/canary/wide (4 bytes)" "$scratch/out" || fail "the input was not named"

[[ $(status "$program" "$scratch/missing") == 2 ]] || fail "a missing corpus passed"
mkdir "$scratch/empty"
[[ $(status "$program" "$scratch/empty") == 2 ]] || fail "an empty corpus passed"

mkdir "$scratch/harmless"
printf 'w' >"$scratch/harmless/1"
printf 'harmless' >"$scratch/harmless/2"
[[ $(status "$program" "$scratch/harmless") == 0 ]] || fail "a harmless corpus failed"
grep -qx "replayed 2 inputs and the empty one" "$scratch/out" || fail "the count is missing"
echo "canary: noticed"
