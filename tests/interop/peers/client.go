package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"
	"github.com/hashicorp/yamux"
	"storj.io/drpc"
	"tailscale.com/derp"
	"tailscale.com/derp/derphttp"
	"tailscale.com/envknob"
	"tailscale.com/net/netmon"
	"tailscale.com/tailcfg"
	"tailscale.com/types/key"

	pb "derptop.example/interop/tailnetpb"
)

// client is a genuine client of a deployment that is not ours to trust: derptop's lab.
type client struct {
	base   *url.URL
	token  string
	noSTUN bool // the deployment has no STUN server, and that is right
}

func (c *client) get(ctx context.Context, path string, out any) error {
	request, err := http.NewRequestWithContext(ctx, "GET", c.base.JoinPath(path).String(), nil)
	if err != nil {
		return err
	}
	request.Header.Set("Coder-Session-Token", c.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != 200 {
		return fmt.Errorf("GET %s: %s", path, response.Status)
	}
	return json.NewDecoder(response.Body).Decode(out)
}

// agentOf finds the only agent of a workspace.
func (c *client) agentOf(ctx context.Context, name string) (uuid.UUID, error) {
	var found struct {
		LatestBuild struct {
			Resources []struct{ Agents []struct{ ID uuid.UUID } }
		} `json:"latest_build"`
	}
	if err := c.get(ctx, "/api/v2/users/me/workspace/"+name, &found); err != nil {
		return uuid.Nil, err
	}
	for _, resource := range found.LatestBuild.Resources {
		for _, agent := range resource.Agents {
			return agent.ID, nil
		}
	}
	return uuid.Nil, fmt.Errorf("workspace %s has no agent", name)
}

// dial opens the coordinator's websocket and the yamux session in it.
func (c *client) dial(ctx context.Context, path string) (*yamux.Session, error) {
	at := c.base.JoinPath(path)
	at.RawQuery = "version=2.3"
	ws, _, err := websocket.Dial(ctx, at.String(), &websocket.DialOptions{
		HTTPHeader: http.Header{"Coder-Session-Token": {c.token}}, CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return nil, err
	}
	ws.SetReadLimit(-1)
	return yamux.Client(websocket.NetConn(context.Background(), ws, websocket.MessageBinary), yamuxConfig())
}

func firstMap(ctx context.Context, session *yamux.Session) (*pb.DERPMap, error) {
	stream, err := openRPC(ctx, session, "StreamDERPMaps")
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	if err := stream.MsgSend(&pb.StreamDERPMapsRequest{}, encoding{}); err != nil {
		return nil, err
	}
	if err := stream.CloseSend(); err != nil {
		return nil, err
	}
	var relays pb.DERPMap
	return &relays, stream.MsgRecv(&relays, encoding{})
}

// mapOf makes of the deployment's map the one that a genuine node needs, with the relay where the
// deployment itself was reached.
func mapOf(base *url.URL, relays *pb.DERPMap) (*tailcfg.DERPMap, error) {
	relay, err := netip.ParseAddrPort(base.Host)
	if err != nil {
		return nil, err
	}
	stuns, far := []netip.AddrPort{}, netip.AddrPort{}
	for _, region := range relays.Regions {
		for _, node := range region.Nodes {
			ip, err := netip.ParseAddr(node.HostName)
			if err == nil && node.StunPort > 0 {
				stuns = append(stuns, netip.AddrPortFrom(ip, uint16(node.StunPort)))
			} else if err == nil && region.RegionId == farRegion {
				far = netip.AddrPortFrom(ip, uint16(node.DerpPort))
			}
		}
	}
	slices.SortFunc(stuns, netip.AddrPort.Compare)
	return relayMap(relay, far, stuns), nil
}

// join makes a node of this client in the deployment's tailnet, which has met the agent of a workspace.
func (c *client) join(ctx context.Context, workspace string, direct bool) (*node, drpc.Stream, uuid.UUID, error) {
	agent, err := c.agentOf(ctx, workspace)
	if err != nil {
		return nil, nil, agent, err
	}
	session, err := c.dial(ctx, "/api/v2/tailnet")
	if err != nil {
		return nil, nil, agent, err
	}
	context.AfterFunc(ctx, func() { session.Close() })
	relays, err := firstMap(ctx, session)
	if err != nil {
		return nil, nil, agent, fmt.Errorf("StreamDERPMaps: %w", err)
	}
	usable, err := mapOf(c.base, relays)
	if err != nil {
		return nil, nil, agent, err
	}
	if has := usable.Regions[relayRegion].Nodes[0].STUNPort > 0; has == c.noSTUN {
		return nil, nil, agent, fmt.Errorf("the map's STUN servers are not as they should be: %v", relays)
	}
	changed := make(chan struct{}, 1)
	n, err := newNode("client", randomID(), usable, func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return nil, nil, agent, err
	}
	stream, err := openRPC(ctx, session, "Coordinate")
	if err != nil {
		return nil, nil, agent, err
	}
	return n, stream, agent, meet(ctx, n, stream, agent, changed, direct)
}

// pingCommand is derptop's own job, done by the genuine machinery against derptop's lab.
func pingCommand(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("ping", flag.ExitOnError)
	at := flags.String("url", os.Getenv("CODER_URL"), "the deployment")
	token := flags.String("token", os.Getenv("CODER_SESSION_TOKEN"), "session token")
	count := flags.Int("n", 5, "pongs wanted")
	wait := flags.Duration("wait", 0, "between one pong and the next ping")
	noSTUN := flags.Bool("no-stun", false, "the deployment has no STUN server, and that is right")
	interval := flags.Duration("interval", 0, "pause between pings")
	direct := flags.Bool("direct", false, "announce endpoints and take the agent's")
	flags.Parse(args)
	if flags.NArg() != 1 {
		return fmt.Errorf("ping: one workspace is wanted")
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute+time.Duration(*count)**interval)
	defer cancel()
	base, err := url.Parse(*at)
	if err != nil {
		return err
	}
	n, stream, agent, err := (&client{base: base, token: *token, noSTUN: *noSTUN}).join(ctx, flags.Arg(0), *direct)
	if err != nil {
		return err
	}
	for i := 0; i < *count && ctx.Err() == nil; i++ {
		pong, err := n.ping(agent, 5*time.Second)
		if err != nil {
			return fmt.Errorf("ping %d: %w", i+1, err)
		}
		if i > 0 {
			time.Sleep(*interval)
		}
		say(object{"pong": i + 1, "region": pong.DERPRegionID, "endpoint": pong.Endpoint, "ms": pong.LatencySeconds * 1000})
		time.Sleep(*wait)
	}
	took, err := n.host.echo(agentAddress(agent).Addr(), 1, 10*time.Second)
	if err != nil {
		return err
	}
	say(object{"tunnel_ms": float64(took.Microseconds()) / 1000})
	if err := stream.MsgSend(&pb.CoordinateRequest{Disconnect: &pb.CoordinateRequest_Disconnect{}}, encoding{}); err != nil {
		return err
	}
	return stream.CloseSend()
}

// meet announces the node, opens the tunnel, and returns when the agent's node has come and the agent
// has said that it is ready for us.
func meet(ctx context.Context, n *node, stream drpc.Stream, agent uuid.UUID, changed <-chan struct{}, direct bool) error {
	open := &pb.CoordinateRequest{AddTunnel: &pb.CoordinateRequest_Tunnel{Id: agent[:]}}
	if err := stream.MsgSend(open, encoding{}); err != nil {
		return err
	}
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-changed:
				if self := n.self(direct); self != nil { // without endpoints it is the relay that is tried
					stream.MsgSend(&pb.CoordinateRequest{UpdateSelf: &pb.CoordinateRequest_UpdateSelf{Node: self}}, encoding{})
				}
			}
		}
	}()
	known, ready := false, false
	for !known || !ready {
		var response pb.CoordinateResponse
		if err := stream.MsgRecv(&response, encoding{}); err != nil {
			return fmt.Errorf("coordinate: %w", err)
		}
		if response.Error != "" {
			return fmt.Errorf("coordinator: %s", response.Error)
		}
		for _, u := range response.PeerUpdates {
			if !bytes.Equal(u.Id, agent[:]) {
				return fmt.Errorf("an update of a stranger: %x", u.Id)
			}
			switch u.Kind {
			case kindNode:
				if want := agentAddress(agent).String(); len(u.Node.Addresses) == 0 || u.Node.Addresses[0] != want {
					return fmt.Errorf("the agent's address is %v, not %s", u.Node.Addresses, want)
				}
				if !direct {
					u.Node.Endpoints = nil
				}
				if err := n.setPeer(agent, u.Node); err != nil {
					return fmt.Errorf("the agent's node: %w", err)
				}
				known = true
			case kindReady:
				ready = true
			}
		}
	}
	return nil
}

