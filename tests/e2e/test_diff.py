"""`derptop diff`: whether a connection became worse from one saved result to another."""

import json

import pytest

import program

BEFORE = {"type": "summary", "time": "2026-11-24T04:29:43.402Z", "workspace": "dev1", "direction": "down",
          "state": "done", "overall": {"start_time_seconds": 0, "end_time_seconds": 1.002, "throughput_mbits": 803.1,
                                       "bytes": 100663296},
          "intervals": [], "path": "direct", "endpoint": "203.0.113.7:41641", "region": None,
          "path_changed_to": None, "latency_rest_ms": 6.12, "latency_load_ms": 19.4, "latency_added_ms": 13.28,
          "pings": 5, "pings_lost": 0, "packets": 82512, "packets_missing": 0, "retransmits": 0, "failure": None,
          "note": None}
AFTER = BEFORE | {"time": "2026-11-25T04:29:43.402Z", "overall": {"throughput_mbits": 602.3}, "path": "derp",
                  "endpoint": None, "region": "Council Bluffs", "latency_rest_ms": 6.3, "latency_load_ms": 61}


@pytest.fixture
def saved(tmp_path):
    def save(name, *objects, raw=b""):
        path = tmp_path / name
        path.write_bytes(b"".join(json.dumps(one).encode() + b"\n" for one in objects) + raw)
        return str(path)
    return save


def diff(*arguments, **changes):
    return program.run("diff", *arguments, env=program.environment(**changes))


def test_figures_are_told_before_and_after_with_their_change(saved):
    done = diff(saved("a.json", BEFORE), saved("b.json", AFTER))
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines() == [
        "download: dev1 2026-11-24T04:29:43.402Z → dev1 2026-11-25T04:29:43.402Z",
        "                              BEFORE           AFTER          CHANGE",
        "  throughput            803.1 Mbit/s    602.3 Mbit/s   -200.8 Mbit/s      -25 %  ✘ worse",
        "  latency at rest             6.1 ms          6.3 ms        +0.18 ms     +2.9 %",
        "  latency under load           19 ms           61 ms          +42 ms     +214 %  ✘ worse",
        "  pings lost                   0.0 %           0.0 %     +0.0 points",
        "  packets missing              0.0 %           0.0 %     +0.0 points",
        "  path                direct (203.0.113.7:41641) → relayed (Council Bluffs)  ✘ worse",
        "3 of 6 worse, 0 better (threshold 10 %)",
    ]
    back = diff(saved("b.json", AFTER), saved("a.json", BEFORE), LC_ALL="C")
    assert back.returncode == 0 and back.stdout.isascii() and "+ better" in back.stdout, back.stdout


def test_the_threshold_decides_what_is_worse(saved):
    slower = saved("b.json", BEFORE | {"overall": {"throughput_mbits": 750}})
    files = saved("a.json", BEFORE), slower
    assert [diff(*files, *threshold).returncode for threshold in ([], ["--threshold", "5"], ["--threshold=6"],
                                                                  ["--threshold", "7"])] == [0, 1, 1, 0]
    assert diff(*files, "--threshold", "much").returncode == 2
    assert diff(slower, slower, "--threshold", "0").returncode == 0


def test_as_json_it_is_a_line_for_each_figure(saved):
    done = diff(saved("a.json", BEFORE), saved("b.json", AFTER), "--json")
    *lines, summary = program.json_lines(done.stdout)
    assert done.returncode == 1
    assert [line["figure"] for line in lines if line["verdict"] == "worse"] == [
        "throughput_mbits", "latency_load_ms", "path"]
    assert (lines[0]["before"], lines[0]["after"], lines[0]["change"], lines[0]["percent"]) == (
        803.1, 602.3, -200.8, -25)
    assert (summary["threshold_percent"], summary["compared"], summary["worse"], summary["better"]) == (10, 6, 3, 0)


