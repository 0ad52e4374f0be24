"""Genuine clients of derptop's lab: what speaks with the real thing speaks with ours."""

import pytest

import program


@pytest.fixture(scope="module")
def lab():
    with program.Lab() as running:
        yield running


def test_a_genuine_client_pings_our_agent_through_our_relay_and_inside_the_tunnel(genuine):
    with program.Lab("--block-direct") as lab:
        ended = genuine("ping", lab, "--no-stun", "-n", "5", "dev1")
    assert ended.returncode == 0, ended.stderr
    *answers, tunnel = program.json_lines(ended.stdout)
    assert len(answers) == 5
    assert all(answer["region"] > 0 and answer["endpoint"] == "" for answer in answers), answers
    assert tunnel["tunnel_ms"] > 0


def test_a_genuine_client_reaches_our_agent_directly(lab, genuine):
    ended = genuine("ping", lab, "--direct", "-n", "5", "dev1")
    assert ended.returncode == 0, ended.stderr
    *answers, tunnel = program.json_lines(ended.stdout)
    assert answers[-1]["endpoint"].startswith("127.0.0.1:"), answers
    assert tunnel["tunnel_ms"] > 0


def test_a_genuine_relay_client_sends_through_our_relay(lab, genuine):
    ended = genuine("relay", lab)
    assert ended.returncode == 0, ended.stderr
    assert program.json_lines(ended.stdout)[0]["ok"]


def test_and_by_websocket(lab, genuine):
    ended = genuine("relay", lab, "--websocket")
    assert ended.returncode == 0, ended.stderr
    assert program.json_lines(ended.stdout)[0]["ok"]


def test_the_lab_ends_in_order_when_asked():
    running = program.Lab()
    status, errors = running.stop()
    assert (status, errors) == (0, "")
