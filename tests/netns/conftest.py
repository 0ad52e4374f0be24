"""These tests take root and a kernel with namespaces; elsewhere they are skipped by name."""

import os

import pytest

import netns


def pytest_sessionstart():
    why = netns.missing()
    if why:
        # What ctest takes for a skip; in CI, where everything must run, it is a failure.
        pytest.exit(f"cannot run: {why}", returncode=1 if os.environ.get("CI") == "true" else 77)
