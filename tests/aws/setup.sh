#!/usr/bin/env bash
# Fetches what tests/aws.rs needs into a folder: moto, which plays IAM and STS, in a Python environment of its own.
# Does nothing a second time.
#
#     tests/aws/setup.sh [FOLDER]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-${CARGO_TARGET_DIR:-$here/../../target}/aws}
moto=5.2.5

[ "$(cat "$folder/ready" 2>/dev/null)" = "moto $moto" ] && { echo "aws: $folder is ready"; exit 0; }
python3 -c 'import ensurepip, venv' 2>/dev/null || { echo "aws: python3 with venv is missing" >&2; exit 1; }
mkdir -p "$folder"
rm -f "$folder/ready"
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "moto[server,iam,sts]==$moto"
echo "moto $moto" > "$folder/ready"
echo "aws: put moto $moto into $folder"
