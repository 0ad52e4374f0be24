"""derptop netcheck: against the lab, and against servers that say what no server should."""

import re

import program
import stun
import web
from screen import Screen


def region(number, port, relay=False, host="127.0.0.1", name=None):
    node = {"Name": f"{number}a", "RegionID": number, "HostName": host, "STUNOnly": not relay}
    node |= {"DERPPort": port, "STUNPort": -1, "ForceHTTP": True} if relay else {"STUNPort": port}
    return {"RegionID": number, "RegionCode": f"r{number}", "RegionName": name or f"Region {number}", "Nodes": [node]}


def deployment(*regions, **answers):
    """A deployment with this DERP map, whose own web server is the relay that all of them name."""
    info = {"derp_map": {"Regions": {str(one["RegionID"]): one for one in regions}}}
    return web.deployment() | {"/api/v2/workspaceagents/connection": info,
                               "/derp/latency-check": (200, "text/plain", b"")} | answers


def check(url, *arguments):
    return program.run("netcheck", *arguments, env=program.environment(CODER_URL=url, CODER_SESSION_TOKEN="a-token"))


def net_info(ended):
    assert ended.returncode == 0, ended.stderr
    return program.json_lines(ended.stdout)[-1]["net_info"]


class Rig:
    """A relay and STUN servers that say these things."""

    def __init__(self, *says):
        self.server = web.Web({})
        self.stun = [stun.Stun(one) for one in says]
        relay = region(999, int(self.server.url.rpartition(":")[2]), relay=True, name="The Relay")
        servers = [region(1000 + number, one.port) for number, one in enumerate(self.stun)]
        self.server.answers = deployment(relay, *servers)
        self.url = self.server.url

    def __enter__(self):
        for one in [self.server, *self.stun]:
            one.__enter__()
        return self

    def __exit__(self, *_):
        for one in [self.server, *self.stun]:
            one.__exit__()


def test_the_lab_in_words():
    with program.Lab() as lab:
        ended = program.run("netcheck", env=lab.client_environment())
    assert (ended.returncode, ended.stderr) == (0, "")
    facts = dict(re.findall(r"^  (\w[\w ]*?)  +(.*)$", ended.stdout, re.M))
    assert facts["UDP"] == "works"
    assert re.fullmatch(r"works, seen as 127\.0\.0\.1:\d+", facts["IPv4"])
    assert facts["NAT"] == "none: the public address is this computer's own"
    assert facts["Hairpinning"] == "yes"
    assert facts["Captive portal"] == "no"
    assert facts["Home region"] == "Coder Embedded Relay (999)"
    assert re.search(r"^\* Coder Embedded Relay \(999\) +[\d.]+m?s  █+", ended.stdout, re.M), ended.stdout
    assert len(re.findall(r"^  Coder STUN 100[01]  127\.0\.0\.1:\d+: saw ", ended.stdout, re.M)) == 2, ended.stdout


def test_the_lab_as_json():
    with program.Lab() as lab:
        ended = program.run("netcheck", "--json", env=lab.client_environment())
    lines = program.json_lines(ended.stdout)
    assert [line["type"] for line in lines] == ["region", "region", "region", "summary"]
    assert lines[0]["relay"] and lines[0]["home"] and lines[0]["latency_ms"] > 0
    assert [line["stun_v4"]["state"] for line in lines[1:3]] == ["answered", "answered"]
    info = net_info(ended)
    assert info["UDP"] and info["WorkingUDP"] and info["IPv4"] and info["IPv4CanSend"]
    assert (info["MappingVariesByDestIP"], info["HairPinning"], info["PreferredDERP"]) == (False, True, 999)
    assert info["DERPLatency"]["999-v4"] == info["DERPLatencyV4"]["999"] > 0
    assert lines[-1]["severity"] == "ok" and lines[-1]["warnings"] == []


def test_bars_fill_the_terminal_and_nothing_is_coloured():
    with program.Lab() as lab:
        for columns in (90, 150):
            with Screen("netcheck", rows=40, columns=columns, env=lab.client_environment()) as screen:
                assert screen.wait_exit() == 0
                assert b"\x1b" not in screen.raw
                widest = max(len(line) for line in screen.lines())
                assert widest == columns - 1, screen.text()


def test_without_utf8_bars_are_of_ascii():
    with program.Lab() as lab:
        ended = program.run("netcheck", env=lab.client_environment(LC_ALL="C"))
    assert re.search(r"^\* Coder Embedded Relay .*  #+$", ended.stdout, re.M), ended.stdout
    assert ended.stdout.isascii()


