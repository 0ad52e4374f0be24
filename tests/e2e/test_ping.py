"""What the exit status of `derptop ping` says of the way that the pings came, and when it ends by itself."""

import pytest

import program
import web


@pytest.fixture(scope="module")
def lab():
    with program.Lab() as started:
        yield started


def ping(env, *flags):
    return program.run("ping", "dev1", "--wait", "50ms", *flags, env=env)


RELAYED = ("--disable-direct-connections", "-n", "2")


def test_a_direct_path_is_required_of_the_last_ping(lab):
    env = lab.client_environment()
    done = ping(env, "--require", "direct", "--until-direct")
    assert (done.returncode, done.stderr) == (0, "")
    assert ping(env, "--require", "direct", "-n", "10").returncode == 0
    done = ping(env, "--require", "direct", *RELAYED)
    assert (done.returncode, done.stderr) == (1, "derptop: the last ping came through the relay, not directly\n")
    assert "2           2    0.0%" in done.stdout, "the report is there all the same"


def test_any_way_is_enough_if_any_is_required(lab):
    done = ping(lab.client_environment(), "--require", "any", *RELAYED)
    assert (done.returncode, done.stderr) == (0, "")


def test_it_ends_with_the_first_direct_pong(lab):
    done = ping(lab.client_environment(), "--until-direct", "--json")
    *lines, summary = program.json_lines(done.stdout)
    pongs = [line for line in lines if line["type"] == "pong"]
    assert done.returncode == 0 and [line["path"] for line in pongs].count("direct") >= 1
    assert pongs[-1]["path"] == summary["last_path"] == "direct"


def test_it_fails_if_no_ping_came_directly_till_the_end(lab):
    done = ping(lab.client_environment(), "--until-direct", "--json", *RELAYED)
    assert (done.returncode, done.stderr) == (1, "derptop: no ping came directly\n")
    assert program.json_lines(done.stdout)[-1]["last_path"] == "derp"


def test_without_a_pong_the_status_needs_no_further_word():
    with web.Web(web.deployment(web.workspace("dev1"))) as server:  # which has no coordinator
        env = program.environment(CODER_URL=server.url, CODER_SESSION_TOKEN="a-token")
        for required in (["--require", "any"], ["--until-direct"], []):
            done = ping(env, "-n", "1", "-t", "100ms", "--json", *required)
            assert (done.returncode, done.stderr) == (1, "")
            assert program.json_lines(done.stdout)[-1]["last_path"] == "none"


def test_there_are_two_things_to_require(lab):
    done = ping(lab.client_environment(), "--require", "relay")
    assert (done.returncode, done.stderr) == (2, 'derptop: --require wants direct|any, not "relay"\n')
