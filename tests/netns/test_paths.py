"""Which path is found through which network: client and agent each behind a router of their own, the
deployment on the internet between them. Times are printed at the end, none decides."""

import contextlib
import json
import os
import subprocess

import pytest

import netns
import program

SERVER, AGENT, CLIENT = "198.51.100.1", "198.51.100.2", "198.51.100.3"
OTHER = {AGENT: "198.51.100.22", CLIENT: "198.51.100.33"}
times = []


def split():
    path = os.environ.get("LAB_SPLIT")
    assert path, "LAB_SPLIT must name the lab in two parts (ctest does)"
    return path


class Ping:
    """`derptop ping --json` under way: its lines as they come."""

    def __init__(self, host, env, *flags):
        self.process = subprocess.Popen(
            host.command(program.binary(), "ping", "dev1", "--json", "--wait", "200ms", "-t", "2s", "-n", "300", *flags),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
        self.lines = []

    def wait_for(self, wanted, what):
        for line in self.process.stdout:
            self.lines.append(json.loads(line))
            if wanted(self.lines[-1]):
                return self.lines[-1]
        raise AssertionError(f"{what}: not seen before the end: {self.process.stderr.read()} {self.lines[-8:]}")

    def wait_path(self, path):
        return self.wait_for(lambda line: line["type"] == "pong" and line["path"] == path, f"a {path} pong")

    def wait_pongs(self, count):
        seen = len([line for line in self.lines if line["type"] == "pong"])
        while seen < count:
            self.wait_for(lambda line: line["type"] == "pong", "a pong")
            seen += 1

    def end(self):
        self.process.terminate()
        rest, _ = self.process.communicate(timeout=program.LIMIT_SECONDS)
        self.lines += [json.loads(line) for line in rest.splitlines()]
        return self.lines[-1]


def run_agent(stack, host, ready):
    peer = subprocess.Popen(host.command(split(), "agent", ready["url"], ready["agent_token"], ready["agent_id"]))
    stack.callback(peer.wait)
    stack.callback(peer.terminate)


class Place:
    def __init__(self, stack, client=None, agent=None, agent_udp=True):
        net = stack.enter_context(netns.Net())
        self.internet = net.switch("internet")
        self.server = net.host("server", self.internet, f"{SERVER}/24")
        self.agent, self.agent_router = self.put(net, "agent", agent, AGENT)
        self.client, self.client_router = self.put(net, "client", client, CLIENT)
        deployment = stack.enter_context(program.Server(self.server.command(split(), "server", SERVER, "8080")))
        self.env = deployment.client_environment()
        if not agent_udp:
            self.agent.drop_udp()
        run_agent(stack, self.agent, deployment.ready)

    def put(self, net, name, nat, address):
        """On the internet itself, or at home behind a router."""
        if nat is None:
            return net.host(name, self.internet, f"{address}/24"), None
        inside = f"192.168.{address.rpartition('.')[2]}"
        home = net.switch(f"{name}home")
        router = net.router(f"{name}nat", self.internet, f"{address}/24", home, f"{inside}.1/24", nat=nat,
                            host=f"{inside}.2" if nat == "open" else None)
        return net.host(name, home, f"{inside}.2/24", gateway=f"{inside}.1"), router

    def ping(self, *flags):
        return Ping(self.client, self.env, *flags)


@pytest.fixture
def stack():
    with contextlib.ExitStack() as opened:
        yield opened


@pytest.fixture
def place(stack):
    return lambda *arguments, **kinds: Place(stack, *arguments, **kinds)


@pytest.fixture(scope="module", autouse=True)
def table():
    yield
    print("\n" + "\n".join(f"{name:44} {value:8.0f} ms" for name, value in times))


def note(name, since, until):
    times.append((name, (stamp(until) - stamp(since)) * 1000))


def stamp(line):
    hour, minute, second = line["time"].partition("T")[2].rstrip("Z").split(":")
    return int(hour) * 3600 + int(minute) * 60 + float(second)


DIRECT = [(None, None), ("easy", "easy"), ("easy", None), (None, "hard"), ("hard", "open"), ("open", "hard")]
RELAYED = [("hard", "easy"), ("easy", "hard"), ("hard", "hard")]


@pytest.mark.parametrize("client, agent", DIRECT)
def test_a_direct_path_is_found(place, client, agent):
    ping = place(client, agent).ping()
    found = ping.wait_path("direct")
    note(f"direct, client {client or 'public'}, agent {agent or 'public'}", ping.lines[0], found)
    ping.wait_pongs(10)
    assert ping.end()["steps"]["handshake"]["state"] == "done"


@pytest.mark.parametrize("client, agent", RELAYED)
def test_it_stays_on_the_relay(place, client, agent):
    ping = place(client, agent).ping()
    ping.wait_pongs(40)  # eight seconds: all candidates were tried at least twice
    summary = ping.end()
    assert summary["path"] == "derp" and summary["own_endpoints"], summary
    assert all(line["path"] == "derp" for line in ping.lines if line["type"] == "pong")
    assert summary["steps"]["handshake"]["state"] == "done"


def test_an_interface_too_small_for_a_full_packet_is_no_path(place):
    at = place()
    at.client.link.set_mtu(1280)
    ping = at.ping()
    ping.wait_pongs(30)
    assert ping.end()["path"] == "derp"


def test_ipv6_alone(stack):
    net = stack.enter_context(netns.Net())
    internet = net.switch("internet")
    server, agent, client = (net.host(name, internet, f"2001:db8::{number}/64")
                             for number, name in enumerate(("server", "agent", "client"), 1))
    at = stack.enter_context(program.Server(server.command(split(), "server", "2001:db8::1", "8080")))
    run_agent(stack, agent, at.ready)
    ping = Ping(client, at.client_environment())
    assert ping.wait_path("direct")["endpoint"].startswith("[2001:db8::2]:")
    ping.wait_pongs(10)
    assert ping.end()["steps"]["handshake"]["state"] == "done"


def test_udp_that_is_blocked_leaves_the_relay(place):
    at = place()
    at.client.drop_udp()
    ping = at.ping()
    ping.wait_pongs(20)
    assert ping.end()["path"] == "derp"


def test_a_direct_path_that_dies_and_comes_back(place):
    at = place("easy", "easy")
    ping = at.ping()
    ping.wait_path("direct")
    ping.wait_pongs(50)  # long enough to be established
    at.client.drop_udp()
    fell = ping.wait_for(lambda line: line["type"] == "path_change", "the fall to the relay")
    assert (fell["to"]["path"], fell["reason"]) == ("derp", "silent")
    last = [line for line in ping.lines if line["type"] == "pong" and line["path"] == "direct"][-1]
    note("to the relay, after the last direct pong", last, fell)
    ping.wait_pongs(len([line for line in ping.lines if line["type"] == "pong"]) + 5)
    at.client.drop_udp(False)
    ping.wait_path("direct")
    assert ping.end()["path"] == "direct"


@pytest.mark.parametrize("who", [AGENT, CLIENT])
def test_an_address_that_changes_in_mid_flight(place, who):
    at = place()
    ping = at.ping()
    ping.wait_path("direct")
    ping.wait_pongs(50)
    link = (at.agent if who == AGENT else at.client).link
    link.remove(f"{who}/24")
    link.add(f"{OTHER[who]}/24")
    left = ping.wait_for(lambda line: line["type"] == "path_change", "a change of the path")
    back = ping.wait_for(lambda line: line["type"] == "path_change" and line["to"]["path"] == "direct", "direct again")
    note(f"direct again, the {'agent' if who == AGENT else 'client'}'s address changed", left, back)
    if who == AGENT:
        assert back["to"]["endpoint"].startswith(OTHER[AGENT])
    ping.wait_path("direct")
    assert ping.end()["path"] == "direct"
