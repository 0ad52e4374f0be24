"""Metrics for a collector: by HTTP and in a file, of several workspaces at once."""

import os
import time
import urllib.error
import urllib.request

import pytest

import openmetrics
import program


def export(lab, *arguments):
    return program.Server([program.binary(), "export", "--json", "--interval", "50ms", *arguments],
                          env=lab.client_environment())


def scrape(server):
    with urllib.request.urlopen(server.ready["url"], timeout=program.LIMIT_SECONDS) as answer:
        assert answer.headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
        return openmetrics.read(answer.read().decode())


def until(look, wanted, what):
    """Looks again until it is as wanted; a scrape is all that can be waited for here."""
    deadline = time.monotonic() + program.LIMIT_SECONDS
    while True:
        seen = look()
        if seen is not None and wanted(seen):
            return seen
        assert time.monotonic() < deadline, f"never seen: {what}"


def counted(families, workspace):
    return openmetrics.value(families, "derptop_latency_seconds_count", workspace=workspace, path="direct") or 0


def test_all_workspaces_are_scraped_with_their_histograms():
    with program.Lab() as lab, export(lab, "--listen", "127.0.0.1:0") as server:
        seen = until(lambda: scrape(server), lambda f: counted(f, "dev1") > 10 and counted(f, "dev2") > 10,
                     "pongs of both")
        for workspace in ("dev1", "dev2"):
            labels = {"owner": "lab", "workspace": workspace, "agent": "main"}
            assert openmetrics.value(seen, "derptop_path", derptop_path="direct", **labels) == 1
            assert openmetrics.value(seen, "derptop_probes_total", **labels) >= counted(seen, workspace)
            assert openmetrics.value(seen, "derptop_handshakes_total", **labels) >= 1
            assert openmetrics.value(seen, "derptop_handshake_age_seconds", **labels) < program.LIMIT_SECONDS
            assert openmetrics.value(seen, "derptop_relay_info", region_id="999", **labels) == 1
        stopped = {"workspace": "dev3", "derptop_workspace_state": "stopped"}
        assert openmetrics.value(seen, "derptop_workspace_state", **stopped) == 1
        assert openmetrics.value(seen, "derptop_probes_total", workspace="dev3") is None
        assert openmetrics.value(seen, "derptop_coordinator_up") == 1
        later = until(lambda: scrape(server), lambda f: counted(f, "dev1") > counted(seen, "dev1"), "more pongs")
        assert counted(later, "dev2") >= counted(seen, "dev2")
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(server.ready["url"].replace("metrics", "other"), timeout=program.LIMIT_SECONDS)


def test_findings_and_the_relays_path_are_metrics():
    with program.Lab("--block-direct") as lab, export(lab, "--listen", "127.0.0.1:0", "dev1") as server:
        def found(families):
            return openmetrics.value(families, "derptop_finding", workspace="dev1", code="direct_disabled_deployment")

        seen = until(lambda: scrape(server), found, "the finding")
        until(lambda: scrape(server), lambda f: openmetrics.value(
            f, "derptop_latency_seconds_count", workspace="dev1", path="derp"), "relayed pongs")
        assert openmetrics.value(seen, "derptop_path_changes_total", workspace="dev2") is None, "dev2 was not named"


def test_a_file_is_whole_whenever_it_is_read(tmp_path):
    file = tmp_path / "derptop.prom"
    with program.Lab() as lab:
        record = [program.binary(), "export", "--textfile", str(file), "--interval", "50ms", "-v", "dev1"]
        with program.subprocess.Popen(record, env=lab.client_environment(), stderr=program.subprocess.PIPE,
                                      text=True) as process:
            for line in process.stderr:
                if "direct" in line:
                    break
            process.terminate()
            process.communicate(timeout=program.LIMIT_SECONDS)
            assert process.returncode == 143
        families = openmetrics.read(file.read_text(encoding="utf-8"))
        assert openmetrics.value(families, "derptop_agent_state", workspace="dev1",
                                 derptop_agent_state="connected") == 1
        assert os.listdir(tmp_path) == ["derptop.prom"]


def test_a_name_that_is_not_there_is_said_once():
    with program.Lab() as lab, export(lab, "--listen", "127.0.0.1:0", "nonsuch", "dev1") as server:
        until(lambda: scrape(server), lambda f: counted(f, "dev1") > 0, "pongs of the other")
        status, errors = server.stop()
        assert status == 143
        assert errors.count("nonsuch is not among your workspaces") == 1


def test_wrong_addresses_and_tokens_are_refused():
    with program.Lab() as lab:
        env = lab.client_environment()
        assert program.run("export", "--listen", "here", env=env).returncode == 2
        assert program.run("export", "--listen", "127.0.0.1:1", "--textfile", "x", env=env).returncode == 2
        done = program.run("export", "--listen", "192.0.2.99:9477", env=env)
        assert done.returncode == 1 and "192.0.2.99" in done.stderr
        env["CODER_SESSION_TOKEN"] = "wrong"
        assert program.run("export", "--listen", "127.0.0.1:0", env=env).returncode == 3
