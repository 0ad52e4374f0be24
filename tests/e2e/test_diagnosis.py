"""The findings, as `derptop ping` and `derptop doctor` print them on a lab that has the cause, and one that has not."""

import http.server
import json
import os
import re
import signal
import threading

import pytest

import program

GENERAL = re.compile(r"^[⚠✘ℹ] ", re.M)


@pytest.fixture(scope="module")
def lab():
    with program.Lab() as started:
        yield started


def ping(env, *flags, limit=("-n", "2", "--wait", "100ms")):
    return program.run("ping", "dev1", *limit, *flags, env=env)


def findings(env, *flags):
    """Those of a short ping, by their code."""
    done = ping(env, "--json", *flags)
    return {one["code"]: one for one in program.json_lines(done.stdout)[-1]["findings"]}


def doctor(env, *flags, workspace="dev1"):
    return program.run("doctor", workspace, *flags, env=env)


# --- what ping says


def test_nothing_is_found_where_all_is_well(lab):
    done = ping(lab.client_environment())
    assert done.returncode == 0
    said = done.stdout.split("Wireguard handshake")[1]
    # A machine whose own interfaces have a small MTU is told so, of both sides.
    assert "✔ You are connected directly (p2p)\n" in said, "loopback is no private network"
    assert "no findings" in said or "has MTU" in said
    assert not GENERAL.search(said)


def test_the_user_who_disabled_direct_connections_is_told_so(lab):
    done = ping(lab.client_environment(), "--disable-direct-connections")
    said = done.stdout.split("Wireguard handshake")[1]
    assert "You are connected directly" not in said
    disabled = said.index("direct connections are disabled on this computer: --disable-direct-connections or ")
    assert "unset CODER_DISABLE_DIRECT_CONNECTIONS" in said
    assert disabled < said.index("likeliest reason: direct connections are disabled on this computer")
    found = findings(lab.client_environment(CODER_DISABLE_DIRECT_CONNECTIONS="true"))
    assert found["derp_relay"]["explained_by"] == "direct_disabled_client"
    assert found["derp_relay"]["severity"] == found["direct_disabled_client"]["severity"] == "info"
    assert "direct_disabled_deployment" not in found


def test_a_deployment_that_disabled_direct_connections_is_named():
    with program.Lab("--block-direct") as blocked:
        found = findings(blocked.client_environment())
    assert found["direct_disabled_deployment"]["severity"] == "warning"
    assert "CODER_BLOCK_DIRECT" in found["direct_disabled_deployment"]["remedy"]
    assert found["derp_relay"]["explained_by"] == "direct_disabled_deployment"
    assert "direct_disabled_client" not in found


def test_a_map_without_stun_servers_is_told_of(lab):
    with program.Lab("--no-stun") as without:
        env = without.client_environment()
        found = findings(env)
        said = ping(env, "-v").stdout
    assert found["no_stun_servers"]["docs"].endswith("/admin/networking/troubleshooting#no-stun-servers")
    assert not {"client_udp_blocked", "agent_udp_blocked"} & set(found), "there is nobody who could have answered"
    assert "the deployment has no STUN server" in said
    assert "no_stun_servers" not in findings(lab.client_environment())


def test_a_relay_that_is_reached_by_websocket_is_told_of(lab):
    with program.Lab("--force-websockets") as forced:
        for _ in range(8):  # whether the coordinator's map or the connection info comes first is a matter of luck
            found = findings(forced.client_environment(), "--disable-direct-connections")
            assert "the deployment tells its clients to" in found["derp_websocket"]["observed"]
    assert "CODER_DERP_FORCE_WEBSOCKETS" in found["derp_websocket"]["remedy"]
    assert "derp_websocket" not in findings(lab.client_environment(), "--disable-direct-connections")


# --- what the lab is told to do wrong: each is found, and withdrawn when it is over


@pytest.fixture(scope="module")
def controlled():
    with program.ControlledLab() as started:
        yield started


def relayed_findings(env):
    done = program.run("ping", "dev1", "-n", "2", "--wait", "100ms", "-t", "1s", "--json",
                       "--disable-direct-connections", env=env)
    return {one["code"]: one for one in program.json_lines(done.stdout)[-1]["findings"]}


def reaches(env):
    return program.run("ping", "dev1", "-n", "1", "-t", "10s", env=env).returncode == 0


