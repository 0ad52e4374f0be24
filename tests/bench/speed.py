"""Throughput: derptop and the genuine client by turns, in the same run, against the same genuine agent;
then derptop against the lab's own agent, beside a plain TCP connection and the cipher alone.

    DERPTOP=build/release/derptop INTEROP_PEERS=build/interop/peers BENCH_AEAD=build/debug/tests/bench_aead \\
        build/venv/bin/python tests/bench/speed.py

Prints a table of medians with their ratio, and with --json one object. It fails if something does not
work, never because of a rate. The agent and the relay compete for the same cores as the client.
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import program  # noqa: E402

PEERS = os.environ["INTEROP_PEERS"]
WAYS = {"direct download": (["--direct"], ["--direct"]), "direct upload": (["--direct", "-d", "up"], ["--direct", "--up"]),
        "relayed download": (["--disable-direct-connections"], []),
        "relayed upload": (["--disable-direct-connections", "-d", "up"], ["--up"])}


def peak(pid):
    """Greatest resident memory so far, in kB. (What wait4 says begins with the size of this program.)"""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next((int(line.split()[1]) for line in file if line.startswith("VmHWM")), 0)


def run(command, env):
    """Its JSON lines, the CPU seconds that it used, and its greatest resident memory in kB."""
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        lines, memory = [], 0
        for line in process.stdout:  # one comes each second
            lines.append(line)
            memory = max(memory, peak(process.pid))
        complaint = process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{command} ended with {process.returncode}: {complaint}{''.join(lines)}")
    return [json.loads(line) for line in lines], used.ru_utime + used.ru_stime, memory


def derptop(env, seconds, flags):
    lines, cpu, memory = run([program.binary(), "speedtest", "dev1", "--json", "-t", f"{seconds}s", *flags], env)
    overall = lines[-1]["overall"]
    long = overall["end_time_seconds"] - overall["start_time_seconds"]
    return overall["throughput_mbits"], cpu * 1000 / (overall["throughput_mbits"] * long), memory


def genuine(env, seconds, flags):
    url = env["CODER_URL"]
    lines, _, memory = run([PEERS, "speedtest", "--url", url, "--time", f"{seconds}s", *flags, "dev1"], env)
    total = next(line for line in lines if line.get("total"))
    return total["mbits"], lines[-1]["cpu_seconds"] * 1e6 / (total["bytes"] * 8 / 1000), memory


def against_genuine(runs, seconds):
    out = {}
    with program.Server([PEERS, "serve"]) as server:
        env = server.client_environment()
        for name, (mine, theirs) in WAYS.items():
            pairs = [(derptop(env, seconds, mine), genuine(env, seconds, theirs)) for _ in range(runs)]
            for i, what in enumerate(("Mbit/s", "CPU s/Gbit", "peak kB")):
                out[f"{name}, {what}"] = {"derptop": [pair[0][i] for pair in pairs], "genuine": [pair[1][i] for pair in pairs]}
    return out


def iperf3(seconds):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
    with subprocess.Popen(["iperf3", "-s", "-1", "--forceflush", "-B", "127.0.0.1", "-p", port], stdout=subprocess.PIPE, text=True) as server:
        while "listening" not in (line := server.stdout.readline()):
            assert line, "iperf3 ended at once"
        command = ["iperf3", "-c", "127.0.0.1", "-p", port, "-t", str(seconds), "-J"]
        ended = subprocess.run(command, capture_output=True, text=True, check=True)
        server.stdout.read()
    return json.loads(ended.stdout)["end"]["sum_received"]["bits_per_second"] / 1e6


def plain_tcp(seconds):
    """Mbit/s of one connection over loopback."""
    got = [0]

    def drain(server):
        with server.accept()[0] as end:
            while piece := end.recv(1 << 20):
                got[0] += len(piece)

    with socket.create_server(("127.0.0.1", 0)) as server:
        reader = threading.Thread(target=drain, args=(server,))
        reader.start()
        block, began = bytes(1 << 20), time.monotonic()
        with socket.create_connection(server.getsockname()) as end:
            while time.monotonic() < began + seconds:
                end.sendall(block)
        reader.join()
        return got[0] * 8 / 1e6 / (time.monotonic() - began)


def against_lab(runs, seconds):
    out = {}
    with program.Lab() as lab:
        env = lab.client_environment()
        for name, (mine, _) in WAYS.items():
            results = [derptop(env, seconds, mine) for _ in range(runs)]
            out[f"lab: {name}, Mbit/s"] = {"derptop": [result[0] for result in results]}
            out[f"lab: {name}, CPU s/Gbit"] = {"derptop": [result[1] for result in results]}
    way = ("iperf3", iperf3) if shutil.which("iperf3") else ("plain TCP", plain_tcp)
    out[f"{way[0]} over loopback, Mbit/s"] = {"derptop": [way[1](seconds)]}
    aead = os.environ.get("BENCH_AEAD")
    if aead:
        rates = json.loads(subprocess.run([aead], capture_output=True, text=True, check=True).stdout)
        out["cipher, one core, sealing, Mbit/s"] = {"derptop": [rates["seal_mbits"]]}
        out["cipher, one core, opening, Mbit/s"] = {"derptop": [rates["open_mbits"]]}
    return out


def table(results):
    print(f"{'':40} {'derptop':>10} {'least':>10} {'greatest':>10} {'genuine':>10} {'ratio':>7}")
    for name, values in results.items():
        mine, theirs = sorted(values["derptop"]), values.get("genuine", [])
        line = f"{name:40} {statistics.median(mine):10.2f} {mine[0]:10.2f} {mine[-1]:10.2f}"
        if theirs:
            middle = statistics.median(theirs)
            line += f" {middle:10.2f} {statistics.median(mine) / middle:7.2f}"
        print(line)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", "--runs", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5, help="of each test")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = against_genuine(options.runs, options.seconds) | against_lab(options.runs, options.seconds)
    if options.json:
        print(json.dumps(results))
    else:
        table(results)


main()
