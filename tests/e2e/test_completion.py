"""What the Tab key gives, in real shells: commands, flags, and the names of the deployment's workspaces."""

import os
import pathlib
import shutil
import subprocess

import pytest

import program

SCRIPTS = pathlib.Path(__file__).parents[2] / "src" / "completions"


@pytest.fixture(scope="module")
def lab():
    with program.Lab("--workspaces", "2", "--stopped", "0") as lab:
        yield lab


def shell(name, command, script, env):
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed")
    env = dict(env, PATH=f"{pathlib.Path(program.binary()).parent}:{os.environ['PATH']}")
    done = subprocess.run([*command, script], env=env, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=program.LIMIT_SECONDS)
    assert done.returncode == 0, done
    return done.stdout.split("\n")


def bash(env, *words):
    """Bash's own way: it sets COMP_WORDS, calls the function and reads COMPREPLY."""
    line = " ".join(f"'{word}'" for word in words)
    script = f"""
        source '{SCRIPTS}/derptop.bash'
        COMP_WORDS=(derptop {line}); COMP_CWORD={len(words)}
        _derptop
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    return [word for word in shell("bash", ["bash", "-c"], script, env) if word]


def zsh(env, *words):
    """The function with its neighbours replaced: what it would have shown."""
    line = " ".join(f"'{word}'" for word in words)
    script = f"""
        _files() {{ print -- "files $*" }}
        _describe() {{ print -l -- ${{(P)3}} }}
        words=(derptop {line}); CURRENT={len(words) + 1}
        source '{SCRIPTS}/_derptop'
    """
    return [word.split(":")[0].strip() for word in shell("zsh", ["zsh", "-fc"], script, env) if word]


def fish(env, *words):
    script = f"source '{SCRIPTS}/derptop.fish'; complete -C 'derptop {' '.join(words)}'"
    return [word.split("\t")[0] for word in shell("fish", ["fish", "--no-config", "-c"], script, env) if word]


@pytest.mark.parametrize("complete", [bash, zsh, fish])
def test_the_shells_complete_commands_flags_and_workspaces(complete, lab):
    env = lab.client_environment()
    assert complete(env, "net") == ["netcheck"]
    assert sorted(complete(env, "ping", "")) == ["dev1", "dev2"]
    assert complete(env, "ping", "dev2") == ["dev2"]
    assert {"--wait", "--json", "--url"} <= set(complete(env, "ping", "dev1", "--"))
    assert "--lab" not in complete(env, "ping", "--")
    assert "--relay-delay" in complete(env, "lab", "--re")
    assert sorted(complete(env, "--color", "")) == ["always", "auto", "never"]
    assert {"dev1", "list"} <= set(complete(env, ""))


def test_bash_completes_a_value_after_an_equals_sign(lab):
    assert bash(lab.client_environment(), "--color", "=", "al") == ["always"]
    assert bash(lab.client_environment(), "--client-tls-ca-file", "/dev/nul") == ["/dev/null"]


def test_without_a_deployment_nothing_is_said():
    done = program.run("__complete", "ping", "")
    assert (done.returncode, done.stdout, done.stderr) == (0, "words\n", "")
