"""Findings come within seconds of their cause, stay as they are, and go when it is over: as a monitor sees them."""

import pytest

import program
from watching import Watch

SOON_SECONDS = 6  # three samples of a second each, and some slack for a busy machine


@pytest.fixture(scope="module")
def lab():
    with program.ControlledLab() as started:
        yield started


@pytest.fixture
def watch(lab):
    with Watch(lab.client_environment()) as running:
        running.next(lambda line: running.take(line) and line["set"].get("path") == "direct")
        yield running


@pytest.mark.parametrize("wrong, right, code", [
    ("relay health duplicate client", "relay well", "derp_unhealthy"),
    ("relay gone", "relay well", "derp_unreachable"),
    ("coordinator gone", "coordinator back", "coordinator_lost"),
    ("workspace stop dev2", "workspace start dev2", None),  # not the one that is watched
])
def test_a_finding_comes_and_goes_with_its_cause(lab, watch, wrong, right, code):
    before = watch.codes()
    lab.do(wrong)
    if code is None:
        watch.next(lambda line: watch.take(line) and "samples" in line["set"])
        lab.do(right)
        assert watch.codes() == before
        return
    assert watch.wait_for(code) < SOON_SECONDS
    since = next(row["since"] for row in watch.rows.values() if row["code"] == code)
    watch.next(lambda line: watch.take(line) and "facts" in line["set"])
    assert next(row["since"] for row in watch.rows.values() if row["code"] == code) == since
    lab.do(right)
    watch.wait_for_end_of(code)  # a connection that is tried again has its pauses
    assert watch.codes() == before


def test_a_stopped_workspace_is_told_of_and_so_is_its_start(lab):
    with Watch(lab.client_environment()) as watch:
        watch.next(lambda line: watch.take(line) and line["set"].get("path") == "direct")
        lab.do("workspace stop dev1")
        assert watch.wait_for("workspace_stopped") < SOON_SECONDS
        lab.do("workspace start dev1")
        watch.wait_for_end_of("workspace_stopped")


def test_agents_that_give_up_their_direct_paths_make_a_relayed_one(lab, watch):
    lab.do("agents relayed")
    watch.wait_for("derp_relay")
    relay = next(row for row in watch.rows.values() if row["code"] == "derp_relay")
    assert relay["severity"] == "warning" and "relayed by Coder Embedded Relay (999)" in relay["observed"]
    lab.do("agents direct")
    watch.wait_for_end_of("derp_relay")


def test_findings_are_events_when_they_begin_and_end(lab, watch):
    def says(text):
        return lambda line: watch.take(line) and text in str(line["set"].get("events", ""))

    lab.do("relay health sick")
    watch.next(says("finding: the relay says that it is unwell (derp_unhealthy)"))
    lab.do("relay well")
    watch.next(says("finding is over: the relay says that it is unwell (derp_unhealthy)"))
