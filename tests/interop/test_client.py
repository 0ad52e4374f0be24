"""derptop as a client of genuine peers."""

import program
from conftest import Deployment


def pongs(ended):
    assert ended.returncode == 0, ended.stderr
    return [line for line in program.json_lines(ended.stdout) if line["type"] == "pong"]


def test_five_pongs_of_a_genuine_agent_through_a_genuine_relay(deployment):
    before = deployment.stats()["relay"]
    answers = pongs(deployment.ping("dev1", "-n", "5", "--wait", "20ms", "--json", "--disable-direct-connections"))
    assert len(answers) == 5
    assert all(answer["path"] == "derp" and answer["region_id"] == 999 for answer in answers), answers
    after = deployment.stats()["relay"]
    carried = after["counter_packets_received_kind"]["disco"] - before["counter_packets_received_kind"]["disco"]
    assert carried >= 10, f"only {carried} disco packets went through the relay"


def test_a_direct_path_to_a_genuine_agent(deployment):
    answers = pongs(deployment.ping("dev1", "-n", "5", "--wait", "20ms", "--json"))
    assert answers[-1]["path"] == "direct", answers
    assert any(answers[-1]["endpoint"].startswith(ip) for ip in ("127.0.0.1:", "192.")), answers


def test_the_tunnel_to_a_genuine_agent_is_up_and_answers(deployment):
    for flags in ([], ["--disable-direct-connections"]):
        ended = deployment.ping("dev1", "-n", "3", "--wait", "1s", "--json", *flags)
        summary = program.json_lines(ended.stdout)[-1]
        assert summary["steps"]["handshake"]["state"] == "done", summary
        assert summary["handshake_age_ms"] < 10000 and summary["tunnel_avg_ms"] > 0, summary


def test_no_candidate_is_probed_when_direct_connections_are_disabled(deployment):
    ended = deployment.ping("dev1", "-n", "3", "--wait", "20ms", "-v", "--json", "--disable-direct-connections")
    summary = program.json_lines(ended.stdout)[-1]
    assert summary["path"] == "derp" and summary["own_endpoints"] == [], summary
    said = [line for line in ended.stderr.splitlines() if "finding:" not in line]
    assert not [line for line in said if "direct" in line], said


def test_the_text_is_as_coder_ping_prints_it(deployment):
    ended = deployment.ping("dev1", "-n", "2", "--wait", "20ms", "--disable-direct-connections")
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert lines[0].startswith("pong from dev1 proxied via DERP(Genuine Relay) in "), ended.stdout
    assert any(line.startswith("✔ received remote agent data") for line in lines), ended.stdout


def test_the_second_workspace_is_another_agent(deployment):
    assert len(pongs(deployment.ping("dev2", "-n", "1", "--json"))) == 1


def test_list_names_every_workspace_with_its_state(deployment):
    ended = program.run("list", "--json", env=deployment.client_environment())
    assert ended.returncode == 0, ended.stderr
    found = {line["name"]: line["status"] for line in program.json_lines(ended.stdout) if line["type"] == "workspace"}
    assert found == {"dev1": "running", "dev2": "running", "asleep": "stopped"}


def test_a_stopped_workspace_is_said_to_be_stopped(deployment):
    ended = deployment.ping("asleep", "-n", "1")
    assert ended.returncode == 1
    assert "stopped" in ended.stderr or "must be started" in ended.stderr


def test_a_wrong_name_gets_the_near_ones(deployment):
    ended = deployment.ping("dev11", "-n", "1")
    assert ended.returncode == 1
    assert "dev1" in ended.stderr.replace("dev11", "")


def test_a_wrong_token_is_a_refusal(deployment):
    ended = deployment.ping("dev1", "-n", "1", CODER_SESSION_TOKEN="not-it")
    assert ended.returncode == 3, ended.stderr
    assert "not-it" not in ended.stderr + ended.stdout


def test_by_websocket_when_the_deployment_says_so():
    with Deployment("--force-websockets", "--no-upgrade") as running:
        assert len(pongs(running.ping("dev1", "-n", "2", "--wait", "20ms", "--json"))) == 2
        assert running.stats()["relay_websockets"] >= 1


def test_by_websocket_after_a_refused_upgrade():
    with Deployment("--no-upgrade") as running:
        assert len(pongs(running.ping("dev1", "-n", "2", "--wait", "20ms", "--json"))) == 2
        assert running.stats()["relay_websockets"] >= 1


def test_a_server_without_the_newer_endpoint():
    with Deployment("--no-tailnet") as running:
        assert len(pongs(running.ping("dev1", "-n", "2", "--wait", "20ms", "--json"))) == 2


def test_tls_is_verified_and_a_ca_of_the_users_is_taken(tmp_path):
    ca = str(tmp_path / "ca.pem")
    with Deployment("--tls-cert-out", ca) as running:
        stranger = running.ping("dev1", "-n", "1")
        assert stranger.returncode == 1 and "certificate" in stranger.stderr, stranger.stderr
        assert len(pongs(running.ping("dev1", "-n", "2", "--wait", "20ms", "--json", SSL_CERT_FILE=ca))) == 2


def test_an_agent_that_never_connected_is_the_step_that_is_named():
    with Deployment("--no-agents") as running:
        ended = running.ping("dev1", "-n", "1", "--timeout", "500ms", "--json")
        assert ended.returncode == 1
        summary = program.json_lines(ended.stdout)[-1]
        assert (summary["type"], summary["stopped_at"]) == ("summary", "agent"), summary


def test_pings_go_on_while_the_coordinator_is_down():
    with Deployment() as running:
        command = [program.binary(), "ping", "dev1", "--wait", "20ms", "--json"]
        with program.Server(command, env=running.client_environment(), first_line=lambda l: l["type"] == "pong") as ping:
            running.coordinator("down")
            for _ in range(50):
                ping.next(lambda line: line["type"] == "pong")
            running.coordinator("up")
            for _ in range(5):
                ping.next(lambda line: line["type"] == "pong")
