"""Where there can be no full screen, one sentence says so, and the exit status is 2."""

import subprocess

import pytest

import program
from screen import Screen


def one_sentence(text):
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    assert "derptop ping" in lines[0] or "set TERM=" in lines[0], f"it names no way out: {text}"


def test_standard_output_that_is_no_terminal():
    ended = program.run("--lab")
    assert ended.returncode == 2
    assert ended.stdout == ""
    one_sentence(ended.stderr)


@pytest.mark.parametrize("term", ["dumb", "unheard-of", ""])
def test_a_terminal_that_cannot_be_drawn_on(term):
    with Screen("--lab", term=term) as screen:
        assert screen.wait_exit() == 2
        one_sentence(screen.raw.decode())


def test_standard_input_that_is_no_terminal():
    with Screen(command=["/bin/bash", "-c", f"'{program.binary()}' --lab </dev/null"]) as screen:
        assert screen.wait_exit() == 2
        one_sentence(screen.raw.decode())


def test_version_and_help_need_no_terminal():
    for flag in ("--version", "--help", "-h"):
        ended = program.run(flag)
        assert (ended.returncode, ended.stderr) == (0, "")
        assert "derptop" in ended.stdout


def test_a_reader_that_has_enough_is_no_error():
    """The shell is to see 141, as of any other program, and nobody an error."""
    with program.Lab() as lab:
        command = f"'{program.binary()}' ping dev1 --json --wait 10ms | head -n 3; echo ${{PIPESTATUS[0]}}"
        ended = subprocess.run(["/bin/bash", "-c", command], capture_output=True, text=True, check=True,
                               env=lab.client_environment(), timeout=program.LIMIT_SECONDS)
    assert ended.stderr == ""
    *lines, status = ended.stdout.splitlines()
    assert len(program.json_lines("\n".join(lines))) == 3
    assert status == "141"
