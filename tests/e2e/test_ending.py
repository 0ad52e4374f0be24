"""However it ends, the terminal is as it was, and nothing is left running."""

import os
import shlex
import signal
import time

import pytest

import program
from program import LIMIT_SECONDS, binary
from screen import ENTER_SCREEN, GIVE_TITLE_BACK, KEEP_TITLE, LEAVE_SCREEN, SHOW_CURSOR, Screen, children

class Shell(Screen):
    """A shell on the terminal that notes the terminal's modes, runs derptop --lab, and notes them again."""

    def __init__(self):
        program = shlex.quote(binary())
        super().__init__(command=["/bin/bash", "--norc", "--noprofile", "-c",
                                  f'b=$(stty -g); {program} --lab; s=$?; a=$(stty -g); '
                                  f'[ "$b" = "$a" ] && m=same || m=CHANGED; echo "status=$s modes=$m."'])
        self.wait_for("quit")
        self.derptop, = children(self.pid)
        self.lab = children(self.derptop)

    def ended(self):
        """The status of derptop; its terminal is checked on the way."""
        found = self.wait_for(r"status=(\d+) modes=(\w+)\.")
        assert found.group(2) == "same", "the terminal's modes are not what they were"
        assert ENTER_SCREEN in self.raw
        after = self.raw.rpartition(ENTER_SCREEN)[2]
        assert LEAVE_SCREEN in after, "the alternate screen was not left"
        assert SHOW_CURSOR in after, "the cursor was not shown again"
        assert KEEP_TITLE in self.raw and GIVE_TITLE_BACK in after, "the window's title was not given back"
        return int(found.group(1))


def await_end_of(pids):
    deadline = time.monotonic() + LIMIT_SECONDS
    for pid in pids:
        with open_process(pid) as process:
            if process is not None:
                left = deadline - time.monotonic()
                assert process.wait(left), f"process {pid} is still running"


class open_process:
    """A process that is not our child, watched by its descriptor."""

    def __init__(self, pid):
        try:
            self.fd = os.pidfd_open(pid)
        except ProcessLookupError:
            self.fd = None

    def __enter__(self):
        return self if self.fd is not None else None

    def __exit__(self, *_):
        if self.fd is not None:
            os.close(self.fd)

    def wait(self, seconds):
        import select

        ready, _, _ = select.select([self.fd], [], [], seconds)
        return bool(ready)


@pytest.mark.parametrize("number, status", [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_a_signal_ends_it_in_order(number, status):
    with Shell() as shell:
        assert shell.lab, "no lab is running"
        os.kill(shell.derptop, number)
        assert shell.ended() == status
        await_end_of(shell.lab)


@pytest.mark.parametrize("number, signed_off", [(signal.SIGTERM, True), (signal.SIGINT, True), (signal.SIGHUP, True),
                                                (None, True), (signal.SIGKILL, False)])
def test_who_ends_it_in_order_signs_off_at_the_coordinator(number, signed_off):
    """The agent is to know at once, and not only when it has heard nothing for a long time."""
    with program.Server([binary(), "lab", "--json", "-v"]) as lab:
        with Screen("dev1", env=lab.client_environment()) as screen:
            screen.wait_for(r"p50/p95/p99 .* ms")
            if number is None:
                screen.send("q")
            else:
                os.kill(screen.pid, number)
            screen.wait_exit()
        if signed_off:
            assert any(b"a client signed off" in line for line in lab.process.stderr)
        else:
            assert "a client signed off" not in lab.stop()[1]


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT,
                                    signal.SIGSYS, signal.SIGTRAP, signal.SIGQUIT], ids=lambda number: number.name)
def test_a_crash_restores_the_terminal_and_is_still_a_crash(number):
    with Shell() as shell:
        shell.send("f2")  # the mouse is to be given back, too
        shell.wait_for("mouse on")
        os.kill(shell.derptop, number)
        assert shell.ended() == 128 + number
        after = shell.raw.rpartition(ENTER_SCREEN)[2]
        assert b"\x1b[?1000l" in after and GIVE_TITLE_BACK in after
        shell.wait_for(r"^derptop: crashed; the terminal was restored \(\d")
        await_end_of(shell.lab)


@pytest.mark.parametrize("number", [None, signal.SIGSEGV], ids=["q", "a crash"])
def test_what_a_library_says_meanwhile_is_said_afterwards(number):
    """It would tear the frame."""
    with Shell() as shell:
        with open(f"/proc/{shell.derptop}/fd/2", "a", encoding="ascii") as stderr:
            stderr.write("a library is not content\n")
        shell.send("?")
        shell.wait_for("help: monitor")
        assert b"not content" not in shell.raw
        if number is None:
            shell.send("q")
        else:
            os.kill(shell.derptop, number)
        shell.ended()
        shell.wait_for("^a library is not content$")


def test_a_terminal_that_is_gone_ends_it(tmp_path):
    """Its other end is closed, and nobody is told: what reads is at an end, and must not read for ever."""
    said = tmp_path / "said"
    command = f"trap '' HUP; {shlex.quote(binary())} --lab; echo $? >{shlex.quote(str(said))}"
    with Screen(command=["/bin/bash", "-c", command]) as shell:
        shell.wait_for("quit")
        derptop, = children(shell.pid)
        lab = children(derptop)
        with open_process(shell.pid) as bash:
            shell.child.close(force=False)
            assert bash.wait(LIMIT_SECONDS), "it runs on without a terminal"
        assert said.read_text(encoding="ascii") == "129\n"
        await_end_of([derptop, *lab])


def test_the_lab_ends_with_its_monitor_even_when_that_is_killed():
    with Shell() as shell:
        os.kill(shell.derptop, signal.SIGKILL)
        await_end_of(shell.lab)


def test_q_leaves_the_terminal_as_it_was():
    with Shell() as shell:
        shell.send("q")
        assert shell.ended() == 0
        await_end_of(shell.lab)


def test_suspended_and_brought_back_it_draws_everything_again():
    with Screen(command=["/bin/bash", "--norc", "--noprofile", "-i"]) as shell:
        shell.send("PS1='ready> '; clear\r")
        shell.wait_for(r"^ready>$")
        shell.send(f"{shlex.quote(binary())} --lab\r")
        shell.wait_for("quit")
        shell.send("\x1a")
        shell.wait_for("Stopped")
        shell.send("clear; fg\r")
        shell.wait_for("q quit")
        shell.send("q")
        shell.wait_for(r"^ready>$")


def test_when_its_lab_is_killed_it_says_so_and_still_takes_keys():
    with Screen("--lab") as screen:
        screen.wait_for("quit")
        lab = children(screen.pid)
        assert lab, "no lab is running"
        for pid in lab:
            os.kill(pid, signal.SIGKILL)
        screen.wait_for(r"(?i)lab.*(ended|killed|gone|stopped)|✘|coordinator.*(down|lost|again)")
        screen.send("q")
        assert screen.wait_exit() in (0, 1)
