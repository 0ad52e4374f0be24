"""Tests that mostly wait, beside each other: all that were selected begin when the first of them does.

    @beside
    def test_that_the_sun_rises(place): …

takes what parametrize gives, and no fixtures. tests/netns/conftest.py has the fixture `begun`.
"""

import concurrent.futures
import functools
import inspect

WORKERS = 8


def beside(test):
    def collect(begun, request, **_):
        begun[request.node.nodeid].result()

    functools.update_wrapper(collect, test)
    del collect.__wrapped__  # else pytest takes the signature from there
    given = [p for p in inspect.signature(collect).parameters.values() if p.kind != inspect.Parameter.VAR_KEYWORD]
    collect.__signature__ = inspect.Signature(given + list(inspect.signature(test).parameters.values()))
    collect.beside = test
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
