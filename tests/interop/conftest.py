"""The genuine peers, as fixtures. tests/interop/build.sh made the program that they are in."""

import json
import os
import subprocess
import urllib.request

import pytest

import program


def peers():
    path = os.environ.get("INTEROP_PEERS")
    assert path, "INTEROP_PEERS must name the genuine peers (ctest does)"
    return path


class Deployment(program.Server):
    """Genuine relay, STUN server, coordinator's stack and agents."""

    def __init__(self, *flags):
        super().__init__([peers(), "serve", *flags])

    def stats(self):
        with urllib.request.urlopen(self.ready["url"] + "/interop/stats", timeout=program.LIMIT_SECONDS) as answer:
            return json.load(answer)

    def coordinator(self, state):
        """Takes the coordinator down (its connections end, new ones are refused) or up again."""
        request = urllib.request.Request(f"{self.ready['url']}/interop/coordinator/{state}", method="POST")
        urllib.request.urlopen(request, timeout=program.LIMIT_SECONDS).close()

    def ping(self, *arguments, **env):
        return program.run("ping", *arguments, env=self.client_environment(**env))


@pytest.fixture(scope="module")
def deployment():
    with Deployment("--workspaces", "2", "--stopped", "asleep") as running:
        yield running


@pytest.fixture
def genuine():
    """Runs `peers COMMAND` against a lab of ours."""

    def run(command, lab, *arguments):
        return subprocess.run([peers(), command, "--url", lab.ready["url"], *arguments], capture_output=True, text=True,
                              timeout=program.LIMIT_SECONDS,
                              env=program.environment(CODER_SESSION_TOKEN=lab.ready["token"]))

    return run
