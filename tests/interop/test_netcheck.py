"""derptop netcheck against the genuine STUN server and relay."""

import re

import program


def test_the_genuine_servers_answer(deployment):
    ended = program.run("netcheck", "--json", env=deployment.client_environment())
    assert ended.returncode == 0, ended.stderr
    *regions, summary = program.json_lines(ended.stdout)
    info = summary["net_info"]
    assert info["UDP"] and info["WorkingUDP"] and info["IPv4CanSend"]
    assert re.fullmatch(r"127\.0\.0\.1:\d+", info["GlobalV4"])
    assert info["MappingVariesByDestIP"] is None, "there is one STUN server"
    assert info["PreferredDERP"] == 999 and info["DERPLatency"]["999-v4"] > 0
    stun = [one for one in regions if not one["relay"]]
    assert [one["stun_v4"]["state"] for one in stun] == ["answered"]
    assert stun[0]["stun_v4"]["mapped"] == info["GlobalV4"]
    assert summary["severity"] == "ok", summary["warnings"]
