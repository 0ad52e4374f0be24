"""A web server that answers as it is told to: for what no deployment should ever say."""

import base64
import hashlib
import http.server
import json
import threading
import uuid


def name_id(name):
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def workspace(name, agents=("main",), status="running"):
    """A workspace as coderd lists it, as far as a client needs it."""
    resources = [{"id": name_id(name), "type": "x", "name": "main", "agents": [
        {"id": name_id(name + "." + agent), "name": agent, "status": "connected", "lifecycle_state": "ready",
         "created_at": "2026-01-02T03:04:05Z", "health": {"healthy": True}} for agent in agents]}]
    return {"id": name_id(name), "name": name, "owner_id": name_id("me"), "owner_name": "tester",
            "latest_build": {"id": name_id(name), "transition": "start", "status": status, "resources": resources,
                             "job": {"id": name_id(name), "status": "succeeded", "completed_at": "2026-01-02T03:04:05Z"}}}


class Upgrade:
    """Switches to a websocket, sends these bytes as they are, and then ends the connection or waits for the client
    to do it."""

    def __init__(self, sent, waits=False):
        self.sent, self.waits, self.count = sent, waits, 0

    def play(self, handler):
        self.count += 1
        key = handler.headers["Sec-WebSocket-Key"].encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(key).digest())
        handler.close_connection = True
        try:
            handler.wfile.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + self.sent)
            while self.waits and handler.connection.recv(65536):
                pass
        except OSError:
            pass  # the client has had enough


class Web:
    """`answers` maps a path to bytes, to (status, type, bytes), to something that JSON can say, to an Upgrade, or to
    a function that writes the whole answer to the socket's file. What it does not name is 404."""

    def __init__(self, answers):
        outer = self
        self.answers = answers
        self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                path = self.path.partition("?")[0]
                outer.asked.append(self.path)
                answer = outer.answers.get(path, outer.answers.get("*", (404, "application/json", b'{"message":"no"}')))
                if isinstance(answer, Upgrade):
                    answer.play(self)
                    return
                if callable(answer):
                    self.close_connection = True
                    try:
                        answer(self.wfile)
                    except OSError:
                        pass  # the client has had enough, and that is what it should do
                    return
                if isinstance(answer, bytes):
                    answer = (200, "application/json", answer)
                elif not isinstance(answer, tuple):
                    answer = (200, "application/json", json.dumps(answer).encode())
                status, kind, body = answer
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def deployment(*workspaces, **more):
    """What a deployment answers that has these workspaces."""
    answers = {
        "/api/v2/buildinfo": {"version": "v2.35.0", "dashboard_url": "", "external_url": ""},
        "/api/v2/users/me": {"id": name_id("me"), "username": "tester", "name": "Tester"},
        "/api/v2/workspaces": {"workspaces": list(workspaces), "count": len(workspaces)},
    }
    for one in workspaces:
        answers[f"/api/v2/users/me/workspace/{one['name']}"] = one
    return answers | more
