"""Networks made of namespaces: hosts, switches and routers with NATs, links that can be cut.

    with netns.Net() as net:
        internet = net.switch()
        server = net.host("server", internet, "198.51.100.1/24")
        home = net.switch()
        net.router("nat", internet, "198.51.100.2/24", home, "192.168.1.1/24", nat="hard")
        client = net.host("client", home, "192.168.1.2/24", gateway="192.168.1.1")
        subprocess.run(client.command("ping", "-c1", "198.51.100.1"))

Processes are started by the test, with host.command, and must have ended before the net is taken down.
Takes root, `ip` and `nft`; tests/netns/conftest.py skips by name where they are not to be had.
"""

import itertools
import os
import shutil
import subprocess
import sys

import program
import tunnel

# What a NAT does with a packet from inside, and with one from outside that nobody has asked for:
#   easy  keeps the port, whatever the destination; drops what comes from whom nothing was sent to
#   hard  takes a random port for each destination; drops likewise
#   open  keeps the port; sends all that nobody asked for to the one host inside (`inside`)
KINDS = ("easy", "hard", "open")

_number = itertools.count(1)


def missing():
    """Why namespaces cannot be had here; None if they can."""
    if os.geteuid() != 0:
        return "network namespaces take root"
    for tool in ("ip", "nft"):
        if shutil.which(tool) is None:
            return f"network namespaces take {tool}, which is not here"
    name = f"derptop{os.getpid()}t"
    rules = "table ip t { chain c { type nat hook postrouting priority 100; masquerade random,fully-random; }; }"
    try:
        _run("ip", "netns", "add", name)
        _run("ip", "netns", "exec", name, "nft", rules)
        _run("ip", "-n", name, "link", "add", "one", "type", "veth", "peer", "name", "two")
    except subprocess.CalledProcessError as error:
        return f"this kernel or container allows no network namespaces: {error.stderr.strip()}"
    finally:
        subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    return None


def _run(*command):
    subprocess.run(command, capture_output=True, text=True, check=True)


class Namespace:
    def __init__(self, net, name):
        self.name = f"{net.prefix}{name}"
        _run("ip", "netns", "add", self.name)
        net.namespaces.append(self)
        self.ip("link", "set", "lo", "up")
        # No waiting until an IPv6 address is known to be nobody else's.
        self.sysctl("net/ipv6/conf/default/accept_dad", 0)

    def command(self, *command):
        """The command line that runs a command here."""
        return ["ip", "netns", "exec", self.name, *command]

    def ip(self, *arguments):
        _run("ip", "-n", self.name, *arguments)

    def nft(self, rules):
        _run(*self.command("nft", rules))

    def table(self, name, chains):
        """Puts the nft table of that name in the place of the one that was there; no chains: takes it away."""
        self.nft(f"add table inet {name}; delete table inet {name}")
        if chains:
            self.nft(f"table inet {name} {{ {chains}; }}")

    def sysctl(self, name, value):
        _run(*self.command("sh", "-c", f"[ ! -e /proc/sys/{name} ] || echo {value} >/proc/sys/{name}"))


class Link:
    """One end of a cable to a switch."""

    def __init__(self, net, namespace, switch, address):
        self.namespace, self.switch = namespace, switch
        number = next(_number)
        self.name, self.port = f"eth{number}", f"port{number}"
        switch.ip("link", "add", self.port, "type", "veth", "peer", "name", self.name, "netns", namespace.name)
        switch.ip("link", "set", self.port, "master", "bridge", "up")
        namespace.ip("link", "set", self.name, "up")
        self.add(address)

    def add(self, address):
        """A further address, such as 198.51.100.9/24 or 2001:db8::9/64."""
        more = ["nodad"] if ":" in address else []
        self.namespace.ip("addr", "add", address, "dev", self.name, *more)

    def remove(self, address):
        self.namespace.ip("addr", "del", address, "dev", self.name)

    def cut(self):
        """The cable is cut somewhere beyond: the interface stays up and nothing gets through."""
        self.switch.ip("link", "set", self.port, "nomaster")

    def restore(self):
        self.switch.ip("link", "set", self.port, "master", "bridge")

    def bounce(self):
        """Takes it down and up again: the connections that a NAT remembers of it are forgotten."""
        self.namespace.ip("link", "set", self.name, "down")
        self.namespace.ip("link", "set", self.name, "up")

    def isolate(self, isolated=True):
        """As guests of a Wi-Fi are: nothing passes between isolated links of one switch."""
        self.switch.ip("link", "set", self.port, "type", "bridge_slave", "isolated", "on" if isolated else "off")

    def set_mtu(self, mtu):
        """Of this end: longer packets do not leave, or are told that they are too long."""
        self.namespace.ip("link", "set", self.name, "mtu", str(mtu))


class Switch(Namespace):
    def __init__(self, net, name):
        super().__init__(net, name)
        self.ip("link", "add", "bridge", "type", "bridge")
        self.ip("link", "set", "bridge", "up")


