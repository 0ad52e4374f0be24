"""A recording of a lab's workspace that goes from the relay to a direct path."""

import json
import signal

import program
import watching


def make(folder):
    """Records some seconds of it; returns the file."""
    file = folder / "session.jsonl"
    with program.Lab() as lab:
        with program.Server([program.binary(), "record", "dev1", "--interval", "100ms", "-o", "-"],
                            env=lab.client_environment(), first_line=lambda line: line["type"] == "recording") as record:
            lines = [record.ready]

            def enough(line):
                lines.append(line)
                return line["set"].get("run", {}).get("answered", 0) >= 20

            record.next(enough)
            record.process.send_signal(signal.SIGINT)
            rest, _ = record.process.communicate(timeout=program.LIMIT_SECONDS)
            lines += program.json_lines((record.pending + rest).decode())
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return file


def last_state(file):
    """All that is known at its end."""
    state = {}
    for line in program.json_lines(file.read_text(encoding="utf-8")):
        watching.merge(state, line.get("set", {}))
    return state