// link is a genuine relay client whose messages are read all the time.
type link struct {
	*derphttp.Client
	messages chan derp.ReceivedMessage // closed when the connection ends
}

// relayCommand sends packets both ways between two genuine relay clients.
func relayCommand(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("relay", flag.ExitOnError)
	at := flags.String("url", os.Getenv("CODER_URL"), "the deployment whose relay it is")
	byWebsocket := flags.Bool("websocket", false, "connect by websocket")
	flags.Parse(args)
	envknob.Setenv("TS_DEBUG_DERP_WS_CLIENT", strconv.FormatBool(*byWebsocket))
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	first, err := connectRelay(ctx, *at)
	if err != nil {
		return err
	}
	second, err := connectRelay(ctx, *at)
	if err != nil {
		return err
	}
	largest := derp.MaxPacketSize
	if *byWebsocket {
		largest = 32000 // the genuine client's websocket library takes no larger message
	}
	for _, size := range []int{1, 100, 1310, largest} {
		if err := pass(ctx, first, second, bytes.Repeat([]byte{0xa5}, size)); err != nil {
			return fmt.Errorf("%d bytes: %w", size, err)
		}
		if err := pass(ctx, second, first, bytes.Repeat([]byte{0x5a}, size)); err != nil {
			return fmt.Errorf("%d bytes back: %w", size, err)
		}
	}
	if err := first.Ping(ctx); err != nil {
		return fmt.Errorf("ping of the relay: %w", err)
	}
	left := second.SelfPublicKey()
	second.Close()
	if err := awaitGone(ctx, first, left); err != nil {
		return err
	}
	say(object{"ok": true, "relay": first.ServerPublicKey().String()})
	return nil
}

