"""The settings file: what it changes, and how what is wrong in it is told."""

import json
import pathlib
import re

import program
from screen import Screen

README = (pathlib.Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def settings(tmp_path, text):
    folder = tmp_path / "derptop"
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(text, encoding="utf-8")
    return program.environment(XDG_CONFIG_HOME=str(tmp_path))


def printed():
    """The defaults, by their full names, keys aside."""
    flat = {}
    for name, value in json.loads(program.run("--print-config").stdout).items():
        if isinstance(value, dict) and name != "keys":
            flat.update({f"{name}.{inner}": what for inner, what in value.items() if not inner.startswith("//")})
        elif not name.startswith(("//", "$")) and name != "keys":
            flat[name] = value
    return flat


def test_what_is_printed_can_be_used_as_the_file(tmp_path):
    env = settings(tmp_path, program.run("--print-config").stdout)
    with Screen("--lab", env=env) as screen:
        screen.wait_for(r"dev1")
        screen.send("q")
        assert screen.wait_exit() == 0


def test_the_schema_describes_what_is_printed():
    schema = json.loads(program.run("--print-config-schema").stdout)
    default = json.loads(program.run("--print-config").stdout)

    def check(value, described):
        assert not described["additionalProperties"]
        names = {name for name in value if not name.startswith("//")}
        assert names == set(described["properties"]), names ^ set(described["properties"])
        for name in names:
            inner = described["properties"][name]
            if inner.get("type") == "object":
                check(value[name], inner)
            elif "default" in inner:
                assert inner["default"] == value[name]
            if "pattern" in inner:
                assert re.search(inner["pattern"], value[name])

    check(default, schema)


def test_the_readme_lists_every_setting_with_its_default():
    section = README.split("### Settings")[1].split("\n#")[0]
    listed = dict(re.findall(r"^\| `([a-z_.]+)` \| `([^`]+)` \|", section, re.M))
    assert {name: json.loads(value) for name, value in listed.items()} == printed()


def test_each_problem_is_named_with_its_line(tmp_path):
    env = settings(tmp_path, '{\n  "colour": "auto",\n  "interval": "fast",\n  "keys": {"quit": "s"}\n}\n')
    done = program.run("--lab", env=env)
    assert (done.returncode, done.stdout) == (2, "")
    said = done.stderr.splitlines()
    file = tmp_path / "derptop" / "config.json"
    assert said[0] == f"derptop: {file}:2: the setting colour is not known; did you mean color?"
    assert said[1].startswith(f"derptop: {file}:3: interval wants a time")
    assert said[2].startswith(f"derptop: {file}:4: keys: s is bound to both")
    assert "--config /dev/null" in said[3]


def test_a_file_that_is_named_must_be_there(tmp_path):
    done = program.run("--lab", "--config", str(tmp_path / "none.json"))
    assert done.returncode == 2
    assert "none.json: cannot be read" in done.stderr


def test_a_flag_wins_over_the_file(tmp_path):
    env = settings(tmp_path, '{"ascii": true, "color": "never", "interval": "100ms"}')
    with Screen("--lab", env=env) as screen:
        screen.wait_for(r"direct 127\.0\.0\.1:")
        assert screen.text().isascii(), screen.text()
        colours = {cell.fg for row in screen.display.buffer.values() for cell in row.values()}
        assert colours == {"default"}
        screen.send("q")
    with Screen("--lab", "--color", "always", env=env) as screen:
        screen.wait_for(r"direct 127\.0\.0\.1:")
        colours = {cell.fg for row in screen.display.buffer.values() for cell in row.values()}
        assert colours != {"default"}
        screen.send("q")
