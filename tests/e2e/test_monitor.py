"""The full screen, on the lab that it starts itself: real pings, real terminal."""

import re

import pytest

import web
from program import ControlledLab, environment
from screen import Screen

BRAILLE = re.compile("[\u2801-\u28ff]")


def dots(screen):
    """How many dots of the graph are drawn."""
    return sum(bin(ord(sign) - 0x2800).count("1") for sign in BRAILLE.findall(screen.text()))


def title(screen):
    return screen.lines()[0]


def wait_for_pongs(screen):
    screen.wait_for(r"Lab Relay|relay")
    screen.wait_until(lambda s: dots(s) > 0, "a graph")


def test_the_graph_grows_with_every_pong():
    with Screen("--lab", "--interval", "100ms") as screen:
        wait_for_pongs(screen)
        first = dots(screen)
        screen.wait_until(lambda s: dots(s) >= first + 20, "20 more dots")
        assert re.search(r"\blab\b", title(screen), re.I), "a lab must never be mistaken for a deployment"


def test_the_next_handshake_is_counted_down_to():
    with Screen("--lab", rows=45, columns=140) as screen:
        screen.wait_for(r"handshake +✓ [0-4] s ago .*next in 1 m 5[5-9] s")
        screen.wait_for(r"next in 1 m 54 s")


def colours(screen):
    return {cell.fg for row in screen.display.buffer.values() for cell in row.values()} - {"default"}


@pytest.mark.parametrize("flags, env, coloured", [
    ([], {}, True),
    (["--color", "never"], {}, False),
    ([], {"NO_COLOR": "1"}, False),
    (["--color", "always"], {"NO_COLOR": "1"}, True),
])
def test_the_graph_is_coloured_where_colour_is_wanted(flags, env, coloured):
    with Screen("--lab", "--interval", "100ms", *flags, env=environment(**env)) as screen:
        wait_for_pongs(screen)
        assert bool(colours(screen)) == coloured, colours(screen)


def test_no_color_wins_over_the_settings_and_a_flag_over_both(tmp_path):
    settings = tmp_path / "config.json"
    settings.write_text('{"color": "always"}', encoding="ascii")
    for flags, coloured in ([], False), (["--color", "always"], True):
        with Screen("--lab", "--interval", "100ms", "--config", str(settings), *flags,
                    env=environment(NO_COLOR="1")) as screen:
            wait_for_pongs(screen)
            assert bool(colours(screen)) == coloured, (flags, colours(screen))


EIGHT = {"black", "red", "green", "brown", "blue", "magenta", "cyan", "white"}


@pytest.mark.parametrize("term", ["xterm", "screen", "linux"])
def test_where_there_are_eight_colours_eight_are_used_and_direct_is_cyan(term):
    with Screen("--lab", "--interval", "100ms", term=term) as screen:
        screen.wait_for(r"direct 127\.0\.0\.1:")
        screen.wait_until(lambda s: "cyan" in colours(s), "the direct path in cyan")
        assert colours(screen) <= EIGHT, colours(screen)
        underlined = [cell for row in screen.display.buffer.values() for cell in row.values() if cell.underscore]
        assert not underlined, "the console cannot underline what is coloured"


def test_a_terminal_without_colour_is_drawn_on_all_the_same():
    with Screen("--lab", "--interval", "100ms", term="vt100") as screen:
        wait_for_pongs(screen)
        assert not colours(screen)


@pytest.mark.parametrize("flags, env", [(["--ascii"], {}), ([], {"DERPTOP_ASCII": "1"}), ([], {"LC_ALL": "POSIX"})],
                         ids=["--ascii", "DERPTOP_ASCII", "POSIX"])
def test_ascii_draws_with_nothing_else(flags, env):
    with Screen("--lab", "--interval", "100ms", *flags, env=environment(**env)) as screen:
        screen.wait_for(r"direct 127\.0\.0\.1:")
        assert screen.text().isascii(), screen.text()


def test_a_key_switches_the_workspace_and_with_it_the_title():
    with Screen("--lab", "--interval", "100ms") as screen:
        wait_for_pongs(screen)
        assert "dev1" in title(screen)
        screen.send("]")
        screen.wait_until(lambda s: "dev2" in title(s), "dev2 in the title")
        wait_for_pongs(screen)


def test_a_workspace_that_was_started_anew_keeps_the_agent_that_was_chosen():
    with web.Web(web.deployment(web.workspace("dev", agents=("first", "second")))) as server:
        env = environment(CODER_URL=server.url, CODER_SESSION_TOKEN="a-token")
        with Screen("dev.second", env=env) as screen:
            screen.wait_until(lambda s: "dev · second" in title(s), "the agent that was named")
            for agents in ((), ("first", "second")):  # stopped, then started: new agents of the same names
                again = web.workspace("dev", agents=agents, status="running" if agents else "stopped")
                for number, agent in enumerate(again["latest_build"]["resources"][0]["agents"]):
                    agent["id"] = web.name_id(f"another {number}")
                server.answers |= web.deployment(again)
                screen.send("r")
                screen.wait_until(lambda s: ("· " in title(s).split("/")[0]) == bool(agents), f"agents {agents}")
            assert "dev · second" in title(screen)


def whole(rows, columns):
    """The frame for this size is on the screen, from its title to its last line."""

    def check(screen):
        lines = screen.lines()
        return len(lines) == rows and "derptop" in lines[0] and "quit" in lines[-1] and \
            all(len(line) <= columns for line in lines) and dots(screen) > 0

    return check


def test_every_size_gets_a_whole_frame():
    with Screen("--lab", "--interval", "100ms", rows=24, columns=80) as screen:
        screen.wait_until(whole(24, 80), "the frame at 80x24")
        for rows, columns in [(30, 100), (15, 60), (60, 200), (24, 80)]:
            screen.resize(rows, columns)
            screen.wait_until(whole(rows, columns), f"the frame at {columns}x{rows}")
        screen.resize(10, 40)
        screen.wait_for("60x15")
        screen.resize(24, 80)
        screen.wait_until(whole(24, 80), "the frame after having been too small")
        screen.send("q")
        assert screen.wait_exit() == 0


def test_a_screen_of_20x5_says_what_it_needs_and_takes_q():
    with Screen("--lab", rows=5, columns=20) as screen:
        screen.wait_for("60x15")
        screen.send("q")
        assert screen.wait_exit() == 0


@pytest.mark.parametrize("key, status", [("q", 0), ("ctrl-c", 130)])
def test_keys_that_end_it(key, status):
    with Screen("--lab") as screen:
        wait_for_pongs(screen)
        screen.send(key)
        assert screen.wait_exit() == status


def test_an_unknown_key_changes_nothing():
    with Screen("--lab") as screen:
        wait_for_pongs(screen)
        screen.send("\x1b[99~Z")
        screen.wait_until(whole(30, 100), "the frame")
        screen.send("q")
        assert screen.wait_exit() == 0


def test_a_token_that_is_taken_again_mends_the_screen():
    with ControlledLab() as lab, Screen("dev1", env=lab.client_environment()) as screen:
        wait_for_pongs(screen)
        lab.do("token refused")
        screen.wait_for(r"(?m)^ ✘ .*answered 401")
        lab.do("token taken")
        screen.send("r")
        screen.wait_gone("answered 401")
        screen.wait_for("●coordinator")
        screen.send("q")
        assert screen.wait_exit() == 0, "what is over is no reason to fail"
