"""A second reader of the screen: tmux is a terminal of its own make, and forgives other things."""

import os
import re
import shutil
import subprocess
import time

import pytest

from program import LIMIT_SECONDS, binary, environment


class Tmux:
    def __init__(self, folder):
        self.socket = os.path.join(folder, "tmux")
        self.env = environment(TERM="xterm-256color", TMUX=None)
        self("-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30", "-s", "t", "/bin/bash", "--norc")

    def __call__(self, *arguments):
        return subprocess.run(["tmux", "-u", "-S", self.socket, *arguments], env=self.env, check=True,
                              capture_output=True, text=True, timeout=LIMIT_SECONDS).stdout

    def wait_for(self, pattern):
        """tmux tells nobody when a pane changes, so this asks again and again, each time at once."""
        deadline = time.monotonic() + LIMIT_SECONDS
        while True:
            text = self("capture-pane", "-p", "-t", "t")
            if re.search(pattern, text):
                return text
            assert time.monotonic() < deadline, f"{pattern!r} was not seen\n{text}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self("kill-server")


def test_the_graph_and_the_way_back_in_tmux(tmp_path):
    if shutil.which("tmux") is None:
        assert os.environ.get("CI") != "true", "tmux is not installed"
        pytest.skip("tmux is not installed")
    with Tmux(tmp_path) as tmux:
        tmux("send-keys", "-t", "t", f"PS1='ready> '; clear; '{binary()}' --lab --interval 100ms", "Enter")
        text = tmux.wait_for("[\u2801-\u28ff]{3}")
        assert "derptop" in text.splitlines()[0]
        tmux("send-keys", "-t", "t", "q")
        text = tmux.wait_for("ready>")
        assert "latency" not in text, "the alternate screen was not left"