class Host(Namespace):
    def __init__(self, net, name, switch, address, gateway=None):
        super().__init__(net, name)
        self.address, self.nudges = address.partition("/")[0], 0
        self.link = Link(net, self, switch, address)
        if gateway:
            self.ip("route", "add", "default", "via", gateway)

    def nudge(self):
        """One more address: who watches for changes of the network looks at it anew."""
        self.nudges += 1
        self.link.add(f"{self.address.rpartition('.')[0]}.{100 + int(self.address.rpartition('.')[2]) + 10 * self.nudges}/24")

    def drop_udp(self, dropped=True):
        """A firewall on the host itself, which drops what it sends by UDP without a word."""
        _drop_udp(self, "output", dropped)

    def guard(self, guarded=True):
        """A firewall on the host itself, which lets in by UDP what answers to it, and drops all else."""
        self.table("guard", guarded and "chain c { type filter hook input priority 0; "
                                        "ct state new meta l4proto udp drop; }")


class Router(Namespace):
    """Two links, forwarding, and a NAT on the first (see KINDS; None: it only forwards)."""

    def __init__(self, net, name, outside, outside_address, inside, inside_address, nat=None, host=None,
                 hairpin=False):
        super().__init__(net, name)
        assert nat is None or nat in KINDS, nat
        assert (host is not None) == (nat == "open"), "an open NAT takes the one host inside, the others none"
        self.outside = Link(net, self, outside, outside_address)
        self.inside = Link(net, self, inside, inside_address)
        self.sysctl("net/ipv4/ip_forward", 1)
        self.sysctl("net/ipv6/conf/all/forwarding", 1)
        self.address, self.nat = outside_address.partition("/")[0], nat
        if nat:
            self.nft(self.rules(nat, self.address, host, hairpin))

    def become(self, nat, host=None, hairpin=False):
        """Another NAT from now on, which knows nothing of what went through the former."""
        self.nat = nat
        self.nft("delete table ip nat")
        self.nft(self.rules(nat, self.address, host, hairpin))
        self.outside.bounce()

    def move(self, address, *elsewhere):
        """Another address outside from now on; networks `elsewhere` are reached without a gateway."""
        self.outside.add(address)
        self.outside.remove(f"{self.address}/24")
        self.address = address.partition("/")[0]
        for network in elsewhere:
            self.ip("route", "replace", network, "dev", self.outside.name)

    def rules(self, nat, address, host, hairpin):
        random = " random,fully-random" if nat == "hard" else ""
        inward = back = ""
        if host:
            inward = f'iifname "{self.outside.name}" ip daddr {address} meta l4proto udp dnat to {host}\n'
        if host and hairpin:
            inward += f'iifname "{self.inside.name}" ip daddr {address} meta l4proto udp dnat to {host}\n'
            back = f'oifname "{self.inside.name}" ip daddr {host} ct status dnat ' \
                   f'iifname "{self.inside.name}" snat to {address}\n'
        return f"""table ip nat {{
            chain inward {{
                type nat hook prerouting priority -100;
                {inward}
            }}
            chain outward {{
                type nat hook postrouting priority 100;
                {back}
                oifname "{self.outside.name}" masquerade{random}
            }}
            chain unasked {{
                # As home routers do. Let in to the router itself, it would take the port that a host inside
                # is about to use towards the same address.
                type filter hook input priority 0;
                iifname "{self.outside.name}" ct state new meta l4proto udp drop
                iifname "{self.inside.name}" ip daddr {address} meta l4proto udp drop
            }}
        }}"""

    def drop_udp(self, dropped=True):
        """A firewall that drops all UDP between the two sides without a word."""
        _drop_udp(self, "forward", dropped)


def _drop_udp(namespace, hook, dropped):
    namespace.table(f"{hook}_udp",
                    dropped and f"chain c {{ type filter hook {hook} priority 0; meta l4proto udp drop; }}")


class Tunnel:
    """A VPN between two namespaces: an interface tun0 in each, and a process that joins them."""

    def __init__(self, stack, here, here_address, there, there_address):
        command = [sys.executable, tunnel.__file__, here.name, "tun0", there.name, "tun0"]
        stack.enter_context(program.Server(command, first_line=lambda line: line["up"]))
        for end, address in ((here, here_address), (there, there_address)):
            end.ip("addr", "add", address, "dev", "tun0")
            end.ip("link", "set", "tun0", "up")


class Net:
    def __init__(self):
        self.prefix = f"d{os.getpid()}x{next(_number)}-"
        self.namespaces = []

    def switch(self, name=None):
        return Switch(self, name or f"switch{next(_number)}")

    def host(self, name, switch, address, gateway=None):
        return Host(self, name, switch, address, gateway)

    def router(self, name, outside, outside_address, inside, inside_address, **kind):
        return Router(self, name, outside, outside_address, inside, inside_address, **kind)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for namespace in reversed(self.namespaces):
            subprocess.run(["ip", "netns", "del", namespace.name], capture_output=True, check=False)
