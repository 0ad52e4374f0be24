"""Speed tests with a genuine agent across a line that loses packets: what was lost is what is said to be lost."""

import pytest

import place
import program

LOST_PERMILLE = 20


@pytest.fixture(scope="module", name="place")
def fixture_place():
    with place.Place(client="easy", agent=None) as made:
        made.start()
        yield made


def lose(router, permille):
    """The router drops UDP packets at random, both ways."""
    router.nft("add table inet loss; delete table inet loss")
    if permille > 0:
        router.nft("table inet loss { chain c { type filter hook forward priority 0; "
                   f"meta l4proto udp numgen random mod 1000 < {permille} drop; }}; }}")


def speedtest(made, *flags):
    ended = program.run_command(
        made.client.command(program.binary(), "speedtest", "dev1", "-t", "2s", "--direct", "--json", *flags),
        env=made.deployment.client_environment())
    assert ended.returncode == 0, ended.stderr
    summary = program.json_lines(ended.stdout)[-1]
    assert (summary["path"], summary["endpoint"].rpartition(":")[0]) == ("direct", place.AGENT_OUTSIDE), summary
    return summary


@pytest.mark.parametrize("direction", ["down", "up"])
def test_a_clean_line_loses_nothing_to_speak_of(place, direction):
    lose(place.client_router, 0)
    summary = speedtest(place, "-d", direction)
    assert summary["packets"] > 1000 and summary["packets_missing"] < summary["packets"] / 100, summary


def test_the_loss_of_a_line_is_what_is_told(place):
    lose(place.client_router, LOST_PERMILLE)
    down = speedtest(place)
    lost = 1000 * down["packets_missing"] / down["packets"]
    assert LOST_PERMILLE / 4 < lost < LOST_PERMILLE * 3, down
    up = speedtest(place, "-d", "up")
    assert up["overall"]["bytes"] > 0 and up["failure"] is None, up