@pytest.mark.parametrize("wrong, right, code, severity, observed", [
    ("relay health duplicate client", "relay well", "derp_unhealthy", "warning", 'says: "duplicate client"'),
    ("relay upgrade 403", "relay well", "derp_websocket", "warning", "answered with 403"),
    ("relay gone", "relay well", "derp_unreachable", "error", "503"),
    ("coordinator gone", "coordinator back", "coordinator_lost", "error", "503"),
    ("version refused", "version known", "version_skew", "error", "Unknown or unsupported API version"),
    ("relay drop 100", "relay well", "agent_unreachable", "error", "2 probes had no answer"),
    ("agent gone dev1", "agent back dev1", "agent_not_connected", "error", "is not any more"),
])
def test_what_goes_wrong_is_found_and_withdrawn(controlled, wrong, right, code, severity, observed):
    env = controlled.client_environment()
    assert reaches(env)
    assert code not in relayed_findings(env)
    controlled.do(wrong)
    found = relayed_findings(env)
    controlled.do(right)
    assert found[code]["severity"] == severity and observed in found[code]["observed"]
    assert found[code]["explained_by"] is None
    assert reaches(env)
    assert code not in relayed_findings(env)


def test_a_relay_that_is_gone_explains_why_the_agent_does_not_answer(controlled):
    env = controlled.client_environment()
    controlled.do("relay gone")
    found = relayed_findings(env)
    controlled.do("relay well")
    assert found["agent_unreachable"]["explained_by"] == "derp_unreachable"
    assert reaches(env)


def test_a_handshake_that_never_completes_is_told_of_though_pongs_come(controlled):
    env = controlled.client_environment()
    controlled.do("relay no-wireguard")
    done = doctor(env, "--json", "--disable-direct-connections")
    controlled.do("relay well")
    *found, summary = program.json_lines(done.stdout)
    stale = next(one for one in found if one["code"] == "handshake_stale")
    assert done.returncode == 1 and stale["severity"] == "error" and "none was answered" in stale["observed"]
    assert summary["path"]["handshake_age_ms"] is None and summary["path"]["answered"] > 10
    assert summary["took_ms"] < 20000


class RunningPing(program.Server):
    """A ping that goes on, and what it finds when it is interrupted."""

    def __init__(self, env, *flags):
        super().__init__([program.binary(), "ping", "dev1", "--json", "--wait", "100ms", "-t", "500ms", *flags],
                         env=env, first_line=lambda line: line["type"] == "pong")

    def findings(self):
        self.process.send_signal(signal.SIGINT)
        summary = self.next(lambda line: line["type"] == "summary")
        assert self.process.wait(program.LIMIT_SECONDS) == 130
        return {one["code"]: one for one in summary["findings"]}


def test_a_coordinator_that_goes_away_in_mid_run_leaves_the_path_working(controlled):
    with RunningPing(controlled.client_environment()) as running:
        controlled.do("coordinator gone")
        for _ in range(5):
            running.next(lambda line: line["type"] == "pong")
        found = running.findings()
    controlled.do("coordinator back")
    assert found["coordinator_lost"]["severity"] == "warning"
    assert "still works" in found["coordinator_lost"]["observed"]
    assert "agent_unreachable" not in found


def test_an_agent_that_falls_silent_in_mid_run_is_told_of(controlled):
    with RunningPing(controlled.client_environment(), "--disable-direct-connections") as running:
        controlled.do("relay drop 100")
        for _ in range(3):
            running.next(lambda line: line["type"] == "lost")
        found = running.findings()
    controlled.do("relay well")
    assert "the last " in found["agent_unreachable"]["observed"]
    assert found["derp_relay"]["severity"] == "info"


def test_lost_packets_are_counted(controlled):
    with RunningPing(controlled.client_environment(), "--disable-direct-connections") as running:
        controlled.do("relay drop 50")
        for _ in range(4):
            running.next(lambda line: line["type"] == "lost")
        for _ in range(4):
            running.next(lambda line: line["type"] == "pong")
        found = running.findings()
    controlled.do("relay well")
    assert "probes were lost" in found["loss"]["observed"] and "(limit 2.0 %)" in found["loss"]["observed"]


def test_a_token_that_is_refused_in_mid_run_ends_it_with_status_3(controlled):
    with RunningPing(controlled.client_environment()) as running:
        controlled.do("token refused")
        summary = running.next(lambda line: line["type"] == "summary")
        assert running.process.wait(program.LIMIT_SECONDS) == 3
    controlled.do("token taken")
    found = {one["code"]: one for one in summary["findings"]}
    assert "API key is invalid" in found["token_refused"]["observed"]
    assert found["coordinator_lost"]["explained_by"] == "token_refused"


