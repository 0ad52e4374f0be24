"""Our WireGuard device and the genuine one (wireguard-go, with gVisor's netstack in it), with a UDP socket of
loopback between them and nothing else. Our clock is set ahead where time has to pass; theirs is the real one."""

import os
import subprocess
import time

import pytest

import program
from conftest import peers

OURS, THEIRS = "fd7a:115c:a1e0::1", "fd7a:115c:a1e0::2"


class Talker(program.Server):
    """A process that is told what to do by lines, and says what happens by JSON lines."""

    def __init__(self, *command):
        super().__init__(command, first_line=lambda line: "key" in line, stdin=subprocess.PIPE)

    def tell(self, *words):
        self.process.stdin.write((" ".join(str(word) for word in words) + "\n").encode())
        self.process.stdin.flush()

    def await_(self, name, value=None):
        return self.next(lambda line: name in line and (value is None or line[name] == value))[name]

    def ping(self, *arguments):
        self.tell("ping", *arguments)
        return self.await_("pongs")

    def status(self):
        self.tell("status")
        return self.await_("status")


class Pair:
    """Both, told of each other."""

    def __init__(self):
        path = os.environ.get("INTEROP_WIREGUARD")
        assert path, "INTEROP_WIREGUARD must name our side (ctest does)"
        self.ours = Talker(path)
        self.genuine = Talker(peers(), "wireguard", "--address", THEIRS)
        self.ours.tell("peer", self.genuine.ready["key"], self.genuine.ready["port"], OURS, THEIRS)
        self.genuine.tell("peer", self.ours.ready["key"], self.ours.ready["port"], OURS, 0)
        self.genuine.await_("peer")

    def close(self):
        for side in (self.ours, self.genuine):
            side.process.stdin.close()
        statuses = [side.process.wait(program.LIMIT_SECONDS) for side in (self.ours, self.genuine)]
        errors = self.ours.process.stderr.read() + self.genuine.process.stderr.read()
        assert (statuses, errors) == ([0, 0], b"")


@pytest.fixture
def pair():
    made = Pair()
    yield made
    made.close()


def test_we_begin_and_packets_go_both_ways(pair):
    assert pair.ours.ping(5, 16) == 5
    assert pair.genuine.ping(5) == 5
    status = pair.ours.status()
    assert (status["session"], status["initiator"], status["handshakes"], status["refused"]) == (1, 1, 1, 0), status
    assert (status["packets_in"], status["packets_out"]) == (10, 10), status
    assert pair.genuine.status()["handshake"] > 0


def test_the_genuine_one_begins(pair):
    assert pair.genuine.ping(5) == 5
    assert pair.ours.await_("handshake") == 1
    assert pair.ours.ping(5, 16) == 5
    status = pair.ours.status()
    assert (status["session"], status["initiator"], status["handshakes"], status["refused"]) == (1, 0, 1, 0), status


def test_both_begin_at_once(pair):
    # Done in milliseconds, but for some in a thousand: the genuine device works on both handshakes at once, in threads
    # of their own, and may then wait for our packets under another index than it told. Its next handshake mends that,
    # after 15 s of silence; until then it takes none of our packets, and we take all of its.
    pair.ours.tell("ping", 3, 16)
    pair.genuine.tell("ping", 3)
    assert pair.ours.await_("pongs") == 3
    assert pair.genuine.await_("pongs") == 3


def test_packets_of_every_size(pair):
    for size in [*range(0, 34), 511, 1000, 1023, 1024]:
        assert pair.ours.ping(1, size) == 1


def test_a_keepalive_interval_makes_a_session_without_a_packet(pair):
    pair.ours.tell("keepalive", 25)
    assert pair.ours.await_("handshake") == 1
    status = pair.ours.status()
    assert (status["packets_in"], status["packets_out"]) == (0, 0), status
    assert pair.genuine.ping(1) == 1


def test_the_session_is_renewed_after_two_minutes(pair):
    assert pair.ours.ping(1, 16) == 1
    first = pair.genuine.status()["handshake"]
    for renewals in range(1, 4):
        # The genuine one takes no two initiations within 20 ms of its own clock.
        while time.time_ns() - pair.genuine.status()["handshake"] < 25_000_000:
            assert pair.ours.ping(1, 16) == 1
        pair.ours.tell("ahead", 121)
        assert pair.ours.ping(1, 16) == 1  # under the old key
        while pair.ours.status()["handshakes"] == renewals:
            pass
        assert pair.ours.ping(3, 16) == 3
        assert pair.genuine.ping(3) == 3
        status = pair.ours.status()
        assert (status["handshakes"], status["initiator"], status["session"]) == (renewals + 1, 1, 1), status
        assert status["age_ms"] < 121_000
    assert pair.genuine.status()["handshake"] > first


def test_a_session_of_theirs_that_has_run_out_is_replaced_by_ours(pair):
    assert pair.genuine.ping(1) == 1
    assert pair.ours.status()["initiator"] == 0
    pair.ours.tell("ahead", 181)
    assert pair.ours.ping(2, 16) == 2
    status = pair.ours.status()
    assert (status["session"], status["initiator"], status["handshakes"]) == (1, 1, 2), status
    assert pair.genuine.ping(2) == 2


def test_we_restart(pair):
    assert pair.genuine.ping(1) == 1
    pair.ours.tell("restart")
    assert pair.ours.ping(2, 16) == 2
    assert pair.genuine.ping(2) == 2


def test_the_genuine_one_restarts(pair):
    assert pair.ours.ping(1, 16) == 1
    pair.genuine.tell("restart")
    pair.genuine.tell("status")
    pair.genuine.await_("status")
    pair.ours.tell("ping", 1, 16)  # under a key that it has forgotten
    pair.ours.tell("ahead", 16)  # and nothing comes back for 15 s
    assert pair.ours.await_("handshake", 2) == 2
    assert pair.ours.ping(2, 16) == 2
    assert pair.genuine.ping(2) == 2


def test_the_genuine_one_restarts_and_begins(pair):
    assert pair.ours.ping(1, 16) == 1
    pair.genuine.tell("restart")
    assert pair.genuine.ping(2) == 2
    assert pair.ours.ping(2, 16) == 2
    assert pair.ours.status()["initiator"] == 0
