"""derptop against the genuine client, in the same run, against the same genuine peer.

    DERPTOP=build/release/derptop INTEROP_PEERS=build/interop/peers build/venv/bin/python tests/bench/bench.py

Prints a table of medians with their ratio, and with --json one object. It fails if something does not
work, never because of a time.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import program  # noqa: E402
from screen import Screen  # noqa: E402

PEERS = os.environ["INTEROP_PEERS"]
TICK = os.sysconf("SC_CLK_TCK")


def first_pong(command, env):
    """Milliseconds from the start of the process to its first line about a pong."""
    began = time.monotonic()
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if "pong" in line:
                took = (time.monotonic() - began) * 1000
                process.stdout.read()
                return took
        raise RuntimeError(f"{command} printed no pong: {process.stderr.read()}")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def resident(pid):
    """All of it, and what is the process's own, in kB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        lines = dict(line.split(":", 1) for line in file if line.startswith(("VmRSS", "RssAnon")))
    return int(lines["VmRSS"].split()[0]), int(lines["RssAnon"].split()[0])


def running(command, env, seconds):
    """CPU share in percent and memory of a client that pings once a second, after it has settled."""
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        for line in process.stdout:
            if "pong" in line:
                break
        time.sleep(2)
        before, began = cpu_seconds(process.pid), time.monotonic()
        time.sleep(seconds)
        share = 100 * (cpu_seconds(process.pid) - before) / (time.monotonic() - began)
        memory = resident(process.pid)
        process.kill()
    return share, memory


def on_screen(env, seconds):
    with Screen("dev1", env=env) as screen:
        screen.wait_for(r"direct [0-9]")
        before, began = cpu_seconds(screen.pid), time.monotonic()
        while time.monotonic() < began + seconds:
            screen.pump(0.2)
        share = 100 * (cpu_seconds(screen.pid) - before) / (time.monotonic() - began)
        memory = resident(screen.pid)
        screen.send("q")
        screen.wait_exit()
    return share, memory


def measure(runs, seconds):
    out = {}
    with program.Server([PEERS, "serve"]) as server:
        env = server.client_environment()
        ours = [program.binary(), "ping", "dev1"]
        theirs = [PEERS, "ping", "--url", server.ready["url"], "dev1"]
        ways = {
            "first pong by relay, ms": (ours + ["-n", "1", "--disable-direct-connections"], theirs[:-1] + ["-n", "1", "dev1"]),
            "first pong, direct allowed, ms": (ours + ["-n", "1"], theirs[:-1] + ["--direct", "-n", "1", "dev1"]),
        }
        for name, (mine, genuine) in ways.items():
            pairs = [(first_pong(mine, env), first_pong(genuine, env)) for _ in range(runs)]
            out[name] = {"derptop": sorted(pair[0] for pair in pairs), "genuine": sorted(pair[1] for pair in pairs)}
        mine = running(ours, env, seconds)
        genuine = running(theirs[:-1] + ["--direct", "--interval", "1s", "-n", "100000", "dev1"], env, seconds)
        screen = on_screen(env, seconds)
        out["CPU at a ping a second, %"] = {"derptop": [mine[0]], "genuine": [genuine[0]]}
        out["resident, kB"] = {"derptop": [mine[1][0]], "genuine": [genuine[1][0]]}
        out["resident, its own, kB"] = {"derptop": [mine[1][1]], "genuine": [genuine[1][1]]}
        out["with the screen: CPU, %"] = {"derptop": [screen[0]]}
        out["with the screen: resident, kB"] = {"derptop": [screen[1][0]]}
        out["with the screen: its own, kB"] = {"derptop": [screen[1][1]]}
    out["binary, kB"] = {"derptop": [os.path.getsize(program.binary()) / 1000], "genuine": [os.path.getsize(PEERS) / 1000]}
    return out


def table(results):
    print(f"{'':34} {'derptop':>10} {'greatest':>10} {'genuine':>10} {'greatest':>10} {'ratio':>7}")
    for name, values in results.items():
        mine, genuine = values["derptop"], values.get("genuine", [])
        line = f"{name:34} {statistics.median(mine):10.2f} {mine[-1]:10.2f}"
        if genuine:
            middle = statistics.median(genuine)
            ratio = f"{statistics.median(mine) / middle:7.2f}" if middle else "      -"
            line += f" {middle:10.2f} {genuine[-1]:10.2f} {ratio}"
        print(line)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", "--runs", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=30, help="how long each client runs for its CPU share")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = measure(options.runs, options.seconds)
    if options.json:
        print(json.dumps(results))
    else:
        table(results)


main()