def test_the_lab_does_nothing_that_it_does_not_know(controlled):
    for line in ("nonsense", "relay", "relay gone now", "relay drop", "relay drop 101", "relay drop -1", "",
                 "agent gone nobody", "agent gone dev3", "workspace stop", "x" * 1000, "relay\x1b gone"):
        said = controlled.answer(line)
        assert not said["done"] and said["failure"] and "\x1b" not in said["line"]
    assert reaches(controlled.client_environment())


# --- the doctor


def test_the_doctor_finds_nothing_and_is_content(lab):
    done = doctor(lab.client_environment(), "--json")
    *found, summary = program.json_lines(done.stdout)
    assert done.returncode == (0 if summary["severity"] in ("ok", "info") else 1)
    assert {one["code"] for one in found} <= {"client_low_mtu", "agent_low_mtu", "vpn_default_route"}, found
    assert summary["path"]["path"] == "direct" and summary["path"]["lost"] == 0
    assert summary["client"]["udp"] is True and summary["client"]["hard_nat"] is False
    assert summary["took_ms"] < 20000
    assert summary["client"]["interfaces"], "its own interfaces"
    assert summary["agent"]["udp"] is True and summary["agent"]["hard_nat"] is False, "as the agent says itself"
    assert summary["agent"]["interfaces"] == summary["client"]["interfaces"], "it is on the same computer"
    assert summary["agent_report_failure"] == ""
    told = {one["code"] for one in summary["not_known"]}
    assert all(one["reason"] for one in summary["not_known"])
    assert summary["passed"] + len(told) + summary["findings"] >= 29 and "agent_low_mtu" not in told


def test_the_doctor_gives_each_finding_with_its_remedy_and_a_report(lab):
    with program.Lab("--block-direct") as blocked:
        done = doctor(blocked.client_environment())
    assert done.returncode == 1
    head, report = done.stdout.split("--- report")
    assert head.startswith("dev1: 0 errors, ")
    cause = head.index("⚠ warning: direct connections are disabled for the deployment")
    assert cause < head.index("> ℹ info: the connection goes through a relay"), "the cause stands above"
    for part in ("seen: ", "why:  ", "do:   ", "see:  https://coder.com/docs/@v2.35.0/"):
        assert part in head
    assert "direct_disabled_deployment (warning), derp_relay (info)" in report
    assert re.search(r"^checks +\d+ passed, \d+ not known$", report, re.M), report
    assert re.search(r"^ +path_mtu: direct connections are disabled$", report, re.M), report
    assert report.rstrip().endswith("---")


def test_the_doctor_says_that_a_workspace_is_stopped_and_how_to_start_it(lab):
    done = doctor(lab.client_environment(), workspace="dev3")
    assert done.returncode == 1
    assert "✘ error: the workspace is not running" in done.stdout
    assert "do:   start it: coder start dev3" in done.stdout
    assert "is not started" in done.stderr


def test_the_doctor_of_a_refused_token_has_status_3(lab):
    done = doctor(lab.client_environment(CODER_SESSION_TOKEN="wrong"), "--json")
    codes = [one.get("code") for one in program.json_lines(done.stdout)]
    assert done.returncode == 3 and "token_refused" in codes


def test_a_deployment_that_cannot_be_reached_is_no_good_news():
    env = program.environment(CODER_URL="http://127.0.0.1:9", CODER_SESSION_TOKEN="a-token")
    done = doctor(env)
    assert done.returncode == 1
    assert "✔" not in done.stdout and "connection refused" in done.stdout


def test_a_shared_report_has_no_name_and_no_address(lab):
    env = lab.client_environment()
    for flags in (("--share",), ("--share", "--json")):
        done = doctor(env, "--disable-direct-connections", *flags)
        assert done.returncode == 0
        said = done.stdout + done.stderr
        assert "workspace-1" in said and "region-1" in said
        assert "dev1" not in said and "Coder Embedded Relay" not in said
        assert not re.search(r"\b(?:10|172|192)\.\d+\.\d+\.\d+", said)
    assert "dev1" in doctor(env, "--disable-direct-connections").stdout


def test_a_shared_report_masks_failures_too(lab):
    done = doctor(lab.client_environment(), "--share", workspace="secret-project")
    assert done.returncode == 1
    assert "secret-project" not in done.stdout + done.stderr and "workspace-1" in done.stderr


# --- the ranges of AWS


