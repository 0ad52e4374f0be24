"""What the pictures show. Run by screenshots/make."""

import os
import re
import signal
import sys

import picture
from program import Lab
from screen import Screen

# A relay with some way to it, so that the graph has a shape.
RELAY = ["--relay-delay", "18", "--relay-jitter", "9"]


def pings(screen):
    """How many have their result: the last figure of the line of the whole run."""
    found = re.search(r" since .* lost [0-9]+/([0-9]+)", screen.text())
    return int(found.group(1)) if found else 0


def monitor(folder, lab, env, name, rows, columns, wanted):
    """The monitor with one minute across its graph, and most of that minute seen."""
    with Screen("dev1", "--interval", "100ms", rows=rows, columns=columns, env=env) as screen:
        screen.wait_for(r"5 min")
        while "1 min" not in screen.text():
            seen = screen.text()
            screen.send("+")
            screen.wait_until(lambda s: s.text() != seen, "a shorter time across the graph")
        for count in (wanted * 2 // 5, wanted * 3 // 5, wanted):  # direct, then relayed, then direct again
            screen.wait_until(lambda s, count=count: pings(s) >= count, f"{count} pings", limit=180)
            if count < wanted:
                os.kill(lab, signal.SIGUSR1)
        picture.save(screen.display, os.path.join(folder, name))
        screen.send("q")
        screen.wait_exit()


def main(folder):
    with Lab(*RELAY) as lab:
        env = lab.client_environment(COLORTERM="truecolor")
        monitor(folder, lab.process.pid, env, "monitor.png", 34, 110, 550)
        monitor(folder, lab.process.pid, env, "monitor-80x24.png", 24, 80, 550)


main(sys.argv[1])
