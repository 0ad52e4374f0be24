package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"
	"storj.io/drpc"
	"tailscale.com/derp/derpserver"
	"tailscale.com/net/stunserver"
	"tailscale.com/net/wsconn"
	"tailscale.com/tailcfg"
	"tailscale.com/types/key"

	pb "derptop.example/interop/tailnetpb"
)

const (
	relayRegion = 999
	farRegion   = 998
	stunRegion  = 1000 // of the first STUN server; the others follow
	userName    = "interop"
)

type options struct {
	listen          string
	stun            []string // where STUN servers listen
	far             string   // where one more relay listens; "" = nowhere
	workspaces      int
	stopped         string
	token           string
	forceWebsockets bool // what the connection info says
	noUpgrade       bool // the relay is reached by websocket only
	blockDirect     bool
	noTailnet       bool // an old server: no /api/v2/tailnet
	noAgents        bool // the agents never connect
	certOut         string
}

type workspace struct {
	name      string
	id, agent uuid.UUID
	stopped   bool
}

// deployment is the least of a Coder server that a client needs, around a genuine relay, a genuine
// STUN server and genuine agents.
type deployment struct {
	options
	base       *url.URL
	owner      uuid.UUID
	workspaces []workspace
	relay      *derpserver.Server
	stuns      []netip.AddrPort
	farRelay   netip.AddrPort // not valid: there is none
	members    *coordinator
	websockets atomic.Int64 // relay connections by websocket
	upgrades   atomic.Int64 // relay connections by HTTP upgrade

	mu       sync.Mutex
	agents   []*node // that run here
	resume   map[string]uuid.UUID
	down     bool                         // no coordinator for now
	sessions map[*websocket.Conn]struct{} // of clients with the coordinator
}

func newDeployment(ctx context.Context, o options, base *url.URL) (*deployment, error) {
	d := &deployment{options: o, base: base, owner: randomID(), relay: derpserver.New(key.NewNode(), logTo("relay")),
		members: &coordinator{members: map[uuid.UUID]*member{}}, resume: map[string]uuid.UUID{}, sessions: map[*websocket.Conn]struct{}{}}
	for i := 1; i <= o.workspaces; i++ {
		d.workspaces = append(d.workspaces, workspace{name: fmt.Sprintf("dev%d", i), id: randomID(), agent: randomID()})
	}
	if o.stopped != "" {
		d.workspaces = append(d.workspaces, workspace{name: o.stopped, id: randomID(), stopped: true})
	}
	for _, at := range o.stun {
		stun := stunserver.New(ctx)
		if err := stun.Listen(at); err != nil {
			return nil, err
		}
		go stun.Serve()
		d.stuns = append(d.stuns, netip.MustParseAddrPort(stun.LocalAddr().String()))
	}
	return d, d.serveFar()
}

// farDelay is how much later than the other the far relay answers who wants to know how far it is.
const farDelay = 150 * time.Millisecond

// serveFar serves the one more relay, if there is to be one.
func (d *deployment) serveFar() error {
	if d.far == "" {
		return nil
	}
	listener, err := net.Listen("tcp", d.far)
	if err != nil {
		return err
	}
	d.farRelay = netip.MustParseAddrPort(listener.Addr().String())
	mux := http.NewServeMux()
	mux.Handle("/derp", derpserver.Handler(derpserver.New(key.NewNode(), logTo("far relay"))))
	mux.HandleFunc("/derp/latency-check", func(http.ResponseWriter, *http.Request) { time.Sleep(farDelay) })
	go http.Serve(listener, mux)
	return nil
}

// startAgents comes last: the agents dial the relay that is being served by now.
func (d *deployment) startAgents(plainPort int) error {
	for _, w := range d.workspaces {
		if w.stopped {
			continue
		}
		if err := d.startAgent(w, plainPort); err != nil {
			return err
		}
	}
	return nil
}

