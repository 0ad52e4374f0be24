package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"sync"
	"time"
	_ "unsafe" // for doTest

	"github.com/google/uuid"
	"tailscale.com/net/speedtest"

	pb "derptop.example/interop/tailnetpb"
)

const speedtestPort, agentPort = 3, 4 // where Coder's agents serve the speed test, and their own API

// testRun is what one end of a speed test saw: bytes of the test itself, without the lines before it.
type testRun struct {
	Received int64 `json:"received"`
	Sent     int64 `json:"sent"`
}

// counted is a connection whose bytes are counted.
type counted struct {
	net.Conn
	run  testRun
	done func(testRun)
	once sync.Once
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.run.Received += int64(n)
	return n, err
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.run.Sent += int64(n)
	return n, err
}

func (c *counted) Close() error {
	c.once.Do(func() { c.done(c.run) })
	return c.Conn.Close()
}

// single is a listener that has one connection to give.
type single struct {
	net.Listener
	conn net.Conn
}

func (s *single) Accept() (net.Conn, error) {
	if s.conn == nil {
		return nil, net.ErrClosed
	}
	conn := s.conn
	s.conn = nil
	return conn, nil
}

// serveSpeedtest lets the genuine server have each connection. (It returns after the first that fails.)
func (n *node) serveSpeedtest() error {
	listener, err := n.host.listen(speedtestPort)
	if err != nil {
		return err
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				err := speedtest.Serve(&single{listener, &counted{Conn: conn, done: n.keepRun}})
				n.logf("speed test: %v", err)
			}()
		}
	}()
	return nil
}

func (n *node) keepRun(run testRun) {
	n.mu.Lock()
	n.runs = append(n.runs, run)
	n.mu.Unlock()
}

// serveAPI is the part of an agent's own API that derptop reads, filled with what magicsock's netcheck
// found and what the system says of its interfaces.
func (n *node) serveAPI() error {
	listener, err := n.host.listen(agentPort)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, object{"message": "Hello from the agent!"})
	})
	mux.HandleFunc("GET /api/v0/netcheck", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, object{"severity": "ok", "warnings": nil, "dismissed": false, "net_info": n.netInfo(),
			"interfaces": interfacesReport()})
	})
	go http.Serve(listener, mux)
	return nil
}

