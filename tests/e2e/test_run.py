"""src/run, the command that the README gives first."""

import pathlib
import subprocess

import program

ROOT = pathlib.Path(__file__).parents[2]


def test_it_builds_and_passes_its_arguments_on():
    ended = subprocess.run([ROOT / "src/run", "--version"], capture_output=True, text=True, timeout=290,
                           stdin=subprocess.DEVNULL, env=program.environment())
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == program.run("--version").stdout, "what it says itself belongs on stderr"
