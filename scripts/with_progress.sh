#!/usr/bin/env bash
# Run a command that installs something, with a line that says so while it does: scripts/with_progress.sh WORDS COMMAND…
# On a terminal the line counts the seconds; elsewhere it is printed once. What takes less than a second says nothing.
set -u
words=$1
shift
"$@" &
job=$!
trap 'kill "$job" 2>/dev/null' INT TERM # bash shields what it starts in the background from Ctrl-C
shown=
began=$SECONDS
while kill -0 "$job" 2>/dev/null; do
  elapsed=$((SECONDS - began))
  if [ "$elapsed" -gt 0 ]; then
    if [ -t 2 ]; then
      printf '\r%s … %d s ' "$words" "$elapsed" >&2
    elif [ -z "$shown" ]; then
      printf '%s …\n' "$words" >&2
    fi
    shown=yes
  fi
  sleep 0.2
done
wait "$job"
status=$?
if [ -n "$shown" ] && [ "$status" = 0 ]; then
  [ -t 2 ] && printf '\r' >&2
  printf '%s: done in %d s\n' "$words" $((SECONDS - began)) >&2
fi
exit "$status"
