"""Whatever is wrong, one clear line says so on stderr, and the exit status is the right one."""

import resource
import socket

import pytest

import program
import web
from screen import Screen

MEGABYTE = 1 << 20


def fails(ended, status, *words):
    """It ended with this status, said one thing on stderr with these words, and nothing on stdout."""
    assert ended.returncode == status, (ended.returncode, ended.stdout, ended.stderr)
    assert len(ended.stderr.strip().splitlines()) == 1, ended.stderr
    for word in words:
        assert word in ended.stderr, f"{word!r} is not said: {ended.stderr}"


def against(url, *arguments, token="a-token", **env):
    return program.run(*arguments, env=program.environment(CODER_URL=url, CODER_SESSION_TOKEN=token, **env))


@pytest.fixture(scope="module")
def lab():
    with program.Lab() as running:
        yield running


# --- the command line ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments, word", [
    (["--jsn"], "--json"),
    (["ping"], "WORKSPACE"),
    (["ping", "dev1", "dev2"], "dev2"),
    (["ping", "dev1", "-n", "many"], "many"),
    (["ping", "dev1", "--wait", "soon"], "soon"),
    (["list", "--wait", "1s"], "--wait"),
    (["list", "--json=yes"], "--json"),
    (["lab", "--workspaces", "-1"], "-1"),
    (["lab", "--listen", "nowhere"], "nowhere"),
])
def test_wrong_usage_is_2_and_names_what_is_wrong(arguments, word):
    fails(program.run(*arguments), 2, word)


def test_without_a_url_it_says_where_it_looked():
    fails(program.run("list"), 3, "CODER_URL", "coder login")


def test_without_a_token_it_says_so():
    fails(program.run("list", env=program.environment(CODER_URL="http://127.0.0.1:1")), 3, "CODER_SESSION_TOKEN")


@pytest.mark.parametrize("url", ["ftp://example.invalid", "http://", "not a url", "http://exa mple"])
def test_a_url_that_is_none(url):
    ended = against(url, "list")
    assert ended.returncode in (2, 3)
    fails(ended, ended.returncode)


# --- names ----------------------------------------------------------------------------------------------------


def test_a_refused_token(lab):
    fails(against(lab.ready["url"], "list", token="wrong"), 3)
    fails(against(lab.ready["url"], "ping", "dev1", "-n", "1", token="wrong"), 3)


def test_the_monitor_says_that_the_token_is_refused_and_ends_so(lab):
    with Screen(env=lab.client_environment(CODER_SESSION_TOKEN="wrong")) as screen:
        screen.wait_for("token is refused")
        screen.send("q")
        assert screen.wait_exit() == 3


def test_no_such_workspace_names_the_near_ones(lab):
    fails(program.run("ping", "dev22", "-n", "1", env=lab.client_environment()), 1, "dev22", "dev2")


def test_a_stopped_workspace(lab):
    fails(program.run("ping", "dev3", "-n", "1", env=lab.client_environment()), 1, "dev3")


def test_no_such_agent_names_those_that_there_are(lab):
    fails(program.run("ping", "dev1.other", "-n", "1", env=lab.client_environment()), 1, "other", "main")


def test_several_agents_and_none_named():
    with web.Web(web.deployment(web.workspace("two", agents=("left", "right")))) as server:
        fails(against(server.url, "ping", "two", "-n", "1"), 2, "left", "right")


# --- the way there --------------------------------------------------------------------------------------------


def test_a_host_that_is_unknown():
    fails(against("http://no-such-host.invalid", "list"), 1, "no-such-host.invalid")


def closed_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def test_a_host_where_nobody_listens():
    port = closed_port()
    fails(against(f"http://127.0.0.1:{port}", "list"), 1, str(port))


def test_a_proxy_that_refuses():
    port = closed_port()
    fails(against("http://example.invalid", "list", HTTP_PROXY=f"http://127.0.0.1:{port}",
                  http_proxy=f"http://127.0.0.1:{port}"), 1, "proxy")


# --- what comes back ------------------------------------------------------------------------------------------


def test_a_login_page_in_place_of_json():
    page = (200, "text/html", b"<!doctype html><title>Log in</title>")
    with web.Web({"*": page}) as server:
        fails(against(server.url, "list"), 1)


def test_an_error_of_the_servers_is_passed_on():
    with web.Web({"*": (500, "application/json", b'{"message":"database not reachable"}')}) as server:
        fails(against(server.url, "list"), 1, "database not reachable")


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[]", b"[" * 100000, b'{"a":' * 100000, b"\xff\xfe{}",
                                  b'{"workspaces": 7, "count": "many"}', b'{"id": {}, "username": []}'],
                         ids=["empty", "cut", "null", "list", "deep lists", "deep objects", "not UTF-8", "numbers", "kinds"])
def test_json_that_is_none_or_not_what_was_asked(body):
    with web.Web({"*": body}) as server:
        fails(against(server.url, "list"), 1)


def test_a_body_of_5_gigabytes_is_not_taken_in():
    def flood(out):
        out.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5368709120\r\n\r\n[")
        for _ in range(5 * 1024):
            out.write(b" " * MEGABYTE)

    def endless(out):
        out.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(5 * 1024):
            out.write(b"100000\r\n" + b" " * MEGABYTE + b"\r\n")

    for answer in (flood, endless):
        with web.Web({"*": answer}) as server:
            fails(against(server.url, "list"), 1)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert peak < 400 * 1024, f"{peak} kB of memory"


@pytest.mark.parametrize("answer", [
    b"", b"\x00" * 100, b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
    b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}", b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
], ids=["nothing", "zeros", "cut head", "cut body", "negative length", "101", "redirect"])
def test_http_that_is_none(answer):
    with web.Web({"*": lambda out: out.write(answer)}) as server:
        fails(against(server.url, "list"), 1)


HOSTILE = ["\x1b[2J\x1b]0;taken over\x07", "wide-" + "\u754c" * 40, "a\u0301\u0302" * 20, "\u202egnp.exe", "\x9b31m", "\ufffd\uffff"]


def test_hostile_names_cannot_move_the_cursor():
    with web.Web(web.deployment(*[web.workspace(name) for name in HOSTILE])) as server:
        ended = against(server.url, "list")
        assert ended.returncode == 0, ended.stderr
        for sign in ended.stdout + ended.stderr:
            assert sign == "\n" or ord(sign) >= 0x20 and not 0x7f <= ord(sign) <= 0x9f, repr(ended.stdout)
        assert "\u202e" not in ended.stdout, "text that reverses what follows"
        assert len(ended.stdout.splitlines()) >= len(HOSTILE)
