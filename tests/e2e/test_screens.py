"""Each screen of the monitor, at every size and on every kind of terminal; and what users do with them."""

import os
import re
import signal
import time

import pytest

import program
from screen import Screen

SIZES = [(15, 60), (24, 80), (30, 100), (45, 140), (60, 200)]

# The key that opens a view, and what is seen of it.
VIEWS = {"w": r"workspaces .*filter", "o": r"overview .* run", "l": r"log .*(follow|held)", "e": r"events .*(follow|held)",
         "d": r"[▲●✘✓!ix+?] (info|warning|error|passed|not known)", "?": r"help: monitor"}


@pytest.fixture(scope="module")
def lab():
    with program.Lab("--relay-delay", "4", "--relay-jitter", "2") as running:
        yield running


@pytest.fixture(name="env")
def environment_of_its_own(lab, tmp_path):
    return lab.client_environment(XDG_STATE_HOME=str(tmp_path), XDG_CONFIG_HOME=str(tmp_path))


def monitor(env, *arguments, workspace="dev1", **how):
    return Screen(workspace, "--interval", "100ms", *arguments, env=env, **how)


def connected(screen):
    screen.wait_for(r"p50/p95/p99 .* ms")
    return screen


def whole(screen, rows, columns):
    """A frame of this size: a title, a last line with how to leave, and nothing too wide."""
    lines = screen.lines()
    return len(lines) == rows and "derptop" in lines[0] and "quit" in lines[-1] and \
        all(len(line) <= columns for line in lines)


def leave(screen, key="q", status=0):
    screen.send(key)
    assert screen.wait_exit() == status


@pytest.mark.parametrize("term, flags, ascii_only", [
    ("xterm-256color", [], False),
    ("tmux-256color", [], False),
    ("linux", [], False),
    ("vt100", [], False),
    ("xterm-256color", ["--ascii"], True),
    ("vt100", ["--ascii", "--color", "never"], True),
])
def test_every_view_at_every_size(env, term, flags, ascii_only):
    with monitor(env, *flags, term=term) as screen:
        connected(screen)
        for rows, columns in SIZES:
            screen.resize(rows, columns)
            screen.wait_until(lambda s, r=rows, c=columns: whole(s, r, c), f"a frame of {columns}x{rows}")
            for key, seen in VIEWS.items():
                screen.send(key)
                screen.wait_for(seen)
                screen.wait_until(lambda s, r=rows, c=columns: whole(s, r, c), f"{key!r} at {columns}x{rows}")
                assert not ascii_only or screen.text().isascii(), screen.text()
                screen.send("escape")
                screen.wait_for(r"p50/p95/p99")
        leave(screen)


@pytest.mark.parametrize("term", ["xterm-ghostty", "xterm-direct", "xterm", "screen"])
def test_terminals_whose_names_may_not_be_known_here(env, term):
    with monitor({**env, "COLORTERM": "truecolor"}, term=term) as screen:
        connected(screen)
        assert whole(screen, 30, 100), screen.text()
        leave(screen)


@pytest.mark.parametrize("term", ["xterm-unheard-of", "unheard-of"])
def test_what_stands_in_for_a_terminal_that_is_not_known_is_said_in_the_log(env, term):
    with monitor({**env, "COLORTERM": "truecolor"}, term=term) as screen:
        connected(screen)
        screen.send("l")
        screen.wait_for(f'the terminal "{term}" is not known here: taken')
        leave(screen)


def test_the_locale_decides_too(env):
    with monitor({**env, "LC_ALL": "C"}) as screen:
        assert connected(screen).text().isascii(), screen.text()


def test_the_console_gets_no_braille(env):
    with monitor(env, term="linux") as screen:
        connected(screen)
        screen.wait_for("█|▄|░")
        assert not re.search("[\u2800-\u28ff]", screen.text()), screen.text()


