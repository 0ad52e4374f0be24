"""Reads the OpenMetrics text format 1.0 and refuses what its grammar and rules do not allow."""

import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\n"])*"'
SAMPLE = re.compile(rf"({NAME})(?:\{{((?:{LABEL}(?:,{LABEL})*)?)\}})? "
                    r"([-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?Inf|NaN)( [0-9.]+)?")
DESCRIPTOR = re.compile(rf"# (TYPE|UNIT|HELP) ({NAME}) (.*)")
SUFFIXES = {"counter": {"_total", "_created"}, "gauge": {""}, "info": {"_info"}, "stateset": {""},
            "histogram": {"_bucket", "_count", "_sum", "_created"}, "unknown": {""}}


class Family:
    def __init__(self, name):
        self.name, self.kind, self.unit, self.help = name, "unknown", None, None
        self.samples = []  # (suffix, labels, value) in order


def labels_of(text):
    pairs = re.findall(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"', text or "")
    labels = {name: re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], value) for name, value in pairs}
    assert len(labels) == len(pairs), f"a label twice: {text}"
    return labels


def read(text):
    """The families by name."""
    assert text.endswith("# EOF\n"), "it does not end with # EOF"
    assert "\r" not in text and "\n\n" not in text
    families, current = {}, None
    for line in text[:-len("# EOF\n")].splitlines():
        found = DESCRIPTOR.fullmatch(line)
        if found:
            word, name, rest = found.groups()
            if current is None or current.name != name:
                assert name not in families, f"{name} stands in two places"
                current = families[name] = Family(name)
            assert not current.samples, f"{line} comes after samples"
            attribute = {"TYPE": "kind", "UNIT": "unit", "HELP": "help"}[word]
            assert getattr(current, attribute) in (None, "unknown"), f"twice: {line}"
            setattr(current, attribute, rest)
            continue
        found = SAMPLE.fullmatch(line)
        assert found, f"no line of OpenMetrics: {line!r}"
        name, labels, value, _ = found.groups()
        assert current and name.startswith(current.name), f"{line} belongs to no family"
        suffix = name[len(current.name):]
        assert suffix in SUFFIXES[current.kind], f"{line}: a {current.kind} has no {suffix}"
        current.samples.append((suffix, labels_of(labels), float(value)))
    for family in families.values():
        check(family)
    return families


def check(family):
    keys = [(suffix, tuple(sorted(labels.items()))) for suffix, labels, _ in family.samples]
    assert len(set(keys)) == len(keys), f"{family.name}: the same series twice"
    if family.unit:
        assert family.name.endswith(f"_{family.unit}"), f"{family.name} is not named after its unit"
    for suffix, labels, value in family.samples:
        if family.kind == "info":
            assert value == 1
        if family.kind == "stateset":
            assert value in (0, 1) and family.name in labels
        if family.kind == "counter":
            assert value >= 0
        assert ("le" in labels) == (suffix == "_bucket")
    if family.kind == "stateset":
        for group in groups(family, family.name).values():
            assert sum(value for _, _, value in group) <= 1, group
    if family.kind == "histogram":
        for group in groups(family, "le").values():
            check_histogram(group)


def groups(family, but):
    """The samples by their labels without one; each group stands together."""
    found, last = {}, None
    for sample in family.samples:
        key = tuple(sorted((name, value) for name, value in sample[1].items() if name != but))
        assert key == last or key not in found, f"{family.name}: samples of {key} stand apart"
        last = key
        found.setdefault(key, []).append(sample)
    return found


def check_histogram(group):
    buckets = [(float(labels["le"]), value) for suffix, labels, value in group if suffix == "_bucket"]
    other = {suffix: value for suffix, _, value in group if suffix != "_bucket"}
    assert buckets == sorted(buckets) and buckets[-1][0] == float("inf"), buckets
    counts = [value for _, value in buckets]
    assert counts == sorted(counts) and counts[-1] == other["_count"], (counts, other)
    assert other["_sum"] >= 0 and (other["_sum"] > 0 or other["_count"] == 0)


def value(families, name, **labels):
    """The value of the one sample of that name that has these labels; None if there is none."""
    fitting = [v for family in families.values() for suffix, had, v in family.samples
               if family.name + suffix == name and labels.items() <= had.items()]
    assert len(fitting) <= 1, f"{name} {labels}: {len(fitting)} samples"
    return fitting[0] if fitting else None
