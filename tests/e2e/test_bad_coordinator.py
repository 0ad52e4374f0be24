"""A coordinator that breaks its protocols, each layer of them: the session is lost and tried again, the program says
at which step it stands and why, and ends when it was asked to."""

import pathlib
import struct

import pytest

import program
import web

CONNECTION = pathlib.Path(__file__).parents[1] / "unit/data/connection.json"


def frame(content, opcode=2):
    """A websocket frame as servers send them."""
    length = bytes([len(content)]) if len(content) < 126 else b"\x7e" + struct.pack(">H", len(content))
    return bytes([0x80 | opcode]) + length + content


def yamux(kind, flags, stream, length):
    return struct.pack(">BBHII", 0, kind, flags, stream, length)


DATA, WINDOW_UPDATE, ACK = 0, 1, 2


@pytest.mark.parametrize("sent, waits, word", [
    (b"\x82\x7e\x10\x00abc", False, "without a websocket close"),
    (frame(b"hello", opcode=1), True, "a text message"),
    (frame(b"", opcode=3), True, "websocket protocol"),
    (b"\x82\x81abcdx", True, "masking"),
    (frame(struct.pack(">H", 1000), opcode=8), True, "closed the websocket (1000)"),
    (b"\x82\x7f" + struct.pack(">Q", 1 << 62) + b"x" * 1000, True, "yamux"),
    (frame(b"\xff" * 12), True, "yamux"),
    (frame(yamux(DATA, 0, 1, 0xffffffff)), True, "yamux"),
    (frame(yamux(DATA, 0, 77, 4) + b"lost"), True, ""),
    (frame(yamux(WINDOW_UPDATE, ACK, 1, 0) + yamux(DATA, 0, 1, 6) + b"\xff" * 6), True, ""),
    (frame(b"\x00" * 65000), True, ""),
], ids=["a frame that is cut", "text", "an unknown opcode", "a mask", "an end at once", "a frame of 4 exabytes",
        "no yamux", "a yamux length that lies", "data for a stream that is none", "no dRPC", "zeros"])
def test_its_garbage_is_survived_and_said(sent, waits, word):
    coordinator = web.Upgrade(sent, waits)
    answers = web.deployment(web.workspace("dev1")) | {
        "/api/v2/tailnet": coordinator, "/api/v2/workspaceagents/connection": CONNECTION.read_bytes()}
    with web.Web(answers) as server:
        ended = program.run("ping", "dev1", "-n", "1", "--timeout", "1s", "--json",
                            env=program.environment(CODER_URL=server.url, CODER_SESSION_TOKEN="a-token"))
    assert ended.returncode == 1, ended.stderr
    summary = program.json_lines(ended.stdout)[-1]
    assert summary["type"] == "summary" and summary["loss_percent"] == 100
    assert summary["stopped_at"] in ("coordinator", "relay"), summary["stopped_at"]
    if word:
        assert word in summary["steps"]["coordinator"]["detail"], summary["steps"]
        assert coordinator.count > 1, "it was not tried again"
    assert coordinator.count < 20, f"{coordinator.count} sessions within a second"


def test_an_upgrade_that_is_a_page():
    page = (200, "text/html", b"<!doctype html><title>Sign in</title>")
    answers = web.deployment(web.workspace("dev1")) | {
        "/api/v2/tailnet": page, "/api/v2/workspaceagents/connection": CONNECTION.read_bytes()}
    with web.Web(answers) as server:
        ended = program.run("ping", "dev1", "-n", "1", "--timeout", "1s", "--json",
                            env=program.environment(CODER_URL=server.url, CODER_SESSION_TOKEN="a-token"))
    assert ended.returncode == 1, ended.stderr
    assert program.json_lines(ended.stdout)[-1]["stopped_at"] == "coordinator"
