"""Tests that mostly wait, beside each other: all that were selected begin when the first of them does.

    @beside
    def test_that_the_sun_rises(place): …

takes what parametrize gives, `stack` (closed when the test is over), and no fixtures. tests/netns/conftest.py
has the fixture `begun`.
"""

import concurrent.futures
import contextlib
import functools
import inspect

WORKERS = 8


def beside(test):
    taken = inspect.signature(test).parameters.values()

    def run(**arguments):
        with contextlib.ExitStack() as stack:
            test(**arguments, **({"stack": stack} if "stack" in (one.name for one in taken) else {}))

    def collect(begun, request, **_):
        begun[request.node.nodeid].result()

    functools.update_wrapper(collect, test)
    del collect.__wrapped__  # else pytest takes the signature from there
    given = [p for p in inspect.signature(collect).parameters.values() if p.kind != inspect.Parameter.VAR_KEYWORD]
    collect.__signature__ = inspect.Signature(given + [one for one in taken if one.name != "stack"])
    collect.beside = run
    return collect


def begin(items, pool):
    """Begins those of pytest's items that are such tests; returns their futures by their ids."""
    futures = {}
    for item in items:
        test = getattr(getattr(item, "function", None), "beside", None)
        if test is not None:
            parameters = getattr(item, "callspec", None)
            futures[item.nodeid] = pool.submit(test, **(parameters.params if parameters else {}))
    return futures


def pool():
    return concurrent.futures.ThreadPoolExecutor(WORKERS)
