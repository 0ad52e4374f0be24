"""The reasons for a path that is not direct, made for real in network namespaces, and found by `derptop doctor`;
each with a network that has it not. The agent is the lab's."""

import json
import pathlib
import tempfile

import pytest

import netns
import program
from beside import beside
from test_paths import CLIENT, SERVER, Place, run_agent, split


def doctor(host, env, *flags):
    """What it finds, by code, and the summary."""
    done = program.run_command(host.command(program.binary(), "doctor", "dev1", "--json", *flags), env=env)
    *found, summary = program.json_lines(done.stdout)
    assert done.returncode == (1 if summary["severity"] in ("warning", "error") else 0), done.stderr
    return {one["code"]: one for one in found}, summary


def examine(place, *flags):
    return doctor(place.client, place.env, *flags)


@beside
def test_nothing_is_found_on_an_open_network(stack):
    found, summary = examine(Place(stack))
    assert not found and summary["path"]["path"] == "direct" and summary["path"]["mtu"] == 1500
    assert summary["client"]["udp"] is True and summary["agent"]["udp"] is True
    assert summary["client"]["hard_nat"] is False and summary["agent"]["hard_nat"] is False


@beside
def test_two_easy_nats_are_no_finding(stack):
    found, summary = examine(Place(stack, "easy", "easy"))
    assert summary["path"]["path"] == "direct" and not found


@beside
def test_udp_blocked_for_this_computer(stack):
    at = Place(stack)
    at.client.drop_udp()
    found, _ = examine(at)
    assert found["client_udp_blocked"]["severity"] == "warning" and "agent_udp_blocked" not in found
    assert found["derp_relay"]["explained_by"] == "client_udp_blocked"


@beside
def test_udp_blocked_for_the_agent(stack):
    at = Place(stack, agent_udp=False)
    found, _ = examine(at)
    assert found["agent_udp_blocked"]["severity"] == "warning" and "client_udp_blocked" not in found
    assert found["derp_relay"]["explained_by"] == "agent_udp_blocked"


@beside
def test_a_hard_nat_on_one_side_and_a_firewall_on_the_other(stack):
    found, _ = examine(Place(stack, "hard", "easy"))
    assert "agent_hard_nat" not in found and "usually" in found["client_hard_nat"]["why"]
    assert CLIENT in found["client_hard_nat"]["observed"]
    assert "the workspace's machine" in found["endpoint_firewall"]["remedy"]
    assert found["derp_relay"]["explained_by"] == "endpoint_firewall"


@beside
def test_the_same_the_other_way_round(stack):
    found, _ = examine(Place(stack, "easy", "hard"))
    assert "client_hard_nat" not in found and "agent_hard_nat" in found
    assert "this computer and its network" in found["endpoint_firewall"]["remedy"]


@beside
def test_hard_nats_on_both_sides(stack):
    found, _ = examine(Place(stack, "hard", "hard"))
    assert "impossible" in found["client_hard_nat"]["why"] and "impossible" in found["agent_hard_nat"]["why"]
    assert "endpoint_firewall" not in found
    assert found["derp_relay"]["explained_by"] == "client_hard_nat"


@beside
def test_a_hard_nat_that_a_direct_path_gets_through_is_only_told(stack):
    found, summary = examine(Place(stack, "hard", None))
    assert summary["path"]["path"] == "direct"
    assert found["client_hard_nat"]["severity"] == "info" and not {"derp_relay", "endpoint_firewall"} & set(found)


@beside
def test_a_small_mtu_of_this_computer(stack):
    at = Place(stack)
    at.client.link.set_mtu(1300)
    found, _ = examine(at)
    assert f"interface {at.client.link.name} has MTU 1300 (less than 1378)" in found["client_low_mtu"]["observed"]
    assert "1300 bytes at most; a full one has 1340" in found["path_mtu"]["observed"]
    assert found["path_mtu"]["explained_by"] == "client_low_mtu" and "agent_low_mtu" not in found


@beside
def test_a_small_mtu_of_the_agent(stack):
    at = Place(stack)
    at.agent.link.set_mtu(1300)
    found, _ = examine(at)
    assert f"interface {at.agent.link.name} has MTU 1300" in found["agent_low_mtu"]["observed"]
    assert "client_low_mtu" not in found


