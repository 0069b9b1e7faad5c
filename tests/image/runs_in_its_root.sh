#!/usr/bin/env bash
# Runs the entry point of the image without a container engine: in a root of nothing but the packages
# that the Dockerfile installs and what they depend on, as the image's user, who can write nowhere.
set -euo pipefail

dockerfile=$(realpath "$1")
server=$(realpath "$2")
packages_folder=$(realpath -m "$3")  # What was downloaded before.

skip() {
  echo "SKIPPED: $1"
  exit 77
}
[[ $(id -u) == 0 ]] || skip "only root can change the root"
command -v apt-get >/dev/null || skip "there are no packages here"

runtime=$(sed -n '/^FROM debian:bookworm-slim$/,$p' "$dockerfile" |
  sed -n '/apt-get install/,/&&/p' | grep -oE '\b(ca-certificates|lib[a-z0-9+.-]+)\b')
# shellcheck disable=SC2086  # A list of words.
needed=$(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
  --no-replaces --no-enhances $runtime libc6 libstdc++6 libgcc-s1 | grep -E '^(lib|zlib|ca-certificates|openssl)' |
  sort -u)

mkdir -p "$packages_folder"
cd "$packages_folder"
missing=()
for package in $needed; do
  compgen -G "${package}_*.deb" >/dev/null || missing+=("$package")
done
[[ ${#missing[@]} == 0 ]] || apt-get download -qq -o APT::Sandbox::User=root "${missing[@]}" ||
  skip "cannot download packages"

root=$(mktemp -d)
process=
clean_up() {
  [[ -z $process ]] || kill "$process" 2>/dev/null || true
  rm -rf "$root"
}
trap clean_up EXIT
for folder in bin lib lib64 sbin; do
  mkdir -p "$root/usr/$folder"
  ln -s "usr/$folder" "$root/$folder"
done
for package in $needed; do
  # The newest of those that were ever downloaded.
  file=$(ls -t "${package}"_*.deb | head -n 1)
  dpkg-deb --fsys-tarfile "$file" | tar -x -C "$root" --keep-directory-symlink
done
install -D "$server" "$root/usr/local/bin/sluice"
chmod 755 "$root"

user=$(sed -n 's/^USER //p' "$dockerfile")
log="$packages_folder/log"
: >"$log"
# The ports are told by the log.
env -i /usr/sbin/chroot --userspec="$user" "$root" /usr/local/bin/sluice --http 127.0.0.1:0 \
  --grpc 127.0.0.1:0 --admin 127.0.0.1:0 --log-format=text --shutdown-delay=0 --drain=0 >"$log" 2>&1 &
process=$!
admin=$(grep -oPm1 'admin=\K[0-9.:]+' < <(timeout 10 tail -f -n +1 --pid="$process" "$log") || true)
[[ -n $admin ]] || { echo "it did not start:"; cat "$log"; exit 1; }
[[ $(stat -c %u "/proc/$process") == "${user%:*}" ]] || { echo "it does not run as $user"; exit 1; }

# What HEALTHCHECK runs, told where by the environment.
env -i SLUICE_ADMIN="$admin" /usr/sbin/chroot --userspec="$user" "$root" /usr/local/bin/sluice --check
kill "$process"
wait "$process"
process=