def test_find_the_slow_one_read_why_switch_and_come_back(lab, env):
    """As a user would: the overview, the findings, another workspace, and back to an unbroken graph."""
    with monitor(env) as screen:
        connected(screen)
        screen.wait_for(r"→ direct 127\.0\.0\.1:")
        os.kill(lab.process.pid, signal.SIGUSR1)  # from now on only the relay
        try:
            screen.wait_for(r"⇄ relay 999")
            screen.send("o")
            screen.wait_for(r"dev1 +⇄ relay +[0-9.]+ ms")
            screen.send("d")
            screen.wait_for("WHAT TO DO")
            screen.send("escape")
            screen.wait_for(r"dev1 +⇄ relay")
            screen.send("escape")
            screen.send("w")
            screen.send("/")
            screen.send("ev2")
            screen.wait_for(r"1 of 3")
            screen.send("enter")
            screen.wait_until(lambda s: "dev2" in s.lines()[0], "dev2 in the title")
            screen.wait_for(r"lost \d+/\d\d")
            screen.send("`")
            screen.wait_until(lambda s: "dev1" in s.lines()[0], "dev1 in the title")
            screen.wait_for(r"relay 999.*")
        finally:
            os.kill(lab.process.pid, signal.SIGUSR1)
        screen.wait_for(r"→ direct 127\.0\.0\.1:")
        leave(screen)


def test_a_stopped_workspace_says_so_when_it_is_chosen(env):
    with monitor(env) as screen:
        connected(screen)
        screen.send("3")
        screen.wait_for(r"dev3 is stopped: `coder start dev3`")
        leave(screen)


def test_the_graph_is_zoomed_frozen_and_pointed_at(env):
    with monitor(env) as screen:
        connected(screen)
        screen.send("-")
        screen.wait_for("10 min")
        screen.send("+")
        screen.send("+")
        screen.send("+")
        screen.wait_for("1 min")
        screen.send("+")
        screen.wait_for("a minute is the shortest")
        screen.send("y")
        screen.wait_for("scale clip")
        screen.send("p")
        frozen = screen.wait_for(r"FROZEN ([0-9:]{8}), live is ([0-9:]{8})")
        screen.wait_until(lambda s: f"live is {frozen.group(2)}" not in s.text(), "the live time to go on")
        assert f"FROZEN {frozen.group(1)}" in screen.text()
        screen.send("c")
        screen.send("left")
        screen.wait_for(r"▸ [0-9:]{8}  → direct [0-9.]+ ms")
        screen.send("escape")
        screen.send("escape")
        screen.wait_gone("FROZEN")
        leave(screen)


def test_the_log_is_filtered_by_level_and_by_word(env):
    with monitor(env) as screen:
        connected(screen)
        screen.send("l")
        screen.wait_for(r"info +main +the agent's node was received")
        assert "debug" not in screen.text()
        screen.send("1")
        screen.wait_for(r"debug")
        screen.send("/")
        screen.send("netcheck")
        screen.wait_for(r"filter: netcheck_")
        screen.wait_gone("the agent's node")
        screen.send("escape")
        screen.wait_for("the agent's node")
        leave(screen)


def test_a_word_is_looked_for_in_the_log_and_what_is_around_it_stays(env):
    with monitor(env) as screen:
        connected(screen)
        screen.send("l")
        screen.wait_for(r"follow · info")
        screen.send("1/node was received")
        screen.wait_for(r"Enter takes it, Tab shows the other lines")
        screen.wait_for(r"\d+ lines, \d+ shown")
        screen.send("tab")
        screen.wait_for(r"search: all lines are shown")
        screen.send("enter")
        screen.wait_for(r"(the only match|match \d+ of \d+); held, f follows again")
        screen.wait_for(r"▸[0-9:.]+ info +main +the agent's node was received")
        screen.wait_for(r"held · debug · search: node was received")
        screen.send("m")
        screen.wait_for(r"[0-9:]{8} is marked, here and below the graph")
        screen.wait_for(r"[0-9:]{8}  ◆ mark ──")
        screen.send("N")
        screen.wait_for(r"the only match|match \d+ of \d+")
        screen.send("enter")
        screen.wait_for(r"p50/p95/p99|lost: no answer|no probe here|direct|relayed")
        screen.wait_until(lambda s: "latency" in s.lines()[1], "the graph")
        leave(screen)


