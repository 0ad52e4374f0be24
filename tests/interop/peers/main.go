// peers offers genuine peers for derptop's tests: tailscale.com's relay, STUN server, disco and path
// machinery, hashicorp's yamux, storj's dRPC, Google's protobuf and a websocket library of renown.
//
//	peers serve   a deployment: REST, coordinator, relay, STUN, agents; prints {"url", "token", …}
//	peers agent   one agent of such a deployment, on a computer of its own; prints what it announces
//	peers ping    a client: signs in, coordinates, and pings an agent with disco; one pong a line
//	peers speedtest   the same client runs a speed test
//	peers relay   two relay clients that talk through a relay of somebody else's
//	peers wireguard   a WireGuard device on a UDP socket, told what to do on standard input
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	if !verbose {
		log.SetOutput(io.Discard)
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	commands := map[string]func(context.Context, []string) error{"serve": serve, "agent": agentCommand, "ping": pingCommand,
		"speedtest": speedtestCommand, "relay": relayCommand, "wireguard": wireguardCommand}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: peers serve|agent|ping|speedtest|relay|wireguard [FLAGS]")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](ctx, os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// cpuSeconds is what this process has used.
func cpuSeconds() float64 {
	var used syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds()
}

func say(v any) { json.NewEncoder(os.Stdout).Encode(v) }

func serve(ctx context.Context, args []string) error {
	var o options
	flags := flag.NewFlagSet("serve", flag.ExitOnError)
	flags.StringVar(&o.listen, "listen", "127.0.0.1:0", "where to serve")
	stun := flags.String("stun", "127.0.0.1:0", "where to serve STUN: addresses and ports, with commas between; none")
	flags.StringVar(&o.far, "far", "", "where to serve one more relay, which is further away")
	flags.IntVar(&o.workspaces, "workspaces", 2, "running workspaces, dev1 and so on")
	flags.StringVar(&o.stopped, "stopped", "", "name of one more workspace, which is stopped")
	flags.StringVar(&o.token, "token", "interop-token", "session token")
	flags.BoolVar(&o.forceWebsockets, "force-websockets", false, "say so in the connection info")
	flags.BoolVar(&o.noUpgrade, "no-upgrade", false, "the relay refuses clients that do not come by websocket")
	flags.BoolVar(&o.blockDirect, "block-direct", false, "direct connections are disabled")
	flags.BoolVar(&o.noTailnet, "no-tailnet", false, "an old server that has no /api/v2/tailnet")
	flags.BoolVar(&o.noAgents, "no-agents", false, "no agents but those that come from elsewhere")
	flags.StringVar(&o.certOut, "tls-cert-out", "", "serve with TLS, and write the certificate here")
	flags.Parse(args)
	if *stun != "none" {
		o.stun = strings.Split(*stun, ",")
	}

	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return err
	}
	base := &url.URL{Scheme: "http", Host: listener.Addr().String()}
	if o.certOut != "" {
		base.Scheme = "https"
		if listener, err = withTLS(listener, o.certOut); err != nil {
			return err
		}
	}
	d, err := newDeployment(ctx, o, base)
	if err != nil {
		return err
	}
	// The agents come by a door of their own: plain, and by upgrade, whatever clients must do.
	back, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go http.Serve(back, d.agentDoor())
	server := &http.Server{Handler: d.handler(), TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){}}
	go server.Serve(listener)
	if !o.noAgents {
		if err := d.startAgents(back.Addr().(*net.TCPAddr).Port); err != nil {
			return err
		}
		if err := d.awaitAgents(ctx); err != nil {
			return err
		}
	}
	ready := object{"url": base.String(), "token": o.token, "user": userName}
	if len(d.stuns) > 0 {
		ready["stun"] = d.stuns[0].String()
	}
	say(ready)
	<-ctx.Done()
	return nil
}

// awaitAgents returns once every agent has announced itself.
func (d *deployment) awaitAgents(ctx context.Context) error {
	limit := time.After(30 * time.Second)
	for _, w := range d.workspaces {
		for !w.stopped && d.members.nodeOf(w.agent) == nil {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-limit:
				return fmt.Errorf("agent of %s has announced nothing in 30 s", w.name)
			case <-time.After(5 * time.Millisecond):
			}
		}
	}
	return nil
}

// withTLS makes a certificate for this run and writes it where the client will look for its roots.
func withTLS(inner net.Listener, certOut string) (net.Listener, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{Subject: pkix.Name{CommonName: "derptop's tests"}, SerialNumber: big.NewInt(time.Now().UnixNano()), NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(24 * time.Hour), DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(certOut, text, 0o600); err != nil {
		return nil, err
	}
	return tls.NewListener(inner, &tls.Config{NextProtos: []string{"http/1.1"},
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: private}}}), nil
}
