#!/usr/bin/env bash
# Builds the image from the wheel in dist/ and tries it: not as root, without network, on files that it cannot write.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v docker >/dev/null || { echo "the image is not built: there is no docker"; exit 0; }
docker build -q -f packaging/docker/Dockerfile -t cflint-try .
test "$(docker image inspect -f '{{.Config.User}}' cflint-try)" = 65532:65532
status=0
docker run --rm --network none --read-only -v "$PWD/examples/chat-room:/src:ro" cflint-try \
  check --exit-zero --output-format concise . | tee /dev/stderr | grep -q migration-missing-class
docker run --rm --network none --read-only -v "$PWD/examples/chat-room:/src:ro" cflint-try check -q . || status=$?
test "$status" -eq 1
docker image inspect -f '{{.Size}} bytes' cflint-try