def test_a_key_that_means_nothing_says_so(env):
    with monitor(env) as screen:
        connected(screen)
        screen.send("f")
        screen.wait_for("f does nothing here, only in the log view")
        screen.send("escape")
        screen.wait_for("nothing to back out of; q quits")
        leave(screen)


def test_favourites_are_kept_from_run_to_run(env):
    with monitor(env) as screen:
        connected(screen)
        screen.send("w")
        screen.wait_for(r"▸ +dev1")
        screen.send("down")
        screen.wait_for(r"▸ +dev2")
        screen.send("P")
        screen.wait_for("dev2 is pinned")
        leave(screen)
    with monitor(env) as screen:
        connected(screen)
        screen.wait_for(r"\*1 ● dev2")
        leave(screen)


def test_a_muted_finding_stays_muted_until_it_is_told_again(env):
    with monitor(env, "--disable-direct-connections", rows=30, columns=100) as screen:
        connected(screen)
        screen.wait_for(r"findings ─+ 2 ●")
        screen.send("d")
        screen.wait_for(r"▸● direct_disabled_cli")
        screen.send("a")
        screen.wait_for("direct_disabled_client is muted")
        screen.wait_for(r"▸◇ direct_disabled_cl.* muted")
        screen.send("escape")
        screen.wait_for(r"◇ muted direct connections are")
        leave(screen)
    with monitor(env, "--disable-direct-connections", rows=30, columns=100) as screen:
        connected(screen)
        screen.wait_for(r"◇ muted direct connections are")
        screen.wait_for(r"findings ─+ 1 ●")
        screen.send("d")
        screen.wait_for(r"▸● derp_relay")
        screen.send("/")
        screen.send("disabled_client")
        screen.send("enter")
        screen.wait_for(r"◇ info, muted · client")
        screen.send("a")
        screen.wait_for("is not muted any more")
        screen.send("escape")
        screen.send("escape")
        screen.wait_gone(r"◇ muted")
        leave(screen)


def test_a_finding_is_read_in_full_with_how_it_is_known_and_what_has_passed(env):
    with monitor(env) as screen:
        connected(screen)
        screen.wait_for(r"→ direct 127\.0\.0\.1:")
        screen.wait_for(r"\d+ passed")
        screen.send("d")
        screen.send("/")
        screen.send("derp_relay")
        screen.send("enter")
        screen.wait_for(r"✓ passed · path")
        screen.wait_for(r"HOW WE KNOW")
        screen.wait_for(r"the path is direct to 127\.0\.0\.1:")
        screen.send("escape")
        screen.send("tab")
        screen.wait_for("what has passed is left out")
        screen.wait_gone("✓ derp_relay")
        leave(screen)


@pytest.mark.parametrize("version, linked", [("7600", True), ("4900", False)])
def test_the_docs_are_a_link_where_the_terminal_is_known_to_have_them(env, version, linked):
    with monitor({**env, "VTE_VERSION": version}, term="xterm-256color") as screen:
        connected(screen)
        screen.wait_for(r"\d+ passed")
        screen.send("d")
        screen.wait_for(r"https://coder\.com/docs")
        before = len(screen.raw)
        screen.send("j")
        screen.wait_for(r" 2 of \d+")
        link = rb"\x1b\]8;id=more;https://coder\.com/docs[^\x1b]*\x1b\\https://[^\x1b]+\x1b\]8;;\x1b\\"
        if linked:
            screen.wait_until(lambda s: re.search(link, s.raw[before:]), "a link")
        else:
            assert b"\x1b]8" not in screen.raw
        screen.send("escape")
        screen.wait_gone("MORE")
        leave(screen)


def test_q_leaves_nothing_and_capital_q_a_summary(env):
    with monitor(env) as screen:
        connected(screen)
        leave(screen, "Q")
        assert re.search(r"dev1\.main: (direct|relayed)", screen.text()), screen.text()
        assert re.search("answers?, p50", screen.text()), screen.text()


def test_without_credentials_it_says_what_to_set_and_shows_the_lab():
    with Screen() as screen:
        screen.wait_for("not signed in")
        screen.wait_for("CODER_SESSION_TOKEN")
        screen.send("enter")
        screen.wait_for(r"LAB 127\.0\.0\.1")
        screen.wait_for(r"p50/p95/p99 .* ms")
        leave(screen)


