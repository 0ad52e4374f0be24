"""derptop netcheck behind NATs and firewalls, against the lab in a namespace of its own."""

import contextlib

import pytest

import netns
import program

SERVER, OUTSIDE, INSIDE, CLIENT = "198.51.100.1", "198.51.100.2", "192.168.1.1", "192.168.1.2"


class Place:
    """A lab on the internet, and a client at home behind a router."""

    def __init__(self, stack, nat=None, **kind):
        net = stack.enter_context(netns.Net())
        self.internet, home = net.switch("internet"), net.switch("home")
        self.server = net.host("server", self.internet, f"{SERVER}/24")
        self.router = net.router("router", self.internet, f"{OUTSIDE}/24", home, f"{INSIDE}/24", nat=nat, **kind)
        self.client = net.host("client", home, f"{CLIENT}/24", gateway=INSIDE)
        self.lab = stack.enter_context(program.Server(
            self.server.command(program.binary(), "lab", "--json", "--listen", f"{SERVER}:8080")))

    def check(self, *flags, host=None):
        return program.run_command((host or self.client).command(program.binary(), "netcheck", *flags),
                                   env=self.lab.client_environment())

    def lines(self, host=None):
        ended = self.check("--json", host=host)
        assert ended.returncode == 0, ended.stderr + ended.stdout
        return program.json_lines(ended.stdout)

    def net_info(self, host=None):
        return self.lines(host)[-1]["net_info"]


@pytest.fixture
def place():
    with contextlib.ExitStack() as stack:
        yield lambda *arguments, **kind: Place(stack, *arguments, **kind)


def mapped_ports(lines):
    return [int(line["stun_v4"]["mapped"].rpartition(":")[2]) for line in lines if line["type"] == "region"
            and not line["relay"]]


def test_an_easy_nat(place):
    at = place("easy")
    lines = at.lines()
    info = lines[-1]["net_info"]
    assert info["UDP"] and info["WorkingUDP"]
    assert info["MappingVariesByDestIP"] is False
    assert info["GlobalV4"].startswith(f"{OUTSIDE}:")
    assert info["HairPinning"] is False
    assert len(set(mapped_ports(lines))) == 1, lines
    assert "easy NAT: every server sees the same address" in at.check().stdout


def test_a_hard_nat(place):
    at = place("hard")
    lines = at.lines()
    info = lines[-1]["net_info"]
    # The router is what it is said to be: another port for every destination.
    assert len(set(mapped_ports(lines))) == 2, lines
    assert info["UDP"] and info["MappingVariesByDestIP"] is True
    assert info["GlobalV4"].startswith(f"{OUTSIDE}:")
    assert [one["code"] for one in lines[-1]["warnings"]] == ["ESTUN02"]
    assert "hard NAT" in at.check().stdout


def test_an_open_nat_and_one_that_turns_packets_round(place):
    info = place("open", host=CLIENT).net_info()
    assert (info["MappingVariesByDestIP"], info["HairPinning"]) == (False, False)
    info = place("open", host=CLIENT, hairpin=True).net_info()
    assert (info["MappingVariesByDestIP"], info["HairPinning"]) == (False, True)


def test_udp_blocked_on_the_way_and_let_through_again(place):
    at = place("easy")
    at.router.drop_udp()
    lines = at.lines()
    info = lines[-1]["net_info"]
    assert "UDP" not in info and info["WorkingUDP"] is False
    assert info["GlobalV4"] == "" and info["MappingVariesByDestIP"] is None and info["HairPinning"] is None
    assert info["IPv4"] and info["IPv4CanSend"], "the relay answers over TCP, and sending is no proof"
    assert info["DERPLatency"]["999-v4"] > 0
    assert "blocked: no STUN server answered" in at.check().stdout
    at.router.drop_udp(False)
    assert at.net_info()["UDP"]


def test_udp_blocked_by_the_computer_itself(place):
    at = place("easy")
    at.client.drop_udp()
    info = at.net_info()
    assert "UDP" not in info
    assert info["DERPLatency"]["999-v4"] > 0


def test_no_nat_at_all(place):
    at = place()
    info = at.net_info(host=at.server)
    assert info["GlobalV4"].startswith(f"{SERVER}:") and info["MappingVariesByDestIP"] is False
    assert info["HairPinning"] is True
    assert "none: the public address is this computer's own" in at.check(host=at.server).stdout


def test_a_link_that_is_cut_and_restored(place):
    at = place("easy")
    at.client.link.cut()
    at.router.inside.cut()
    at.client.ip("route", "flush", "table", "main")  # so that there is nobody to wait for
    ended = at.check()
    assert ended.returncode == 1 and ended.stderr, ended.stdout
    at.router.inside.restore()
    at.client.link.restore()
    at.client.ip("route", "add", "192.168.1.0/24", "dev", at.client.link.name)
    at.client.ip("route", "add", "default", "via", INSIDE)
    assert at.net_info()["UDP"]


def test_a_small_mtu_is_warned_of(place):
    at = place("easy")
    at.client.link.set_mtu(1280)
    summary = at.lines()[-1]
    assert [one["code"] for one in summary["interfaces"]["warnings"]] == ["EIF01"]
    assert summary["interfaces"]["interfaces"][0]["mtu"] == 1280


def test_ipv6_alone():
    with netns.Net() as net:
        internet = net.switch()
        server = net.host("server", internet, "2001:db8::1/64")
        client = net.host("client", internet, "2001:db8::2/64")
        command = server.command(program.binary(), "lab", "--json", "--listen", "[2001:db8::1]:8080")
        with program.Server(command) as lab:
            ended = program.run_command(client.command(program.binary(), "netcheck", "--json"),
                                        env=lab.client_environment())
    info = program.json_lines(ended.stdout)[-1]["net_info"]
    assert info["UDP"] and info["IPv6"] and info["IPv6CanSend"] and info["WorkingIPv6"]
    assert "IPv4" not in info and info["GlobalV4"] == ""
    assert info["GlobalV6"].startswith("[2001:db8::2]:")
    assert info["DERPLatency"]["999-v6"] > 0
    assert info["MappingVariesByDestIP"] is None
