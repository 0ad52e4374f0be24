"""Everything lost: the steps of the connection come by themselves, and the graph when it is over."""

import json

import pytest

import program
from screen import Screen


@pytest.fixture(scope="module")
def lab():
    with program.ControlledLab() as started:
        yield started


@pytest.fixture
def screen(lab, tmp_path):
    env = lab.client_environment(XDG_STATE_HOME=str(tmp_path), XDG_CONFIG_HOME=str(tmp_path))
    with Screen("dev1", "--interval", "100ms", rows=24, columns=80, env=env) as running:
        running.wait_for(r"→ direct 127\.0\.0\.1:")
        running.wait_for(r"p50/p95/p99 .* ms")
        try:
            yield running
        finally:
            lab.do("agent back dev1")


def wait_for_event(screen, text):
    screen.send("e")
    screen.wait_for(r"events .*follow")
    screen.wait_for(text)  # a frame may come in pieces
    screen.send("escape")
    screen.wait_gone(r"events .*follow")


def test_the_steps_stand_in_the_graphs_place_while_all_is_lost(lab, screen):
    lab.do("agent gone dev1")
    screen.wait_for(r"connection lost \d+ s")
    screen.wait_for(r"✓ 1 signed in")
    screen.wait_for(r"✘ 6 node received +for \d+ s +the agent left the tailnet")
    screen.wait_for(r"✘ the agent (does not answer|is not connected to the deployment) · agent")
    screen.wait_for(r"  do  +\w")
    screen.wait_for(r"last seen: (direct|relayed), [0-9.]+ ms, [0-9:]{8} · Left shows history")
    wait_for_event(screen, "connection lost: no answer for 5 s")
    screen.send("left")
    screen.wait_for(r"PAST, to .* live is")
    screen.wait_gone("connection lost")
    screen.send("end")
    screen.wait_for(r"connection lost \d+ s")
    lab.do("agent back dev1")
    screen.wait_gone("connection lost")
    screen.wait_for(r"p50/p95/p99 .* ms")
    screen.wait_for(r"→ direct 127\.0\.0\.1:")
    wait_for_event(screen, "connected again after")


def test_who_puts_the_steps_away_sees_the_graph_until_another_outage(lab, screen):
    lab.do("agent gone dev1")
    screen.wait_for(r"connection lost (\d+) s")
    screen.send("escape")
    screen.wait_for("the graph; the steps come again with another outage")
    screen.wait_for(r"✘ no answer for (\d+) s")
    before = int(screen.wait_for(r"✘ no answer for (\d+) s").group(1))
    screen.wait_for(rf"✘ no answer for {before + 2} s")
    assert "connection lost" not in screen.text()
    lab.do("agent back dev1")
    screen.wait_gone("no answer for")
    screen.send("q")
    assert screen.wait_exit() == 0


def test_an_outage_is_seen_in_a_replay_as_it_was(lab, tmp_path):
    file = tmp_path / "lost.jsonl"
    with program.Server([program.binary(), "record", "dev1", "--interval", "100ms", "-o", "-"],
                        env=lab.client_environment(), first_line=lambda line: line["type"] == "recording") as record:
        lines = [record.ready]

        def until(condition):
            record.next(lambda line: lines.append(line) or condition(line["set"]))

        until(lambda state: state.get("run", {}).get("answered", 0) > 20)
        lab.do("agent gone dev1")
        try:
            until(lambda state: "connection lost" in str(state.get("events", "")))
            until(lambda state: state.get("unanswered", 0) > 80)
        finally:
            lab.do("agent back dev1")
        until(lambda state: "connected again" in str(state.get("events", "")))
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    with Screen("replay", str(file), rows=45, columns=140) as screen:
        screen.wait_for(r"REPLAY lost\.jsonl 1x · p stops, , \. speed")
        screen.wait_for(r"connection lost \d+ s")
        screen.wait_for(r"last seen: (direct|relayed), [0-9.]+ ms")
        screen.wait_for(r"REPLAY lost\.jsonl end")
        screen.wait_gone(r"connection lost \d+ s")
        screen.wait_for(r"p50/p95/p99 .* ms")
        screen.send("q")
        assert screen.wait_exit() == 0
