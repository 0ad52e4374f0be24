"""`derptop status`: a connection in one line, once for a prompt, or a line for each change of it."""

import json
import os
import re
import select
import signal
import subprocess
import time

import pytest

import program
import web

MS = r"\d[\d.]* ms"
FOUND = r"( [●▲] \w+( \+\d+)?)?"  # a machine whose interfaces have a small MTU is told so
DIRECT = re.compile(rf"dev1 → direct {MS}{FOUND}")
RELAYED = re.compile(rf"dev1 ⇄ relay 999 Coder Embedded Relay {MS}{FOUND}")


@pytest.fixture(scope="module")
def lab():
    with program.ControlledLab() as started:
        yield started


def status(env, *flags, workspace="dev1"):
    done = program.run("status", workspace, *flags, env=env)
    assert done.stderr == "" and done.stdout.count("\n") == 1, done
    return done.returncode, done.stdout.rstrip("\n")


# --- once


def test_a_direct_connection_is_one_line(lab):
    code, line = status(lab.client_environment())
    assert code == 0 and DIRECT.fullmatch(line), line


def test_without_utf8_or_if_asked_for_it_is_ascii(lab):
    for flags, changes in [(["--ascii"], {}), ([], {"DERPTOP_ASCII": "1"}), ([], {"LC_ALL": "C"})]:
        code, line = status(lab.client_environment(**changes), *flags)
        assert code == 0 and line.isascii() and line.startswith("dev1 > direct "), line


def test_a_relayed_connection_names_its_relay():
    with program.Lab("--block-direct", "--relay-delay", "10") as blocked:
        code, line = status(blocked.client_environment())
    assert code == 0 and RELAYED.fullmatch(line), line
    assert "▲ direct_disabled_deployment" in line and float(re.search(r"([\d.]+) ms", line)[1]) >= 20


def test_a_direct_path_is_waited_for_a_moment(lab):
    lab.do("agents relayed")
    began = time.monotonic()
    code, line = status(lab.client_environment())
    took = time.monotonic() - began
    lab.do("agents direct")
    assert code == 0 and RELAYED.fullmatch(line) and 1 <= took < 20, (took, line)


def test_an_agent_that_is_gone_is_no_answer(lab):
    lab.do("agent gone dev2")
    began = time.monotonic()
    code, line = status(lab.client_environment(), "--timeout", "30s", workspace="dev2")
    lab.do("agent back dev2")
    assert (code, line.split(" ✘ ")[1]) == (1, "no answer: the agent is not connected to the deployment"), line
    assert line.endswith(" ✘ agent_not_connected") or " ✘ agent_not_connected +" in line
    assert time.monotonic() - began < 25, "what the deployment says leaves nothing to wait for"


@pytest.mark.parametrize("flags, code, said", [
    (["dev3"], 1, "dev3 ✘ no answer: the workspace is not running ✘ workspace_stopped"),
    (["nope"], 1, 'nope ✘ no answer: there is no workspace "nope"'),
    (["dev1", "--token", "wrong"], 3, "dev1 ✘ no answer: the session token is refused ✘ token_refused"),
])
def test_why_there_is_no_answer(lab, flags, code, said):
    done = program.run("status", *flags, env=lab.client_environment())
    assert (done.returncode, done.stderr) == (code, "") and done.stdout.startswith(said), done


def test_it_says_so_when_the_time_is_up():
    with web.Web(web.deployment(web.workspace("dev1"))) as server:  # which has no coordinator
        env = program.environment(CODER_URL=server.url, CODER_SESSION_TOKEN="a-token")
        code, line = status(env, "--timeout", "300ms")
    assert code == 1 and line.startswith("dev1 ✘ no answer: the coordinator cannot be reached"), line


def test_wrong_usage_and_no_deployment_are_told_on_stderr():
    done = program.run("status")
    assert (done.returncode, done.stdout) == (2, "") and "which one?" in done.stderr
    done = program.run("status", "dev1")
    assert (done.returncode, done.stdout) == (3, "") and "no deployment is known" in done.stderr


