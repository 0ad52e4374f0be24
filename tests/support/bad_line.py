"""A line between derptop and its deployment that damages what the deployment says, the same way for the same seed."""

import random
import socket
import threading


def flip(data, dice):
    for _ in range(dice.choice([1, 1, 1, 4, 16])):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def insert(data, dice):
    at = dice.randrange(len(data) + 1)
    data[at:at] = dice.randbytes(dice.choice([1, 2, 10, 1000]))


def lose(data, dice):
    del data[:dice.randrange(len(data))]


def repeat(data, _):
    data.extend(bytes(data))


def lengths(data, dice):
    """What may have been a length is now the largest."""
    at = dice.randrange(len(data))
    data[at:at + 8] = b"\xff" * len(data[at:at + 8])


DAMAGES = {"flipped bits": flip, "more bytes": insert, "less bytes": lose, "bytes twice": repeat,
           "lying lengths": lengths}

# Further ways, of which a damage is only a part.
BYTE_BY_BYTE, CUT = "byte by byte", "cut short"


class BadLine:
    """Listens at `port` and forwards to `host`, a "host:port"."""

    def __init__(self, host, way, seed):
        name, _, port = host.rpartition(":")
        self.target, self.way, self.seed = (name, int(port)), way, seed
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.count = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(self.target)
            for one in (near, far):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.count += 1
            dice = random.Random(f"{self.seed} {self.way} {self.count}")
            threading.Thread(target=self.pump, args=(near, far, None), daemon=True).start()
            threading.Thread(target=self.pump, args=(far, near, dice), daemon=True).start()

    def pump(self, source, to, dice):
        passed, good = 0, dice.randrange(6000) if dice else 0
        try:
            while data := bytearray(source.recv(65536)):
                passed += len(data)
                damaged = dice is not None and passed > good and dice.random() < 0.3
                if dice is not None and self.way == BYTE_BY_BYTE:
                    for at in range(len(data)):
                        to.sendall(data[at:at + 1])
                    continue
                if damaged and self.way == CUT:
                    to.sendall(data[:dice.randrange(len(data))])
                    break
                if damaged:
                    DAMAGES[self.way](data, dice)
                to.sendall(data)
        except OSError:
            pass
        for one in (source, to):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
