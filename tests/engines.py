"""Engines that need something beside the program: a library, a server, Java. In: a name.

Where it is lacking, tests are skipped with a message; `ZHUANJIE_ENGINES=all` says that everything
is installed, so that they fail instead.
"""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest

from zhuanjie.engine.backends.registry import NAMES

ALL = os.environ.get("ZHUANJIE_ENGINES") == "all"
SLOW = ("durable",)
"""Engines that take a while for each call: random tests give them fewer cases, or batches."""


def lacking(name: str) -> str | None:
    """What the engine `name` needs and this machine has not, or None."""
    if name == "duckdb" and find_spec("duckdb") is None:
        return "the library duckdb"
    return None


def need(name: str) -> None:
    """Skip the test, or fail it, where the engine `name` cannot run here."""
    if what := lacking(name):
        assert not ALL, f"{what} is not there, though everything is said to be installed"
        pytest.skip(f"the engine {name} needs {what}")


def ready(*unwanted: str) -> list[str]:
    """The engines that can run here, but for those `unwanted`."""
    names = [n for n in NAMES if n not in unwanted]
    return [n for n in names if lacking(n) is None or need(n)]
