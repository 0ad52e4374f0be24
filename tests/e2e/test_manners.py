"""How it behaves towards terminal, shell and user: what is drawn and when, Escape, Ctrl-Z, resizes, many keys."""

import math
import os
import random
import re
import shlex
import signal
import time

import pytest

import program
import recorded as recorded_lab
from screen import ENTER_SCREEN, LEAVE_SCREEN, SHOW_CURSOR, Screen, children

ELSEWHERE = {"XDG_STATE_HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent"}


@pytest.fixture(scope="module", name="lab")
def running_lab():
    with program.Lab("--relay-delay", "2") as running:
        yield running


@pytest.fixture(scope="module", name="file")
def recording(tmp_path_factory):
    return recorded_lab.make(tmp_path_factory.mktemp("manners"))


def live(lab, *flags, **how):
    screen = Screen("dev1", "--interval", "100ms", *flags, env=lab.client_environment(**ELSEWHERE), **how)
    screen.wait_for(r"p50/p95/p99 .* ms")
    return screen


def at_the_end(file, command=None, **how):
    """A replay that has come to its end: nothing changes any more but what keys change."""
    screen = Screen("replay", str(file), "--speed", "64", command=command, env=program.environment(**ELSEWHERE), **how)
    screen.wait_for(r"session\.jsonl end")
    return screen


def leave(screen, status=0):
    screen.send("q")
    assert screen.wait_exit() == status


# --- frames -----------------------------------------------------------------------------------------------------


def test_what_does_not_change_is_not_drawn(file):
    with at_the_end(file) as screen:
        before = -1
        while len(screen.raw) > before:  # what is under way comes first
            before = len(screen.raw)
            screen.pump(1.5)
        screen.pump(3)  # three ticks of the clock
        assert len(screen.raw) == before, screen.raw[before:]
        screen.send("?")
        screen.wait_for("help: monitor")
        leave(screen)


def bursts(screen, seconds):
    """When output came, as single moments, and how much it was."""
    began = last = time.monotonic()
    size, moments = len(screen.raw), []
    while time.monotonic() - began < seconds:
        before = len(screen.raw)
        screen.pump(0.2)
        now = time.monotonic()
        if len(screen.raw) > before:
            if not moments or now - last > 0.02:
                moments.append(now)
            last = now
    return moments, len(screen.raw) - size


def test_ten_frames_a_second_are_the_most(lab):
    with live(lab) as screen:
        screen.send("s")  # whose curve changes more often than that
        screen.wait_for(r"[0-9.]+ of 5\.0 s")
        moments, _ = bursts(screen, 3)
        assert 6 <= len(moments) <= 33, f"{len(moments)} frames in 3 s"
        screen.send("x")
        leave(screen)


def test_watching_costs_a_slow_line_little(lab):
    """A probe a second and ages that count: what goes out fits through 19200 baud several times."""
    with Screen("dev1", rows=24, columns=80, env=lab.client_environment(**ELSEWHERE)) as screen:
        screen.wait_for(r"p50/p95/p99 .* ms")
        screen.pump(0.5)
        _, size = bursts(screen, 4)
        assert 0 < size / 4 < 2000, f"{size / 4} bytes a second"
        leave(screen)


# --- keys -------------------------------------------------------------------------------------------------------


def test_escape_is_answered_without_a_pause(file):
    with at_the_end(file) as screen:
        took = []
        for _ in range(3):
            screen.send("?")
            screen.wait_for("help: monitor")
            began = time.monotonic()
            screen.send("escape")
            screen.wait_gone("help: monitor")
            took.append(time.monotonic() - began)
        assert min(took) < 0.6, f"curses waits for a second by itself: {took}"
        leave(screen)


def test_who_sets_escdelay_has_it(file):
    with Screen("replay", str(file), "--speed", "64", env=program.environment(ESCDELAY="1500", **ELSEWHERE)) as screen:
        screen.wait_for(r"session\.jsonl end")
        screen.send("?")
        screen.wait_for("help: monitor")
        began = time.monotonic()
        screen.send("escape")
        screen.wait_gone("help: monitor")
        assert time.monotonic() - began >= 1.4
        leave(screen)


KEYS = [chr(code) for code in range(1, 127) if chr(code) not in "\x03qQ\x1a\x1b"]
KEYS += ["\x1bOA", "\x1bOB", "\x1bOC", "\x1bOD", "\x1b[1~", "\x1b[4~", "\x1b[5~", "\x1b[6~", "\x1b[Z", "\x1bOQ",
         "\x1b[11~", "\x7f", "\r", "\t", "é", "日", "\x1b[<0;6;5M", "\x1b[<65;40;10M"]


def press(screen, data):
    """Faster than anybody: as much as the terminal takes, reading meanwhile what comes."""
    os.set_blocking(screen.child.child_fd, False)
    while data:
        try:
            data = data[os.write(screen.child.child_fd, data):]
        except BlockingIOError:
            assert screen.pump(0.02), f"it ended\n{screen.text()}"
    os.set_blocking(screen.child.child_fd, True)


def test_a_hundred_thousand_keys_and_then_q(file, tmp_path):
    """Whatever was pressed: it is there, and q leaves it. Those that keep files keep them in a folder of their own."""
    seed = random.randrange(1 << 32)
    keys = random.Random(seed)
    shell = f"cd {shlex.quote(str(tmp_path))} && exec {shlex.quote(program.binary())} replay {shlex.quote(str(file))}"
    with at_the_end(file, command=["/bin/bash", "-c", shell + " --speed 64"]) as screen:
        for _ in range(200):
            press(screen, "".join(keys.choice(KEYS) for _ in range(500)).encode())
        for _ in range(8):  # out of whatever was opened and typed
            screen.send("escape")
            screen.pump(0.2)
        screen.send("q")
        assert screen.wait_exit() == 0, f"seed {seed}\n{screen.text()}"


