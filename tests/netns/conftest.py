"""These tests take root and a kernel with namespaces; elsewhere they are skipped by name."""

import os

import pytest

import beside
import netns

table = pytest.StashKey()


def pytest_sessionstart(session):
    why = netns.missing()
    if why:
        # What ctest takes for a skip; in CI, where everything must run, it is a failure.
        pytest.exit(f"cannot run: {why}", returncode=1 if os.environ.get("CI") == "true" else 77)
    session.config.stash[table] = []


@pytest.fixture(scope="module")
def begun(request):
    """The tests of this module that run beside each other, by their ids."""
    with beside.pool() as pool:
        mine = [item for item in request.session.items if item.fspath == request.node.fspath]
        yield beside.begin(mine, pool)


@pytest.fixture
def measured(request):
    """measured(case, what, seconds): one row of the table at the end."""
    return lambda *row: request.config.stash[table].append(row)


def pytest_terminal_summary(terminalreporter, config):
    rows = config.stash.get(table, [])
    for case, what, seconds in rows:
        terminalreporter.write_line(f"{case:44} {what:38} {seconds * 1000:8.0f} ms")
