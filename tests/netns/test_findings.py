"""Each finding about the networks of both sides, made for real, withdrawn when its cause is gone, and not there
in a world without it; against the genuine agent and the lab's."""

import pytest

import netns
import place
import program
import tunnel
import watching
from beside import beside
from place import AGENT_OUTSIDE, CLIENT, CLIENT_OUTSIDE, SAME, Place

# How soon a finding is to be there, in seconds: it takes three looks of a second each after what it follows
# from is known, a direct path is given up after 6.5 s, and the machine is busy with the other tests.
SOON = 25

both_agents = pytest.mark.parametrize("agent", ["genuine", "lab"])


def begin(agent, client_nat="easy", agent_nat="easy"):
    at = Place(client_nat, agent_nat)
    try:
        return at.start() if agent == "genuine" else at.start_lab()
    except BaseException:
        at.close()
        raise


def check(found, code, side, severity, observed, explained_by=None):
    one = found[code]
    assert (one["side"], one["severity"]) == (side, severity), one
    assert observed in one["observed"], one
    assert one["explained_by"] == explained_by, one
    for part in ("why", "remedy", "docs"):
        assert one[part], one


def interface(watch, side):
    facts = watch.facts.get({"client": "client", "agent": "agent_side"}[side], {})
    return facts.get("interfaces", {}).get("0", {})


@both_agents
@beside
def test_nothing_is_found_where_all_is_well(agent):
    with begin(agent) as at:
        found, summary, status = at.doctor()
    assert not found and status == 0, found
    assert summary["path"]["path"] == "direct" and summary["took_ms"] < 20000, summary
    for side in ("client", "agent"):
        assert summary[side]["udp"] is True and summary[side]["hard_nat"] is False, summary
        assert summary[side]["interfaces"][0]["mtu"] == 1500 and summary[side]["aws"] is False, summary


@both_agents
@beside
def test_udp_blocked_on_this_side(agent):
    with begin(agent) as at, at.watching() as watch:
        watch.wait_for_path("direct")
        at.client_router.drop_udp()
        assert watch.wait_for("client_udp_blocked") < SOON
        watch.wait_for("derp_relay")
        check(watch.found(), "client_udp_blocked", "client", "warning", "no STUN server answered this computer over UDP")
        check(watch.found(), "derp_relay", "path", "warning", "likeliest reason: UDP is blocked for this computer",
              explained_by="client_udp_blocked")
        assert "agent_udp_blocked" not in watch.codes()
        at.client_router.drop_udp(False)
        assert watch.wait_for_end_of("client_udp_blocked") < SOON
        watch.wait_for_path("direct")
        assert watch.wait_until(lambda watch: not watch.codes()) < SOON


@both_agents
@beside
def test_udp_blocked_on_the_agents_side(agent):
    with begin(agent) as at, at.watching() as watch:
        watch.wait_for_path("direct")
        at.agent_router.drop_udp()
        at.agent.nudge()
        assert watch.wait_for("agent_udp_blocked") < SOON
        watch.wait_for("derp_relay")
        check(watch.found(), "agent_udp_blocked", "agent", "warning", "no STUN server answered the agent over UDP")
        check(watch.found(), "derp_relay", "path", "warning", "likeliest reason: UDP is blocked for the agent",
              explained_by="agent_udp_blocked")
        assert "client_udp_blocked" not in watch.codes()
        at.agent_router.drop_udp(False)
        at.agent.nudge()
        watch.wait_for_path("direct")
        assert watch.wait_until(lambda watch: not watch.codes()) < SOON


@both_agents
@beside
def test_hard_nats_on_both_sides_and_then_on_one(agent):
    with begin(agent, "hard", "hard") as at, at.watching() as watch:
        assert watch.wait_until(lambda watch: {"client_hard_nat", "agent_hard_nat"} <= watch.found().keys()) < SOON
        watch.wait_until(lambda watch: watch.facts.get("path_for_ns", 0) > 9e9)
        found = watch.found()
        check(found, "client_hard_nat", "client", "warning", f"saw this computer at {CLIENT_OUTSIDE}:")
        check(found, "agent_hard_nat", "agent", "warning", f"{AGENT_OUTSIDE}:")
        for side in ("client", "agent"):
            assert "may take long or be impossible" in found[f"{side}_hard_nat"]["why"], found
        check(found, "derp_relay", "path", "warning", "also: the agent is behind a hard NAT",
              explained_by="client_hard_nat")
        assert found.keys() == {"client_hard_nat", "agent_hard_nat", "derp_relay"}, "no firewall is suspected"
        at.client_router.become("open", CLIENT)
        at.client.nudge()
        assert watch.wait_for_end_of("client_hard_nat") < SOON
        watch.wait_for_path("direct")
        watch.wait_until(lambda watch: watch.found()["agent_hard_nat"]["severity"] == "info")
        assert "usually found" in watch.found()["agent_hard_nat"]["why"]
        watch.wait_until(lambda watch: watch.codes() == ["agent_hard_nat"])


