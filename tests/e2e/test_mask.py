"""Names and addresses masked: on the screen, in the bytes that a terminal gets, and in what is kept."""

import json
import re
import signal
import subprocess

import pytest

import program
from screen import Screen

# Of the lab's: workspaces, the relay's region; and any address that is not of loopback.
SECRETS = re.compile(r"dev[123]|Embedded Relay|\b(?!127\.|0\.0\.0\.0)\d{1,3}(?:\.\d{1,3}){3}\b")
VIEWS = ("l", "1", "\x1b", "e", "\x1b", "d", "\x1b", "o", "\x1b", "w", "\x1b", "\t", "\t", "?", "\x1b")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def assert_no_secret(what):
    found = SECRETS.search(what)
    assert not found, f"{found[0]!r} in\n{what}"


def walk(screen):
    """Through every view; each answers the next key, too."""
    for key in VIEWS:
        screen.send(key)
        screen.send("\x0c")  # the whole of it once more
        screen.pump(0.2)
        assert_no_secret(screen.text())
    screen.send("m")
    screen.wait_for("is marked")


def test_a_key_masks_all_that_is_on_the_screen_and_all_that_is_written_to_it(folder):
    with Screen("--lab", "--interval", "100ms", rows=45, columns=140) as screen:
        screen.wait_for("direct 127")
        assert SECRETS.search(screen.text())
        screen.send("w")
        screen.wait_for("3 of 3")
        screen.send("/dev")  # what was typed goes, too
        screen.wait_for("/ dev")
        screen.send("enter")
        screen.wait_gone("3 of 3")
        screen.send("M")
        screen.wait_for("names and addresses are masked")
        since = len(screen.raw)
        screen.wait_for("MASKED +workspace-1 · agent-1")
        walk(screen)
        screen.send("\x13")
        screen.wait_for("screen kept: derptop-workspace-1-")
        screen.send("C")
        screen.wait_for("masked report copied, and kept: derptop-workspace-1-")
        screen.send("E")
        screen.wait_for("recording, masked, to derptop-workspace-1-")
        screen.wait_for(" MASKED REC ")
        screen.send("E")
        screen.wait_for("recorded: derptop replay derptop-workspace-1-")
        screen.send("Q")
        assert screen.wait_exit() == 0
        assert_no_secret(screen.raw[since:].decode(errors="replace"))
        assert "workspace-1.agent-1: direct to " in screen.text()
    files = list(folder.iterdir())
    assert len(files) == 3
    for file in files:
        assert_no_secret(file.name + "\n" + file.read_text(encoding="utf-8"))


def test_a_flag_masks_from_the_first_byte_on_and_the_key_shows_it_all_again():
    with Screen("--lab", "--mask", rows=30, columns=100) as screen:
        screen.wait_for("MASKED +workspace-1")
        screen.wait_for("direct 127")
        walk(screen)
        assert_no_secret(screen.raw.decode(errors="replace"))
        screen.send("M")
        screen.wait_for("dev1 · main")
        screen.wait_gone("MASKED")
        screen.send("q")
        assert screen.wait_exit() == 0


def test_without_credentials_the_deployment_is_not_named_either():
    env = program.environment(CODER_URL="https://coder.acme-corp.example")
    with Screen("--mask", env=env) as screen:
        screen.wait_for("not signed in to https://host-1")
        screen.send("q")
        assert screen.wait_exit() == 3
        assert b"acme-corp" not in screen.raw and b"not signed in to https://host-1" in screen.raw
    with Screen(env=env) as screen:
        screen.wait_for("acme-corp")
        screen.send("M")
        screen.wait_for("host-1")
        screen.send("q")
        assert screen.wait_exit() == 3
        assert "acme-corp" not in screen.text()


def test_a_recording_that_goes_on_unmasked_is_said_to(folder):
    with Screen("--lab") as screen:
        screen.wait_for("direct 127")
        screen.send("E")
        screen.wait_for("recording to derptop-dev1-")
        screen.send("M")
        screen.wait_for("the recording that goes on still holds names")
        screen.send("q")
        assert screen.wait_exit() == 0
    assert len(list(folder.iterdir())) == 1


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A recording of `derptop record --share`."""
    file = tmp_path_factory.mktemp("mask") / "shared.jsonl"
    with program.Lab() as lab:
        command = [program.binary(), "record", "dev1", "--interval", "100ms", "--share", "-v", "-o", str(file)]
        with subprocess.Popen(command, env=lab.client_environment(), stderr=subprocess.PIPE, text=True) as record:
            for line in record.stderr:
                if "direct to" in line:
                    break
            record.send_signal(signal.SIGINT)
            record.communicate(timeout=program.LIMIT_SECONDS)
    return file


def test_a_shared_recording_holds_no_name_no_address_and_no_uuid(shared):
    text = shared.read_text(encoding="utf-8")
    assert_no_secret(text)
    uuids = set(re.findall(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", text))
    assert uuids and all(uuid.startswith("00000000-0000-0000-0000-0000") for uuid in uuids)
    assert '"masked":true' in text and "workspace-1" in text
    assert json.loads(text.splitlines()[-1])["type"] == "summary"


def test_a_masked_recording_is_replayed_as_what_it_is(shared):
    with Screen("replay", str(shared), "--speed", "1024", rows=45, columns=140) as screen:
        screen.wait_for(r"MASKED +workspace-1 · agent-1 .* REPLAY shared\.jsonl end")
        screen.send("M")
        screen.wait_for("was masked when it was made")
        walk(screen)
        screen.send("q")
        assert screen.wait_exit() == 0
        assert_no_secret(screen.raw.decode(errors="replace"))


def test_a_summary_is_left_behind_where_that_is_wanted():
    with Screen("--lab", "--keep") as screen:
        screen.wait_for("direct 127")
        screen.send("q")
        assert screen.wait_exit() == 0
        assert "dev1.main: direct to 127." in screen.text() and "lost" in screen.text()
