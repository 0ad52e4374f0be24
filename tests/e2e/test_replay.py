"""What is recorded is seen again: the same screen, at any speed; and what the keys keep in files."""

import base64
import json
import os
import re
import signal
import subprocess

import pytest

import program
import recorded as recorded_lab
from screen import Screen


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    return recorded_lab.make(tmp_path_factory.mktemp("replay"))


def probes(screen):
    """How many of the whole run have their result, by the one way and by the other."""
    run = re.search(r"since [0-9:]{8} .*", screen.text())
    return sum(map(int, re.findall(r"lost \d+/(\d+)", run[0]))) if run else 0


def replaying(file, *flags, **how):
    return Screen("replay", str(file), *flags, **how)


def test_a_replay_shows_what_was_seen_and_stops_at_its_end(recorded):
    lines = program.json_lines(recorded.read_text(encoding="utf-8"))
    answered = max(line["set"].get("run", {}).get("answered", 0) for line in lines if line["type"] == "state")
    with replaying(recorded, "--speed", "64", rows=45, columns=140) as screen:
        screen.wait_for(r"dev1 · main  1/3 .* REPLAY session\.jsonl end")
        screen.wait_for(r"direct 127\.0\.0\.1:\d+")
        screen.wait_until(lambda s: probes(s) in (answered, answered + 1), f"{answered} probes, by either way")
        screen.send("e")
        screen.wait_for("direct to 127")
        screen.send("q")
        assert screen.wait_exit() == 0


def test_the_keys_stop_step_and_change_the_speed(recorded):
    with replaying(recorded) as screen:
        screen.wait_for(r"REPLAY session\.jsonl 1x")
        screen.send(" ")
        screen.wait_for("paused")
        for _ in range(300):  # more than there are states
            screen.send("n")
        screen.wait_for(r"REPLAY session\.jsonl end")
        screen.send(" ")  # once more
        screen.wait_for("1x")
        screen.send(",")
        screen.wait_for("0.5x")
        screen.send(",")
        screen.wait_for("0.25x")
        for _ in range(6):
            screen.send(".")
        screen.wait_for("16x|end")
        screen.send("E")
        screen.wait_for("this is a recording already")
        for key in ("r", "]"):
            screen.send(key)
            screen.wait_for("answers no more")
            screen.send("m")
            screen.wait_for("is marked")
        screen.send("s")
        screen.wait_for("no test yet")
        screen.send("q")
        assert screen.wait_exit() == 0


def test_a_step_back_shows_the_same_screen_again(recorded):
    with replaying(recorded, rows=45, columns=140) as screen:
        screen.wait_for(r"REPLAY session\.jsonl 1x")
        screen.send("^")
        screen.send(" ")
        screen.wait_for("paused")
        screen.send("^")
        screen.wait_for("no workspace selected|dev1")
        for _ in range(12):
            screen.send("n")
        screen.send("e")  # to see that all were done: a view, and back
        screen.wait_for("─ events ")
        screen.send("escape")
        screen.wait_for("─ latency ")
        before = screen.lines()[:-1]
        for key in "nnnNNN":
            screen.send(key)
        screen.wait_until(lambda s: s.lines()[:-1] == before, "the same screen")
        for _ in range(8):  # of the twelve: two neighbours may look alike
            screen.send("N")
        screen.wait_until(lambda s: s.lines()[:-1] != before, "another screen")
        for _ in range(300):
            screen.send("n")
        screen.wait_for(r"REPLAY session\.jsonl end")
        screen.send("N")  # from the end, too
        screen.wait_for("paused")
        for _ in range(300):  # more than there are states
            screen.send("N")
        screen.send("q")
        assert screen.wait_exit() == 0


