"""What the pictures show. Run by screenshots/make."""

import os
import re
import sys

import picture
from program import ControlledLab
from screen import Screen

# A relay with some way to it, so that the graph has a shape.
RELAY = ["--relay-delay", "18", "--relay-jitter", "9", "--workspaces", "6", "--stopped", "2"]
PROBES = 550  # most of a minute, ten a second


def pings(screen):
    """How many have their result: the last figure of the line of the whole run."""
    line = re.search(r"since .*", screen.text())
    return sum(int(count) for count in re.findall(r"lost [0-9]+/([0-9]+)", line.group(0))) if line else 0


class Scenes:
    def __init__(self, folder, lab):
        self.folder, self.lab = folder, lab
        self.env = lab.client_environment(COLORTERM="truecolor", XDG_STATE_HOME="/nonexistent",
                                          XDG_CONFIG_HOME="/nonexistent")

    def relayed(self):
        """The agents give up their direct paths."""
        self.lab.do("agents relayed")

    def direct(self):
        """And offer them again."""
        self.lab.do("agents direct")

    def monitor(self, *flags, rows=34, columns=120):
        screen = Screen("dev1", "--interval", "100ms", *flags, rows=rows, columns=columns, env=self.env)
        screen.wait_for(r"p50/p95/p99 .* ms")
        while "1 min" not in screen.text():
            seen = screen.text()
            screen.send("+")
            screen.wait_until(lambda s: s.text() != seen, "a shorter time across the graph")
        return screen

    def probe(self, screen, count):
        screen.wait_until(lambda s: pings(s) >= count, f"{count} pings", limit=180)

    def save(self, screen, name, light=False):
        picture.save(screen.display, os.path.join(self.folder, name + ".png"), light)

    def close(self, screen):
        screen.send("q")
        screen.wait_exit()

    def main_views(self):
        """One sitting: direct, relayed, direct again; then the views over it."""
        screen = self.monitor()
        self.probe(screen, PROBES * 2 // 5)
        self.relayed()
        self.probe(screen, PROBES * 3 // 5)
        screen.wait_for("goes through a relay")
        self.save(screen, "relayed")
        self.direct()
        self.probe(screen, PROBES)
        screen.wait_gone("goes through a relay")
        self.save(screen, "monitor")
        screen.send("v")
        screen.wait_for("latency, heat map")
        self.save(screen, "heat")
        screen.send("v")
        screen.wait_for("latency, histogram")
        screen.send("v")
        screen.resize(45, 150)
        screen.send("?")
        screen.wait_for("help: monitor(.*\n)*.*p50/p95/p99")
        self.save(screen, "help")
        screen.resize(34, 120)
        screen.send("escape")
        screen.wait_for("p50/p95/p99")
        screen.send("o")
        screen.wait_for(r"dev2 +→ direct")
        screen.wait_for(r"dev4 .*\n.* lost \d+/60")  # all graphs are full
        self.lab.do("agent gone dev3")
        screen.wait_for("✘ the agent does not answer")
        self.save(screen, "overview")
        self.lab.do("agent back dev3")
        screen.send("escape")
        screen.wait_for("p50/p95/p99")
        screen.send("w")
        screen.wait_for("pinned")
        self.save(screen, "picker")
        screen.send("escape")
        self.lab.do("agent gone dev1")
        screen.wait_for("last seen: direct")
        screen.wait_for("agent_unreachable|does not answer")
        self.save(screen, "lost")
        self.lab.do("agent back dev1")
        screen.wait_gone("last seen: direct")
        self.close(screen)

    def throughput(self):
        screen = self.monitor()
        self.probe(screen, 60)
        screen.send("s")
        screen.wait_for(r"s again", limit=180)
        screen.send("s")
        screen.wait_for(r"3\.[0-9] of 5\.0 s", limit=180)
        self.save(screen, "throughput")
        screen.wait_for(r"s again", limit=180)
        self.close(screen)

    def other(self, name, *flags, light=False, **size):
        screen = self.monitor(*flags, **size)
        self.probe(screen, PROBES * 2 // 5)
        self.relayed()
        self.probe(screen, PROBES * 3 // 5)
        self.direct()
        self.probe(screen, PROBES)
        self.save(screen, name, light)
        self.close(screen)


def main(folder):
    with ControlledLab(*RELAY) as lab:
        scenes = Scenes(folder, lab)
        scenes.main_views()
        scenes.throughput()
        scenes.other("light", "--theme", "light", light=True)
        scenes.other("monitor-80x24", rows=24, columns=80)


main(sys.argv[1])
