"""The README says what the program does: every command and flag, and each JSON object as it is."""

import json
import pathlib
import re

import pytest

import program

README = (pathlib.Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", [[], ["lab"]])
def test_every_flag_of_the_help_is_in_the_readme(command):
    text = program.run(*command, "--help").stdout
    flags = set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", text))
    assert len(flags) > 5, text
    missing = {flag for flag in flags if not re.search(rf"(?<![\w-]){re.escape(flag)}(?![\w-])", README)}
    assert not missing, f"not in the README: {sorted(missing)}"


def test_every_flag_of_the_readme_is_in_the_help():
    text = program.run("--help").stdout + program.run("lab", "--help").stdout
    tables = "\n".join(line for line in README.splitlines() if line.startswith("|"))
    known = {flag for flag in re.findall(r"`[^`]*?(--[a-z][\w-]*)", tables)}
    missing = {flag for flag in known if flag not in text}
    assert not missing, f"the program knows nothing of {sorted(missing)}"


def test_every_command_of_the_help_is_in_the_readme():
    commands = set(re.findall(r"^ +(derptop(?: [a-z]+\b)?)", program.run("--help").stdout, re.M))
    assert {"derptop list", "derptop ping", "derptop lab"} <= commands, commands
    assert all(command in README for command in commands), commands


def examples():
    """The objects in the README's JSON blocks, by their type."""
    found = {}
    for block in re.findall(r"```json\n(.*?)```", README, re.S):
        for line in block.splitlines():
            example = json.loads(line)
            found[example["type"]] = example
    return found


def kinds(value):
    """The shape of a value: members and kinds, not what they are."""
    if isinstance(value, dict):
        return {name: kinds(member) for name, member in value.items()}
    if isinstance(value, list):
        return [kinds(value[0])] if value else []
    if isinstance(value, bool) or value is None:
        return "bool or null"
    return "number" if isinstance(value, (int, float)) else type(value).__name__


def agree(documented, printed, where):
    if isinstance(documented, dict):
        assert isinstance(printed, dict), where
        assert set(documented) == set(printed), f"{where}: {set(documented) ^ set(printed)}"
        for name, kind in documented.items():
            agree(kind, printed[name], f"{where}.{name}")
    elif isinstance(documented, list) and documented and printed:
        agree(documented[0], printed[0], f"{where}[]")
    elif not isinstance(documented, list):
        assert documented == printed, f"{where}: {documented} in the README, {printed} printed"


def test_the_json_of_the_readme_is_what_is_printed():
    with program.Lab() as lab:
        env = lab.client_environment()
        printed = [lab.ready]
        printed += program.json_lines(program.run("list", "--json", env=env).stdout)
        ping = program.run("ping", "dev1", "-n", "2", "--wait", "20ms", "--json", env=env)
        printed += program.json_lines(ping.stdout)
    documented = examples()
    seen = set()
    for value in printed:
        assert value["type"] in documented, f"not in the README: {value}"
        agree(kinds(documented[value["type"]]), kinds(value), value["type"])
        seen.add(value["type"])
    assert seen >= set(documented) - {"lost", "error"}, f"never printed: {set(documented) - seen}"