@both_agents
@pytest.mark.parametrize("guarded", ["client", "agent"])
@beside
def test_a_firewall_on_one_side_and_a_hard_nat_on_the_other(agent, guarded):
    nats = {"client": (None, "hard"), "agent": ("hard", None)}[guarded]
    other, names = ("agent", "client")[guarded == "agent"], {"client": "this computer", "agent": "the agent"}
    with Place(*nats) as at:
        host = getattr(at, guarded)
        host.guard()
        at.start() if agent == "genuine" else at.start_lab()
        with at.watching() as watch:
            assert watch.wait_for("endpoint_firewall") < SOON
            watch.wait_for("derp_relay")
            check(watch.found(), "endpoint_firewall", "path", "warning",
                  f"{names[other]} is behind a hard NAT, {names[guarded]} is not, and none of the agent's")
            check(watch.found(), f"{other}_hard_nat", other, "warning", "")
            assert f"{guarded}_hard_nat" not in watch.codes()
            host.guard(False)
            assert watch.wait_for_end_of("endpoint_firewall") < SOON
            watch.wait_for_path("direct")
            watch.wait_until(lambda watch: watch.codes() == [f"{other}_hard_nat"])
            watch.wait_until(lambda watch: watch.found()[f"{other}_hard_nat"]["severity"] == "info")


@beside
def test_a_vpn_is_the_default_route():
    why = tunnel.missing()
    if why:
        program.cannot(why)
    with begin("genuine") as at:
        vpn = at.net.host("vpn", at.internet, "198.51.100.4/24")
        vpn.sysctl("net/ipv4/ip_forward", 1)
        vpn.nft(f'table ip nat {{ chain c {{ type nat hook postrouting priority 100; oifname "{vpn.link.name}" '
                "masquerade; }; }")
        vpn.table("peers", f"chain c {{ type filter hook forward priority 0; ip daddr {AGENT_OUTSIDE} drop; }}")
        netns.Tunnel(at, at.client, "10.8.0.2/24", vpn, "10.8.0.1/24")
        with at.watching() as watch:
            watch.wait_for_path("direct")
            assert "vpn_default_route" not in watch.codes()
            at.client.ip("route", "replace", "default", "via", "10.8.0.1")
            assert watch.wait_for("vpn_default_route") < SOON
            watch.wait_until(lambda watch: "derp_relay" in watch.codes() and
                             watch.found()["vpn_default_route"]["severity"] == "warning")
            check(watch.found(), "vpn_default_route", "client", "warning", "goes out by tun0, which is a tunnel")
            check(watch.found(), "derp_relay", "path", "warning", "likeliest reason: a VPN takes",
                  explained_by="vpn_default_route")
            at.client.ip("route", "replace", "default", "via", "192.168.1.1")
            assert watch.wait_for_end_of("vpn_default_route") < SOON
            watch.wait_for_path("direct")
            assert watch.wait_until(lambda watch: not watch.codes()) < SOON


@both_agents
@beside
def test_both_sides_behind_one_nat_that_turns_nothing_round(agent):
    with Place("easy", SAME) as at:
        at.client.link.isolate()
        at.agent.link.isolate()
        at.start() if agent == "genuine" else at.start_lab()
        with at.watching() as watch:
            assert watch.wait_for("no_hairpin") < SOON
            watch.wait_for("derp_relay")
            check(watch.found(), "no_hairpin", "client", "warning", f"both sides have the public address {CLIENT_OUTSIDE}")
            check(watch.found(), "derp_relay", "path", "warning", "two computers behind it meet",
                  explained_by="no_hairpin")
            at.client_router.become("open", CLIENT, hairpin=True)
            at.client.nudge()
            at.agent.nudge()
            assert watch.wait_for_end_of("no_hairpin") < SOON
            watch.wait_for_path("direct")
            assert watch.wait_until(lambda watch: not watch.codes()) < SOON


