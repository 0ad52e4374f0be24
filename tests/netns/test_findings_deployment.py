"""Each finding about the deployment, its relays and the agent that a monitor behind a NAT sees come with its cause
and go with it; the genuine deployment where it can be told, the lab where only that does wrong what it is told."""

import contextlib
import subprocess
import sys

import pytest

import place
import program
from beside import beside
from place import AGENT_OUTSIDE, DEPLOYMENT, SAME, STUN, Place
from test_findings import SOON, check


@beside
def test_direct_connections_disabled_for_the_deployment():
    with Place().start("--block-direct") as at:
        found, summary, status = at.doctor()
    check(found, "direct_disabled_deployment", "deployment", "warning", "direct connections are disabled")
    check(found, "derp_relay", "path", "info", "for the deployment", explained_by="direct_disabled_deployment")
    assert found.keys() == {"direct_disabled_deployment", "derp_relay"} and status == 1, found
    assert "CODER_BLOCK_DIRECT" in found["direct_disabled_deployment"]["remedy"], summary


@beside
def test_direct_connections_disabled_here():
    with Place().start() as at:
        found, summary, status = at.doctor("--disable-direct-connections")
    check(found, "direct_disabled_client", "client", "info", "--disable-direct-connections")
    check(found, "derp_relay", "path", "info", "on this computer", explained_by="direct_disabled_client")
    assert found.keys() == {"direct_disabled_client", "derp_relay"} and status == 0, (found, summary)


@beside
def test_a_deployment_without_stun_servers():
    with Place().start("--stun", "none") as at, at.watching() as watch:
        watch.wait_for("derp_relay")
        watch.wait_until(lambda watch: watch.facts.get("agent_side", {}).get("interface_count"))
        check(watch.found(), "no_stun_servers", "deployment", "warning", "names no STUN server")
        check(watch.found(), "derp_relay", "path", "warning", "no STUN server", explained_by="no_stun_servers")
        assert set(watch.codes()) == {"no_stun_servers", "derp_relay"}, "nobody was there who could have answered"


@beside
def test_in_one_network_no_stun_server_is_needed():
    with Place("easy", SAME).start("--stun", "none") as at:
        found, summary, status = at.doctor()
    assert summary["path"]["path"] == "direct" and status == 0, summary
    check(found, "no_stun_servers", "deployment", "info", "names no STUN server")
    assert found.keys() == {"no_stun_servers"}, found


@beside
def test_a_relay_that_is_reached_by_websocket_only():
    serve = [place.peers(), "serve", "--listen", f"{DEPLOYMENT}:8080", "--workspaces", "1", "--no-upgrade",
             "--stun", f"{DEPLOYMENT}:3478,{STUN}:3478"]
    with Place().start_alone(serve) as at:
        found, summary, status = at.doctor("--disable-direct-connections")
        check(found, "derp_websocket", "client", "warning", "is reached by websocket: ")
        assert "Upgrade: DERP" in found["derp_websocket"]["remedy"] and status == 1, found
        found, summary, status = at.doctor()
        check(found, "derp_websocket", "client", "info", "is reached by websocket: ")
        assert summary["path"]["path"] == "direct" and status == 0, summary


@beside
def test_a_relay_far_away():
    with Place() as at:
        at.start("--far", f"{STUN}:8082", agent_flags=("--home", "998"))
        with at.watching("--disable-direct-connections") as watch:
            assert watch.wait_for("derp_far") < SOON
            watch.wait_until(lambda watch: watch.found()["derp_far"]["severity"] == "warning")  # both are measured
            check(watch.found(), "derp_far", "path", "warning", "by way of Genuine Relay (999) both sides would be ")
            assert "by the relays in use (Genuine Relay (999), Far Relay (998)) they are " in \
                watch.found()["derp_far"]["observed"]
            at.agent_process.stop()
            at.start_agent()  # whose home is the relay that is near
            assert watch.wait_for_end_of("derp_far") < SOON
            watch.wait_until(lambda watch: set(watch.codes()) == {"direct_disabled_client", "derp_relay"})


