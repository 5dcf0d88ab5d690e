#!/usr/bin/env bash
# Builds sdist and wheel into FOLDER and has the index's own check look at them; the wheel is made from the sdist.
#   packaging/python.sh FOLDER
set -euo pipefail
[ $# -eq 1 ] || { echo "usage: packaging/python.sh FOLDER" >&2; exit 2; }
repo=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
target=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q build==1.6.1 twine==7.0.0
"$work/venv/bin/python" -m build --quiet --outdir "$target" "$repo"
"$work/venv/bin/twine" check --strict "$target"/*
