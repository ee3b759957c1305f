#!/usr/bin/env bash
# The first minutes on a fresh machine: a bare Debian 12 (debootstrap, chroot) with make, git and python3, nothing else.
# As root: tests/fresh_machine.sh [folder] [mirror]. It prints how long each took; logs are kept in the folder. Last come
# all tests; TESTS=no leaves them out.
set -euo pipefail
folder=${1:-$(mktemp -d)} mirror=${2:-http://deb.debian.org/debian} port=8123 serving=
root=$folder/root house=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)

[ -e "$root/usr/bin/python3" ] || debootstrap --variant=minbase --include=ca-certificates,git,make,python3 \
  bookworm "$root" "$mirror" >"$folder/debootstrap.log"
cp /etc/resolv.conf /etc/hosts "$root/etc/"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/" # what this machine trusts, a proxy's certificate too
rm -rf "$root/srv/vestibule" && git clone --quiet --no-local "$house" "$root/srv/vestibule"
leave() { [ -z "$serving" ] || kill -- "-$serving" 2>/dev/null || true; umount "$root/dev/shm" "$root/dev" "$root/proc"; }
mount -t proc proc "$root/proc" && mount --bind /dev "$root/dev" && mount -t tmpfs tmpfs "$root/dev/shm"
trap leave EXIT

inside=(env -i HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  chroot "$root")
took() { echo "$1: $(((SECONDS - began) / 60)) min $(((SECONDS - began) % 60)) s"; }

"${inside[@]}" python3 --version
"${inside[@]}" python3 -m pip --version 2>&1 || true
then=(true) # what else is done before the service ends
paste_readme() {
  "${inside[@]}" bash -c "python3 /srv/vestibule/tests/readme.py $port /srv/try/.venv/bin/python | bash" >"$folder/readme.log"
  echo "the README's blocks: $(grep -c . "$folder/readme.log") lines of answers"
}
# Serve by this command until there is an account; its output goes to the log of that name.
serve_until_first_account() {
  local log=$folder/$1.log name=$2
  shift 2
  setsid "${inside[@]}" "$@" >"$log" 2>&1 &
  serving=$!
  "${inside[@]}" python3 /srv/vestibule/tests/first_account.py "http://localhost:$port" ||
    { tail -20 "$log"; exit 1; }
  took "$name, to the first account"
  "${then[@]}"
  kill -- "-$serving"
  wait $serving || true
  serving=
}

began=$SECONDS
serve_until_first_account serve "make serve" make -C /srv/vestibule serve PORT=$port

# pip refuses to install beside Debian's own packages, and this python can make no virtual environment yet.
wheel=$("${inside[@]}" make -s -C /srv/vestibule wheel)
"${inside[@]}" apt-get update -qq
began=$SECONDS
"${inside[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >"$folder/apt.log" 2>&1
took "apt install python3-venv"
began=$SECONDS
rm -rf "$root/srv/try" && mkdir "$root/srv/try" # an empty folder
"${inside[@]}" sh -c "cd /srv/try && python3 -m venv .venv && .venv/bin/pip install -q /srv/vestibule/$wheel"
took "pip install"
"${inside[@]}" /srv/try/.venv/bin/vestibule --version
"${inside[@]}" apt-get install -y -qq curl >>"$folder/apt.log" 2>&1
then=(paste_readme)
began=$SECONDS
serve_until_first_account pip "vestibule serve in an empty folder" \
  sh -c "cd /srv/try && PORT=$port exec .venv/bin/vestibule serve"

[ "${TESTS:-yes}" = yes ] || exit 0
began=$SECONDS
"${inside[@]}" make -C /srv/vestibule test >"$folder/test.log" 2>&1 || { tail -40 "$folder/test.log"; exit 1; }
grep -E "^(=+ )?[0-9]+ passed" "$folder/test.log"
took "make test"
