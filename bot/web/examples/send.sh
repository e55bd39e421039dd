#!/bin/sh
# Sends one signal, signed in the plain form; prints the receipt.
#   sh send.sh ['{"external_id": …}']
# Needs curl and openssl. Others on this machine can see the arguments of openssl, the
# secret among them: where that matters, sign with Python or JavaScript.
set -eu

signal=${1:-'{
  "external_id": "example-'$(date +%s)'",
  "instrument": "XAUUSD",
  "side": "buy",
  "price": "1950.50",
  "stop_loss": "1945.00",
  "take_profit": "1965.00"
}'}
timestamp=$(date +%s)
signature=$(printf '%s.%s' "$timestamp" "$signal" |
  openssl dgst -sha256 -hmac "$TAPGATE_PROVIDER_SECRET" | sed 's/.* //')

curl --silent --show-error --fail-with-body --max-time 10 \
  --header "Content-Type: application/json" \
  --header "X-Provider: $TAPGATE_PROVIDER" \
  --header "X-Timestamp: $timestamp" \
  --header "X-Signature: $signature" \
  --data-binary "$signal" \
  "$TAPGATE_URL/api/v1/signals"