def test_without_credentials_leaving_is_a_refusal():
    with Screen() as screen:
        screen.wait_for("not signed in")
        leave(screen, status=3)
        assert "derptop --lab" in screen.text()


def test_the_mouse_is_taken_only_when_it_is_asked_for(env):
    with monitor(env, term="xterm-256color") as screen:
        connected(screen)
        assert b"\x1b[?1000h" not in screen.raw and b"1006;1000h" not in screen.raw
        screen.send("f2")
        screen.wait_for("mouse on")
        assert b"1000h" in screen.raw
        screen.send("\x1b[<0;6;5M")  # the second row of the list
        screen.wait_until(lambda s: "dev2" in s.lines()[0], "dev2 in the title")
        before = len(screen.raw)
        leave(screen)
        assert b"1000l" in screen.raw[before:], "the mouse was not given back"


def test_the_bell_rings_when_the_direct_path_is_lost(lab, env):
    with monitor(env) as screen:
        connected(screen)
        screen.wait_for(r"→ direct 127\.0\.0\.1:")
        screen.send("B")
        screen.wait_for("the bell rings")
        before = len(screen.raw)
        os.kill(lab.process.pid, signal.SIGUSR1)
        try:
            screen.wait_for(r"⇄ relay 999 ")
            screen.wait_until(lambda s: b"\a" in re.sub(rb"\x1b\]2;[^\a]*\a", b"", s.raw[before:]), "a bell")
        finally:
            os.kill(lab.process.pid, signal.SIGUSR1)
        leave(screen)


def test_five_hundred_sizes_in_a_row(env):
    with monitor(env) as screen:
        connected(screen)
        for i in range(500):
            screen.resize(1 + i * 37 % 100, 1 + i * 101 % 300)
            screen.pump(0)
        screen.resize(30, 100)
        screen.wait_until(lambda s: whole(s, 30, 100) and "p50/p95/p99" in s.text(), "a frame of 100x30")
        leave(screen)


def test_a_terminal_that_reads_slowly_still_gets_its_keys_answered(env):
    """1 kB a second, as a slow serial line: frames are left out, keys are not."""
    with monitor(env, rows=24, columns=80) as screen:
        connected(screen)
        for _ in range(40):
            data = os.read(screen.child.child_fd, 100)
            screen.raw += data
            screen.feed(data)
            time.sleep(0.1)  # the slowness of the line is the point
        start = time.monotonic()
        screen.send("q")
        assert screen.wait_exit() == 0
        assert time.monotonic() - start < 5


def test_a_throughput_test_runs_is_named_with_its_path_and_marked_in_the_graph(env):
    with monitor(env) as screen:
        connected(screen)
        screen.wait_for(r"→ direct 127\.0\.0\.1:")
        screen.send("S")
        screen.wait_for(r"time +< 5 s >")
        screen.send("down")
        screen.send("left")
        screen.wait_for(r"time +< 2 s >")
        screen.send("enter")
        screen.wait_for(r"via → direct .* of 2\.0 s")
        screen.wait_for(r"mean [0-9.]+ [kMG]bit/s")
        screen.wait_for(r"s again, S chooses")
        screen.wait_for(r"[0-9:]{5} +↓ [0-9.]+ [kMG]bit/s +→ direct")
        screen.send("b")
        screen.wait_for(r"mean [0-9.]+ [kMG]B/s")
        screen.send("escape")
        screen.send("+")
        screen.send("+")
        screen.wait_for(r"lost .*↓")
        screen.send("x")
        screen.wait_for("no test runs that could be stopped")
        leave(screen)


def test_a_throughput_test_goes_on_while_another_view_is_open_and_can_be_stopped(env):
    with monitor(env) as screen:
        connected(screen)
        screen.send("s")
        screen.wait_for(r"via (→ direct|⇄ relay) .* of 5\.0 s")
        screen.send("l")
        screen.wait_for("log .*follow")
        screen.send("escape")
        screen.wait_for("x stops, Esc hides")
        screen.send("x")
        screen.wait_for("stopped, [0-9:]{5} via")
        leave(screen)
