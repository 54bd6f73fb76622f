#!/usr/bin/env bash
# Installs the servers that the tests log in at, and what moves their clock, from Debian's packages.
set -euo pipefail

needed=(postgresql redis-server mariadb-server slapd rabbitmq-server openssl faketime)
missing=()
for package in "${needed[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
    echo "servers for the tests: all installed"
    exit
fi
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
# Nobody answers questions here, and none of the servers is to run but in the tests.
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
"${as_root[@]}" apt-get update -q >/dev/null
"${as_root[@]}" apt-get install -q -y --no-install-recommends "${missing[@]}" >/dev/null
echo "servers for the tests: installed ${missing[*]}"
