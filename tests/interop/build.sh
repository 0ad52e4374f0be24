#!/usr/bin/env bash
# tests/interop/build.sh OUT: builds the genuine peers into OUT/peers. Their modules come from the Go
# module proxy; the protobuf code is made here from our own net/wire/tailnet.proto.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)

need() {
    command -v "$1" >/dev/null || exec "$root/tests/support/skip" "the genuine peers take $1, which is not here"
}
need go
need protoc
wanted=$(sed -n 's/^go \([0-9]*\.[0-9]*\).*/\1/p' "$here/go.mod")
have=$(go env GOVERSION | sed -E 's/^go([0-9]+\.[0-9]+).*/\1/')
if [ "$(printf '%s\n' "$wanted" "$have" | sort -V | head -n 1)" != "$wanted" ]; then
    exec "$root/tests/support/skip" "the genuine peers take Go $wanted; here is $have"
fi

cd "$here"
go build -o "$out/protoc-gen-go" google.golang.org/protobuf/cmd/protoc-gen-go
protoc --plugin="$out/protoc-gen-go" --proto_path="$root/net/wire" --go_out="$out" \
    --go_opt=paths=source_relative,Mtailnet.proto=derptop.example/interop/tailnetpb tailnet.proto
printf '{"Replace": {"%s": "%s"}}\n' "$here/tailnetpb/tailnet.pb.go" "$out/tailnet.pb.go" >"$out/overlay.json"
# The tag lets tailscale.com's relay client use a websocket when it is asked to.
go build -tags ts_debug_websockets -overlay "$out/overlay.json" -o "$out/peers" ./peers

untidy=$(gofmt -l .)
[ -z "$untidy" ] || {
    echo "not as gofmt lays it out: $untidy"
    exit 1
}
go vet -tags ts_debug_websockets -overlay "$out/overlay.json" ./peers
