"""Speed tests with genuine peers: our client with the genuine server, the genuine client with our lab's agents. Both
ends count the same bytes."""

import json
import re

import pytest

import program
from conftest import Deployment

BLOCK = 2 << 20
REPLY = len("{}\n")
PATHS = ["direct", "derp"]


def config_length(direction):
    return len(json.dumps({"version": 2, "time": 10**9, "direction": direction}, separators=(",", ":")) + "\n")


def served(deployment):
    """What the genuine servers sent and received, test by test, their lines of JSON included."""
    runs, = deployment.stats()["speedtests"].values()
    return [(run["sent"], run["received"]) for run in runs]


@pytest.mark.parametrize("path", PATHS)
def test_our_client_with_a_genuine_server(path):
    flags = ["--direct"] if path == "direct" else ["--disable-direct-connections"]
    with Deployment("--workspaces", "1") as deployment:
        ended = program.run("speedtest", "dev1", "-t", "1s", "--both", "--json", *flags,
                            env=deployment.client_environment())
        assert ended.returncode == 0, ended.stderr
        (sent, _), (_, received) = served(deployment)
    down, up = [line for line in program.json_lines(ended.stdout) if line["type"] == "summary"]
    for one in down, up:
        assert (one["state"], one["path"], one["note"]) == ("done", path, None), one
        assert one["overall"]["bytes"] > 0 and one["overall"]["bytes"] % BLOCK == 0
        assert one["overall"]["end_time_seconds"] == pytest.approx(1, abs=0.8)
    assert down["overall"]["bytes"] == sent - REPLY
    assert up["overall"]["bytes"] == received - config_length(1)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("direction", ["down", "up"])
def test_a_genuine_client_with_our_server(genuine, path, direction):
    flags = (["--direct"] if path == "direct" else []) + (["--up"] if direction == "up" else [])
    with program.Lab("--workspaces", "1", "--stopped", "0", "-v") as lab:
        ended = genuine("speedtest", lab, "--time", "1s", *flags, "dev1")
        _, said = lab.stop()
    assert ended.returncode == 0, ended.stderr
    *rows, total, counted = program.json_lines(ended.stdout)
    assert rows and total["total"] and total["bytes"] > 0
    acked, received = map(int, re.search(r"speed test over: (\d+) bytes acknowledged, (\d+) received", said).groups())
    if direction == "down":
        assert counted["received"] == acked + REPLY and received == 0
        # Its reader of JSON swallows the first of the bytes, and so the last block is not whole for it.
        assert total["bytes"] in (acked, acked - BLOCK)
    else:
        assert counted["sent"] == received + config_length(1) and total["bytes"] == received and acked == 0


def test_the_genuine_netcheck_report_of_the_agent_is_read(deployment):
    def is_whole(line):
        return '"has_net_info": true' in json.dumps(line)

    command = [program.binary(), "record", "dev1", "-o", "-"]
    with program.Server(command, env=deployment.client_environment(), first_line=is_whole) as record:
        said = json.dumps(record.ready)
    assert '"udp": true' in said and '"preferred_derp": 999' in said, said
    assert '"interface_count": ' in said and '"home_latency_ns": ' in said, said
