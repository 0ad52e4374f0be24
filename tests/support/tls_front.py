"""A TLS server on a free port of 127.0.0.1 that forwards what it decrypts to another port.

Prints "port N", and for each handshake "tls VERSION ALPN" or "no tls REASON".
"""

import argparse
import asyncio
import ssl


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except (OSError, ssl.SSLError):
        pass
    finally:
        writer.close()


async def serve(args, reader, writer):
    tls = writer.get_extra_info("ssl_object")
    print("tls", tls.version(), tls.selected_alpn_protocol(), flush=True)
    back_reader, back_writer = await asyncio.open_connection("127.0.0.1", args.backend)
    await asyncio.gather(pump(reader, back_writer), pump(back_reader, writer))


def context(args):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(args.cert, args.key)
    made.set_alpn_protocols(["h2", "http/1.1"])
    if args.client_ca:
        made.verify_mode = ssl.CERT_REQUIRED
        made.load_verify_locations(args.client_ca)
    if args.old:
        made.set_ciphers("ALL:@SECLEVEL=0")
        made.minimum_version = ssl.TLSVersion.TLSv1
        made.maximum_version = ssl.TLSVersion.TLSv1_1
    if args.tls12:
        made.maximum_version = ssl.TLSVersion.TLSv1_2
    return made


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--backend", type=int, required=True)
    parser.add_argument("--cert", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--client-ca")
    parser.add_argument("--old", action="store_true", help="TLS 1.1 at most")
    parser.add_argument("--tls12", action="store_true", help="TLS 1.2 at most")
    args = parser.parse_args()
    asyncio.get_running_loop().set_exception_handler(
        lambda loop, event: print("no tls", event.get("exception"), flush=True))
    server = await asyncio.start_server(
        lambda reader, writer: serve(args, reader, writer), "127.0.0.1", 0, ssl=context(args))
    print("port", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
