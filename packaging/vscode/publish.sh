#!/usr/bin/env bash
# Publishes the packaged extension in FOLDER, to Visual Studio's Marketplace and to Open VSX; --dry-run only looks whether
# both would take it. The tokens are VSCE_PAT and OVSX_PAT.
#   packaging/vscode/publish.sh FOLDER [--dry-run]
set -euo pipefail
[ $# -ge 1 ] || { echo "usage: packaging/vscode/publish.sh FOLDER [--dry-run]" >&2; exit 2; }
packages=("$1"/*.vsix)
[ ${#packages[@]} -eq 1 ] && [ -f "${packages[0]}" ] || { echo "there has to be one .vsix in $1" >&2; exit 1; }
package=$(cd "$1" && pwd)/$(basename "${packages[0]}")
cd "$(dirname "$0")"
npm ci --silent --no-fund --no-audit --ignore-scripts
if [ "${2:-}" = --dry-run ]; then
  npx --no-install vsce --version >/dev/null
  npx --no-install ovsx --version >/dev/null
  echo "would publish $(basename "$package")"
  exit 0
fi
npx --no-install vsce publish --packagePath "$package" --skip-duplicate
npx --no-install ovsx publish "$package" --skip-duplicate
