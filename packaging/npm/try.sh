#!/usr/bin/env bash
# Packs the npm packages into FOLDER and tries them: they are installed without a registry, run with no Python in reach,
# and have to find what the command COMMAND finds.
#   packaging/npm/try.sh FOLDER PLATFORM BUILD COMMAND
set -euo pipefail
[ $# -eq 4 ] || { echo "usage: packaging/npm/try.sh FOLDER PLATFORM BUILD COMMAND" >&2; exit 2; }
repo=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1"
target=$(cd "$1" && pwd)
platform=$2
build=$(cd "$3" && pwd)
command=$4
python=$(dirname "$command")/python
make=$repo/packaging/npm/make.py

"$python" "$make" "$target"
"$python" "$make" "$target" --platform "$platform" --build "$build"
(cd "$target" && npm pack --silent "./cflint-workers" "./cflint-workers-$platform")

if [ "$platform" = win32-x64 ]; then
  echo "npm: packed; what Windows finds was compared when it was built"
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/home"
ln -s "$(command -v node)" "$(command -v npm)" "$(command -v npx)" "$(command -v sh)" "$work/bin"
bare() { env -i HOME="$work/home" PATH="$work/bin" npm_config_update_notifier=false "$@"; }

expect() { # expect NAME COMMAND…: what COMMAND prints and its exit code are those of the installed command
  local name=$1
  shift
  local status=0
  bare "$@" check --no-cache --output-format json . >"$work/found.json" || status=$?
  test "$status" -eq 1 || { echo "$name: exit code $status" >&2; return 1; }
  cmp "$work/expected.json" "$work/found.json"
  echo "$name: the same findings"
}

for scripts in "" --ignore-scripts; do
  project=$work/project$scripts
  cp -r "$repo/examples/chat-room" "$project"
  cd "$project"
  status=0
  bare "$command" check --no-cache --output-format json . >"$work/expected.json" || status=$?
  test "$status" -eq 1
  echo '{ "private": true }' >"$work/package.json"
  # Both are given, so that npm asks no registry: `--offline` has it fail where it would.
  # shellcheck disable=SC2086 # no word where there is no option
  (cd "$work" && bare npm install --silent --offline --no-fund --no-audit $scripts --omit=optional \
    "$target"/cflint-workers-[0-9]*.tgz "$target/cflint-workers-$platform"-[0-9]*.tgz)
  expect "npx ${scripts:-with scripts}" npx --offline cflint
  expect "the command ${scripts:-with scripts}" "$work/node_modules/.bin/cflint"
  rm -rf "$work/node_modules" "$work/package-lock.json"
done
