"""Port mapping asked of a genuine router daemon (miniupnpd), by NAT-PMP, PCP and UPnP each."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time

import pytest

import netns
import program
import test_paths

# miniupnpd gives no ports on an address that is reserved for documents, so these are real ones, in
# namespaces that nothing leaves.
SERVER, OUTSIDE, INSIDE, CLIENT = "51.0.0.1", "51.0.0.2", "192.168.1.1", "192.168.1.2"
PORT = 41000

# The chains that the daemon fills in.
TABLE = """table inet miniupnpd {
    chain forward { type filter hook forward priority 0; policy accept; jump miniupnpd; }
    chain prerouting { type nat hook prerouting priority -101; jump prerouting_miniupnpd; }
    chain postrouting { type nat hook postrouting priority 101; jump postrouting_miniupnpd; }
    chain miniupnpd { }
    chain prerouting_miniupnpd { }
    chain postrouting_miniupnpd { }
}"""

# Requests of one protocol are dropped by its version, which is their first byte: NAT-PMP 0, PCP 2.
DROP_VERSION = """table inet versions {{
    chain c {{ type filter hook input priority 0; udp dport 5351 @th,64,8 {version} drop; }}
}}"""


def daemon():
    """The path of miniupnpd, which is where only root looks; None if there is none."""
    return shutil.which("miniupnpd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


class Home:
    def __init__(self, stack, tmp_path):
        net = stack.enter_context(netns.Net())
        self.net, self.stack, self.folder, self.daemons = net, stack, tmp_path, 0
        self.internet, home = net.switch("internet"), net.switch("home")
        self.server = net.host("server", self.internet, f"{SERVER}/24")
        self.router = net.router("router", self.internet, f"{OUTSIDE}/24", home, f"{INSIDE}/24", nat="hard")
        self.host = net.host("client", home, f"{CLIENT}/24", gateway=INSIDE)
        self.router.nft(TABLE)

    def daemon(self, natpmp=True, upnp=True, version_1=False):
        self.daemons += 1
        lease, config, pid = (self.folder / f"{name}{self.daemons}" for name in ("leases", "config", "pid"))
        lines = [f"ext_ifname={self.router.outside.name}", f"listening_ip={self.router.inside.name}",
                 f"enable_natpmp={'yes' if natpmp else 'no'}", f"enable_upnp={'yes' if upnp else 'no'}",
                 "ipv6_disable=yes", "secure_mode=yes", "http_port=0", f"lease_file={lease}",
                 "upnp_table_name=miniupnpd", "upnp_nat_table_name=miniupnpd",
                 f"force_igd_desc_v1={'yes' if version_1 else 'no'}",
                 "allow 1024-65535 192.168.1.0/24 1024-65535", "deny 0-65535 0.0.0.0/0 0-65535"]
        config.write_text("\n".join(lines) + "\n")
        self.log = log = self.folder / f"log{self.daemons}"
        with open(log, "wb") as errors:
            process = subprocess.Popen(self.router.command(daemon(), "-d", "-f", str(config), "-P", str(pid)),
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
        self.stack.callback(end, process)
        ready = b"Listening for NAT-PMP" if natpmp else b"HTTP listening"
        self.wait_until(lambda: ready in log.read_bytes() or process.poll() is not None)
        assert process.poll() is None, log.read_text()

    def drop(self, version):
        self.router.nft(DROP_VERSION.format(version=version))

    def client(self, port=PORT):
        one = program.Server(self.host.command(os.environ["PORTMAP_CLIENT"], str(port)),
                             first_line=lambda line: True)
        return self.stack.enter_context(one)

    @staticmethod
    def wait_until(done):
        deadline = time.monotonic() + program.LIMIT_SECONDS
        while not done():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.01)

    @property
    def ports_given(self):
        """External ports that the daemon has ever given by NAT-PMP."""
        return [int(port) for port in re.findall(r"timestamp entry added \((\d+),", self.log.read_text())]

    def mapped_ports(self):
        """External ports that the router leads inside, as the kernel has them."""
        rules = subprocess.run(self.router.command("nft", "list", "chain", "inet", "miniupnpd",
                                                   "prerouting_miniupnpd"), capture_output=True, text=True, check=True)
        return [int(port) for port in re.findall(r"dport (\d+) dnat", rules.stdout)]


def end(process):
    process.terminate()
    process.wait(timeout=program.LIMIT_SECONDS)


@pytest.fixture(autouse=True)
def takes_a_daemon():
    if not daemon():
        why = "port mapping takes miniupnpd (package miniupnpd-nftables), which is not here"
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)


@pytest.fixture
def home(tmp_path):
    with contextlib.ExitStack() as stack:
        yield Home(stack, tmp_path)


def is_mapped(line):
    return line["type"] == "portmap" and line["external"] != ""


def reach(home, mapped):
    """A datagram from the internet to the public end arrives at the host at home."""
    ip, _, port = mapped["external"].rpartition(":")
    code = f"import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'hello', ('{ip}', {port}))"
    subprocess.run(home.server.command(sys.executable, "-c", code), check=True, timeout=program.LIMIT_SECONDS)


def prove(home, by, seen):
    """The mapping is made by that protocol, carries packets, is in the kernel, and is gone at the end."""
    client = home.client()
    mapped = client.ready if is_mapped(client.ready) else client.next(is_mapped)
    assert mapped["by"] == by
    assert {name for name in ("upnp", "pmp", "pcp") if mapped[name]} == seen
    assert mapped["external"].startswith(f"{OUTSIDE}:")
    assert home.mapped_ports() == [int(mapped["external"].rpartition(":")[2])]
    reach(home, mapped)
    assert client.next(lambda line: line["type"] == "datagram")["from"].startswith(f"{SERVER}:")
    status, errors = client.stop()
    assert status == 0, errors
    home.wait_until(lambda: home.mapped_ports() == [])


def test_nat_pmp(home):
    home.daemon(upnp=False)
    home.drop(version=2)
    prove(home, "NAT-PMP", {"pmp"})


def test_pcp(home):
    home.daemon(upnp=False)
    home.drop(version=0)
    prove(home, "PCP", {"pcp"})


def test_upnp(home):
    home.daemon(natpmp=False)
    prove(home, "UPnP", {"upnp"})


def test_upnp_of_the_first_version(home):
    home.daemon(natpmp=False, version_1=True)
    prove(home, "UPnP", {"upnp"})


def test_a_router_with_all_three(home):
    home.daemon()
    prove(home, "NAT-PMP", {"pmp", "pcp", "upnp"})


def test_a_router_with_none(home):
    client = home.client()
    assert (client.ready["upnp"], client.ready["pmp"], client.ready["pcp"]) == (False, False, False)
    assert client.ready["external"] == ""
    assert client.stop()[0] == 0


def test_it_only_looks_when_no_port_is_wanted(home):
    home.daemon()
    client = home.client(port=0)
    assert client.ready["upnp"] and client.ready["pmp"] and client.ready["pcp"]
    assert client.stop()[0] == 0
    assert home.mapped_ports() == []


def test_another_address_is_another_mapping(home):
    home.daemon(upnp=False)
    client = home.client()
    first = client.ready if is_mapped(client.ready) else client.next(is_mapped)
    home.host.link.remove(f"{CLIENT}/24")
    assert client.next(lambda line: line["external"] == "")["pmp"] is not True
    home.host.link.add("192.168.1.3/24")
    home.host.ip("route", "add", "default", "via", INSIDE)
    second = client.next(is_mapped)
    reach(home, second)
    assert client.next(lambda line: line["type"] == "datagram")
    # The first could not be given back, for its address was gone: the router keeps it until its end.
    assert second["external"] != first["external"]
    assert client.stop()[0] == 0


def lab(home):
    deployment = home.stack.enter_context(program.Server(home.server.command(test_paths.split(), "server", SERVER,
                                                                             "8080")))
    return deployment.ready, deployment.client_environment()


def test_netcheck_tells_what_the_router_can_do(home):
    home.daemon()
    _, env = lab(home)
    ended = program.run_command(home.host.command(program.binary(), "netcheck", "--json"), env=env)
    info = program.json_lines(ended.stdout)[-1]["net_info"]
    assert (info["UPnP"], info["PMP"], info["PCP"]) == (True, True, True), ended.stderr
    assert "HavePortMap" not in info, "a check asks for no port"
    assert home.mapped_ports() == []


def hard_agent(home, ready):
    """An agent behind a hard NAT, to which no path leads that does not begin there."""
    far = home.net.switch("far")
    home.net.router("farnat", home.internet, "51.0.0.3/24", far, "192.168.3.1/24", nat="hard")
    test_paths.run_agent(home.stack, home.net.host("agent", far, "192.168.3.2/24", gateway="192.168.3.1"), ready)


def test_two_hard_nats_are_crossed_where_one_router_gives_a_port(home):
    home.daemon()
    ready, env = lab(home)
    hard_agent(home, ready)
    ping = test_paths.Ping(home.host, env)
    ping.wait_path("direct")
    summary = ping.end()
    [port] = [int(one.rpartition(":")[2]) for one in summary["own_endpoints"][:1] if one.startswith(f"{OUTSIDE}:")]
    assert port in home.ports_given, "the router's port is the first endpoint"
    home.wait_until(lambda: home.mapped_ports() == [])


def test_no_port_is_asked_for_without_direct_connections(home):
    home.daemon()
    ready, env = lab(home)
    hard_agent(home, ready)
    ping = test_paths.Ping(home.host, env, "--disable-direct-connections")
    ping.wait_pongs(10)
    assert home.mapped_ports() == []
    assert ping.end()["path"] == "derp"
    assert home.ports_given == []
