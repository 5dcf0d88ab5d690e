#!/usr/bin/env bash
# Publishes the packed npm packages in FOLDER with their provenance, those of platforms first: the command names them.
# --dry-run sends nothing.
#   packaging/npm/publish.sh FOLDER [--dry-run]
set -euo pipefail
[ $# -ge 1 ] || { echo "usage: packaging/npm/publish.sh FOLDER [--dry-run]" >&2; exit 2; }
cd "$1"
options=(--access public)
if [ "${2:-}" = --dry-run ]; then options+=(--dry-run); else options+=(--provenance); fi
for package in ./cflint-workers-[a-z]*.tgz ./cflint-workers-[0-9]*.tgz; do
  [ -f "$package" ] || { echo "there is no $package" >&2; exit 1; }
  npm publish "${options[@]}" "$package"
  echo "published: $(basename "$package")"
done
