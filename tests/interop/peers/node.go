package main

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/tailscale/wireguard-go/device"
	"go4.org/mem"
	"tailscale.com/envknob"
	"tailscale.com/health"
	"tailscale.com/ipn/ipnstate"
	"tailscale.com/net/netmon"
	"tailscale.com/net/netns"
	"tailscale.com/tailcfg"
	"tailscale.com/types/key"
	"tailscale.com/types/logger"
	"tailscale.com/types/netmap"
	"tailscale.com/util/eventbus"
	"tailscale.com/util/set"
	"tailscale.com/util/usermetric"
	"tailscale.com/wgengine/magicsock"
	"tailscale.com/wgengine/wgcfg"
	"tailscale.com/wgengine/wgcfg/nmcfg"
	"tailscale.com/wgengine/wglog"

	pb "derptop.example/interop/tailnetpb"
)

func init() {
	netns.SetEnabled(false)                       // plain sockets: no marks, no bound interfaces
	envknob.Setenv("TS_DEBUG_USE_DERP_HTTP", "1") // else it dials the relays of a map over TLS only
}

var verbose = os.Getenv("INTEROP_VERBOSE") != ""

func logTo(name string) logger.Logf {
	if !verbose {
		return logger.Discard
	}
	return func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "%s %s: %s\n", time.Now().Format("15:04:05.000"), name, fmt.Sprintf(format, args...))
	}
}

// node is a genuine peer: tailscale.com's magicsock (relays, disco, path choice) under a genuine
// WireGuard device under a genuine netstack.
type node struct {
	id      uuid.UUID
	address netip.Prefix
	private key.NodePrivate
	conn    *magicsock.Conn
	device  *device.Device
	host    *host
	monitor *netmon.Monitor
	logf    logger.Logf
	changed func() // what it would announce of itself has changed

	mu        sync.Mutex
	home      int
	runs      []testRun // the speed tests that it served
	latency   map[string]float64
	endpoints []string
	peers     map[uuid.UUID]*tailcfg.Node
}

// agentAddress is the address in the tailnet that belongs to an agent's ID.
func agentAddress(id uuid.UUID) netip.Prefix {
	raw := [16]byte(id)
	copy(raw[:], []byte{0xfd, 0x7a, 0x11, 0x5c, 0xa1, 0xe0})
	return netip.PrefixFrom(netip.AddrFrom16(raw), 128)
}

func newNode(name string, id uuid.UUID, relays *tailcfg.DERPMap, changed func()) (*node, error) {
	n := &node{id: id, address: agentAddress(id), private: key.NewNode(), logf: logTo(name),
		changed: changed, peers: map[uuid.UUID]*tailcfg.Node{}}
	bus := eventbus.New()
	var err error
	if n.monitor, err = netmon.New(bus, n.logf); err != nil {
		return nil, err
	}
	n.conn, err = magicsock.NewConn(magicsock.Options{
		NetMon: n.monitor, EventBus: bus, Metrics: new(usermetric.Registry), Logf: n.logf,
		HealthTracker: health.NewTracker(bus), DisablePortMapper: true, EndpointsFunc: n.setEndpoints,
	})
	if err != nil {
		return nil, err
	}
	n.monitor.RegisterChangeCallback(n.linkChange)
	n.conn.SetNetInfoCallback(n.setNetInfo)
	n.conn.SetDERPMap(relays)
	if err := n.conn.SetPrivateKey(n.private); err != nil {
		return nil, err
	}
	if n.host, err = newHost(n.address.Addr()); err != nil {
		return nil, err
	}
	n.device = wgcfg.NewDevice(n.host, n.conn.Bind(), wglog.NewLogger(n.logf).DeviceLogger)
	if err := n.device.Up(); err != nil {
		return nil, err
	}
	n.monitor.Start()
	return n, n.configure()
}

// linkChange does what tailscale.com's engine does when an address or a route has changed.
func (n *node) linkChange(delta *netmon.ChangeDelta) {
	if n.conn.SetNetworkUp(delta.AnyInterfaceUp()); !delta.AnyInterfaceUp() {
		return
	}
	if delta.RebindLikelyRequired {
		n.conn.Rebind()
	}
	n.conn.ReSTUN("link-change")
}

func (n *node) setNetInfo(info *tailcfg.NetInfo) {
	n.mu.Lock()
	n.home, n.latency = info.PreferredDERP, info.DERPLatency
	n.mu.Unlock()
	n.changed()
}

