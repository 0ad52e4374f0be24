"""derptop and a genuine agent, each in a network of its own: which path they get to, and how soon."""

import pytest

import place
from place import AGENT, AGENT_OUTSIDE, CLIENT, CLIENT_OUTSIDE, SAME, Place

# How soon a path is to be there, in seconds. Far above what it takes; a path that came by luck, or by
# somebody's timer of half a minute, would be later.
LIMIT = 10


def name_of(nat):
    return nat or "no NAT"


def assert_relayed(at, *flags):
    """Nothing but the relay in two seconds, in which every candidate was tried several times over."""
    ended = at.ping("-n", "20", "--wait", "100ms", *flags)
    assert ended.returncode == 0, ended.stderr
    *lines, summary = place.program.json_lines(ended.stdout)
    assert {line["type"] for line in lines} == {"pong"}, lines  # no loss, no change of the path
    assert {line["path"] for line in lines} == {"derp"}, lines
    assert summary["path"] == "derp" and summary["direct_after_ms"] is None, summary
    assert summary["steps"]["handshake"]["state"] == "done" and summary["tunnel_avg_ms"] > 0, summary
    return summary


def assert_direct(at, endpoints, measured, case):
    """Gets to a direct path to one of these addresses and stays there."""
    with at.pinging("--wait", "20ms") as ping:
        _, took = ping.until("direct", endpoints)
        assert took < LIMIT
        measured(case, "start to first pong", ping.first_pong)
        measured(case, "start to first direct pong", ping.first_pong + took)
        for _ in range(50):  # and time for a first handshake whose answer was lost
            pong = ping.next(lambda line: line["type"] == "pong")
            assert pong["path"] == "direct", pong
        lines, _ = ping.end()
    summary = lines[-1]
    assert summary["path"] == "direct" and summary["successful"] == summary["total"], summary
    assert summary["steps"]["handshake"]["state"] == "done", summary
    return summary


def test_in_one_network(measured):
    with Place("easy", SAME).start() as at:
        # By the short way and not by way of the router, which would not turn them round.
        assert_direct(at, {"192.168.1.3"}, measured, "same network")


@pytest.mark.parametrize("client, agent", [(None, None), ("easy", None), ("easy", "easy"), ("hard", None),
                                           ("hard", "open"), ("open", "hard")])
def test_nats_that_a_direct_path_gets_through(client, agent, measured):
    with Place(client, agent).start() as at:
        if agent:
            at.announced(AGENT_OUTSIDE)
        case = f"{name_of(client)} to {name_of(agent)}"
        summary = assert_direct(at, {AGENT_OUTSIDE}, measured, case)
        first, direct = at.genuine_times()
        measured(case, "a genuine client: first pong", first)
        measured(case, "a genuine client: first direct pong", direct)
    assert any(one.startswith(f"{CLIENT_OUTSIDE}:") for one in summary["own_endpoints"]), summary


@pytest.mark.parametrize("client, agent", [("hard", "easy"), ("easy", "hard"), ("hard", "hard")])
def test_nats_that_no_direct_path_gets_through(client, agent):
    with Place(client, agent).start() as at:
        at.announced(AGENT_OUTSIDE)
        summary = assert_relayed(at)
    # It was not for want of addresses to try.
    assert any(one.startswith(f"{AGENT_OUTSIDE}:") for one in summary["agent_endpoints"]), summary
    assert any(one.startswith(f"{AGENT}:") for one in summary["agent_endpoints"]), summary
    assert any(one.startswith(f"{CLIENT_OUTSIDE}:") for one in summary["own_endpoints"]), summary


def own_interface(at, mtu):
    at.client.link.set_mtu(mtu)


def routers_link(at, mtu):
    """Further on, and the router says so to who sends more."""
    at.client_router.outside.set_mtu(mtu)
    at.server.link.set_mtu(mtu)  # what is too long for the router's link is lost on arrival; TCP is not meant


