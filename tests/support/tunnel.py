"""A VPN's tunnel: one tun interface in each of two namespaces, and what goes into one comes out of the other.

    tunnel.py NAMESPACE INTERFACE NAMESPACE INTERFACE

says {"up": true} when both are there, and serves until it is ended.
"""

import ctypes
import fcntl
import json
import os
import select
import struct
import sys

CLONE_NEWNET = 0x40000000
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
DEVICE = "/dev/net/tun"


def missing():
    """Why there can be no such interface here; None if there can."""
    try:
        os.close(os.open(DEVICE, os.O_RDWR))
    except OSError as error:
        return f"a tunnel takes {DEVICE}: {error}"
    return None


def opened(namespace, name):
    libc = ctypes.CDLL(None, use_errno=True)
    with open(f"/run/netns/{namespace}", "rb") as there:
        if libc.setns(there.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"no way into {namespace}")
    tun = os.open(DEVICE, os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return tun


def main():
    ends = [opened(*sys.argv[1:3]), opened(*sys.argv[3:5])]
    other = dict(zip(ends, reversed(ends)))
    print(json.dumps({"up": True}), flush=True)
    while True:
        for tun in select.select(ends, [], [])[0]:
            try:
                os.write(other[tun], os.read(tun, 65536))
            except OSError:
                pass  # the other end is not up yet, or not any more


if __name__ == "__main__":
    main()
