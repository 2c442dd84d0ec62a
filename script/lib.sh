#!/usr/bin/env bash
# What the scripts share. Source it; it goes to the project's root and defines functions only.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Builds go to build/<preset>, or under $BUILD_ROOT (for two checkouts of one tree, or a fast disk).
BUILD_ROOT=${BUILD_ROOT:-build}

say() {
  printf '%s\n' "==> $*"
}

die() {
  printf '%s\n' "${0##*/}: $*" >&2
  exit 1
}

# needs_value OPTION "$@": stops when an option that takes a value stands last.
needs_value() {
  [[ $# -ge 3 ]] || die "$1 needs a value"
}

# usage FILE: prints the comment at the head of a script, without its marks.
usage() {
  sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "$1"
}

# Runs script/bootstrap if anything that it installs is missing. Other systems than Debian are on
# their own: CMake says what it does not find.
ensure_bootstrapped() {
  if command -v dpkg-query >/dev/null && ! script/bootstrap --check "$@" >/dev/null; then
    script/bootstrap "$@"
  fi
}

# configure PRESET [CMAKE OPTION...]: quiet unless it fails.
configure() {
  local preset=$1 log
  shift
  mkdir -p "$BUILD_ROOT/$preset"
  log=$BUILD_ROOT/$preset/configure.log
  say "configure $preset in $BUILD_ROOT/$preset"
  cmake --preset "$preset" -B "$BUILD_ROOT/$preset" "$@" >"$log" 2>&1 || {
    cat "$log" >&2
    die "cmake refused the preset $preset"
  }
}

# build PRESET [TARGET...]: builds and says how long it took.
build() {
  local preset=$1 start=$SECONDS
  shift
  say "build $preset${*:+: $*}"
  ninja -C "$BUILD_ROOT/$preset" "$@" || die "the build of $preset failed"
  say "built $preset in $((SECONDS - start)) s"
}

# Node and npm of the machine, or those that script/bootstrap put into local/nodejs.
use_node() {
  local own=$PWD/local/nodejs/node_modules/node/bin
  if [[ -x $own/node ]]; then PATH=$own:$PATH; fi
}

# The console, into build/web. The packages are fetched when the lock file has changed; building takes seconds.
build_console() {
  use_node
  say "build the console into $BUILD_ROOT/web"
  if [[ ! web/node_modules/.package-lock.json -nt web/package-lock.json ]]; then
    (cd web && npm ci --no-audit --no-fund --loglevel=error </dev/null) || die "npm ci failed"
    touch web/node_modules/.package-lock.json
  fi
  local out=$PWD/$BUILD_ROOT/web
  (cd web && npm run --silent types && WIDEBERTH_CONSOLE_OUT=$out npm run --silent build) >/dev/null ||
    die "the console was not built: (cd web && npm run build) says why"
}
