"""Makes the seeds of the fuzz targets wire, session, tunnel, tcp, speedtest and agent_api from the golden vectors:
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


def tcp():
    """Connections that stand, each way, with data, a FIN, a reset and segments that come too early."""
    open_, write_, lasting, finish, close, abort, flush, syn, segment, raw = range(10)

    def step(what, data=b"", wait=0):
        return bytes([wait, what, len(data)]) + data

    def near(flags, ahead=0, beyond=0, data=b"", offset=0):
        return step(segment, ahead.to_bytes(2, "big", signed=True) + beyond.to_bytes(2, "big", signed=True)
                    + bytes([offset, flags, 0x10, 0]) + data)

    accepted = step(syn, bytes([1, 0x04, 0xc4, 3, 3, 7, 1, 4, 2, 1, 1, 1])) + near(0x10, beyond=1)
    opened = step(open_) + near(0x12, ahead=77, beyond=1)
    talk = near(0x18, data=b"x" * 200) * 3 + step(flush) + step(write_, b"y" * 255) + near(0x10, beyond=255)
    early = b"".join(near(0x18, ahead=300 * i, data=b"z" * 200) for i in (3, 1, 2)) + step(flush) + near(0x18, data=b"w" * 200)
    late = step(lasting) + near(0x10) * 4 + step(flush, wait=60) + near(0x10, beyond=1220) + step(flush, wait=200) * 8
    ends = [near(0x11) + step(close), step(finish) + near(0x11, beyond=1), near(0x14), step(abort), step(close) + near(0x10, beyond=1)]
    bodies = [talk, early, late, step(0x80 + segment) + talk]
    # Found by the target: data lost when its acknowledgement made us reset, an option without its length.
    found = [bytes.fromhex(text) for text in [
        "00070c0104c40303070104020101010008080000000100101000000200000808000000000010100800f8f7ffffffff00101000000808000000000010100000080800000010001000003c06000008080000043bffefef00c80600c80600c80600c80600c80600c80600c80600c80600000808003100000000111000000400",
        "00070c0904c403fc07012d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2c00000000101000000000000808004d0001001210000002000008087e000808000000000010100000080800000000001010000008004d000100121000000200000808000005080000000000100010000002000008080000000000000000001010000008000000000000001010000008082c00000000101000000000000808004d0001001200c8067800c806000600000808000004c400101000c80600c80600c80600c80600c800080800000000c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c000141000",
]]
    return found + [begin + body + end for begin in (accepted, opened) for body in bodies for end in ends] + [step(raw, b"\x60" + bytes(60))]


write("wire", wire())
write("session", session())
write("tunnel", tunnel())
write("tcp", tcp())
write("speedtest", speedtest())
write("agent_api", agent_api())
