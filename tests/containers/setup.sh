#!/usr/bin/env bash
# Installs the programs that make the archives of the tests, from Debian's packages.
set -euo pipefail

needed=(zip unzip p7zip-full bzip2 xz-utils zstd cpio rpm skopeo sqlite3 python3 librsvg2-bin ghostscript qpdf poppler-utils)
missing=()
for package in "${needed[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
    echo "programs that make archives: all installed"
    exit
fi
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -q >/dev/null
"${as_root[@]}" apt-get install -q -y --no-install-recommends "${missing[@]}" >/dev/null
echo "programs that make archives: installed ${missing[*]}"
