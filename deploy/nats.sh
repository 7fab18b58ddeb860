#!/bin/sh
# Runs the NATS server, and starts it again when it has met a full disk: once a write of a log's
# file has failed it takes no more messages for that log, though there be room again, and says so
# at /healthz. The rule, also of libs/launcher/nats_health.py: a server is ill that says so on two looks
# one after the other, while there is room. This wget does not show the reason: a 503 of a server that
# was well stands for it.
# Arguments are the server's; the folder and the address are those of nats.conf.
store=${NATS_STORE:-/data} health=${NATS_HEALTH:-http://127.0.0.1:8222/healthz} stopping=

pause() { sleep "$1" & wait $!; } # ends early at a signal

is_well() { wget -q -T 2 -O /dev/null "$health" 2>/dev/null; }

is_ill() { wget -S -T 2 -O /dev/null "$health" 2>&1 | grep -q "HTTP/1.* 503"; }

runs() { kill -0 "$server" 2>/dev/null; }

has_room() { [ "$(df -Pk "$store" | awk 'NR == 2 { print $4 }')" -ge 8192 ]; }

trap 'stopping=yes; kill -TERM "$server"' TERM INT

while [ -z "$stopping" ]; do
  nats-server "$@" &
  server=$! ill=0
  # While it reads its logs it is not well either; only what was well can fall ill.
  until is_well || ! runs; do pause 0.2; done
  while runs; do
    pause 2
    if ! is_ill || ! has_room; then
      ill=0
    elif [ $((ill += 1)) -eq 2 ]; then
      echo "nats.sh: the server does not write though there is room; it is started again" >&2
      kill -TERM "$server"
    fi
  done
  wait "$server"
  code=$?
  if [ -z "$stopping" ] && [ "$ill" -lt 2 ]; then exit "$code"; fi
done
