"""What the screen says of a recording is what the recording holds, as record and replay write and read it."""

import re

import pytest

import program
import recorded as recorded_lab
from screen import Screen


@pytest.fixture(scope="module", name="file")
def recording(tmp_path_factory):
    return recorded_lab.make(tmp_path_factory.mktemp("agreement"))


@pytest.fixture(scope="module", name="state")
def at_its_end(file):
    return recorded_lab.last_state(file)


@pytest.fixture(name="screen")
def replayed(file):
    env = program.environment(XDG_STATE_HOME="/nonexistent", XDG_CONFIG_HOME="/nonexistent")
    with Screen("replay", str(file), "--speed", "64", rows=60, columns=200, env=env) as screen:
        screen.wait_for(r"session\.jsonl end")
        screen.send("!")  # bound to nothing: the frame that says so is whole, and of the end
        screen.wait_for("! is not bound")
        yield screen
        screen.send("q")
        assert screen.wait_exit() == 0


def milliseconds(ns):
    """As the screen writes them: as many digits as tell something."""
    ms = ns / 1e6
    return f"{ms:.2f}" if ms < 1 else f"{ms:.1f}" if ms < 10 else f"{ms:.0f}"


def three(stats):
    return "/".join(milliseconds(stats[name]) for name in ("p50_ns", "p95_ns", "p99_ns"))


def test_the_figures_of_the_whole_run(screen, state):
    line = re.search(r"since [0-9:]{8} .*", screen.text())[0]
    assert f"→ {three(state['run_direct'])}" in line
    assert f"jitter {milliseconds(state['run_direct']['jitter_ns'])}" in line
    assert sum(map(int, re.findall(r"lost (\d+)/", line))) == state["run"].get("lost", 0)
    assert sum(map(int, re.findall(r"lost \d+/(\d+)", line))) == state["run"]["answered"] + state["run"].get("lost", 0)
    if state.get("run_relayed", {}).get("answered", 0) > 0:
        assert f"⇄ {three(state['run_relayed'])}" in line


def test_the_path_and_what_went_over_it(screen, state):
    text = screen.text()
    assert state["path"] == "direct"
    assert f"→ direct {state['path_address']} " in text
    assert f"good {milliseconds(state['window']['last_ns'])} ms" in text
    traffic = re.search(r"traffic +→ ↑(\d+) [^↓]*↓(\d+) ", text)
    assert traffic.groups() == (str(state["direct"]["packets_out"]), str(state["direct"]["packets_in"]))
    assert f"tunnel {milliseconds(state['tunnel_stats']['last_ns'])} ms" in text
    for endpoint in state["own_endpoints"]:
        assert endpoint in text


def test_the_workspaces_and_who_they_are_of(screen, state):
    screen.send("w")
    screen.wait_for("workspaces .* filter")
    for row in range(state["workspace_count"]):
        known = state["workspaces"][str(row)]
        word = "stopped" if known["state"] == "stopped" else "connected"
        screen.wait_for(rf"  {known['name']} +{known['owner']} .*{word}")
    screen.send("escape")
    screen.wait_gone("workspaces .* filter")


def test_the_title_names_the_deployment_and_how_many_there_are(screen, state):
    title = screen.lines()[0]
    assert state["deployment"] in title and state["title"] in title
    assert f"1/{state['workspaces_total']}" in title
