#!/usr/bin/env bash
# Checks what can be checked of the Dockerfile without a container engine: every package that it
# installs exists, and every library that the two programs are linked to comes with them.
set -euo pipefail

dockerfile="$1"
shift  # The programs.

# A package that can be installed.
is_there() {
  [[ $(apt-cache policy "$1") == *"Candidate: "[0-9]* ]]
}

if ! command -v apt-cache >/dev/null || ! is_there libssl3; then
  echo "SKIPPED: there are no package lists here"
  exit 77
fi

runtime=$(sed -n '/^FROM debian:bookworm-slim$/,$p' "$dockerfile" |
  sed -n '/apt-get install/,/&&/p' | grep -oE '\b(ca-certificates|lib[a-z0-9+.-]+)\b')
[[ -n $runtime ]] || { echo "no packages found in $dockerfile"; exit 1; }

failed=0
for package in $runtime; do
  if ! is_there "$package"; then
    echo "the Dockerfile installs $package, which Debian does not have"
    failed=1
  fi
done

# What comes with them, and the base system.
# shellcheck disable=SC2086  # A list of words.
installed=$(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
  --no-replaces --no-enhances $runtime libc6 libstdc++6 libgcc-s1 | grep -E '^[a-z]' | sort -u)

for program in "$@"; do
  if ldd "$program" | grep 'not found'; then failed=1; fi
  while read -r library; do
    package=$(dpkg -S "$library" 2>/dev/null || dpkg -S "/usr$library" 2>/dev/null ||
      dpkg -S "${library#/usr}" 2>/dev/null || true)
    package=${package%%:*}
    if [[ -z $package ]] || ! grep -qxF "$package" <<<"$installed"; then
      echo "$(basename "$program") needs $library (${package:-of no package}), which the image lacks"
      failed=1
    fi
  done < <(ldd "$program" | awk '/=> \// { print $3 }')
done

grep -q '^USER 65532:65532$' "$dockerfile" || { echo "the image runs as root"; failed=1; }
grep -q '^HEALTHCHECK .*"sluice", "--check"' "$dockerfile" || { echo "no HEALTHCHECK"; failed=1; }
exit "$failed"
