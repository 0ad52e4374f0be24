package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/tailscale/wireguard-go/tun"
	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
)

// host is a genuine netstack (gVisor's, as in Coder's agents) on the inner side of a genuine WireGuard
// device: it answers echo requests and speaks TCP. Its own echo requests are put beside it, by hand.
type host struct {
	stack   *stack.Stack
	link    *channel.Endpoint
	out     chan []byte // to the WireGuard device
	replies chan []byte // echo replies to our own requests
	events  chan tun.Event
	own     netip.Addr
	open    context.Context // until Close
	cancel  context.CancelFunc
}

const nic, echoID = 1, 0x7a7a

func newHost(own netip.Addr) (*host, error) {
	h := &host{link: channel.New(512, 1280, ""), out: make(chan []byte, 512), replies: make(chan []byte, 16),
		events: make(chan tun.Event, 1), own: own}
	h.open, h.cancel = context.WithCancel(context.Background())
	s := stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv6.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{icmp.NewProtocol6, tcp.NewProtocol},
	})
	h.stack = s
	if err := setTCP(s); err != nil {
		return nil, err
	}
	if err := s.CreateNIC(nic, h.link); err != nil {
		return nil, fmt.Errorf("netstack: %v", err)
	}
	address := tcpip.ProtocolAddress{Protocol: ipv6.ProtocolNumber,
		AddressWithPrefix: tcpip.AddrFrom16(own.As16()).WithPrefix()}
	if err := s.AddProtocolAddress(nic, address, stack.AddressProperties{}); err != nil {
		return nil, fmt.Errorf("netstack: %v", err)
	}
	s.SetRouteTable([]tcpip.Route{{Destination: header.IPv6EmptySubnet, NIC: nic}})
	h.events <- tun.EventUp
	go func() {
		for h.open.Err() == nil {
			if packet := h.link.ReadContext(h.open); packet != nil {
				h.out <- packet.ToView().AsSlice()
				packet.DecRef()
			}
		}
	}()
	return h, nil
}

// setTCP sets the options that coder/tailscale's wgengine/netstack sets.
func setTCP(s *stack.Stack) error {
	const receive, send = 6 << 20, 4 << 20
	sack, rack, retries := tcpip.TCPSACKEnabled(true), tcpip.TCPRecovery(0), tcpip.TCPMaxRetriesOption(5)
	in := tcpip.TCPReceiveBufferSizeRangeOption{Min: receive, Default: receive, Max: receive}
	out := tcpip.TCPSendBufferSizeRangeOption{Min: send, Default: send, Max: send}
	control := tcpip.CongestionControlOption("cubic")
	for _, option := range []tcpip.SettableTransportProtocolOption{&sack, &rack, &retries, &in, &out, &control} {
		if err := s.SetTransportProtocolOption(tcp.ProtocolNumber, option); err != nil {
			return fmt.Errorf("netstack: %v", err)
		}
	}
	return nil
}

func (h *host) listen(port uint16) (net.Listener, error) {
	return gonet.ListenTCP(h.stack, tcpip.FullAddress{NIC: nic, Addr: tcpip.AddrFrom16(h.own.As16()), Port: port},
		ipv6.ProtocolNumber)
}

func (h *host) dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	return gonet.DialContextTCP(ctx, h.stack,
		tcpip.FullAddress{NIC: nic, Addr: tcpip.AddrFrom16(to.Addr().As16()), Port: to.Port()}, ipv6.ProtocolNumber)
}

func (h *host) File() *os.File           { return nil }
func (h *host) MTU() (int, error)        { return 1280, nil }
func (h *host) Name() (string, error)    { return "host", nil }
func (h *host) Events() <-chan tun.Event { return h.events }
func (h *host) Close() error             { h.cancel(); return nil }
func (h *host) BatchSize() int           { return 1 }

func (h *host) Read(bufs [][]byte, sizes []int, offset int) (int, error) {
	select {
	case packet := <-h.out:
		sizes[0] = copy(bufs[0][offset:], packet)
		return 1, nil
	case <-h.open.Done():
		return 0, os.ErrClosed
	}
}

func (h *host) Write(bufs [][]byte, offset int) (int, error) {
	for _, buf := range bufs {
		packet := append([]byte(nil), buf[offset:]...)
		if len(packet) >= 48 && packet[6] == 58 && packet[40] == 129 && binary.BigEndian.Uint16(packet[44:]) == echoID {
			h.replies <- packet
			continue
		}
		in := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(packet)})
		h.link.InjectInbound(ipv6.ProtocolNumber, in)
		in.DecRef()
	}
	return len(bufs), nil
}

// echo sends one ICMPv6 echo request through the tunnel and waits for its answer.
func (h *host) echo(to netip.Addr, seq uint16, wait time.Duration) (time.Duration, error) {
	packet := make([]byte, header.IPv6MinimumSize+header.ICMPv6EchoMinimumSize+16)
	source, target := tcpip.AddrFrom16(h.own.As16()), tcpip.AddrFrom16(to.As16())
	header.IPv6(packet).Encode(&header.IPv6Fields{PayloadLength: uint16(len(packet) - header.IPv6MinimumSize),
		TransportProtocol: header.ICMPv6ProtocolNumber, HopLimit: 64, SrcAddr: source, DstAddr: target})
	message := header.ICMPv6(packet[header.IPv6MinimumSize:])
	message.SetType(header.ICMPv6EchoRequest)
	message.SetIdent(echoID)
	message.SetSequence(seq)
	message.SetChecksum(header.ICMPv6Checksum(header.ICMPv6ChecksumParams{Header: message[:header.ICMPv6EchoMinimumSize],
		Src: source, Dst: target, PayloadCsum: checksum.Checksum(message[header.ICMPv6EchoMinimumSize:], 0), PayloadLen: 16}))
	began := time.Now()
	h.out <- packet
	for {
		select {
		case reply := <-h.replies:
			if binary.BigEndian.Uint16(reply[46:]) == seq {
				return time.Since(began), nil
			}
		case <-time.After(wait):
			return 0, fmt.Errorf("no answer through the tunnel in %s", wait)
		}
	}
}
