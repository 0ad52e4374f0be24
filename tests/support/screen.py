"""derptop on a terminal: a pty, and pyte as the emulator that reads what is drawn."""

import os
import re
import signal
import time

import pexpect
import pyte

from program import LIMIT_SECONDS, binary, environment

# An entry without `rep` (repeat character), which pyte does not know.
TERMINAL = "tmux-256color"

ENTER_SCREEN, LEAVE_SCREEN, SHOW_CURSOR = b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[?25h"
KEEP_TITLE, GIVE_TITLE_BACK = b"\x1b[22;2t", b"\x1b[23;2t"

KEYS = {"tab": "\t", "enter": "\r", "escape": "\x1b", "up": "\x1bOA", "down": "\x1bOB", "right": "\x1bOC",
        "left": "\x1bOD", "home": "\x1b[1~", "end": "\x1b[4~", "f2": "\x1bOQ", "ctrl-c": "\x03"}


class Display(pyte.Screen):
    """pyte's, with the two ways of scrolling (SU, SD) that curses uses and pyte does not know."""

    def scroll(self, count, edge, move):
        top, bottom = self.margins or (0, self.lines - 1)
        row, self.cursor.y = self.cursor.y, bottom if edge == "bottom" else top
        for _ in range(count or 1):
            move()
        self.cursor.y = row

    def scroll_up(self, count=1):
        self.scroll(count, "bottom", self.index)

    def scroll_down(self, count=1):
        self.scroll(count, "top", self.reverse_index)


class Stream(pyte.ByteStream):
    csi = {**pyte.ByteStream.csi, "S": "scroll_up", "T": "scroll_down"}
    events = pyte.ByteStream.events | {"scroll_up", "scroll_down"}


class Screen:
    """The program under test on a screen of rows x columns. Waits are for text, never for time."""

    def __init__(self, *arguments, rows=30, columns=100, term=TERMINAL, command=None, env=None):
        self.raw = b""
        self.display = Display(columns, rows)
        self.stream = Stream(self.display)
        first, *rest = command or [binary(), *arguments]
        self.child = pexpect.spawn(first, rest, env={**(env or environment()), "TERM": term},
                                   dimensions=(rows, columns), timeout=LIMIT_SECONDS)
        self.child.delaybeforesend = None

    @property
    def pid(self):
        return self.child.pid

    def text(self):
        return "\n".join(line.rstrip() for line in self.display.display)

    def lines(self):
        return self.text().split("\n")

    def pump(self, seconds):
        """Reads what has been written, waiting for at most so long; False at the end of the program."""
        try:
            data = self.child.read_nonblocking(65536, timeout=seconds)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.raw += data
        self.feed(data)
        return True

    def feed(self, data):
        """pyte has no alternate screen: on leaving it, what was drawn there goes."""
        drawn, leave, after = data.partition(LEAVE_SCREEN)
        self.stream.feed(drawn)
        if leave:
            self.display.erase_in_display(2)
            self.display.cursor_position()
            self.feed(after)

    def wait_until(self, condition, what, limit=LIMIT_SECONDS):
        """Reads on until the condition holds of the screen; fails, showing the screen, if it never does."""
        deadline = time.monotonic() + limit
        alive = True
        while True:
            found = condition(self)
            if found:
                return found
            left = deadline - time.monotonic()
            assert left > 0 and alive, f"{what}: not seen{'' if alive else ' before the program ended'}\n{self.text()}"
            alive = self.pump(left)

    def wait_for(self, pattern, limit=LIMIT_SECONDS):
        """Waits for text that matches, anywhere on the screen."""
        return self.wait_until(lambda s: re.search(pattern, s.text(), re.M), f"text {pattern!r}", limit)

    def wait_gone(self, pattern, limit=LIMIT_SECONDS):
        self.wait_until(lambda s: not re.search(pattern, s.text()), f"an end of {pattern!r}", limit)

    def send(self, key):
        self.child.send(KEYS.get(key, key))

    def resize(self, rows, columns):
        """As a terminal does it: the emulator's size, then the pty's, and with it SIGWINCH."""
        self.display.resize(rows, columns)
        self.child.setwinsize(rows, columns)

    def wait_exit(self, limit=LIMIT_SECONDS):
        """Reads to the end; the exit status, or minus the signal that ended it."""
        deadline = time.monotonic() + limit
        while self.pump(max(deadline - time.monotonic(), 0)):
            assert time.monotonic() < deadline, f"still running\n{self.text()}"
        self.child.wait()
        return self.child.exitstatus if self.child.signalstatus is None else -self.child.signalstatus

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child.isalive():
            self.child.kill(signal.SIGKILL)
        self.child.close(force=True)


def children(pid):
    """The process IDs of a process's children."""
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
            found += [int(word) for word in file.read().split()]
    return found
