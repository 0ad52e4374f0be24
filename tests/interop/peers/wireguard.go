package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/tailscale/wireguard-go/conn"
	"github.com/tailscale/wireguard-go/device"
	"tailscale.com/types/key"
)

// wireguardCommand is a genuine WireGuard device alone, with a genuine netstack in it, on a UDP socket
// of its own: no paths, no relay. Told what to do by lines on standard input:
//
//	peer KEY PORT ADDRESS KEEPALIVE   the other side: key (hex), port on loopback, address, seconds
//	ping COUNT                        {"pongs":COUNT} when the last of them was answered
//	restart                           a new device with the old key, on the old port
//	status                            {"status":{"handshake":UNIX_NS,"in":BYTES,"out":BYTES}}
//
// First of all it says {"key":…,"port":…}. Ends when standard input does.
func wireguardCommand(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("wireguard", flag.ExitOnError)
	address := flags.String("address", "fd7a:115c:a1e0::2", "own address in the tunnel")
	flags.Parse(args)
	own, err := netip.ParseAddr(*address)
	if err != nil {
		return err
	}
	w := &wireguard{own: own, private: key.NewNode()}
	if err := w.open(0); err != nil {
		return err
	}
	defer func() { w.device.Close() }()
	say(object{"key": w.private.Public().UntypedHexString(), "port": w.port})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() && ctx.Err() == nil {
		if err := w.obey(strings.Fields(lines.Text())); err != nil {
			return fmt.Errorf("%s: %w", lines.Text(), err)
		}
	}
	return lines.Err()
}

type wireguard struct {
	own     netip.Addr
	private key.NodePrivate
	host    *host
	device  *device.Device
	port    int
	peer    string // its configuration, for the next device
	theirs  netip.Addr
	seq     uint16
}

// open makes a device; port 0 is any free one.
func (w *wireguard) open(port int) error {
	var err error
	if w.host, err = newHost(w.own); err != nil {
		return err
	}
	w.device = device.NewDevice(w.host, conn.NewStdNetBind(), device.NewLogger(device.LogLevelSilent, ""))
	settings := fmt.Sprintf("private_key=%s\nlisten_port=%d\n%s", w.private.UntypedHexString(), port, w.peer)
	if err := w.device.IpcSet(settings); err != nil {
		return err
	}
	if err := w.device.Up(); err != nil {
		return err
	}
	w.port, err = w.number("listen_port")
	return err
}

// number is one of the figures that the device tells of itself or of its only peer.
func (w *wireguard) number(name string) (int, error) {
	text, err := w.device.IpcGet()
	if err != nil {
		return 0, err
	}
	for _, line := range strings.Split(text, "\n") {
		if value, found := strings.CutPrefix(line, name+"="); found {
			return strconv.Atoi(value)
		}
	}
	return 0, fmt.Errorf("the device tells no %s", name)
}

func (w *wireguard) obey(words []string) error {
	if len(words) == 0 {
		return errors.New("an empty line")
	}
	switch {
	case words[0] == "peer" && len(words) == 5:
		return w.setPeer(words)
	case words[0] == "ping" && len(words) == 2:
		return w.ping(words[1])
	case words[0] == "restart":
		w.device.Close()
		return w.open(w.port)
	case words[0] == "status":
		return w.status()
	}
	return errors.New("no such command")
}

func (w *wireguard) setPeer(words []string) (err error) {
	if w.theirs, err = netip.ParseAddr(words[3]); err != nil {
		return err
	}
	w.peer = fmt.Sprintf("public_key=%s\nendpoint=127.0.0.1:%s\nallowed_ip=%s/128\npersistent_keepalive_interval=%s\n",
		words[1], words[2], words[3], words[4])
	if err = w.device.IpcSet(w.peer); err == nil {
		say(object{"peer": true})
	}
	return err
}

func (w *wireguard) ping(text string) error {
	count, err := strconv.Atoi(text)
	if err != nil {
		return err
	}
	for i := 0; i < count; i++ {
		var err error
		for try := 0; try < 30; try++ { // what is lost is sent again, as anything above would
			w.seq++
			if _, err = w.host.echo(w.theirs, w.seq, time.Second); err == nil {
				break
			}
		}
		if err != nil {
			return err
		}
	}
	say(object{"pongs": count})
	return nil
}

func (w *wireguard) status() error {
	figures := map[string]int{}
	for _, name := range []string{"last_handshake_time_sec", "last_handshake_time_nsec", "rx_bytes", "tx_bytes"} {
		value, err := w.number(name)
		if err != nil {
			return err
		}
		figures[name] = value
	}
	say(object{"status": object{"handshake": figures["last_handshake_time_sec"]*1e9 + figures["last_handshake_time_nsec"],
		"in": figures["rx_bytes"], "out": figures["tx_bytes"]}})
	return nil
}
