"""A shell that closed the standard streams, a full disk, few open files: a clear line, never a crash."""

import resource
import shlex
import subprocess

import pytest

import program


@pytest.fixture(scope="module")
def lab():
    with program.Lab() as running:
        yield running


def shell(lab, rest, *arguments):
    """Runs it from a shell, with these redirections."""
    line = shlex.join([program.binary(), *arguments]) + " " + rest
    return program.run_command(["/bin/bash", "-c", line], env=lab.client_environment())


def test_standard_input_that_is_closed(lab):
    ended = shell(lab, "<&-", "list")
    assert ended.returncode == 0, ended.stderr
    assert "dev1" in ended.stdout
    assert shell(lab, "<&-", "ping", "dev1", "-n", "1").returncode == 0


def test_standard_error_that_is_closed(lab):
    ended = shell(lab, "2>&-", "ping", "dev1", "-n", "1", "-v")
    assert ended.returncode == 0
    assert "pong from dev1" in ended.stdout


@pytest.mark.parametrize("arguments", [["list"], ["ping", "dev1", "-n", "1"], ["netcheck", "--json"], ["--help"],
                                       ["--version"]], ids=" ".join)
@pytest.mark.parametrize("where", [">&-", ">/dev/full"])
def test_results_that_have_no_place_are_a_failure(lab, arguments, where):
    ended = shell(lab, where, *arguments)
    assert ended.returncode == 1, (ended.returncode, ended.stderr)
    assert "cannot write to standard output" in ended.stderr


def limited(lab, soft, hard, *arguments):
    return subprocess.run([program.binary(), *arguments], env=lab.client_environment(), capture_output=True, text=True,
                          timeout=program.LIMIT_SECONDS,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard)))


@pytest.mark.parametrize("files", [4, 12, 63])
def test_too_few_open_files_are_said(lab, files):
    ended = limited(lab, files, files, "ping", "dev1", "-n", "1")
    assert ended.returncode == 1, (ended.returncode, ended.stderr)
    assert f"no more than {files} files" in ended.stderr


def test_a_low_limit_is_raised_where_that_is_allowed(lab):
    ended = limited(lab, 12, 4096, "ping", "dev1", "-n", "1")
    assert ended.returncode == 0, ended.stderr


def test_the_least_that_is_asked_for_is_enough(lab):
    ended = limited(lab, 64, 64, "ping", "dev1", "-n", "3", "--wait", "50ms")
    assert ended.returncode == 0, ended.stderr
