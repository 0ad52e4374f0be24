"""The README says what the program does: every command and flag, and each JSON object as it is."""

import json
import pathlib
import re

import pytest

import program
import web

README = (pathlib.Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", program.help_commands(), ids=" ".join)
def test_every_flag_of_the_help_is_in_the_readme(command):
    text = program.run(*command, "--help").stdout
    flags = set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", text))
    assert len(flags) >= 5, text
    missing = {flag for flag in flags if not re.search(rf"(?<![\w-]){re.escape(flag)}(?![\w-])", README)}
    assert not missing, f"not in the README: {sorted(missing)}"


def test_every_flag_of_the_readme_is_in_the_help():
    text = "".join(program.run(*command, "--help").stdout for command in program.help_commands())
    tables = "\n".join(line for line in README.splitlines() if line.startswith("|"))
    known = {flag for flag in re.findall(r"`[^`]*?(--[a-z][\w-]*)", tables)}
    missing = {flag for flag in known if flag not in text}
    assert not missing, f"the program knows nothing of {sorted(missing)}"


def test_every_command_of_the_help_is_in_the_readme():
    commands = {word for command in program.help_commands() for word in command}
    assert {"monitor", "list", "ping", "netcheck", "lab"} <= commands, commands
    missing = {command for command in commands if not re.search(rf"^    derptop \[?{command}\b", README, re.M)}
    assert not missing, f"not in the README: {missing}"


def test_the_table_of_findings_has_every_code_and_its_side():
    text = README.split("## Findings")[1].split("\n## ")[0]
    table = {}
    for line in re.findall(r"^\| (`.*?) \|$", text, re.M):
        codes, sides, _ = line.split(" | ")
        codes, sides = re.findall(r"`(\w+)`", codes), sides.split(", ")
        table.update(dict(zip(codes, sides * (len(codes) if len(sides) == 1 else 1))))
    source = (pathlib.Path(__file__).parents[2] / "net/diagnose/finding.h").read_text(encoding="utf-8")
    known = {code: side.lower() for code, side in re.findall(r'X\(FINDING_\w+,\s*\\?\s*"(\w+)",\s*\\?\s*(\w+),', source)}
    assert len(known) > 25 and table == known


def examples():
    """The objects in the README's JSON blocks, by their type; a type may have several forms."""
    found = {}
    for block in re.findall(r"```json\n(.*?)```", README, re.S):
        for line in block.splitlines():
            example = json.loads(line)
            found.setdefault(example["type"], []).append(example)
    return found


def differences(documented, printed, where=""):
    """How the shapes of two values differ: members and kinds, not what they are."""
    if documented is None or printed is None:
        return []  # null where nothing is known
    if isinstance(documented, dict) and isinstance(printed, dict):
        odd = [f"{where}.{name}" for name in set(documented) ^ set(printed) if name != "detail"]
        common = [name for name in documented if name in printed]
        return odd + [d for name in common for d in differences(documented[name], printed[name], f"{where}.{name}")]
    if isinstance(documented, list) and isinstance(printed, list):
        return []  # lists may have any length, and their members any of the forms shown
    number = (int, float)
    same = type(documented) is type(printed) or isinstance(documented, number) and isinstance(printed, number)
    return [] if same else [f"{where}: {documented!r} is documented, {printed!r} is printed"]


def test_the_json_of_the_readme_is_what_is_printed(tmp_path):
    with program.Lab() as lab:
        env = lab.client_environment()
        printed = [lab.ready]
        printed += program.json_lines(program.run("list", "--json", env=env).stdout)
        printed += program.json_lines(program.run("ping", "dev1", "-n", "2", "--wait", "100ms", "--json", env=env).stdout)
        # Which way the pings above went is a matter of luck: this one has no choice.
        relayed = program.run("ping", "dev1", "-n", "1", "--disable-direct-connections", "--json", env=env)
        printed += program.json_lines(relayed.stdout)
        relayed = program.run("status", "dev1", "--disable-direct-connections", "--json", env=env)
        printed += program.json_lines(relayed.stdout)
        with program.ControlledLab() as controlled:
            printed += [controlled.answer("relay gone"), controlled.answer("nonsense")]
        doctor = program.run("doctor", "dev1", "--disable-direct-connections", "--json", env=env)
        printed += program.json_lines(doctor.stdout)
        speedtest = program.run("speedtest", "dev1", "-t", "1s", "--json", env=env)
        printed += program.json_lines(speedtest.stdout)
        saved = tmp_path / "test.json"
        saved.write_text(speedtest.stdout)
        printed += program.json_lines(program.run("diff", saved, saved, "--json").stdout)
        printed += program.json_lines(program.run("netcheck", "--json", env=env).stdout)
        printed += program.json_lines(program.run("paths", "--json", env=env).stdout)
        with program.Server([program.binary(), "export", "--json", "--listen", "127.0.0.1:0"], env=env) as export:
            printed.append(export.ready)
    with web.Web(web.deployment(web.workspace("dev1"))) as server:  # which has no coordinator
        env = program.environment(CODER_URL=server.url, CODER_SESSION_TOKEN="a-token")
        printed += program.json_lines(program.run("ping", "dev1", "-n", "1", "-t", "300ms", "--json", env=env).stdout)
    documented = examples()
    used = set()
    for value in printed:
        forms = documented.get(value["type"], [])
        fits = [number for number, form in enumerate(forms) if not differences(form, value)]
        assert fits, f"not in the README: {value} {[differences(form, value) for form in forms]}"
        used.add((value["type"], fits[0]))
    shown = {(kind, number) for kind, forms in documented.items() for number in range(len(forms))}
    assert used == shown, f"in the README and never printed: {shown - used}"
    for kind, member in [("lab", "workspaces"), ("workspace", "agents")]:
        forms = [inner for form in documented[kind] for inner in form[member]]
        for inner in (inner for value in printed if value["type"] == kind for inner in value[member]):
            assert any(not differences(form, inner) for form in forms), f"not in the README: {kind} {inner}"
