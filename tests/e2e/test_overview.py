"""The overview: what is wrong with each workspace that is watched, whichever is on the screen."""

import re

import pytest

import program
from screen import Screen


@pytest.fixture(scope="module")
def lab():
    with program.ControlledLab() as started:
        yield started


@pytest.mark.parametrize("rows, columns", [(24, 80), (45, 140), (60, 200)])
def test_the_overview_says_what_is_wrong_with_one_that_is_not_shown(lab, tmp_path, rows, columns):
    env = lab.client_environment(XDG_STATE_HOME=str(tmp_path), XDG_CONFIG_HOME=str(tmp_path))
    with Screen("dev1", "--interval", "200ms", env=env, rows=rows, columns=columns) as screen:
        screen.wait_for(r"→ direct 127\.0\.0\.1:")
        screen.send("o")  # from now on all that run are watched
        screen.wait_for(r"dev2 +→ direct +[0-9.]+ ms")
        lab.do("agent gone dev2")
        try:
            screen.wait_for(r"✘ the agent (does not answer|is not connected)")
            screen.wait_for(r"dev2 .*✘")
            assert not re.search(r"dev1 .*✘", screen.text()), screen.text()
            screen.send("down")
            screen.send("d")
            screen.wait_for("WHAT TO DO")
            screen.wait_until(lambda s: "dev2" in s.lines()[0], "dev2 in the title")
            screen.send("`")
            screen.wait_until(lambda s: "dev1" in s.lines()[0], "dev1 in the title")
            screen.send("e")
            screen.wait_for(r"events .*follow")
            screen.wait_for(r"dev2: finding: the agent does not answer")
            screen.wait_gone(r"dev1: ")
        finally:
            lab.do("agent back dev2")
        screen.wait_for(r"dev2: finding is over: the agent does not answer")
