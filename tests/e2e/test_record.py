"""Recordings: what is written down while a workspace is watched."""

import json
import os
import signal
import stat
import subprocess

import program
import web


def recording(lab, *flags):
    return program.Server([program.binary(), "record", "dev1", "--interval", "50ms", *flags],
                          env=lab.client_environment(), first_line=lambda line: line["type"] == "recording")


def interrupted(record):
    record.process.send_signal(signal.SIGINT)
    rest, errors = record.process.communicate(timeout=program.LIMIT_SECONDS)
    assert record.process.returncode == 130, errors
    return program.json_lines((record.pending + rest).decode())


def test_a_recording_begins_says_what_changes_and_ends_with_a_summary():
    with program.Lab() as lab, recording(lab, "-o", "-") as record:
        assert record.ready["version"] == 1
        first = record.next(lambda line: line["type"] == "state")
        assert first["t"] == 0 and "deployment" in first["set"]
        record.next(lambda line: line["set"].get("path") == "direct")
        direct = record.next(lambda line: any(sample["is"].get("path") == "direct"
                                              for sample in line["set"].get("samples", {}).get("add", [])))
        assert len(direct["set"]) < 30, f"more than what changed: {direct}"
        *states, summary = interrupted(record)
    assert all(line["type"] == "state" for line in states)
    assert summary["type"] == "summary" and summary["states"] > len(states)


def test_the_file_is_the_owners_alone_and_holds_no_token(tmp_path):
    file = tmp_path / "session.jsonl"
    with program.Lab() as lab:
        command = [program.binary(), "record", "dev1", "-o", str(file), "-v"]
        with subprocess.Popen(command, env=lab.client_environment(), stderr=subprocess.PIPE, text=True) as record:
            for line in record.stderr:
                if "direct" in line:
                    break
            record.send_signal(signal.SIGINT)
            record.communicate(timeout=program.LIMIT_SECONDS)
            assert record.returncode == 130
        text = file.read_text(encoding="utf-8")
        assert lab.ready["token"] not in text
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    assert json.loads(text.splitlines()[-1])["type"] == "summary"


def test_what_cannot_be_recorded_is_said():
    with program.Lab() as lab:
        env = lab.client_environment()
        done = program.run("record", "nonsuch", "-o", "/dev/null", env=env)
        assert (done.returncode, done.stdout) == (1, "") and "nonsuch" in done.stderr
        done = program.run("record", "dev1", "-o", "/dev/null/file", env=env)
        assert done.returncode == 1 and "/dev/null/file cannot be written" in done.stderr
        done = program.run("record", "dev1", "-o", "/dev/full", env=env)
        assert done.returncode == 1 and "cannot be written" in done.stderr
    done = program.run("record", "dev1")
    assert done.returncode == 2 and "into which file" in done.stderr


def test_a_workspace_of_somebody_else_stays_in_the_list_that_is_of_ones_own():
    others = dict(web.workspace("dev1"), owner_name="alice")
    answers = web.deployment(web.workspace("dev2"), **{"/api/v2/users/alice/workspace/dev1": others})
    with web.Web(answers) as server:
        env = program.environment(CODER_URL=server.url, CODER_SESSION_TOKEN="a-token")
        with program.Server([program.binary(), "record", "alice/dev1", "-o", "-"], env=env,
                            first_line=lambda line: line["type"] == "recording") as record:
            rows, selected = {}, -1

            def both(line):
                nonlocal selected
                for number, row in line["set"].get("workspaces", {}).items():
                    rows[int(number)] = {} if row is None else {**rows.get(int(number), {}), **row}
                selected = line["set"].get("selected", selected)
                return line["set"].get("workspace_count") == 2

            record.next(both)
            assert {row["owner"] for row in rows.values()} == {"alice", "tester"}
            assert rows[selected]["owner"] == "alice"
