#!/usr/bin/env bash
# The image of the Dockerfile by buildah, as root and without a container engine, and a first account in it:
# tests/image.sh VERSION [folder] [mirror]. Where no registry is reached its base is made here: Debian 13 by debootstrap,
# whose Python is of the same minor version as that of the base that the Dockerfile names.
set -euo pipefail
version=$1 folder=${2:-$(mktemp -d)} mirror=${3:-http://deb.debian.org/debian} port=8124
house=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
base=$(sed -n 's/^FROM \(python:[^ ]*\) AS build$/\1/p' "$house/Dockerfile")
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
took() { echo "$1: $(((SECONDS - began) / 60)) min $(((SECONDS - began) % 60)) s"; }

began=$SECONDS
if ! buildah pull --quiet "docker.io/library/$base" >/dev/null 2>&1; then
  echo "no registry is reached: the base $base is made here, of Debian 13"
  [ -e "$folder/base/usr/bin/python3.13" ] || debootstrap --variant=minbase \
    --include=ca-certificates,python3-dev,python3-pip,python3-venv,python-is-python3 trixie "$folder/base" "$mirror" \
    >"$folder/debootstrap.log"
  rm -f "$folder"/base/usr/lib/python3.*/EXTERNALLY-MANAGED # an official image has none
  cp /etc/ssl/certs/ca-certificates.crt "$folder/base/etc/ssl/certs/" # what this machine trusts, a proxy's, too
  made=$(buildah from scratch)
  buildah add --quiet "$made" "$folder/base" / >/dev/null
  buildah config --env UV_SYSTEM_CERTS=true --env PIP_CERT=/etc/ssl/certs/ca-certificates.crt "$made"
  buildah commit --quiet "$made" "docker.io/library/$base" >/dev/null
  buildah rm "$made" >/dev/null
fi
took "the base"

began=$SECONDS
buildah bud --pull-never --format docker --tag "vestibule:$version" "$house" >"$folder/build.log" 2>&1 ||
  { tail -20 "$folder/build.log"; exit 1; }
took "vestibule:$version"

container=$(buildah from --pull-never "vestibule:$version")
trap 'kill %1 2>/dev/null || true; wait; buildah rm "$container" >/dev/null' EXIT
inside=(buildah run --env MAILBOX_PUBLIC=on --env "PORT=$port" "$container" --)
[ "$("${inside[@]}" vestibule --version)" = "$version" ]
began=$SECONDS
"${inside[@]}" vestibule serve >"$folder/serve.log" 2>&1 &
python3 "$house/tests/first_account.py" "http://localhost:$port" || { tail -20 "$folder/serve.log"; exit 1; }
took "vestibule serve in the image, to the first account"
"${inside[@]}" sh -c 'id -u; du -sm /opt/vestibule' | tr '\n' ' '
