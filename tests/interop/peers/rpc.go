package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/hashicorp/yamux"
	"google.golang.org/protobuf/proto"
	"storj.io/drpc"
	"storj.io/drpc/drpcconn"
	"storj.io/drpc/drpcmanager"
	"storj.io/drpc/drpcserver"
	"storj.io/drpc/drpcwire"
)

const service = "/coder.tailnet.v2.Tailnet/"

// encoding is what dRPC's code generator would write.
type encoding struct{}

func (encoding) Marshal(m drpc.Message) ([]byte, error) { return proto.Marshal(m.(proto.Message)) }
func (encoding) Unmarshal(raw []byte, m drpc.Message) error {
	return proto.Unmarshal(raw, m.(proto.Message))
}

func managerOptions() drpcmanager.Options {
	return drpcmanager.Options{Reader: drpcwire.ReaderOptions{MaximumBufferSize: 4 << 20}}
}

func yamuxConfig() *yamux.Config {
	config := yamux.DefaultConfig()
	config.LogOutput = io.Discard
	return config
}

// rpcServer answers dRPC by the name of the call.
type rpcServer map[string]func(drpc.Stream) error

func (s rpcServer) HandleRPC(stream drpc.Stream, rpc string) error {
	call, ok := s[strings.TrimPrefix(rpc, service)]
	if !ok {
		return fmt.Errorf("protocol error: unknown rpc: %q", rpc)
	}
	return call(stream)
}

// serveRPC speaks yamux and dRPC on a byte stream until it ends.
func serveRPC(ctx context.Context, stream net.Conn, calls rpcServer) error {
	session, err := yamux.Server(stream, yamuxConfig())
	if err != nil {
		return err
	}
	defer session.Close()
	return drpcserver.NewWithOptions(calls, drpcserver.Options{Manager: managerOptions()}).Serve(ctx, session)
}

// openRPC starts a call, each on a yamux stream of its own as Coder's client does it.
func openRPC(ctx context.Context, session *yamux.Session, name string) (drpc.Stream, error) {
	stream, err := session.Open()
	if err != nil {
		return nil, err
	}
	return drpcconn.NewWithOptions(stream, drpcconn.Options{Manager: managerOptions()}).
		NewStream(ctx, service+name, encoding{})
}