def test_each_direction_and_pings_are_compared_and_the_last_of_each_counts(saved):
    up = BEFORE | {"direction": "up"}
    ping = {"type": "summary", "time": "t", "total": 2, "loss_percent": 0, "p50_ms": 6, "path": "direct"}
    done = diff(saved("a.json", up, BEFORE, ping), saved("b.json", AFTER, BEFORE, ping | {"loss_percent": 50}))
    assert done.returncode == 1
    assert "download: " in done.stdout and "upload: only before\n" in done.stdout
    assert "+50.0 points             ✘ worse" in done.stdout and "1 of 9 worse" in done.stdout, done.stdout


def test_what_the_program_itself_saved_can_be_compared(saved):
    with program.Lab() as lab:
        env = lab.client_environment()
        test = program.run("speedtest", "dev1", "-t", "1s", "--both", "--json", env=env).stdout.encode()
        direct = program.run("ping", "dev1", "-n", "3", "--wait", "50ms", "--json", env=env).stdout.encode()
        relayed = program.run("ping", "dev1", "-n", "3", "--wait", "50ms", "--json", "--disable-direct-connections",
                              env=env).stdout.encode()
    first, second = saved("a.json", raw=test + direct), saved("b.json", raw=test + relayed)
    assert diff(first, first, "--threshold", "0").returncode == 0
    lines = program.json_lines(diff(first, second, "--json").stdout)
    assert [line["figure"] for line in lines if line.get("verdict") == "worse"][-1:] == ["path"], lines
    assert lines[-1]["compared"] >= 15


@pytest.mark.parametrize("raw, said", [
    (b"", "no result of `derptop speedtest --json`"),
    (b"{\"type\":\"summary\",\"time\":\"t\",\"workspaces\":1}\n", "no result of"),
    (b"\x7fELF\x00\x01", ":1: not JSON"),
    (b"{\"type\":\"pong\"}\nhalf a li", ":2: not JSON"),
    (b"[1]\n", ":1: JSON, but no object"),
    (b"[" * 100000, ":1: JSON nested more than"),
    (b"{\"a\":\"" + b"x" * (1 << 20) + b"\"}", ":1: more than 1 MiB"),
    (b"\n" * (64 << 20) + b"{}", "more than 64 MiB"),
    (json.dumps(BEFORE | {"latency_rest_ms": -6}).encode(), "latency_rest_ms is no number that can be"),
    (json.dumps(BEFORE | {"pings_lost": 1e308}).encode(), "pings_lost is no number that can be"),
], ids=["empty", "of another command", "binary", "cut", "an array", "deep", "long line", "large", "negative", "huge"])
def test_files_that_are_none_such_are_refused(saved, raw, said):
    good, bad = saved("a.json", BEFORE), saved("bad.json", raw=raw)
    for files in [(good, bad), (bad, good)]:
        done = diff(*files)
        assert (done.returncode, done.stdout) == (2, "") and said in done.stderr, done.stderr[:300]
        assert done.stderr.startswith(f"derptop: {bad}") and done.stderr.count("\n") == 1


def test_two_files_that_are_there_are_wanted(saved):
    good = saved("a.json", BEFORE)
    assert "which two?" in diff(good).stderr
    assert '"third" is a third' in diff(good, good, "third").stderr
    for missing in ("/nonexistent", "/", "/nonexist\x1b[2Jent"):
        done = diff(good, missing)
        assert done.returncode == 2 and "cannot be read" in done.stderr and "\x1b" not in done.stderr
    done = diff(good, saved("ping.json", {"type": "summary", "time": "t", "total": 1, "loss_percent": 0}))
    assert (done.returncode, done.stderr) == (2, "derptop: the two files have no test in common\n")


def test_text_of_a_file_cannot_move_the_cursor(saved):
    hostile = "d\x1b[2J\x1b]0;x\x07\u202e"
    evil = saved("evil.json", BEFORE | {"workspace": hostile * 100, "time": hostile, "endpoint": hostile})
    done = diff(evil, evil)
    assert done.returncode == 0 and not set("\x1b\x07\u202e") & set(done.stdout), done.stdout