// startAgent runs a genuine node that answers whoever opens a tunnel to it.
func (d *deployment) startAgent(w workspace, plainPort int) error {
	seat := d.members.join(w.agent, true)
	announce := make(chan struct{}, 1)
	n, err := newNode(w.name, w.agent, relayMap(netip.AddrPortFrom(loopback, uint16(plainPort)), netip.AddrPort{}, d.stuns), func() {
		select {
		case announce <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return err
	}
	if err := n.serveAll(); err != nil {
		return err
	}
	d.mu.Lock()
	d.agents = append(d.agents, n)
	d.mu.Unlock()
	go func() {
		for range announce {
			if self := n.self(!d.blockDirect); self != nil {
				d.members.request(seat, &pb.CoordinateRequest{UpdateSelf: &pb.CoordinateRequest_UpdateSelf{Node: self}})
			}
		}
	}()
	go func() {
		for response := range seat.out {
			for _, u := range response.PeerUpdates {
				if d.blockDirect && u.Node != nil {
					u.Node.Endpoints = nil
				}
				if ready := n.agentUpdate(u); ready != nil {
					d.members.request(seat, ready)
				}
			}
		}
	}()
	return nil
}

// relayMap is the map as tailscale.com's own nodes need it: they choose their home by STUN, so each
// relay has the first server in its region. The others have regions of their own, for one server of a
// region is asked, with scores that make none of them a home.
func relayMap(relay, far netip.AddrPort, stuns []netip.AddrPort) *tailcfg.DERPMap {
	all := &tailcfg.DERPMap{Regions: map[int]*tailcfg.DERPRegion{}, HomeParams: &tailcfg.DERPHomeParams{RegionScore: map[int]float64{}}}
	add := func(id int, name string, relay, stun netip.AddrPort) {
		ip := relay.Addr()
		if !ip.IsValid() {
			ip = stun.Addr()
		}
		n := &tailcfg.DERPNode{Name: fmt.Sprintf("%d-0", id), RegionID: id, HostName: ip.String(), IPv4: ip.String(), IPv6: "none",
			DERPPort: int(relay.Port()), STUNPort: -1, STUNOnly: !relay.IsValid(), InsecureForTests: true}
		if stun.IsValid() {
			n.STUNPort, n.STUNTestIP = int(stun.Port()), stun.Addr().String()
		}
		all.Regions[id] = &tailcfg.DERPRegion{RegionID: id, RegionCode: name, RegionName: name, Nodes: []*tailcfg.DERPNode{n}}
	}
	first := netip.AddrPort{}
	if len(stuns) > 0 {
		first = stuns[0]
	}
	add(relayRegion, "Genuine Relay", relay, first)
	if far.IsValid() {
		add(farRegion, "Far Relay", far, first)
	}
	for i := 1; i < len(stuns); i++ {
		id := stunRegion + i
		add(id, fmt.Sprintf("STUN %d", id), netip.AddrPort{}, stuns[i])
		all.HomeParams.RegionScore[id] = 1e6
	}
	return all
}

// clientMap is the map as coderd gives it to clients; what the embedded relay's node says of host and
// port is wrong on purpose, for a client must put in what it uses itself.
func (d *deployment) clientMap() *pb.DERPMap {
	all := &pb.DERPMap{HomeParams: &pb.DERPMap_HomeParams{}, Regions: map[int64]*pb.DERPMap_Region{
		relayRegion: {RegionId: relayRegion, EmbeddedRelay: true, RegionCode: "coder", RegionName: "Genuine Relay",
			Nodes: []*pb.DERPMap_Region_Node{{Name: "999b", RegionId: relayRegion, HostName: "access-url.invalid", DerpPort: 1, StunPort: -1}}},
	}}
	if d.farRelay.IsValid() {
		all.Regions[farRegion] = &pb.DERPMap_Region{RegionId: farRegion, RegionCode: "far", RegionName: "Far Relay",
			Nodes: []*pb.DERPMap_Region_Node{{Name: "998a", RegionId: farRegion, HostName: d.farRelay.Addr().String(),
				DerpPort: int32(d.farRelay.Port()), ForceHttp: true, StunPort: -1}}}
	}
	for i, stun := range d.stuns {
		id := int64(stunRegion + i)
		all.Regions[id] = &pb.DERPMap_Region{RegionId: id, RegionCode: fmt.Sprintf("coder_stun_%d", id), RegionName: fmt.Sprintf("Coder STUN %d", id),
			Nodes: []*pb.DERPMap_Region_Node{{Name: fmt.Sprintf("%dstun0", id), RegionId: id, HostName: stun.Addr().String(), StunOnly: true,
				StunPort: int32(stun.Port())}}}
	}
	return all
}

// connectionInfo spells the map with Go's field names, as coderd does.
func (d *deployment) connectionInfo() object {
	regions := object{}
	for id, r := range d.clientMap().Regions {
		nodes := []object{}
		for _, n := range r.Nodes {
			node := object{"Name": n.Name, "RegionID": n.RegionId, "HostName": n.HostName, "STUNPort": n.StunPort}
			if n.StunOnly {
				node["STUNOnly"] = true
			} else {
				node["DERPPort"], node["ForceHTTP"] = n.DerpPort, n.ForceHttp
			}
			nodes = append(nodes, node)
		}
		regions[strconv.FormatInt(id, 10)] = object{"EmbeddedRelay": r.EmbeddedRelay, "RegionID": r.RegionId,
			"RegionCode": r.RegionCode, "RegionName": r.RegionName, "Nodes": nodes}
	}
	return object{"derp_map": object{"Regions": regions}, "derp_force_websockets": d.forceWebsockets,
		"disable_direct_connections": d.blockDirect, "hostname_suffix": "coder"}
}

func (d *deployment) serveRelay(w http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		if d.noUpgrade {
			http.Error(w, "no upgrades here", http.StatusBadRequest)
			return
		}
		d.upgrades.Add(1)
		derpserver.Handler(d.relay).ServeHTTP(w, r)
		return
	}
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"derp"},
		CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return
	}
	defer c.Close(websocket.StatusInternalError, "closing")
	if c.Subprotocol() != "derp" {
		c.Close(websocket.StatusPolicyViolation, "the subprotocol must be derp")
		return
	}
	c.SetReadLimit(-1) // a relay frame may be larger than the library lets pass by itself
	d.websockets.Add(1)
	stream := wsconn.NetConn(r.Context(), c, websocket.MessageBinary, r.RemoteAddr)
	d.relay.Accept(r.Context(), stream, bufio.NewReadWriter(bufio.NewReader(stream), bufio.NewWriter(stream)), r.RemoteAddr)
}

