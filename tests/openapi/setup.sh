#!/usr/bin/env bash
# Fetches what tests/openapi.rs needs into a folder: prism, and GitHub's OpenAPI specification, trimmed. The
# specifications of other vendors are kept in specs/. Does nothing a second time.
#
#     tests/openapi/setup.sh [FOLDER]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-${CARGO_TARGET_DIR:-$here/../../target}/openapi}
# 5.15 needs a newer Node than 20.
prism=5.14.2
octokit=23.0.2
want="prism $prism, octokit $octokit, $(cksum < "$here/trim.mjs")"

[ "$(cat "$folder/ready" 2>/dev/null)" = "$want" ] && { echo "openapi: $folder is ready"; exit 0; }
command -v npm >/dev/null || { echo "openapi: npm is missing: install Node.js 20" >&2; exit 1; }
mkdir -p "$folder"
cd "$folder"
rm -f ready
[ -f package.json ] || echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --silent --save-exact "@stoplight/prism-cli@$prism"
[ -f "octokit-openapi-$octokit.tgz" ] || npm pack --silent "@octokit/openapi@$octokit" >/dev/null
tar xzf "octokit-openapi-$octokit.tgz" package/generated/api.github.com.json
OPENAPI=$PWD node "$here/trim.mjs" github package > github.json
rm -r package
echo "$want" > ready
echo "openapi: put prism $prism and GitHub's specification of @octokit/openapi $octokit into $folder"
