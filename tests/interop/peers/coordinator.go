package main

import (
	"fmt"
	"sync"

	"github.com/google/uuid"

	pb "derptop.example/interop/tailnetpb"
)

const (
	kindNode         = pb.CoordinateResponse_PeerUpdate_NODE
	kindDisconnected = pb.CoordinateResponse_PeerUpdate_DISCONNECTED
	kindLost         = pb.CoordinateResponse_PeerUpdate_LOST
	kindReady        = pb.CoordinateResponse_PeerUpdate_READY_FOR_HANDSHAKE
)

// coordinator pairs clients with agents: whoever shares a tunnel is told of the other's node.
type coordinator struct {
	mu      sync.Mutex
	members map[uuid.UUID]*member
}

type member struct {
	id      uuid.UUID
	agent   bool
	node    *pb.Node
	tunnels map[uuid.UUID]bool // those that this client opened
	out     chan *pb.CoordinateResponse
	gone    bool
}

func (c *coordinator) join(id uuid.UUID, agent bool) *member {
	c.mu.Lock()
	defer c.mu.Unlock()
	if older := c.members[id]; older != nil {
		c.tell(older, &pb.CoordinateResponse{Error: "peer ID overwritten by new connection"})
		older.end()
	}
	m := &member{id: id, agent: agent, tunnels: map[uuid.UUID]bool{}, out: make(chan *pb.CoordinateResponse, 256)}
	c.members[id] = m
	return m
}

func (m *member) end() {
	if !m.gone {
		m.gone = true
		close(m.out)
	}
}

func (c *coordinator) tell(m *member, what *pb.CoordinateResponse) {
	if m == nil || m.gone {
		return
	}
	select {
	case m.out <- what:
	default:
		m.end() // it does not read
	}
}

func update(of uuid.UUID, node *pb.Node, kind pb.CoordinateResponse_PeerUpdate_Kind, reason string) *pb.CoordinateResponse {
	return &pb.CoordinateResponse{PeerUpdates: []*pb.CoordinateResponse_PeerUpdate{
		{Id: of[:], Node: node, Kind: kind, Reason: reason}}}
}

// others calls f for everyone who shares a tunnel with m.
func (c *coordinator) others(m *member, f func(*member)) {
	for id, other := range c.members {
		if m.tunnels[id] || other.tunnels[m.id] {
			f(other)
		}
	}
}

// request carries out what a member asks. done: it said goodbye.
func (c *coordinator) request(m *member, r *pb.CoordinateRequest) (done bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.gone {
		return true, nil
	}
	if len(r.ReadyForHandshake) > 0 && !m.agent {
		return false, fmt.Errorf("authorization: clients may not send ready_for_handshake")
	}
	if r.UpdateSelf != nil {
		m.node = r.UpdateSelf.Node
		c.others(m, func(o *member) { c.tell(o, update(m.id, m.node, kindNode, "node update")) })
	}
	if r.AddTunnel != nil {
		if err := c.addTunnel(m, r.AddTunnel.Id); err != nil {
			return false, err
		}
	}
	if r.RemoveTunnel != nil {
		if id, err := uuid.FromBytes(r.RemoveTunnel.Id); err == nil && m.tunnels[id] {
			delete(m.tunnels, id)
			c.tell(m, update(id, nil, kindDisconnected, "remove tunnel"))
			c.tell(c.members[id], update(m.id, nil, kindDisconnected, "remove tunnel"))
		}
	}
	for _, ready := range r.ReadyForHandshake {
		if id, err := uuid.FromBytes(ready.Id); err == nil {
			c.tell(c.members[id], update(m.id, nil, kindReady, ""))
		}
	}
	if r.Disconnect != nil {
		c.leave(m, kindDisconnected, "graceful disconnect")
		return true, nil
	}
	return false, nil
}

func (c *coordinator) addTunnel(m *member, raw []byte) error {
	id, err := uuid.FromBytes(raw)
	if err != nil {
		return fmt.Errorf("parse add tunnel id: %w", err)
	}
	m.tunnels[id] = true
	other := c.members[id]
	if other == nil {
		return nil
	}
	if other.node != nil {
		c.tell(m, update(id, other.node, kindNode, "add tunnel"))
	}
	if m.node != nil {
		c.tell(other, update(m.id, m.node, kindNode, "add tunnel"))
	}
	return nil
}

// leave is called with the lock held.
func (c *coordinator) leave(m *member, kind pb.CoordinateResponse_PeerUpdate_Kind, reason string) {
	if m.gone {
		return
	}
	c.others(m, func(o *member) { c.tell(o, update(m.id, nil, kind, reason)) })
	m.end()
	if c.members[m.id] == m {
		delete(c.members, m.id)
	}
}

func (c *coordinator) lost(m *member, why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if why != nil {
		c.tell(m, &pb.CoordinateResponse{Error: why.Error()})
	}
	c.leave(m, kindLost, "lost")
}

// nodeOf returns what a member announced; nil: it is not there or has announced nothing.
func (c *coordinator) nodeOf(id uuid.UUID) *pb.Node {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.members[id]; m != nil {
		return m.node
	}
	return nil
}