// netInfo is what magicsock's last netcheck found, in the form that Coder's fork gives it: NetInfo has
// fields there that tailscale.com's own has not.
func (n *node) netInfo() any {
	report := n.conn.GetLastNetcheckReport(context.Background())
	if report == nil {
		return nil
	}
	text := func(address netip.AddrPort) string {
		if !address.IsValid() {
			return ""
		}
		return address.String()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	out := object{"MappingVariesByDestIP": report.MappingVariesByDestIP, "HairPinning": nil, "WorkingIPv6": report.IPv6,
		"OSHasIPv6": report.OSHasIPv6, "WorkingUDP": report.UDP, "WorkingICMPv4": report.ICMPv4, "UPnP": report.UPnP,
		"PMP": report.PMP, "PCP": report.PCP, "PreferredDERP": n.home, "DERPLatency": n.latency, "ICMPv4": report.ICMPv4,
		"GlobalV4": text(report.GlobalV4), "GlobalV6": text(report.GlobalV6), "CaptivePortal": report.CaptivePortal}
	for name, value := range map[string]bool{"UDP": report.UDP, "IPv4": report.IPv4, "IPv6": report.IPv6,
		"IPv4CanSend": report.IPv4CanSend} {
		if value {
			out[name] = true // as there: left out if it is not
		}
	}
	return out
}

// interfacesReport has the form of Coder's healthsdk.
func interfacesReport() object {
	const leastMTU = 1378
	severity, warnings, found := "ok", []object{}, []object{}
	all, _ := net.Interfaces()
	for _, one := range all {
		texts, usable := []string{}, false
		addresses, _ := one.Addrs()
		for _, address := range addresses {
			prefix, err := netip.ParsePrefix(address.String())
			if err == nil {
				texts = append(texts, prefix.String())
				usable = usable || !prefix.Addr().IsLinkLocalUnicast()
			}
		}
		if one.Flags&net.FlagUp == 0 || len(texts) == 0 || !usable {
			continue
		}
		found = append(found, object{"name": one.Name, "mtu": one.MTU, "addresses": texts})
		if one.MTU > 0 && one.MTU < leastMTU {
			severity = "warning"
			warnings = append(warnings, object{"code": "EIF01", "message": fmt.Sprintf(
				"Network interface %s has MTU %d (less than %d), which may degrade the quality of direct connections or render them unusable.",
				one.Name, one.MTU, leastMTU)})
		}
	}
	return object{"severity": severity, "warnings": warnings, "dismissed": false, "interfaces": found}
}

// testConfig is laid out as the unexported type that doTest takes.
type testConfig struct {
	Version      int                 `json:"version"`
	TestDuration time.Duration       `json:"time"`
	Direction    speedtest.Direction `json:"direction"`
}

// doTest is the genuine client's own loop. The function around it, RunClient, dials with the system's
// TCP, and no way leads from there into a tunnel.
//
//go:linkname doTest tailscale.com/net/speedtest.doTest
func doTest(conn net.Conn, conf testConfig) ([]speedtest.Result, error)

func runTest(conn net.Conn, conf testConfig) ([]speedtest.Result, error) {
	if err := json.NewEncoder(conn).Encode(conf); err != nil {
		return nil, err
	}
	var response struct {
		Error string `json:"error"`
	}
	if err := json.NewDecoder(conn).Decode(&response); err != nil {
		return nil, err
	}
	if response.Error != "" {
		return nil, errors.New(response.Error)
	}
	return doTest(conn, conf)
}

// awaitDirect pings until a pong comes straight.
func (n *node) awaitDirect(to uuid.UUID) error {
	for tries := 0; tries < 300; tries++ {
		pong, err := n.ping(to, 5*time.Second)
		if err != nil {
			return err
		}
		if pong.Endpoint != "" {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return errors.New("no direct path")
}

// awaitEnd sees to it that the other end hears all: this process is about to leave with its TCP.
func awaitEnd(conn net.Conn) {
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		io.Copy(io.Discard, conn)
	}
	conn.Close()
	time.Sleep(100 * time.Millisecond) // for the last acknowledgement
}

// speedtestCommand runs one speed test against an agent, as `coder speedtest` does.
func speedtestCommand(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("speedtest", flag.ExitOnError)
	at := flags.String("url", os.Getenv("CODER_URL"), "the deployment")
	token := flags.String("token", os.Getenv("CODER_SESSION_TOKEN"), "session token")
	upload := flags.Bool("up", false, "upload, not download")
	direct := flags.Bool("direct", false, "announce endpoints, and wait for a direct path")
	long := flags.Duration("time", 5*time.Second, "how long")
	flags.Parse(args)
	if flags.NArg() != 1 {
		return fmt.Errorf("speedtest: one workspace is wanted")
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute+5**long)
	defer cancel()
	base, err := url.Parse(*at)
	if err != nil {
		return err
	}
	n, stream, agent, err := (&client{base: base, token: *token}).join(ctx, flags.Arg(0), *direct)
	if err != nil {
		return err
	}
	if *direct {
		if err := n.awaitDirect(agent); err != nil {
			return err
		}
	}
	conn, err := n.host.dial(ctx, netip.AddrPortFrom(agentAddress(agent).Addr(), speedtestPort))
	if err != nil {
		return err
	}
	ours := &counted{Conn: conn, done: func(testRun) {}}
	conf := testConfig{Version: 2, TestDuration: *long, Direction: speedtest.Download}
	if *upload {
		conf.Direction = speedtest.Upload
	}
	began := cpuSeconds()
	results, err := runTest(ours, conf)
	if err != nil {
		return err
	}
	used := cpuSeconds() - began
	awaitEnd(conn)
	for _, r := range results {
		say(object{"total": r.Total, "bytes": r.Bytes, "seconds": r.Interval().Seconds(), "mbits": r.MBitsPerSecond()})
	}
	say(object{"received": ours.run.Received, "sent": ours.run.Sent, "cpu_seconds": used})
	stream.MsgSend(&pb.CoordinateRequest{Disconnect: &pb.CoordinateRequest_Disconnect{}}, encoding{})
	return stream.CloseSend()
}
