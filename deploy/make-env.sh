#!/bin/sh
# Makes deploy/.env with this installation's secrets, once. It is read by `docker compose`.
set -eu
cd "$(dirname "$0")"
[ ! -e .env ] || { echo "deploy/.env is there already."; exit 0; }
umask 077
secret() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
cat > .env <<ENV
WEIR_API_KEY=$(secret)
WEIR_ADMIN_USER=admin
WEIR_ADMIN_PASSWORD=$(secret)
WEIR_PUSH_SECRET=$(secret)
WEIR_INTERNAL_TOKEN=$(secret)
WEIR_NATS_TOKEN=n$(secret)
WEIR_POSTGRES_PASSWORD=$(secret)
WEIR_ACCESS_KEY_ID=weir$(secret | cut -c 1-12)
WEIR_SECRET_ACCESS_KEY=$(secret)
WEIR_PUBLIC_HOST=127.0.0.1
WEIR_HTTP_PORT=8080
WEIR_RTMP_PORT=1935
ENV
echo "Wrote deploy/.env; set WEIR_PUBLIC_HOST in it to the name that viewers use."
