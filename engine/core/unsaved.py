"""Texts that stand for files. In: texts by path. Out: what a file says now, saved or not.

An editor has what its author types, and a repair what it would write: both are read as if they
stood in the file already.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

_TEXTS: ContextVar[Mapping[Path, str]] = ContextVar("texts that stand for files")


@contextmanager
def texts_for_files(texts: Mapping[Path, str], *, alone: bool = False) -> Iterator[None]:
    """Read these texts, by path, in the place of files; beside those that hold already, or `alone`.
    """
    before = {} if alone else _TEXTS.get({})
    token = _TEXTS.set({**before, **{path.resolve(): text for path, text in texts.items()}})
    try:
        yield
    finally:
        _TEXTS.reset(token)


def unsaved_text(path: Path) -> str | None:
    """The text that stands for a file, if any does."""
    texts = _TEXTS.get({})
    return texts.get(path.resolve()) if texts else None


def unsaved_beside(folder: Path) -> list[Path]:
    """The YAML files of a folder that a text stands for and that are not there yet."""
    texts = _TEXTS.get({})
    here = folder.resolve() if texts else folder
    return [path for path in texts if path.parent == here and path.suffix == ".yaml"
            and not path.exists()]
