"""The real derptop, run as a person would: headless commands, and servers that print where they are."""

import json
import os
import re
import select
import subprocess
import time

import pytest

# Only there to fail loudly: nothing waits this long when all is well.
LIMIT_SECONDS = 60


def binary():
    path = os.environ.get("DERPTOP")
    assert path, "DERPTOP must name the program under test (ctest does)"
    return path


def environment(**changes):
    """The tests' environment without anything that would lead derptop to somebody's deployment."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("CODER_") and "proxy" not in k.lower()}
    env["CODER_CONFIG_DIR"] = "/nonexistent"
    env["XDG_CONFIG_HOME"] = "/dev/null"  # below which not even root makes a folder
    env["LC_ALL"] = "C.UTF-8"
    env.update(changes)
    return {k: v for k, v in env.items() if v is not None}


def run_command(command, env=None, limit=LIMIT_SECONDS, stdin=subprocess.DEVNULL):
    """Runs a command to its end; stdout and stderr are text."""
    return subprocess.run(command, env=env or environment(), stdin=stdin, capture_output=True, text=True,
                          timeout=limit)


def run(*arguments, **how):
    """Runs derptop to its end, as run_command does."""
    return run_command([binary(), *arguments], **how)


def cannot(why):
    """Ends a test that cannot run here: a skip with its reason; a failure in CI, where everything must run."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)


def help_commands():
    """The words of each command that the help names, and none."""
    words = re.findall(r"^ +derptop \[?([a-z]+)\b", run("--help").stdout, re.M)
    return [[]] + [[word] for word in dict.fromkeys(words)]


def json_lines(text):
    return [json.loads(line) for line in text.splitlines()]


class Server:
    """A process that prints one JSON object when it is ready and then serves until it is ended."""

    def __init__(self, command, env=None, first_line=None, stdin=subprocess.DEVNULL):
        self.process = subprocess.Popen(command, env=env or environment(), stdin=stdin,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.pending = b""
        self.ready = self.next(first_line or (lambda line: "url" in line))

    def next(self, wanted):
        """Waits for the next object on its stdout that is wanted."""
        deadline = time.monotonic() + LIMIT_SECONDS
        while True:
            line, newline, rest = self.pending.partition(b"\n")
            if newline:
                self.pending = rest
                said = json.loads(line)
                if wanted(said):
                    return said
                continue
            left = deadline - time.monotonic()
            readable, _, _ = select.select([self.process.stdout], [], [], max(left, 0))
            more = os.read(self.process.stdout.fileno(), 65536) if readable else b""
            if not more:
                self.process.kill()
                _, errors = self.process.communicate()
                raise AssertionError(f"{self.process.args} did not say it: {self.pending!r} {errors!r}")
            self.pending += more

    def client_environment(self, **changes):
        return environment(**{"CODER_URL": self.ready["url"], "CODER_SESSION_TOKEN": self.ready["token"], **changes})

    def stop(self):
        """Asks it to end; returns its exit status and what it said on stderr."""
        self.process.terminate()
        try:
            _, errors = self.process.communicate(timeout=LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        return self.process.returncode, errors.decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()


class Process:
    """One that says nothing and runs until it is ended."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, env=environment(), stdin=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(LIMIT_SECONDS)


class Lab(Server):
    """`derptop lab`."""

    def __init__(self, *flags):
        super().__init__([binary(), "lab", "--json", *flags])


class ControlledLab(Server):
    """`derptop lab --control`, which does wrong what it is told."""

    def __init__(self, *flags):
        super().__init__([binary(), "lab", "--json", "--control", *flags], stdin=subprocess.PIPE)

    def answer(self, line):
        """Tells it a line; returns what it said to that."""
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        return self.next(lambda said: said["type"] == "control")

    def do(self, *lines):
        for line in lines:
            said = self.answer(line)
            assert said["done"], said
