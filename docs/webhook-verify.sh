#!/bin/sh
# Checks that a delivery came from aforo: exit status 0 if it did.
#
#   webhook-verify.sh SECRET WEBHOOK-ID WEBHOOK-TIMESTAMP WEBHOOK-SIGNATURE < body
#
# The body has to be the bytes that came, not what a parser made of them. Whether the timestamp is of the last minutes is the caller's to look at.
set -eu
key=$(printf %s "${1#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
signed=$({ printf '%s.%s.' "$2" "$3"; cat; } | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | openssl base64 -A)
case " $4 " in
    *" v1,$signed "*) exit 0 ;;
    *) echo "the signature does not fit" >&2; exit 1 ;;
esac
