"""What stood still is seen as such in the graph, and nothing is counted as lost for it."""

import os
import re
import select
import signal

from screen import Screen

STOPPED_SECONDS = 7  # longer than what counts as late


def strip(screen):
    """The line under the graph that names the path."""
    return next((line for line in screen.lines() if re.search(r"[│|] path  ", line)), "")


def test_a_pause_is_named_below_the_graph_while_it_lasts_and_after():
    with Screen("--lab", "--interval", "100ms", rows=30, columns=200) as screen:
        screen.wait_for("direct 127")
        screen.send("+")
        screen.send("+")
        screen.wait_for("1 min")
        screen.send("\x10")
        screen.wait_for("probes paused")
        screen.wait_until(lambda s: re.search(r"paused [5-9] s", strip(s)), "the pause in the strip")
        screen.send("\x10")
        screen.wait_until(lambda s: re.search(r"paused \d+ s.*━", strip(s)), "the path again, after the pause")
        assert re.search(r"lost 0/", screen.text())


def test_a_stop_of_the_program_is_an_event_and_no_loss():
    with Screen("--lab", "--interval", "100ms", rows=30, columns=200) as screen:
        screen.wait_for("direct 127")
        os.kill(screen.pid, signal.SIGSTOP)
        select.select([], [], [], STOPPED_SECONDS)  # the time itself is what is tested
        os.kill(screen.pid, signal.SIGCONT)
        screen.send("+")
        screen.send("+")
        screen.wait_until(lambda s: re.search(r"suspended \d+ s", strip(s)), "the stop in the strip")
        assert re.search(r"lost 0/", screen.text())
        screen.send("e")
        screen.wait_for(r"the program was suspended for \d+ s: nothing was probed")