@both_agents
@pytest.mark.parametrize("side", ["client", "agent"])
@beside
def test_an_interface_with_a_small_mtu(agent, side):
    with Place() as at:
        link = getattr(at, side).link
        link.set_mtu(1378)  # just enough
        at.start() if agent == "genuine" else at.start_lab()
        watch = at.enter_context(at.watching())
        watch.wait_for_path("direct")
        watch.wait_until(lambda watch: interface(watch, side).get("mtu") == 1378)
        assert not watch.codes()
        link.set_mtu(1280)
        assert watch.wait_for(f"{side}_low_mtu") < SOON
        watch.wait_until(lambda watch: watch.path == "derp" and
                         watch.found()[f"{side}_low_mtu"]["severity"] == "warning")
        check(watch.found(), f"{side}_low_mtu", side, "warning", f"interface {link.name} has MTU 1280 (less than 1378)")
        assert f"ip link set dev {link.name} mtu 1378" in watch.found()[f"{side}_low_mtu"]["remedy"]
        assert {"client": "agent", "agent": "client"}[side] + "_low_mtu" not in watch.codes()
        link.set_mtu(1500)
        assert watch.wait_for_end_of(f"{side}_low_mtu") < SOON
        watch.wait_for_path("direct")
        assert watch.wait_until(lambda watch: not watch.codes()) < SOON


@beside
def test_a_narrow_hop_on_the_way():
    with begin("genuine") as at, at.watching() as watch:
        watch.wait_for_path("direct")
        at.client_router.outside.set_mtu(1280)
        at.server.link.set_mtu(1280)  # what is too long for the router's link is lost on arrival; TCP is not meant
        assert watch.wait_for("path_mtu") < SOON
        watch.wait_for("derp_relay")
        check(watch.found(), "path_mtu", "path", "warning", f"the way to {AGENT_OUTSIDE}:")
        assert "takes packets of 1280 bytes at most; a full one has 1340" in watch.found()["path_mtu"]["observed"]
        check(watch.found(), "derp_relay", "path", "warning", "full packets do not fit", explained_by="path_mtu")
        at.client_router.outside.set_mtu(1500)
        at.server.link.set_mtu(1500)
        assert watch.wait_for_end_of("path_mtu") < SOON
        watch.wait_for_path("direct")
        assert watch.wait_until(lambda watch: not watch.codes()) < SOON


@both_agents
@beside
def test_both_sides_in_aws(agent):
    with Place("hard", "hard") as at:
        at.server.link.add("3.80.0.1/24")
        at.client_router.move("3.80.0.2/24", "198.51.100.0/24")
        at.agent_router.move("3.80.0.3/24", "198.51.100.0/24")
        at.start() if agent == "genuine" else at.start_lab()
        with at.watching() as watch:
            assert watch.wait_until(lambda watch: {"client_aws", "agent_aws"} <= watch.found().keys()) < SOON
            watch.wait_until(lambda watch: {"client_hard_nat", "agent_hard_nat"} <= watch.found().keys())
            watch.wait_for("derp_relay")
            for side, address in (("client", "3.80.0.2"), ("agent", "3.80.0.3")):
                check(watch.found(), f"{side}_aws", side, "warning",
                      f"the public address {address} is in 3.80.0.0/12 of AWS (bundled list of ")
                check(watch.found(), f"{side}_hard_nat", side, "warning", "3.80.0.", explained_by=f"{side}_aws")
            at.client_router.move(f"{CLIENT_OUTSIDE}/24", "3.80.0.0/24")
            at.client.nudge()
            assert watch.wait_for_end_of("client_aws") < SOON
            assert "agent_aws" in watch.codes()


@beside
def test_an_ipv6_address_in_aws(stack):
    net = stack.enter_context(netns.Net())
    internet = net.switch("internet")
    server, agent, client = (net.host(name, internet, f"2600:1f18::{number}/64")
                             for number, name in enumerate(("server", "agent", "client"), 1))
    lab = stack.enter_context(program.Server(server.command(place.lab_split(), "server", "2600:1f18::1", "8080")))
    stack.enter_context(program.Process(agent.command(
        place.lab_split(), "agent", lab.ready["url"], lab.ready["agent_token"], lab.ready["agent_id"])))
    watch = stack.enter_context(watching.Watch(lab.client_environment(), before=client.command))
    assert watch.wait_until(lambda watch: {"client_aws", "agent_aws"} <= watch.found().keys()) < SOON
    check(watch.found(), "client_aws", "client", "info", "the public address 2600:1f18::3 is in 2600:1f")
    check(watch.found(), "agent_aws", "agent", "info", "the public address 2600:1f18::2 is in 2600:1f")
