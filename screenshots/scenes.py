"""What the pictures show. Run by screenshots/make."""

import os
import re
import sys

import picture
from program import Lab
from screen import Screen

# A relay with some way to it, so that the graph has a shape.
RELAY = ["--relay-delay", "18", "--relay-jitter", "9"]
GRAPH = re.compile("[\u2801-\u28ff]")


def monitor(folder, env, name, rows, columns, wanted):
    """The monitor with one minute across its graph, and most of that minute seen."""
    with Screen("dev1", "--interval", "100ms", rows=rows, columns=columns, env=env) as screen:
        screen.wait_for(r"5 min")
        while "1 min" not in screen.text():
            seen = screen.text()
            screen.send("+")
            screen.wait_until(lambda s: s.text() != seen, "a shorter time across the graph")
        screen.wait_until(lambda s: len(GRAPH.findall(s.text())) >= wanted, f"{wanted} cells of graph", limit=120)
        picture.save(screen.display, os.path.join(folder, name))
        screen.send("q")
        screen.wait_exit()


def main(folder):
    with Lab(*RELAY) as lab:
        env = lab.client_environment(COLORTERM="truecolor")
        monitor(folder, env, "monitor.png", 30, 100, 230)
        monitor(folder, env, "monitor-80x24.png", 24, 80, 150)


main(sys.argv[1])