// agentDoor serves the relay to the agents, whatever clients must put up with.
func (d *deployment) agentDoor() http.Handler { return derpserver.Handler(d.relay) }

// serveTailnet is the coordinator's endpoint: a websocket with yamux, dRPC and protobuf in it.
// An agent that runs elsewhere comes with its own ID, a client gets one.
func (d *deployment) serveTailnet(w http.ResponseWriter, r *http.Request, agent uuid.UUID, allow func(uuid.UUID) bool) {
	d.mu.Lock()
	down := d.down
	d.mu.Unlock()
	if down {
		http.Error(w, "no coordinator", http.StatusServiceUnavailable)
		return
	}
	var minor int
	if _, err := fmt.Sscanf(r.URL.Query().Get("version"), "2.%d", &minor); err != nil || minor > 9 {
		apiError(w, http.StatusBadRequest, "Unknown or unsupported API version", "version",
			fmt.Sprintf("server is at version 2.9, behind requested version %s", r.URL.Query().Get("version")))
		return
	}
	id := agent
	if id == uuid.Nil {
		id = randomID()
	}
	if token := r.URL.Query().Get("resume_token"); token != "" {
		d.mu.Lock()
		known, ok := d.resume[token]
		d.mu.Unlock()
		if !ok {
			apiError(w, http.StatusUnauthorized, "Invalid resume token", "resume_token", "not one of ours")
			return
		}
		id = known
	}
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	d.mu.Lock()
	d.sessions[c] = struct{}{}
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		delete(d.sessions, c)
		d.mu.Unlock()
	}()
	stream := websocket.NetConn(ctx, c, websocket.MessageBinary)
	go func() {
		for c.Ping(ctx) == nil {
			select {
			case <-ctx.Done():
				return
			case <-time.After(5 * time.Second):
			}
		}
	}()
	serveRPC(ctx, stream, d.calls(id, agent != uuid.Nil, allow))
	c.Close(websocket.StatusNormalClosure, "")
}

