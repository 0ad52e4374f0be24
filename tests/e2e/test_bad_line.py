"""A line that damages what the deployment says: REST, TLS-less upgrades, websockets, yamux, dRPC, protobuf and DERP
each get garbage. Every connection may be lost; the program goes on and ends as it was asked to."""

import pytest

import bad_line
import program

PINGS = ["ping", "dev1", "-n", "10", "--wait", "30ms", "--timeout", "500ms", "--json"]


@pytest.fixture(scope="module")
def lab():
    with program.Lab() as running:
        yield running


def ping(lab, way, seed, *flags):
    with bad_line.BadLine(lab.ready["url"].removeprefix("http://"), way, seed) as line:
        ended = program.run(*PINGS, *flags,
                            env=lab.client_environment(CODER_URL=f"http://127.0.0.1:{line.port}"))
    assert ended.returncode in (0, 1, 3), f"{way}, seed {seed}: {ended.returncode}\n{ended.stderr}"
    said = program.json_lines(ended.stdout)
    if said:
        assert said[-1]["type"] == "summary" and said[-1]["total"] == 10, (way, seed, ended.stdout)
    else:
        assert ended.returncode != 0 and ended.stderr.strip(), (way, seed)
    return said[-1]["successful"] if said else 0


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("way", [*bad_line.DAMAGES, bad_line.CUT])
def test_it_goes_on_over_a_bad_line(lab, way, seed):
    ping(lab, way, seed, *(["--disable-direct-connections"] if seed % 2 else []))


def test_how_the_bytes_come_makes_no_difference(lab):
    assert ping(lab, bad_line.BYTE_BY_BYTE, 0, "--disable-direct-connections") == 10