def test_a_lab_without_stun_and_one_that_blocks():
    with program.Lab("--no-stun") as lab:
        ended = program.run("netcheck", env=lab.client_environment())
        assert ended.returncode == 0
        assert "not tested: the deployment has no STUN server" in ended.stdout and "ESTUN01" in ended.stdout
    with program.Lab("--block-direct") as lab:
        ended = program.run("netcheck", env=lab.client_environment())
        assert "not tested: the deployment disables direct connections" in ended.stdout


def test_direct_connections_disabled_here_means_that_nobody_is_asked_by_stun():
    with Rig(None) as rig:
        ended = check(rig.url, "--disable-direct-connections")
        assert "not tested: direct connections are disabled here" in ended.stdout
        assert rig.stun[0].asked == 0


def test_servers_that_see_the_same():
    with Rig(None, None) as rig:
        info = net_info(check(rig.url, "--json"))
    assert info["MappingVariesByDestIP"] is False and info["UDP"]


def test_servers_that_see_different_addresses():
    with Rig(stun.lies("203.0.113.7", 1000), stun.lies("203.0.113.7", 2000)) as rig:
        info = net_info(check(rig.url, "--json"))
        assert info["MappingVariesByDestIP"] is True
        assert info["GlobalV4"] in ("203.0.113.7:1000", "203.0.113.7:2000")
        assert "hard NAT" in check(rig.url).stdout


def test_one_server_says_nothing_of_the_nat():
    with Rig(None, stun.silent) as rig:
        info = net_info(check(rig.url, "--json"))
        assert info["MappingVariesByDestIP"] is None and info["UDP"]
        assert rig.stun[1].asked == 3, "it is to be asked three times"


def test_silence_is_udp_blocked():
    with Rig(stun.silent, stun.silent) as rig:
        ended = check(rig.url, "--json")
        info = net_info(ended)
        assert "UDP" not in info and info["WorkingUDP"] is False and info["GlobalV4"] == ""
        assert info["IPv4"], "the relay was reached"
        warnings = program.json_lines(ended.stdout)[-1]["warnings"]
        assert [one["code"] for one in warnings] == ["ESTUN01"]
        assert "blocked: no STUN server answered" in check(rig.url).stdout


def test_forged_answers_change_nothing():
    with Rig(stun.forges, stun.forges) as rig:
        info = net_info(check(rig.url, "--json"))
    assert "UDP" not in info and info["GlobalV4"] == "" and info["MappingVariesByDestIP"] is None


def test_addresses_that_cannot_be_ours_are_not_shown_as_ours():
    with Rig(stun.lies("224.0.0.1", 5), stun.lies("0.0.0.0", 5)) as rig:
        info = net_info(check(rig.url, "--json"))
        assert info["UDP"] and info["GlobalV4"] == ""
        assert "answered with an address that cannot be ours" in check(rig.url).stdout


def test_relays_that_do_not_answer_are_named():
    with Rig(None) as rig:
        port = int(rig.url.rpartition(":")[2])
        rig.server.answers = deployment(region(1, port, relay=True), region(2, 1, relay=True, name="Nobody there"))
        ended = check(rig.url)
        assert ended.returncode == 0
        assert re.search(r"^  Nobody there \(2\) +-  \S+", ended.stdout, re.M), ended.stdout
        assert "EDERP02" in ended.stdout
        rig.server.answers = deployment(region(2, 1, relay=True))
        ended = check(rig.url)
        assert ended.returncode == 1
        assert "no relay answers" in ended.stdout
        lines = program.json_lines(check(rig.url, "--json").stdout)
        assert lines[-1]["severity"] == "error" and lines[0]["failure"]


def test_a_sign_in_page_in_the_relays_place():
    with Rig(None) as rig:
        rig.server.answers["/derp/latency-check"] = (200, "text/html", b"<html>please sign in</html>")
        ended = check(rig.url)
        assert ended.returncode == 1
        assert "Captive portal  yes" in ended.stdout, ended.stdout


def test_names_in_the_map_cannot_write_to_the_terminal():
    with Rig(None) as rig:
        port = int(rig.url.rpartition(":")[2])
        rig.server.answers = deployment(region(1, port, relay=True, name="\x1b[31mred\r\nUDP  works"))
        ended = check(rig.url)
        assert "\x1b" not in ended.stdout and "\r" not in ended.stdout and "\nUDP" not in ended.stdout


def test_what_makes_it_fail():
    with web.Web(web.deployment()) as server:
        ended = check(server.url)
        assert ended.returncode == 1 and ended.stdout == "" and ended.stderr
    with web.Web(deployment()) as server:
        ended = check(server.url)
        assert ended.returncode == 1 and "DERP map is empty" in ended.stderr
    with program.Lab() as lab:
        ended = program.run("netcheck", env=lab.client_environment(CODER_SESSION_TOKEN="wrong"))
        assert ended.returncode == 3
        assert program.run("netcheck", "dev1", env=lab.client_environment()).returncode == 2