def test_as_json_it_is_one_object(lab):
    code, line = status(lab.client_environment(), "--json")
    said = json.loads(line)
    assert code == 0 and (said["type"], said["state"], said["path"]) == ("status", "direct", "direct")
    assert re.fullmatch(r"127\.0\.0\.1:\d+", said["endpoint"]) and said["latency_ms"] > 0
    code, line = status(lab.client_environment(), "--json", "--disable-direct-connections")
    said = json.loads(line)
    assert (said["state"], said["path"], said["region_id"]) == ("relayed", "derp", 999)
    assert {"code": "direct_disabled_client", "severity": "info"} in said["findings"]


# --- watched


class Lines:
    """`derptop status --watch` of dev1, with a probe every 100 ms."""

    def __init__(self, lab, folder, *flags):
        config = folder / "config.json"
        config.write_text('{"interval": "100ms"}')
        command = [program.binary(), "status", "dev1", "--watch", "--config", str(config), *flags]
        self.process = subprocess.Popen(command, env=lab.client_environment(), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.pending = b""
        self.all = []

    def next(self):
        while b"\n" not in self.pending:
            readable, _, _ = select.select([self.process.stdout], [], [], program.LIMIT_SECONDS)
            more = os.read(self.process.stdout.fileno(), 65536) if readable else b""
            assert more, (self.all, self.pending)
            self.pending += more
        line, _, self.pending = self.pending.partition(b"\n")
        self.all.append(line.decode())
        return self.all[-1]

    def until(self, pattern):
        while not re.search(pattern, self.next()):
            assert len(self.all) < 100, self.all

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


def bare(line):
    return re.sub(r" " + MS, "", line)


def test_watched_it_says_each_change_once(lab, tmp_path):
    with Lines(lab, tmp_path) as lines:
        lines.until("→ direct")
        assert set(lines.all[:-1]) <= {"dev1 ◌ connecting"} | set(filter(RELAYED.fullmatch, lines.all)), lines.all
        lab.do("agents relayed")
        lines.until("⇄ relay 999 Coder Embedded Relay")
        lab.do("agents direct")
        lines.until("→ direct")
        lab.do("agent gone dev1")
        lines.until("✘ no answer")
        lab.do("agent back dev1")
        lines.until("→ direct|⇄ relay")
        lines.process.send_signal(signal.SIGINT)
        rest, errors = lines.process.communicate(timeout=program.LIMIT_SECONDS)
        assert (lines.process.returncode, errors) == (130, b"")
    said = [bare(line) for line in lines.all + (lines.pending + rest).decode().splitlines()]
    assert all(one != two for one, two in zip(said, said[1:])), said


def test_watched_a_workspace_may_stop_and_start(lab, tmp_path):
    with Lines(lab, tmp_path) as lines:
        lines.until("→ direct")
        lab.do("workspace stop dev1")
        lines.until("✘ no answer: the workspace is not running ✘ workspace_stopped")
        lab.do("workspace start dev1")
        before = len(lines.all)
        lines.until("→ direct")
        assert not [line for line in lines.all[before:] if "✘ no answer" in line], "the new agent has its time"


def test_watched_a_connection_that_stands_outlives_its_token(lab, tmp_path):
    with Lines(lab, tmp_path) as lines:
        lines.until("→ direct")
        lab.do("token refused")
        lines.until("→ direct .*✘ token_refused")
        lab.do("token taken")
        lines.until("→ direct(?!.*token_refused)")


def test_watched_as_json_it_says_the_same(lab, tmp_path):
    with Lines(lab, tmp_path, "--json") as lines:
        lines.until('"state":"direct"')
        lab.do("agents relayed")
        lines.until('"state":"relayed"')
        lab.do("agents direct")
        lines.until('"state":"direct"')
    told = [{k: v for k, v in json.loads(line).items() if k not in ("time", "latency_ms")} for line in lines.all]
    assert all(one != two for one, two in zip(told, told[1:])), told


def test_a_reader_that_goes_away_ends_it_although_nothing_changes(lab, tmp_path):
    with Lines(lab, tmp_path) as lines:
        lines.until("→ direct")
        lines.process.stdout.close()
        assert lines.process.wait(program.LIMIT_SECONDS) == -signal.SIGPIPE
        assert lines.process.stderr.read() == b""


def test_a_watch_of_what_is_not_there_ends(lab):
    done = program.run("status", "nope", "--watch", env=lab.client_environment())
    assert done.returncode == 1 and 'nope ✘ no answer: there is no workspace "nope"' in done.stdout, done