@beside
def test_an_mtu_that_is_just_enough_is_no_finding(stack):
    at = Place(stack)
    at.client.link.set_mtu(1378)
    found, summary = examine(at)
    assert not found and summary["path"]["mtu"] == 1378


@beside
def test_a_router_on_the_way_that_says_what_fits(stack):
    at = Place(stack, "easy", "easy")
    at.client_router.outside.set_mtu(1320)
    found, _ = examine(at)
    assert "1320 bytes at most" in found["path_mtu"]["observed"] and "client_low_mtu" not in found
    assert found["derp_relay"]["explained_by"] == "path_mtu"


@beside
def test_a_vpn_that_takes_the_default_route(stack):
    at = Place(stack, "easy")
    at.client.ip("tuntap", "add", "tun0", "mode", "tun")
    at.client.ip("addr", "add", "10.9.0.1/24", "dev", "tun0")
    at.client.ip("link", "set", "tun0", "up")
    at.client.ip("route", "add", "198.51.100.0/24", "via", "192.168.3.1")
    at.client.ip("route", "replace", "default", "dev", "tun0")
    found, summary = examine(at)
    assert "goes out by tun0" in found["vpn_default_route"]["observed"] and summary["default_route_tunnel"] is True
    assert summary["path"]["path"] == "direct" and found["vpn_default_route"]["severity"] == "info"


def behind_one_router(stack, hairpin):
    """Both sides behind one router, in networks of their own with no way between them but its public address."""
    net = stack.enter_context(netns.Net())
    internet, here, there = net.switch("internet"), net.switch("here"), net.switch("there")
    server = net.host("server", internet, f"{SERVER}/24")
    router = net.router("nat", internet, f"{CLIENT}/24", here, "192.168.1.1/24", nat="open" if hairpin else "easy",
                        host="192.168.1.2" if hairpin else None, hairpin=hairpin)
    other = netns.Link(net, router, there, "192.168.2.1/24")
    router.nft("table ip apart { chain f { type filter hook forward priority 0; "
               f'iifname "{router.inside.name}" oifname "{other.name}" drop; '
               f'iifname "{other.name}" oifname "{router.inside.name}" drop; }}; }}')
    client = net.host("client", here, "192.168.1.2/24", gateway="192.168.1.1")
    agent = net.host("agent", there, "192.168.2.2/24", gateway="192.168.2.1")
    deployment = stack.enter_context(program.Server(server.command(split(), "server", SERVER, "8080")))
    run_agent(stack, agent, deployment.ready)
    return client, deployment.client_environment()


@beside
def test_a_nat_that_does_not_turn_packets_round(stack):
    found, summary = doctor(*behind_one_router(stack, hairpin=False))
    assert summary["client"]["hairpinning"] is False
    assert f"the public address {CLIENT}," in found["no_hairpin"]["observed"]
    assert found["derp_relay"]["explained_by"] == "no_hairpin"


@beside
def test_a_nat_that_turns_packets_round(stack):
    found, summary = doctor(*behind_one_router(stack, hairpin=True))
    assert summary["client"]["hairpinning"] is True and "no_hairpin" not in found


@pytest.mark.parametrize("ranges, codes", [
    (["198.51.100.2/32", "198.51.100.3/32"], {"client_aws", "agent_aws"}),
    (["198.51.100.3/32"], {"client_aws"}),
    (["198.51.100.2/32"], {"agent_aws"}),
    (["203.0.113.0/24"], set()),
])
@beside
def test_addresses_in_ranges_of_aws(stack, ranges, codes):
    file = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory())) / "ip-ranges.json"
    file.write_text(json.dumps({"createDate": "2026-02-26-10-36-19", "ipv6_prefixes": [],
                                "prefixes": [{"ip_prefix": one} for one in ranges]}))
    found, _ = examine(Place(stack, "easy", "easy"), "--aws-ranges", str(file))
    assert {code for code in found if code.endswith("_aws")} == codes
    assert all("file of 2026-02-26" in found[code]["observed"] for code in codes)
