"""Texts in the order of their days. In: texts, each with a day, as they come. Out: sorted by day.

The texts stand in a file of the moment; what is held of each is where it stands, sixteen bytes.
"""

from __future__ import annotations

import io
import tempfile
from array import array
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import IO

from zhuanjie.report.files import unwritable


class TextsByDay:
    """Iterate it for the texts: by their days, those of one day in the order they came."""

    def __init__(self, aside: IO[bytes]) -> None:
        self._aside, self._end = aside, 0
        self._places: defaultdict[date, array[int]] = defaultdict(lambda: array("q"))

    def add(self, day: date, text: str) -> None:
        """Keep a text; raises OutputError where there is no room for it."""
        data = text.encode("utf-8", "surrogatepass")
        with _room():
            self._aside.write(data)
        self._places[day].extend((self._end, len(data)))
        self._end += len(data)

    def __iter__(self) -> Iterator[str]:
        with _room():
            self._aside.flush()
        for day in sorted(self._places):
            places = self._places[day]
            for at in range(0, len(places), 2):
                self._aside.seek(places[at])
                yield self._aside.read(places[at + 1]).decode("utf-8", "surrogatepass")


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise unwritable(tempfile.gettempdir(), error) from error


@contextmanager
def texts_by_day() -> Iterator[TextsByDay]:
    """A place to keep texts in, which is gone afterwards."""
    with _aside() as aside:
        yield TextsByDay(aside)


def _aside() -> IO[bytes]:
    """A file of the moment; memory, where there is no place for one."""
    try:
        return tempfile.TemporaryFile()
    except OSError:
        return io.BytesIO()
