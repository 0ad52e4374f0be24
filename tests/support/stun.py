"""A STUN server that says what it is told to say: RFC 8489 binding, no more."""

import ipaddress
import os
import socket
import struct
import threading

COOKIE = 0x2112A442


def response(transaction, ip, port):
    """A success with XOR-MAPPED-ADDRESS."""
    address = ipaddress.ip_address(ip)
    mask = struct.pack("!I", COOKIE) + transaction
    masked = bytes(a ^ b for a, b in zip(address.packed, mask))
    value = struct.pack("!BBH", 0, 1 if address.version == 4 else 2, port ^ COOKIE >> 16) + masked
    return struct.pack("!HHI", 0x0101, 4 + len(value), COOKIE) + transaction + struct.pack("!HH", 0x20, len(value)) + value


class Stun:
    """`says` makes the answers of (transaction id, ip, port of the asker); by default one with the truth."""

    def __init__(self, says=None, ip="127.0.0.1"):
        self.says = says or (lambda transaction, ip, port: [response(transaction, ip, port)])
        self.asked = 0
        self.socket = socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((ip, 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def serve(self):
        while True:
            packet, sender = self.socket.recvfrom(2048)
            if not packet:
                return
            self.asked += 1
            for answer in self.says(packet[8:20], sender[0], sender[1]):
                self.socket.sendto(answer, sender)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.socket.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()


def silent(*_):
    return []


def lies(ip, port):
    """Another address than the one that asked."""
    return lambda transaction, *_: [response(transaction, ip, port)]


def forges(transaction, *_):
    """Answers to questions that nobody asked, and things that are no answer."""
    whole = response(os.urandom(12), "198.51.100.99", 9999)
    good = response(transaction, "198.51.100.99", 9999)
    return [whole, good[:-1], good[:20], b"\x01\x01", os.urandom(40), good[:4] + os.urandom(4) + good[8:]]