class Ranges(http.server.BaseHTTPRequestHandler):
    status, body, asked = 200, b"", 0

    def do_GET(self):
        Ranges.asked += 1
        self.send_response(Ranges.status)
        self.send_header("Content-Length", str(len(Ranges.body)))
        self.end_headers()
        self.wfile.write(Ranges.body)

    def log_message(self, *_):
        pass


def published(*ranges):
    return json.dumps({"syncToken": "1", "createDate": "2026-02-26-10-36-19",
                       "prefixes": [{"ip_prefix": one, "service": "EC2"} for one in ranges],
                       "ipv6_prefixes": []}).encode()


@pytest.fixture
def aws(tmp_path):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ranges)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    Ranges.status, Ranges.body, Ranges.asked = 200, published("198.51.100.0/24"), 0
    yield {"XDG_CACHE_HOME": str(tmp_path),
           "DERPTOP_AWS_RANGES_URL": f"http://127.0.0.1:{server.server_port}/ip-ranges.json"}
    server.shutdown()
    thread.join()
    server.server_close()


def ranges_of(env, *flags):
    done = doctor(env, "--json", *flags, workspace="dev3")  # stopped: at once
    return program.json_lines(done.stdout)[-1]["aws_ranges"], done.stderr


def test_nothing_is_fetched_unless_the_user_asks(lab, aws):
    said, _ = ranges_of(lab.client_environment(**aws))
    assert re.match(r"bundled list of \d{4}-\d\d, large EC2 blocks only$", said)
    assert Ranges.asked == 0


def test_a_fetched_list_is_kept_for_a_day_and_shows_its_age(lab, aws, tmp_path):
    env = lab.client_environment(**aws)
    assert ranges_of(env, "--aws-ranges", "fetch")[0] == "fetched list of 2026-02-26, 0 min old"
    assert ranges_of(env, "--aws-ranges", "fetch")[0].startswith("fetched list of 2026-02-26, ")
    assert Ranges.asked == 1
    kept = tmp_path / "derptop" / "aws-ip-ranges.json"
    assert kept.read_bytes() == Ranges.body
    old = kept.stat().st_mtime - 3 * 24 * 3600
    os.utime(kept, (old, old))
    Ranges.status = 500
    said, errors = ranges_of(env, "--aws-ranges", "fetch")
    assert said == "kept list of 2026-02-26, 3 days old" and "the server answered 500" in errors
    Ranges.status = 200
    assert ranges_of(env, "--aws-ranges", "fetch")[0] == "fetched list of 2026-02-26, 0 min old"


def test_a_list_that_cannot_be_had_or_read_leaves_the_bundled_one(lab, aws):
    env = lab.client_environment(**aws)
    for Ranges.status, Ranges.body in ((404, b""), (200, b"<html>log in</html>"), (200, published("nonsense"))):
        said, errors = ranges_of(env, "--aws-ranges", "fetch")
        assert said.startswith("bundled list") and "cannot fetch AWS's address ranges" in errors


def test_a_file_of_the_published_form_is_read(lab, tmp_path):
    env = lab.client_environment()
    file = tmp_path / "ranges.json"
    file.write_bytes(published("198.51.100.0/24"))
    assert ranges_of(env, "--aws-ranges", str(file))[0].startswith("file of 2026-02-26, ")
    file.write_bytes(b"{")
    done = doctor(env, "--aws-ranges", str(file), workspace="dev3")
    assert done.returncode == 2 and str(file) in done.stderr
    assert doctor(env, "--aws-ranges", "/nonexistent", workspace="dev3").returncode == 2


# --- the limits


def test_the_limits_of_latency_and_jitter_are_settings(lab, tmp_path):
    config = tmp_path / "config.json"
    config.write_text('{"jitter_limit": "1ms", "latency": {"good": "2ms", "poor": "5ms"}}')
    with program.Lab("--relay-delay", "5", "--relay-jitter", "40") as shaky:
        env = shaky.client_environment()
        flags = ("--disable-direct-connections", "-n", "12", "--wait", "50ms", "--json")
        strict = program.run("ping", "dev1", "--config", str(config), *flags, env=env)
        config.write_text('{"jitter_limit": "10s"}')
        lax = program.run("ping", "dev1", "--config", str(config), *flags, env=env)
    codes = [{one["code"] for one in program.json_lines(done.stdout)[-1]["findings"]} for done in (strict, lax)]
    assert codes[0] >= {"jitter", "latency"} and not codes[1] & {"jitter", "latency"}
