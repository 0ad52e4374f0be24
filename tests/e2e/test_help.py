"""What a newcomer reads first: the help of each command on one screen, and the manual page."""

import json
import pathlib
import re
import shutil

import pytest

import program

MAN = pathlib.Path(__file__).parents[2] / "src" / "derptop.1"


def flags_of(text):
    return set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", text))


def manual():
    """The page's text with its escapes undone."""
    return re.sub(r"\\f.|\\(?=-)", "", MAN.read_text(encoding="utf-8"))


@pytest.mark.parametrize("command", program.help_commands(), ids=" ".join)
def test_the_help_of_each_command_fits_a_screen_of_80x24(command):
    done = program.run(*command, "--help")
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert len(lines) <= 23, f"{len(lines)} lines, and the prompt takes one"
    assert max(map(len, lines)) <= 80, [line for line in lines if len(line) > 80]


def test_the_manual_page_has_every_command_and_flag_and_no_other():
    said = "".join(program.run(*command, "--help").stdout for command in program.help_commands())
    flags = flags_of(re.sub(r'coder login|"', "", manual().split(".SH FLAGS")[1].split(".SH KEYS")[0]))
    assert flags_of(said) == flags, (sorted(flags_of(said) - flags), sorted(flags - flags_of(said)))
    commands = set(re.findall(r"derptop ([a-z]+)\b", manual().split(".SH COMMANDS")[1].split(".SH FLAGS")[0]))
    assert commands == {word for command in program.help_commands() for word in command}


def test_the_manual_page_has_every_key_with_its_words():
    section = manual().split(".SH KEYS")[1].split(".SH EXIT STATUS")[0]
    written = re.findall(r'^\.B "(.*)"\n\\&(.*)$', section, re.M)
    keys = json.loads(program.run("--print-config").stdout)["keys"]
    wanted = []
    for name, bound in keys.items():
        if bound and not name.startswith("//"):
            row = len(bound) > 3 and bound == [str(digit) for digit in range(1, len(bound) + 1)]
            wanted.append((f"1-{len(bound)}" if row else " ".join(bound), keys[f"// {name}"]))
    assert len(wanted) > 50
    assert written == wanted


def test_the_manual_page_is_sound():
    if not shutil.which("groff"):
        pytest.skip("groff is not installed")
    done = program.run_command(["groff", "-man", "-Tutf8", "-ww", "-b", str(MAN)])
    assert (done.returncode, done.stderr) == (0, "")
    assert "derptop --lab" in re.sub(r"\x1b\[[0-9;]*m|.\x08", "", done.stdout)


def test_the_version_names_the_libraries():
    done = program.run("--version")
    assert re.match(r"derptop \d+\.\d+\.\d+\nlibuv ", done.stdout), done.stdout
    libraries = ("libuv", "libsodium", "cJSON", "protobuf-c", "wslay", "lwIP", "miniupnpc", "ncurses", "libcurl",
                 "OpenSSL")
    missing = [name for name in libraries if not re.search(rf"\b{name}[ /]\d+\.\d+", done.stdout)]
    assert not missing, (missing, done.stdout)
