package main

import (
	"context"
	"flag"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"time"

	"github.com/google/uuid"

	pb "derptop.example/interop/tailnetpb"
)

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// agentUpdate takes what the coordinator says of a client, and returns what is to be answered, if anything.
func (n *node) agentUpdate(u *pb.CoordinateResponse_PeerUpdate) *pb.CoordinateRequest {
	id, err := uuid.FromBytes(u.Id)
	if err != nil {
		return nil
	}
	switch u.Kind {
	case kindNode:
		if err := n.setPeer(id, u.Node); err != nil {
			n.logf("node of %s: %v", id, err)
			return nil
		}
		return &pb.CoordinateRequest{ReadyForHandshake: []*pb.CoordinateRequest_ReadyForHandshake{{Id: id[:]}}}
	case kindDisconnected:
		n.setPeer(id, nil)
	}
	return nil
}

// serveAll opens the ports that an agent has in the tunnel.
func (n *node) serveAll() error {
	if err := n.serveSpeedtest(); err != nil {
		return err
	}
	return n.serveAPI()
}

// agentCommand runs the agent of one workspace of a deployment that is served elsewhere with
// --no-agents, and prints the endpoints each time that it announces them.
func agentCommand(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("agent", flag.ExitOnError)
	at := flags.String("url", os.Getenv("CODER_URL"), "the deployment")
	token := flags.String("token", os.Getenv("CODER_SESSION_TOKEN"), "session token")
	home := flags.Int("home", relayRegion, "region that is near")
	flags.Parse(args)
	if flags.NArg() != 1 {
		return fmt.Errorf("agent: one workspace is wanted")
	}
	base, err := url.Parse(*at)
	if err != nil {
		return err
	}
	c := &client{base: base, token: *token}
	id, err := c.agentOf(ctx, flags.Arg(0))
	if err != nil {
		return err
	}
	session, err := c.dial(ctx, "/interop/agents/"+id.String()+"/coordinate")
	if err != nil {
		return err
	}
	defer session.Close()
	relays, err := firstMap(ctx, session)
	if err != nil {
		return fmt.Errorf("StreamDERPMaps: %w", err)
	}
	usable, err := mapOf(base, relays)
	if err != nil {
		return err
	}
	for id := range usable.Regions {
		if id != *home {
			usable.HomeParams.RegionScore[id] = 1e6
		}
	}
	changed := make(chan struct{}, 1)
	n, err := newNode(flags.Arg(0), id, usable, func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return err
	}
	if err := n.serveAll(); err != nil {
		return err
	}
	stream, err := openRPC(ctx, session, "Coordinate")
	if err != nil {
		return err
	}
	requests := make(chan *pb.CoordinateRequest, 16)
	go n.keepAnnounced(changed, requests)
	go func() {
		for request := range requests {
			stream.MsgSend(request, encoding{}) // a failure ends the receiving side too
		}
	}()
	for {
		var response pb.CoordinateResponse
		if err := stream.MsgRecv(&response, encoding{}); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("coordinate: %w", err)
		}
		if response.Error != "" {
			return fmt.Errorf("coordinator: %s", response.Error)
		}
		for _, u := range response.PeerUpdates {
			if ready := n.agentUpdate(u); ready != nil {
				requests <- ready
			}
		}
	}
}

// keepAnnounced tells the coordinator of this node, and prints what it tells.
func (n *node) keepAnnounced(changed <-chan struct{}, requests chan<- *pb.CoordinateRequest) {
	for range changed {
		if self := n.self(true); self != nil {
			requests <- &pb.CoordinateRequest{UpdateSelf: &pb.CoordinateRequest_UpdateSelf{Node: self}}
			say(object{"announced": append([]string{}, self.Endpoints...), "home": self.PreferredDerp, "at": time.Now().Format(time.RFC3339Nano)})
		}
	}
}