def test_in_the_monitor_speeds_are_refused_with_a_reason():
    with Screen("--lab") as screen:
        screen.wait_for("direct 127")
        screen.send(".")
        screen.wait_for("only a replay has another speed")
        screen.send("q")
        assert screen.wait_exit() == 0


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_is_recorded_on_the_screen_can_be_replayed(folder):
    with Screen("--lab", "--interval", "100ms") as screen:
        screen.wait_for("direct 127")
        screen.send("E")
        screen.wait_for("recording to derptop-dev1-")
        screen.wait_for(" REC ")
        screen.send("E")
        screen.wait_for("recorded: derptop replay")
        screen.wait_gone(" REC ")
        screen.send("q")
        assert screen.wait_exit() == 0
    [file] = folder.glob("derptop-dev1-*.jsonl")
    with replaying(file, "--speed", "1024") as screen:
        screen.wait_for("REPLAY .* end")
        screen.wait_for("direct 127")
        screen.send("q")
        assert screen.wait_exit() == 0


def test_the_screen_is_kept_with_its_colours(folder):
    with Screen("--lab") as screen:
        screen.wait_for("direct 127")
        screen.send("\x13")
        screen.wait_for("screen kept: derptop-dev1-")
        screen.send("q")
        assert screen.wait_exit() == 0
    [file] = folder.glob("derptop-dev1-*.txt")
    kept = file.read_text(encoding="utf-8")
    assert "38;5;32" in kept, "the direct path's blue"
    plain = re.sub(r"\x1b\[[0-9;]*m", "", kept)
    assert "\x1b" not in plain
    assert "direct 127.0.0.1:" in plain and len(plain.splitlines()) == 30


def test_a_masked_report_is_copied_and_kept(folder):
    with Screen("--lab") as screen:
        screen.wait_for("direct 127")
        screen.send("C")
        screen.wait_for("masked report copied, and kept")
        [file] = folder.glob("*.report.txt")
        screen.send("q")
        assert screen.wait_exit() == 0
        copied = re.search(rb"\x1b\]52;c;([A-Za-z0-9+/=]+)\x07", screen.raw)
    kept = file.read_text(encoding="utf-8")
    assert base64.b64decode(copied[1]).decode() == kept
    assert "workspace-1" in kept and "dev1" not in kept


@pytest.mark.parametrize("text,said", [
    ("", "holds nothing to show"),
    ('{"type":"pong"}\n', "not a recording of derptop"),
    ('{"type":"recording","version":9,"began":1}\n', "version 9"),
    ('{"type":"recording","version":1,"began":1}\nnonsense\n', "line 2"),
])
def test_a_file_that_is_no_recording_is_refused(tmp_path, text, said):
    file = tmp_path / "odd.jsonl"
    file.write_text(text, encoding="utf-8")
    done = program.run("replay", str(file))
    assert done.returncode == 1 and said in done.stderr, done
    assert program.run("replay", str(file), "--speed", "0").returncode == 2
    assert program.run("replay").returncode == 2


def test_a_damaged_line_ends_the_replay_and_is_named(recorded, tmp_path):
    lines = recorded.read_text(encoding="utf-8").splitlines(keepends=True)
    file = tmp_path / "damaged.jsonl"
    file.write_text("".join(lines[:6]) + '{"type":"state","t":2e7,"set":{"path":5}}\n', encoding="utf-8")
    with replaying(file, "--speed", "1024") as screen:
        screen.wait_for("line 7 holds a value that cannot be")
        screen.send("q")
        assert screen.wait_exit() == 1


def test_one_that_was_cut_short_is_shown_as_far_as_it_goes(recorded, tmp_path):
    text = recorded.read_text(encoding="utf-8")
    file = tmp_path / "cut.jsonl"
    file.write_text(text[:len(text) // 2], encoding="utf-8")
    with replaying(file, "--speed", "1024") as screen:
        screen.wait_for("REPLAY cut.jsonl end")
        screen.send("q")
        assert screen.wait_exit() == 0


def test_without_a_terminal_there_is_no_replay(recorded):
    done = subprocess.run([program.binary(), "replay", str(recorded)], env=program.environment(),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=program.LIMIT_SECONDS)
    assert done.returncode == 2
    assert os.path.basename(recorded) == "session.jsonl"
