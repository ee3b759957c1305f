#!/usr/bin/env bash
# The two commands on a fresh machine: a bare Debian 12 (debootstrap, chroot) with make, git and python3, nothing else.
# As root: tests/fresh_machine.sh [folder] [mirror]. It prints how long each took; logs are kept in the folder.
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
began=$SECONDS
setsid "${inside[@]}" make -C /srv/vestibule serve PORT=$port >"$folder/serve.log" 2>&1 &
serving=$!
until "${inside[@]}" python3 - <<EOF 2>/dev/null; do
import json, re, urllib.parse, urllib.request
def ask(path, body=None):
    request = urllib.request.Request("http://localhost:$port" + path, body and json.dumps(body).encode(),
                                     {"Content-Type": "application/json", "Accept": "application/json"})
    return json.load(urllib.request.urlopen(request, timeout=10))
begun = ask("/api/auth/register/start", {"email": "ada@example.com", "password": "a vestibule for everybody"})
text = ""
while not (code := re.search(r"\b\d{6,8}\b", text)):
    text = "".join(letter["text"] for letter in ask("/dev/mailbox/?to=ada@example.com")["messages"])
assert ask("/api/auth/register/confirm", {"registration": begun["registration"], "otp": code[0]})["access"]
EOF
  kill -0 $serving 2>/dev/null || { tail -20 "$folder/serve.log"; exit 1; }
  sleep 2
done
took "make serve, to the first account"
kill -- "-$serving"
wait $serving || true
serving=

began=$SECONDS
"${inside[@]}" make -C /srv/vestibule test >"$folder/test.log" 2>&1 || { tail -40 "$folder/test.log"; exit 1; }
grep -E "^(=+ )?[0-9]+ passed" "$folder/test.log"
took "make test"
