"""`derptop speedtest` on the lab: what it prints, what it waits for, and how it fails."""

import re
import select
import signal
import subprocess
import time

import pytest

import program
import screen

ROW = r"(\d+\.\d\d)-(\d+\.\d\d) sec +(\d+\.\d{4}) MBits +(\d+\.\d{4}) Mbits/sec"
INTERRUPTED = 130


@pytest.fixture(scope="module", name="lab")
def fixture_lab():
    with program.Lab() as lab:
        yield lab


@pytest.fixture(name="controlled")
def fixture_controlled():
    with program.ControlledLab() as lab:
        yield lab


def speedtest(lab, *flags, **how):
    return program.run("speedtest", "dev1", *flags, env=lab.client_environment(), **how)


def summaries(done):
    return [line for line in program.json_lines(done.stdout) if line["type"] == "summary"]


class Running(program.Server):
    """A test that goes on until it is over or ended; it has printed its first row."""

    def __init__(self, lab, *flags):
        super().__init__([program.binary(), "speedtest", "dev1", "--json", *flags], env=lab.client_environment(),
                         first_line=lambda line: line["type"] == "interval")

    def end(self, number=None):
        """Its status, its summary and what it said on stderr."""
        if number is not None:
            self.process.send_signal(number)
        rest, errors = self.process.communicate(timeout=program.LIMIT_SECONDS)
        lines = program.json_lines((self.pending + rest).decode())
        return self.process.returncode, lines[-1], errors.decode()


def waiting(lab, *flags):
    """A test that has said what it waits for."""
    process = subprocess.Popen([program.binary(), "speedtest", "dev1", "--json", *flags],
                               env=lab.client_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    said, deadline = b"", time.monotonic() + program.LIMIT_SECONDS
    while b"Waiting for" not in said:
        readable, _, _ = select.select([process.stderr], [], [], max(deadline - time.monotonic(), 0))
        said += process.stderr.read1() if readable else b""
        assert readable and process.poll() is None, said
    return process, said.decode()


def test_the_table_is_that_of_coder_speedtest(lab):
    done = speedtest(lab, "-t", "1500ms")
    lines = done.stdout.splitlines()
    assert (done.returncode, lines[0]) == (0, "INTERVAL       TRANSFER         BANDWIDTH"), done
    rows = [re.fullmatch(ROW, line) for line in lines if "sec" in line]
    dashes = lines.index("-" * 52)
    assert all(rows) and len(rows) >= 2 and dashes == len(rows), done.stdout
    starts, ends = [row.group(1) for row in rows], [row.group(2) for row in rows]
    assert starts[0] == "0.00" and starts[1:-1] == ends[:-2] and starts[-1] == "0.00"
    assert float(ends[-1]) >= 1.5
    for row in rows:
        took = float(row.group(2)) - float(row.group(1))
        assert float(row.group(3)) == pytest.approx(float(row.group(4)) * took, rel=0.05)
    assert re.search(r"^latency  \S+ at rest, \S+ under load \([+-]\S+\)$", done.stdout, re.M)
    assert re.search(r"^loss     \d+ of \d+ pings lost, \d+ of \d+ packets missing, \d+ segments? sent again$", done.stdout, re.M)
    assert re.search(r"^path     (direct, 127\.0\.0\.1:\d+|relayed by DERP\(.+\))$", done.stdout, re.M)


def test_stderr_names_path_and_test_and_has_no_bar_where_it_is_no_terminal(lab):
    said = speedtest(lab, "-t", "300ms").stderr
    assert re.match(r"\S+ via \S+\nStarting a 300ms download test\.\.\.\n", said), said
    assert "\r" not in said and "\x1b" not in said
    assert "Starting a 1s upload test..." in speedtest(lab, "-t", "1s", "-d", "up").stderr


@pytest.mark.parametrize("path", ["direct", "derp"])
def test_both_directions_one_after_the_other(lab, path):
    flags = ["--direct"] if path == "direct" else ["--disable-direct-connections"]
    done = speedtest(lab, "-t", "1s", "--both", "--json", *flags)
    down, up = summaries(done)
    assert done.returncode == 0 and done.stdout.splitlines()[-1].startswith('{"type":"summary"')
    assert (down["direction"], up["direction"]) == ("down", "up")
    for one in down, up:
        assert (one["state"], one["path"], one["failure"]) == ("done", path, None), one
        assert (one["endpoint"] is not None, one["region"] is not None) == (path == "direct", path == "derp")
        overall = one["overall"]
        assert overall["bytes"] > 0 and overall["bytes"] % (2 << 20) == 0
        assert sum(row["bytes"] for row in one["intervals"]) <= overall["bytes"]
        assert overall["end_time_seconds"] == pytest.approx(1, abs=0.7)
        rate = 8 * overall["bytes"] / 1e6 / overall["end_time_seconds"]
        assert overall["throughput_mbits"] == pytest.approx(rate)
        assert one["latency_rest_ms"] > 0 and one["pings"] > 0


def test_the_rows_come_as_they_are_measured_and_again_in_the_summary(lab):
    lines = program.json_lines(speedtest(lab, "-t", "2s", "--json").stdout)
    rows = [{key: value for key, value in line.items() if key not in ("type", "time", "workspace", "direction")}
            for line in lines[:-1]]
    assert len(rows) >= 2 and lines[-1]["intervals"] == rows


def test_a_terminal_gets_a_bar_with_the_running_rate(lab):
    with screen.Screen("speedtest", "dev1", "-t", "2s", env=lab.client_environment()) as terminal:
        terminal.wait_for(r"\[#+\.+\] \d+\.\d s  \d+\.\d Mbit/s")
        terminal.wait_for(r"path +\w+")
        assert "[#" not in terminal.text(), "the bar was left behind"


def test_an_interrupt_prints_what_was_gathered(lab):
    with Running(lab, "-t", "20s") as test:
        status, summary, _ = test.end(signal.SIGINT)
    assert (status, summary["state"]) == (INTERRUPTED, "stopped")
    assert summary["overall"]["bytes"] > 0 and len(summary["intervals"]) >= 1
    assert 1 <= summary["overall"]["end_time_seconds"] < 15


def test_a_disabled_direct_path_is_not_waited_for():
    with program.Lab("--block-direct") as lab:
        done = speedtest(lab, "--direct", "--json")
        assert done.returncode == 1 and "disabled by the deployment" in done.stderr
        summary, = summaries(done)
        assert (summary["state"], summary["overall"], summary["intervals"]) == ("failed", None, [])
        assert "disabled" in summary["failure"]
        done = program.run("speedtest", "dev1", "--direct",
                           env=lab.client_environment(CODER_DISABLE_DIRECT_CONNECTIONS="true"))
        assert done.returncode == 1 and "disabled here" in done.stderr


def test_a_direct_path_that_comes_is_waited_for(controlled):
    controlled.do("agents relayed")
    process, said = waiting(controlled, "--direct", "-t", "300ms")
    assert "a direct path (now relayed by " in said
    controlled.do("agents direct")
    out, _ = process.communicate(timeout=program.LIMIT_SECONDS)
    assert process.returncode == 0 and program.json_lines(out.decode())[-1]["path"] == "direct"


def test_a_tunnel_that_never_stands_is_given_up_with_what_is_missing(controlled):
    controlled.do("relay no-wireguard")
    done = speedtest(controlled, "--disable-direct-connections")
    assert (done.returncode, done.stdout) == (1, "")
    assert "after 30 s there is still no WireGuard handshake" in done.stderr


def test_waiting_ends_with_an_interrupt(controlled):
    controlled.do("agents relayed")
    process, _ = waiting(controlled, "--direct")
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=program.LIMIT_SECONDS)
    assert process.returncode == INTERRUPTED
    assert program.json_lines(out.decode())[-1]["state"] == "stopped"