@beside
def test_packets_are_lost_on_the_way():
    with Place().start() as at, at.watching() as watch:
        watch.wait_for_path("direct")
        at.client_router.table("lossy", "chain c { type filter hook forward priority 0; "
                                        f"ip daddr {AGENT_OUTSIDE} meta l4proto udp numgen inc mod 4 0 drop; }}")
        assert watch.wait_for("loss") < SOON
        found = watch.found()["loss"]
        assert found["severity"] in ("warning", "error") and "probes were lost" in found["observed"]
        assert "(limit 2.0 %)" in found["observed"], found
        at.client_router.table("lossy", None)
        assert watch.wait_for_end_of("loss") < SOON


@beside
def test_an_agent_that_freezes_and_goes_on():
    with Place().start() as at, at.watching() as watch:
        watch.wait_for_path("direct")
        frozen = at.agent_process.process.pid
        subprocess.run(["kill", "-STOP", str(frozen)], check=True)
        try:
            assert watch.wait_for("agent_unreachable") < SOON
            check(watch.found(), "agent_unreachable", "agent", "error", "probes had no answer")
        finally:
            subprocess.run(["kill", "-CONT", str(frozen)], check=True)
        assert watch.wait_for_end_of("agent_unreachable") < SOON


@beside
def test_a_coordinator_that_goes_away():
    serve = [place.peers(), "serve", "--listen", f"{DEPLOYMENT}:8080", "--workspaces", "1",
             "--stun", f"{DEPLOYMENT}:3478,{STUN}:3478"]

    def tell(state):
        ask = f"urlopen('http://{DEPLOYMENT}:8080/interop/coordinator/{state}', data=b'')"
        subprocess.run(at.client.command(sys.executable, "-c", f"from urllib.request import urlopen; {ask}"), check=True)

    with Place().start_alone(serve) as at, at.watching() as watch:
        watch.wait_for_path("direct")
        tell("down")
        assert watch.wait_for("coordinator_lost") < SOON
        check(watch.found(), "coordinator_lost", "deployment", "warning", "the connection that stands still works")
        assert watch.path == "direct" and watch.codes() == ["coordinator_lost"]
        tell("up")
        watch.wait_for_end_of("coordinator_lost")
        assert watch.path == "direct"


@contextlib.contextmanager
def lab_told():
    """The lab on the internet, which does what it is told: the place, and a function that tells it."""
    lab = [program.binary(), "lab", "--json", "--control", "--listen", f"{DEPLOYMENT}:8080"]
    with Place().start_alone(lab, stdin=subprocess.PIPE) as at:
        def tell(line):
            at.deployment.process.stdin.write(line.encode() + b"\n")
            at.deployment.process.stdin.flush()
            assert at.deployment.next(lambda said: said["type"] == "control")["done"], line
        yield at, tell


@pytest.mark.parametrize("wrong, right, code, side, severity, observed", [
    ("relay health duplicate client", "relay well", "derp_unhealthy", "deployment", "warning", '"duplicate client"'),
    ("relay gone", "relay well", "derp_unreachable", "deployment", "error", "cannot be reached"),
    ("workspace stop dev1", "workspace start dev1", "workspace_stopped", "agent", "error", "workspace dev1 is"),
    ("agent gone dev1", "agent back dev1", "agent_not_connected", "agent", "error", "is not any more"),
])
@beside
def test_what_the_lab_does_wrong(wrong, right, code, side, severity, observed):
    with lab_told() as (at, tell), at.watching("--disable-direct-connections") as watch:
        watch.wait_for_path("derp")
        assert code not in watch.codes()
        tell(wrong)
        assert watch.wait_for(code) < SOON
        check(watch.found(), code, side, severity, observed)
        tell(right)
        watch.wait_for_end_of(code)
        watch.wait_until(lambda watch: set(watch.codes()) == {"direct_disabled_client", "derp_relay"})


@beside
def test_a_handshake_that_is_never_answered():
    with lab_told() as (at, tell):
        tell("relay no-wireguard")
        with at.watching("--disable-direct-connections") as watch:
            assert watch.wait_for("handshake_stale") < SOON
            check(watch.found(), "handshake_stale", "path", "error", "none was answered")
            assert watch.path == "derp" and "agent_unreachable" not in watch.codes()
            tell("relay well")
            watch.wait_for_end_of("handshake_stale")


@beside
def test_an_api_of_another_version():
    with lab_told() as (at, tell):
        tell("version refused")
        with at.watching() as watch:
            assert watch.wait_for("version_skew") < SOON
            check(watch.found(), "version_skew", "deployment", "error", "Unknown or unsupported API version")
            tell("version known")
            assert watch.wait_for_end_of("version_skew") < SOON