func (n *node) setEndpoints(endpoints []tailcfg.Endpoint) {
	n.mu.Lock()
	n.endpoints = nil
	for _, e := range endpoints {
		n.endpoints = append(n.endpoints, e.Addr.String())
	}
	n.mu.Unlock()
	n.changed()
}

// self is what this node announces to the coordinator; nil while it has no home relay.
func (n *node) self(withEndpoints bool) *pb.Node {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.home == 0 {
		return nil
	}
	nodeKey, _ := n.private.Public().MarshalBinary()
	out := &pb.Node{
		Id: int64(binary.BigEndian.Uint64(n.id[8:]) >> 1), AsOf: &pb.Timestamp{Seconds: time.Now().Unix()}, Key: nodeKey,
		Disco: n.conn.DiscoPublicKey().String(), PreferredDerp: int32(n.home), DerpLatency: n.latency,
		Addresses: []string{n.address.String()}, AllowedIps: []string{n.address.String()},
	}
	if withEndpoints {
		out.Endpoints = slices.Clone(n.endpoints)
	}
	return out
}

// setPeer takes a peer's node, or forgets the peer when the node is nil.
func (n *node) setPeer(id uuid.UUID, of *pb.Node) error {
	if of != nil && of.PreferredDerp == 0 {
		return nil
	}
	n.mu.Lock()
	if of == nil {
		delete(n.peers, id)
	} else {
		peer, err := peerOf(of)
		if err != nil {
			n.mu.Unlock()
			return err
		}
		n.peers[id] = peer
	}
	n.mu.Unlock()
	return n.configure()
}

func peerOf(of *pb.Node) (*tailcfg.Node, error) {
	peer := &tailcfg.Node{ID: tailcfg.NodeID(of.Id), Name: fmt.Sprintf("node-%d.", of.Id),
		HomeDERP: int(of.PreferredDerp), Hostinfo: (&tailcfg.Hostinfo{}).View()}
	if len(of.Key) != 34 || string(of.Key[:2]) != "np" {
		return nil, fmt.Errorf("node key of %d bytes", len(of.Key))
	}
	peer.Key = key.NodePublicFromRaw32(mem.B(of.Key[2:]))
	if err := peer.DiscoKey.UnmarshalText([]byte(of.Disco)); err != nil {
		return nil, err
	}
	for _, text := range of.Addresses {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, err
		}
		peer.Addresses = append(peer.Addresses, prefix)
	}
	peer.AllowedIPs = slices.Clone(peer.Addresses)
	for _, text := range of.Endpoints {
		endpoint, err := netip.ParseAddrPort(text)
		if err != nil {
			return nil, err
		}
		peer.Endpoints = append(peer.Endpoints, endpoint)
	}
	return peer, nil
}

// configure gives magicsock and the device all peers that are known.
func (n *node) configure() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	own := []netip.Prefix{n.address}
	all := &netmap.NetworkMap{NodeKey: n.private.Public(),
		SelfNode: (&tailcfg.Node{ID: 1, Key: n.private.Public(), Addresses: own, AllowedIPs: own}).View()}
	keys := set.Set[key.NodePublic]{}
	for _, peer := range n.peers {
		all.Peers = append(all.Peers, peer.View())
		keys.Add(peer.Key)
	}
	slices.SortFunc(all.Peers, func(a, b tailcfg.NodeView) int { return int(a.ID()>>32) - int(b.ID()>>32) })
	n.conn.SetNetworkMap(all.SelfNode, all.Peers)
	n.conn.UpdatePeers(keys)
	config, err := nmcfg.WGCfg(n.private, all, n.logf, 0, "")
	if err != nil {
		return err
	}
	return wgcfg.ReconfigDevice(n.device, config, n.logf)
}

// ping sends one disco ping, as `tailscale ping` does.
func (n *node) ping(to uuid.UUID, wait time.Duration) (*ipnstate.PingResult, error) {
	n.mu.Lock()
	peer := n.peers[to]
	n.mu.Unlock()
	if peer == nil {
		return nil, fmt.Errorf("no node of %s was received", to)
	}
	answer := make(chan *ipnstate.PingResult, 1)
	n.conn.Ping(peer.View(), &ipnstate.PingResult{}, 0, func(r *ipnstate.PingResult) { answer <- r })
	select {
	case r := <-answer:
		if r.Err != "" {
			return nil, fmt.Errorf("%s", r.Err)
		}
		return r, nil
	case <-time.After(wait):
		return nil, fmt.Errorf("no pong in %s", wait)
	}
}

func randomID() uuid.UUID {
	var id uuid.UUID
	rand.Read(id[:])
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id
}