// setDown ends every client's session with the coordinator and lets none in until it is up again.
func (d *deployment) setDown(down bool) {
	d.mu.Lock()
	d.down = down
	var sessions []*websocket.Conn
	for c := range d.sessions {
		sessions = append(sessions, c)
	}
	d.mu.Unlock()
	for _, c := range sessions {
		c.CloseNow()
	}
}

func (d *deployment) calls(id uuid.UUID, agent bool, allow func(uuid.UUID) bool) rpcServer {
	return rpcServer{
		"Coordinate": func(s drpc.Stream) error { return d.coordinate(s, id, agent, allow) },
		"StreamDERPMaps": func(s drpc.Stream) error {
			if err := s.MsgRecv(&pb.StreamDERPMapsRequest{}, encoding{}); err != nil {
				return err
			}
			return sendAndHold(s, d.clientMap())
		},
		"WorkspaceUpdates": func(s drpc.Stream) error {
			var request pb.WorkspaceUpdatesRequest
			if err := s.MsgRecv(&request, encoding{}); err != nil {
				return err
			}
			if string(request.WorkspaceOwnerId) != string(d.owner[:]) {
				return fmt.Errorf("workspace updates of somebody else")
			}
			return sendAndHold(s, d.snapshot())
		},
		"RefreshResumeToken": func(s drpc.Stream) error {
			if err := s.MsgRecv(&pb.RefreshResumeTokenRequest{}, encoding{}); err != nil {
				return err
			}
			token := randomID().String()
			d.mu.Lock()
			d.resume[token] = id
			d.mu.Unlock()
			return s.MsgSend(&pb.RefreshResumeTokenResponse{Token: token, RefreshIn: &pb.Duration{Seconds: 12 * 3600},
				ExpiresAt: &pb.Timestamp{Seconds: time.Now().Add(24 * time.Hour).Unix()}}, encoding{})
		},
	}
}

func sendAndHold(s drpc.Stream, m drpc.Message) error {
	if err := s.MsgSend(m, encoding{}); err != nil {
		return err
	}
	<-s.Context().Done()
	return nil
}

func (d *deployment) snapshot() *pb.WorkspaceUpdate {
	out := &pb.WorkspaceUpdate{}
	for _, w := range d.workspaces {
		status := pb.Workspace_RUNNING
		if w.stopped {
			status = pb.Workspace_STOPPED
		} else {
			out.UpsertedAgents = append(out.UpsertedAgents, &pb.Agent{Id: w.agent[:], Name: "main", WorkspaceId: w.id[:]})
		}
		out.UpsertedWorkspaces = append(out.UpsertedWorkspaces, &pb.Workspace{Id: w.id[:], Name: w.name, Status: status})
	}
	return out
}

func (d *deployment) coordinate(s drpc.Stream, id uuid.UUID, agent bool, allow func(uuid.UUID) bool) error {
	seat := d.members.join(id, agent)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for response := range seat.out {
			if s.MsgSend(response, encoding{}) != nil {
				break
			}
		}
		s.Close()
	}()
	var failure error
	for {
		var request pb.CoordinateRequest
		if s.MsgRecv(&request, encoding{}) != nil {
			break
		}
		if request.AddTunnel != nil {
			if to, err := uuid.FromBytes(request.AddTunnel.Id); err != nil || !allow(to) {
				failure = fmt.Errorf("authorization: invalid agent id, got %s", to)
				break
			}
		}
		done, err := d.members.request(seat, &request)
		if failure = err; done || err != nil {
			break
		}
	}
	d.members.lost(seat, failure)
	<-sent
	return nil
}

type object = map[string]any

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("X-Coder-Build-Version", "v2.35.0+interop")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

func apiError(w http.ResponseWriter, status int, message string, validation ...string) {
	body := object{"message": message}
	if len(validation) == 2 {
		body["validations"] = []object{{"field": validation[0], "detail": validation[1]}}
	}
	reply(w, status, body)
}