def test_a_burst_of_keys_is_one_frame(file):
    with at_the_end(file) as screen:
        screen.pump(0.5)
        before = len(screen.raw)
        screen.send("?" * 201)  # open, close, and at last open
        screen.wait_for("help: monitor")
        screen.pump(0.3)
        assert len(screen.raw) - before < 4 * 30 * 100, "each of them was drawn"
        leave(screen)


# --- the shell --------------------------------------------------------------------------------------------------


def shell(**how):
    screen = Screen(command=["/bin/bash", "--norc", "--noprofile", "-i"], env=program.environment(**ELSEWHERE), **how)
    screen.send("PS1='ready> '; clear\r")
    screen.wait_for(r"^ready>$")
    return screen


@pytest.mark.parametrize("around", ["{}", "bash -c '{}; true'"], ids=["itself", "in a script"])
def test_ctrl_z_gives_the_shell_back_and_fg_a_frame_of_the_size_that_it_has_by_then(file, around):
    with shell() as screen:
        screen.send(around.format(f"{shlex.quote(program.binary())} replay {shlex.quote(str(file))} --speed 64") + "\r")
        screen.wait_for(r"session\.jsonl end")
        before = len(screen.raw)
        screen.send("\x1a")
        screen.wait_for("Stopped")
        left = screen.raw[before:]
        assert LEAVE_SCREEN in left and SHOW_CURSOR in left
        screen.resize(24, 80)
        screen.send("clear; stty -a | tr ' ;' '\\n\\n' | grep -x -e -*echo -e -*icanon\r")
        screen.wait_for(r"^icanon$")  # the modes of the terminal are the shell's
        screen.wait_for(r"^echo$")
        before = len(screen.raw)
        screen.send("fg\r")
        screen.wait_until(lambda s: "derptop" in s.lines()[0] and s.lines()[-1].endswith("quit") and len(s.lines()) == 24,
                          "a frame of 80x24")
        assert ENTER_SCREEN in screen.raw[before:]
        screen.send("q")
        screen.wait_for(r"^ready>$")


def test_ctrl_z_without_a_shell_does_not_stop_it_for_ever(file):
    with at_the_end(file) as screen:  # which leads its session: nobody could bring it back
        screen.send("\x1a")
        screen.send("?")
        screen.wait_for("help: monitor")
        leave(screen)


def test_stopped_by_others_it_takes_its_modes_back(file):
    with shell() as screen:
        screen.send(f"{shlex.quote(program.binary())} replay {shlex.quote(str(file))} --speed 64\r")
        screen.wait_for(r"session\.jsonl end")
        derptop, = children(screen.pid)
        os.kill(derptop, signal.SIGSTOP)
        screen.wait_for("Stopped")
        screen.send("\rfg; echo status $?.\r")
        screen.wait_for(r"session\.jsonl end")
        screen.send("?")
        screen.wait_for("help: monitor")
        screen.send("q")
        screen.wait_for(r"status 0\.")


# --- sizes ------------------------------------------------------------------------------------------------------


def sizes(seed, count):
    numbers = random.Random(seed)
    return [(numbers.randint(1, 100), numbers.randint(1, 300)) for _ in range(count)]


@pytest.mark.parametrize("stopped", [False, True], ids=["running", "stopped"])
def test_after_any_sizes_the_frame_is_that_of_a_fresh_start(file, stopped):
    seed = random.randrange(1 << 32)
    rows, columns = 33, 117
    with at_the_end(file, rows=rows, columns=columns) as fresh, at_the_end(file) as screen:
        if stopped:
            os.kill(screen.pid, signal.SIGSTOP)
        for size in sizes(seed, 500):
            screen.resize(*size)
            screen.pump(0)
        screen.resize(rows, columns)
        if stopped:
            os.kill(screen.pid, signal.SIGCONT)
        fresh.pump(0.5)
        screen.wait_until(lambda s: s.text() == fresh.text(), f"seed {seed}: the frame of a fresh start:\n{fresh.text()}\n")
        leave(screen)
        leave(fresh)


# --- a slow line ------------------------------------------------------------------------------------------------


def test_a_slow_terminal_does_not_slow_the_probes(lab, tmp_path):
    """What a kilobyte a second lets through of the screen is one thing, when the probes go out another."""
    command = shlex.join([program.binary(), "dev1", "--interval", "100ms"])
    env = lab.client_environment(**ELSEWHERE)
    with Screen(command=["/bin/bash", "-c", f"cd {shlex.quote(str(tmp_path))} && exec {command}"], env=env) as screen:
        screen.wait_for(r"p50/p95/p99 .* ms")
        screen.send("E")
        screen.wait_for("recording to")
        screen.send("s")  # so that there is much to draw
        for _ in range(40):
            data = os.read(screen.child.child_fd, 100)
            screen.raw += data
            screen.feed(data)
            time.sleep(0.1)  # the slowness of the line is the point
        leave(screen)
    file, = tmp_path.glob("*.jsonl")
    sent = {}
    for line in program.json_lines(file.read_text(encoding="utf-8")):
        for added in line.get("set", {}).get("samples", {}).get("add", []):
            sent[added["n"]] = added["is"].get("sent_at", sent.get(added["n"]))
    moments = [sent[number] for number in sorted(sent)]
    gaps = sorted(after - before for before, after in zip(moments, moments[1:]))
    assert len(gaps) > 30, len(gaps)
    middle, worst = gaps[len(gaps) // 2], gaps[math.floor(len(gaps) * 0.95)]
    assert 95_000 < middle < 110_000 and worst < 200_000, f"microseconds between probes: {gaps}"