func connectRelay(ctx context.Context, at string) (*link, error) {
	c, err := derphttp.NewClient(key.NewNode(), at+"/derp", logTo("relay client"), netmon.NewStatic())
	if err != nil {
		return nil, err
	}
	if err := c.Connect(ctx); err != nil {
		return nil, err
	}
	l := &link{Client: c, messages: make(chan derp.ReceivedMessage, 64)}
	go func() {
		defer close(l.messages)
		for {
			message, err := c.Recv()
			if err != nil {
				return
			}
			if packet, ok := message.(derp.ReceivedPacket); ok {
				packet.Data = bytes.Clone(packet.Data) // lent until the next Recv only
				message = packet
			}
			l.messages <- message
		}
	}()
	// Until the relay says that we are in, it may drop what is sent to us.
	_, err = await(ctx, l, func(m derp.ReceivedMessage) bool { _, ok := m.(derp.ServerInfoMessage); return ok })
	return l, err
}

// await takes messages until one is wanted.
func await(ctx context.Context, l *link, wanted func(derp.ReceivedMessage) bool) (derp.ReceivedMessage, error) {
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case message, ok := <-l.messages:
			if !ok {
				return nil, fmt.Errorf("the relay closed the connection")
			}
			if wanted(message) {
				return message, nil
			}
		}
	}
}

func pass(ctx context.Context, from, to *link, what []byte) error {
	if err := from.Send(to.SelfPublicKey(), what); err != nil {
		return err
	}
	message, err := await(ctx, to, func(m derp.ReceivedMessage) bool { _, ok := m.(derp.ReceivedPacket); return ok })
	if err != nil {
		return err
	}
	packet := message.(derp.ReceivedPacket)
	if packet.Source != from.SelfPublicKey() || !bytes.Equal(packet.Data, what) {
		return fmt.Errorf("%d bytes from %s arrived", len(packet.Data), packet.Source.ShortString())
	}
	return nil
}

// awaitGone: whoever has sent to a peer is told when that peer leaves.
func awaitGone(ctx context.Context, l *link, who key.NodePublic) error {
	_, err := await(ctx, l, func(m derp.ReceivedMessage) bool {
		gone, ok := m.(derp.PeerGoneMessage)
		return ok && gone.Peer == who
	})
	if err != nil {
		return fmt.Errorf("nothing said that the peer is gone: %w", err)
	}
	return nil
}