def test_a_path_that_changes_in_mid_test_is_warned_of(controlled):
    with Running(controlled, "--direct", "-t", "6s") as test:
        controlled.do("agents relayed")
        status, summary, said = test.end()
    assert (status, summary["state"], summary["path"]) == (0, "done", "direct"), (summary, said)
    assert summary["path_changed_to"] is not None and "the path changed in mid-test" in said


def test_an_agent_that_goes_in_mid_test_fails_it_with_what_was_measured(controlled):
    with Running(controlled, "-t", "30s") as test:
        controlled.do("agent gone dev1")
        status, summary, said = test.end()
    assert (status, summary["state"]) == (1, "failed"), (summary, said)
    assert summary["overall"]["bytes"] > 0 and summary["intervals"]
    assert re.search(r"reset the connection|sends nothing", summary["failure"]), summary
    assert summary["failure"] in said


def test_a_line_that_loses_a_third_of_all_packets_comes_to_an_end_with_a_word(controlled):
    controlled.do("relay drop 30")
    done = speedtest(controlled, "-t", "1s", "--json", "--disable-direct-connections")
    summary = program.json_lines(done.stdout)[-1]
    assert (done.returncode, summary["state"]) in [(0, "done"), (1, "failed")], summary
    assert summary["note"] or summary["failure"], summary


def test_what_cannot_be_tested_is_named(lab):
    done = program.run("speedtest", "nowhere", env=lab.client_environment())
    assert done.returncode != 0 and "nowhere" in done.stderr and done.stdout == ""
    done = program.run("speedtest", "dev3", env=lab.client_environment())  # stopped
    assert done.returncode != 0 and "stopped" in done.stderr and done.stdout == ""
    done = program.run("speedtest", "dev1", env=lab.client_environment(CODER_SESSION_TOKEN="wrong"))
    assert done.returncode == 3 and done.stdout == ""
