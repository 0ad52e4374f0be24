// Package tailnetpb is what protoc-gen-go makes of our net/wire/tailnet.proto. It is generated into
// the build folder and laid over this one (go build -overlay), so it is never out of date.
package tailnetpb
