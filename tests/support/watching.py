"""The findings on a workspace as a monitor sees them: `derptop record` under way."""

import time

import program


def merge(whole, changes):
    for name, value in changes.items():
        if isinstance(value, dict):
            merge(whole.setdefault(name, {}), value)
        else:
            whole[name] = value


class Watch(program.Server):
    """On dev1; `before` is what the command line begins with, such as the way into a namespace."""

    def __init__(self, env, *flags, before=lambda *command: list(command)):
        command = [program.binary(), "record", "dev1", "--interval", "100ms", "-o", "-", *flags]
        super().__init__(before(*command), env=env, first_line=lambda line: line["type"] == "recording")
        self.rows, self.facts, self.path = {}, {}, None

    def take(self, line):
        state = line.get("set", {})
        self.path = state.get("path", self.path)
        merge(self.facts, state.get("facts", {}))
        for row, changes in state.get("findings", {}).items():
            if changes is None:
                self.rows.pop(row, None)
            else:
                self.rows.setdefault(row, {}).update(changes)
        for row in list(self.rows):
            if int(row) >= state.get("finding_count", len(self.rows)):
                del self.rows[row]
        return True

    def codes(self):
        return [self.rows[row]["code"] for row in sorted(self.rows, key=int)]

    def found(self):
        """The findings that stand, by their code, in the form that doctor prints."""
        return {row["code"]: {"side": "deployment", **row,  # what is the first of its kind is not recorded
                              "explained_by": row.get("explained_by") if row.get("explained") else None}
                for row in self.rows.values()}

    def wait_until(self, wanted):
        """Follows it until all is as wanted; returns how long that took."""
        began = time.monotonic()
        while not wanted(self):
            self.next(self.take)
            assert time.monotonic() - began < program.LIMIT_SECONDS, (self.path, self.rows, self.facts)
        return time.monotonic() - began

    def wait_for(self, code):
        return self.wait_until(lambda watch: code in watch.codes())

    def wait_for_end_of(self, code):
        return self.wait_until(lambda watch: code not in watch.codes())

    def wait_for_path(self, path):
        return self.wait_until(lambda watch: watch.path == path)
