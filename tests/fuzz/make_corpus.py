"""Makes the seeds of the fuzz targets wire, session, tunnel, speedtest and agent_api from the golden vectors:
python3 tests/fuzz/make_corpus.py. The seeds are committed; run it again when the vectors change."""

import hashlib
import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))
VECTORS = os.path.join(HERE, "..", "unit", "vectors")
# The codecs and machines in the order of the targets' own lists.
WIRE = ["stun_request", "stun_response", "disco_payload", "disco_packet", "derp", "yamux", "drpc", "address",
        "wireguard", "request", "response", "map", "workspaces", "token"]
SESSION = ["client", "server", "relay_client", "relay_server"]
LONGEST = 8192


def vectors(name):
    with open(os.path.join(VECTORS, name), encoding="utf-8") as file:
        return json.load(file)


def hexes(value, names):
    """Every hex text under one of these names, anywhere inside."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in names and isinstance(inner, str):
                yield bytes.fromhex(inner)
            else:
                yield from hexes(inner, names)
    elif isinstance(value, list):
        for inner in value:
            yield from hexes(inner, names)


def write(target, seeds):
    folder = os.path.join(HERE, "corpus", target)
    os.makedirs(folder, exist_ok=True)
    for old in os.listdir(folder):
        os.remove(os.path.join(folder, old))
    for seed in seeds:
        if len(seed) <= LONGEST:
            with open(os.path.join(folder, hashlib.sha256(seed).hexdigest()[:16]), "wb") as file:
                file.write(seed)


def wire():
    def of(codec, packets):
        return [bytes([WIRE.index(codec)]) + packet for packet in packets]

    stun, disco, wireguard = vectors("stun.json"), vectors("disco.json"), vectors("wireguard.json")
    seeds = of("stun_request", hexes([stun["requests"], stun["malformed_requests"]], {"packet"}))
    seeds += of("stun_response", hexes([stun["responses"], stun["malformed_responses"]], {"packet"}))
    seeds += of("disco_payload", hexes(disco, {"plaintext"})) + of("disco_packet", hexes(disco, {"packet"}))
    seeds += of("derp", hexes(vectors("derp.json"), {"frame"}))
    seeds += of("yamux", hexes(vectors("yamux.json"), {"frame", "send"}))
    seeds += of("drpc", hexes(vectors("drpc.json"), {"frame", "bytes"}))
    seeds += of("address", [b"192.0.2.1:41641", b"[2001:db8::1]:1", b"127.3.3.40:999", b"::ffff:1.2.3.4"])
    seeds += of("wireguard", hexes(wireguard, {"message", "reply", "initiation"}))
    kinds = {"CoordinateRequest": "request", "CoordinateResponse": "response", "DERPMap": "map",
             "WorkspaceUpdate": "workspaces", "RefreshResumeTokenResponse": "token"}
    protobuf = vectors("protobuf.json")
    for message in protobuf["messages"] + protobuf["decode"]:
        kind = kinds.get(message["message"].rpartition(".")[2])
        if kind:
            seeds += of(kind, [bytes.fromhex(message["bytes"])])
    return seeds


def session():
    def of(machine, streams):
        return [bytes([SESSION.index(machine)]) + stream for stream in streams]

    derp, yamux, drpc = vectors("derp.json"), vectors("yamux.json"), vectors("drpc.json")
    seeds = of("client", hexes(drpc, {"server_stream"})) + of("server", hexes(drpc, {"client_stream"}))
    seeds += of("server", hexes(yamux["raw_to_server"], {"send"}))
    for recorded in yamux["sessions"]:
        frames = list(hexes(recorded, {"frame", "bytes"}))
        seeds += of("client", [b"".join(frames)]) + of("server", [b"".join(frames)])
    seeds += of("relay_client", hexes(derp, {"server_stream", "bytes"}))
    seeds += of("relay_server", hexes(derp, {"client_stream"}))
    return seeds


def step(what, body=b""):
    return bytes([what]) + len(body).to_bytes(2, "big") + body


def tunnel():
    wireguard, disco = vectors("wireguard.json"), vectors("disco.json")
    packet = next(hexes(wireguard, {"padded_plaintext"}))
    seeds = [step(0x00, message) for message in hexes(wireguard["sessions"], {"message"})]
    seeds += [step(0x10, packet) + step(0x30) + step(0x20, packet) + step(0xca) + step(0x10, packet) + step(0x30)]
    seeds += [step(0x40, packet)]
    for payload in hexes(disco, {"plaintext"}):
        seeds += [step(0x80) + step(0x50, payload) + step(0x58, payload) + step(0xc6) + step(0x5a, payload)]
    seeds += [step(0x70, sealed) for sealed in hexes(disco, {"packet"})]
    seeds += [step(0x80) + step(0xb0) + step(0x91) + step(0xa0) + step(0x90) + step(0xc9)]
    return seeds


# The steps of speedtest_fuzz.c: what happens, by the rest of 7, and how much.
INPUT, TIME, WRITE, ACKED, ENDED, FAILED, STOP = range(7)


def what(kind, amount, far=False):
    """The step whose rest is `kind`, with about that amount."""
    return bytes([next(byte for byte in range(256) if byte % 7 == kind and (byte >> 3 & 15) == amount and
                       (byte >= 128) == far)])


def speedtest():
    recorded = vectors("speedtest.json")

    def fed(stream):
        return b"".join(what(INPUT, len(stream[at:at + 15])) + stream[at:at + 15] for at in range(0, len(stream), 15))

    def kinds(*steps):
        return b"".join(what(*step) for step in steps)

    opened = kinds((WRITE, 15), (WRITE, 15), (WRITE, 15), (WRITE, 15))
    upload = kinds((WRITE, 3, True), (TIME, 1, True), (ACKED, 3, True)) * 4 + kinds((ACKED, 15, True))
    seeds = []
    for answer in hexes(recorded, {"server_response"}):
        seeds += [b"\x01\x00" + opened + fed(answer + b"payload" * 9) + kinds((TIME, 1, True), end)
                  for end in [(ENDED, 0), (FAILED, 0)]]
        seeds += [b"\x01\x01" + opened + fed(answer) + upload + kinds((ENDED, 0))]
    for line in hexes(recorded, {"client_config", "client_sends", "bytes"}):
        seeds += [b"\x00" + fed(line) + opened + upload + kinds((ENDED, 0), (ACKED, 15, True))]
    return seeds


def agent_api():
    with open(os.path.join(VECTORS, "..", "data", "agent_netcheck.json"), encoding="utf-8") as file:
        report = json.load(file)
    bodies = [json.dumps(part, separators=(",", ":")).encode() for part in
              [report, {"net_info": report["net_info"]}, {"interfaces": report["interfaces"]}, {"net_info": None}]]
    seeds = [b"\x05" + body for body in bodies]
    for body in bodies[1:]:
        head = b"\x21HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        seeds += [head + b"Content-Length: %d\r\n\r\n" % len(body) + body, head + b"\r\n" + body,
                  head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"]
    seeds += [b"\x07GET %s HTTP/1.1\r\nHost: [::1]:4\r\n\r\n" % path for path in [b"/", b"/api/v0/netcheck", b"/no"]]
    return seeds


write("wire", wire())
write("session", session())
write("tunnel", tunnel())
write("speedtest", speedtest())
write("agent_api", agent_api())
