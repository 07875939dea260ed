#!/bin/sh
# A test in a shell script: an order is stored, and one that the service refuses is not.
set -eu

# The command that starts the double. It is run directly: a signal to npx does not end the server.
command=${CONTEXT_STORE_COMMAND:-node_modules/.bin/context-store}
folder=$(mktemp -d)
mkfifo "$folder/output"
$command serve --control --port 0 --json >"$folder/output" &
double=$!
trap 'kill "$double"; rm -r "$folder"' EXIT

# Its first line of output contains its URL.
exec 3<"$folder/output"
read -r line <&3
url=$(echo "$line" | sed 's/.*"url":"\([^"]*\)".*/\1/')

json='content-type: application/json'
order() {
  curl --silent --output "$folder/answer" --write-out '%{http_code}' --request PATCH --header 'maven-api-key: any' \
    --header "$json" --data "{\"item\":\"$1\"}" "$url/v1/account/577089/orders/c1/properties"
}
expect() {
  [ "$1" = "$2" ] || { echo "expected $2, not $1" >&2; exit 1; }
}

curl --silent --fail --request POST --header "$json" --data '{"status":503,"match":{"method":"PATCH"}}' "$url/control/faults"
expect "$(order tea)" 503
expect "$(curl --silent "$url/control/state")" '{}'
expect "$(order tea)" 204
expect "$(curl --silent "$url/control/state")" '{"577089":{"orders":{"c1":{"item":"tea"}}}}'
curl --silent --fail "$url/control/done"
echo ok