def way_beyond(at, mtu):
    """Where nobody says so: longer packets vanish."""
    at.internet.ip("link", "set", at.agent_router.outside.port, "mtu", str(mtu))
    at.server.link.set_mtu(mtu)


@pytest.mark.parametrize("mtu", [1280, 1400])
@pytest.mark.parametrize("where", [own_interface, routers_link, way_beyond])
def test_a_way_is_taken_only_if_full_packets_fit(where, mtu, measured):
    with Place("easy", "easy") as at:
        where(at, mtu)
        at.start()
        at.announced(AGENT_OUTSIDE)
        if mtu == 1280:
            assert_relayed(at)
        else:
            assert_direct(at, {AGENT_OUTSIDE}, measured, f"easy to easy, MTU {mtu}: {where.__name__}")


def test_udp_that_is_blocked():
    with Place("easy", "easy").start() as at:
        at.announced(AGENT_OUTSIDE)
        at.client_router.drop_udp()
        summary = assert_relayed(at)
    assert not any(one.startswith(f"{CLIENT_OUTSIDE}:") for one in summary["own_endpoints"]), summary


def test_a_direct_path_that_is_cut_and_restored_while_the_relay_works_on(measured):
    with Place("easy", "easy").start() as at:
        at.announced(AGENT_OUTSIDE)
        with at.pinging("--wait", "100ms", "--timeout", "1s") as ping:
            ping.until("direct")
            for _ in range(70):  # then it is established: silence is believed sooner
                pong = ping.next(lambda line: line["type"] == "pong")
                assert pong["path"] == "direct", pong
            at.cut_peers()
            took = ping.change("derp", "silent")
            assert took < LIMIT
            measured("easy to easy, cut", "cut to relay", took)
            for _ in range(10):
                assert ping.next(lambda line: line["type"] == "pong")["path"] == "derp"
            at.cut_peers(False)
            took = ping.change("direct", "recovered")
            assert took < LIMIT
            measured("easy to easy, restored", "restored to direct", took)
            ping.until("direct", {AGENT_OUTSIDE})
            lines, _ = ping.end()
    assert lines[-1]["path"] == "direct", lines[-1]


def change_address(host, old, new):
    """As when another lease is given: what was open goes on from an address that is gone."""
    host.link.remove(f"{old}/24")
    host.link.add(f"{new}/24")
    if new.startswith("192.168."):
        host.ip("route", "replace", "default", "via", f"{new.rpartition('.')[0]}.1")


@pytest.mark.parametrize("who", ["client", "agent"])
@pytest.mark.parametrize("nat", [None, "easy"])
def test_an_address_that_changes_in_mid_flight(nat, who, measured):
    hosts = {"client": (CLIENT_OUTSIDE, CLIENT), "agent": (AGENT_OUTSIDE, AGENT)}
    with Place(nat, nat).start() as at:
        with at.pinging("--wait", "100ms", "--timeout", "1s") as ping:
            ping.until("direct", {AGENT_OUTSIDE})
            old = hosts[who][1 if nat else 0]
            new = f"{old}7"
            change_address(getattr(at, who), old, new)
            now_at = new if nat is None and who == "agent" else AGENT_OUTSIDE
            _, took = ping.until("direct", {now_at})
            assert took < LIMIT
            measured(f"{name_of(nat)} to {name_of(nat)}, {who}'s address changed", "changed to direct", took)
            for _ in range(10):  # in which a change of our own is noticed, and nothing falls back
                assert ping.next(lambda line: line["type"] == "pong")["path"] == "direct"
            lines, _ = ping.end()
    assert lines[-1]["path"] == "direct" and lines[-1]["endpoint"].startswith(f"{now_at}:"), lines[-1]
    if who == "client":
        assert any(one.startswith(f"{new}:") for one in lines[-1]["own_endpoints"]), lines[-1]
