"""The small states of the monitor: what is lost and what goes on, each said for what it is."""

import re

import pytest

import program
from screen import Screen

DIRECT = r"→ direct 127\.0\.0\.1:"


@pytest.fixture(scope="module")
def lab():
    with program.ControlledLab() as started:
        yield started


@pytest.fixture(name="env")
def environment_of_its_own(lab, tmp_path):
    return lab.client_environment(XDG_STATE_HOME=str(tmp_path), XDG_CONFIG_HOME=str(tmp_path))


@pytest.fixture
def screen(env):
    with Screen("dev1", "--interval", "100ms", env=env) as running:
        running.wait_for(DIRECT)
        running.wait_for(r"p50/p95/p99 .* ms")
        yield running


def goes_on(screen):
    """Probes are answered: the run's count rises."""
    count = r"since [0-9:]{8} .* lost \d+/(\d+)"
    before = int(screen.wait_for(count).group(1))
    screen.wait_until(lambda s: int(re.search(count, s.text()).group(1)) > before + 5, "more probes")
    assert "no answer for" not in screen.text() and "connection lost" not in screen.text()


def test_signed_out_in_mid_run_is_said_and_the_graph_goes_on(lab, screen):
    lab.do("token refused")
    try:
        screen.wait_for(r"✘ signed out at [0-9:]{5}: `coder login`, then start derptop anew")
        screen.wait_for(DIRECT)
        goes_on(screen)
    finally:
        lab.do("token taken")
    screen.wait_gone("signed out at")
    screen.wait_for("●coordinator")
    screen.send("q")
    assert screen.wait_exit() == 0


def test_a_lost_coordinator_is_no_error_while_data_flows(lab, screen):
    lab.do("coordinator gone")
    try:
        first = int(screen.wait_for(r"◌coordinator (\d+) s").group(1))
        screen.wait_for(rf"◌coordinator {first + 2} s")  # since it is down, not since the last attempt
        assert "✘" not in screen.lines()[0], screen.lines()[0]
        goes_on(screen)
    finally:
        lab.do("coordinator back")
    screen.wait_for("●coordinator")


def test_a_lost_relay_is_an_error_and_the_direct_path_goes_on(lab, screen):
    lab.do("relay gone")
    try:
        screen.wait_for(r"✘relay \d+ s")
        screen.wait_for(r"relay +✘ waiting")
        screen.wait_for(r"▲ .*the relay cannot be reached")
        goes_on(screen)
    finally:
        lab.do("relay well")
    screen.wait_for("●relay")


def test_a_stopped_workspace_keeps_its_history_and_says_how_it_is_started(lab, screen):
    lab.do("workspace stop dev1")
    try:
        screen.wait_for(r"dev1 is stopped, connection lost \d+ s")
        screen.wait_for(r"✘ 2 agent connected .*")
        screen.wait_for(r"the workspace is stopped since [0-9:]{8}")
        screen.wait_for(r"✘ the workspace is not running")
        screen.wait_for(r"last seen: (direct|relayed), [0-9.]+ ms, [0-9:]{8}")
        screen.send("enter")
        screen.wait_for(r"dev1 is stopped: `coder start dev1` starts it; since [0-9:]{8}")
        screen.send("left")
        screen.wait_for(r"PAST, to")
        screen.wait_for(r"p50/p95/p99 .* ms")
        screen.send("end")
        screen.wait_for(r"dev1 is stopped, connection lost \d+ s")
    finally:
        lab.do("workspace start dev1")
    screen.wait_gone("connection lost")
    screen.wait_for(DIRECT)


def test_what_is_not_now_says_so_and_how_to_get_back(screen):
    screen.send("p")
    screen.wait_for(r"FROZEN [0-9:]{8}, live is [0-9:]{8} · p")
    screen.send("p")
    screen.wait_gone("FROZEN")
    screen.send("\x18")
    screen.wait_for(r"Ctrl-X is not bound; \? lists the keys")


def test_a_lab_is_never_taken_for_a_deployment():
    with Screen("--lab") as screen:
        screen.wait_until(lambda s: "LAB" in s.lines()[0], "LAB in the title")
        screen.resize(15, 60)
        screen.wait_until(lambda s: len(s.lines()) == 15 and "LAB" in s.lines()[0], "LAB in a narrow title")


def test_without_credentials_they_are_looked_for_again_after_the_login(lab, tmp_path):
    env = program.environment(CODER_CONFIG_DIR=str(tmp_path))
    with Screen(env=env, rows=24, columns=80) as screen:
        screen.wait_for("not signed in")
        screen.wait_for("r      looks again, after the login")
        screen.send("r")
        screen.wait_for("looked again: there are none yet")
        (tmp_path / "url").write_text(lab.ready["url"], encoding="utf-8")
        (tmp_path / "session").write_text(lab.ready["token"], encoding="utf-8")
        screen.send("r")
        screen.wait_for(DIRECT)
        screen.send("q")
        assert screen.wait_exit() == 0
