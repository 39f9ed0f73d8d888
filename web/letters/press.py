"""Sheets set in type. In: papers filled in, how to set them. Out: PDF, the same bytes for the same.

Nothing but our own templates runs; all else is data. No clock, no network is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal

import orjson
import typst

from zhuanjie.engine.api import OutputError, fail
from zhuanjie.web.letters.glyphs import lacking

Mode = Literal["whole", "over", "form", "test"]
"""All of it; what fills a form that is printed already; that form; where things are on it."""
FONTS: Final = (
    "FangSong_GB2312", "FangSong", "STFangsong", "FZFangSong-Z02", "SimSun", "NSimSun", "STSong",
    "Songti SC", "FZShuSong-Z01", "Noto Serif CJK SC", "Noto Serif SC", "Source Han Serif SC",
    "Source Han Serif CN", "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC",
    "Source Han Sans CN", "Microsoft YaHei", "SimHei", "PingFang SC", "Heiti SC",
    "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "AR PL UMing CN", "Droid Sans Fallback")
"""Fonts that have the signs of forms, those of printed matter first."""
FOLDER: Final = "fonts"
"""The folder of a register for fonts of the office's own."""


@dataclass(frozen=True, slots=True)
class Offset:
    """How far to the right and down everything is shifted, in millimetres."""

    x: float = 0
    y: float = 0


@dataclass(frozen=True)
class Press:
    """Sets papers; safe to share among threads. `folder` is a register's."""

    folder: Path

    def fonts(self) -> list[str]:
        """The fonts to set with, the best first; raises OutputError where none has the signs."""
        found = _fonts(self._own())
        if not found:
            raise fail(OutputError, "register.letters.no-font",
                       hint="register.letters.no-font.hint", folder=str(self.folder / FOLDER))
        return list(found)

    def lacking(self, texts: Iterable[str]) -> tuple[str, ...]:
        """The signs of texts that no font has: they would be printed as boxes."""
        return tuple(lacking(texts, _files(self._own())))

    def parts(self, copies: Sequence[Mapping[str, Any]], paper: Mapping[str, Any], mode: Mode,
              offset: Offset) -> bytes:
        """Papers of parts, a sheet each."""
        return self._set("parts.typ", {**paper, "copies": list(copies), "mode": mode,
                                       "dx": offset.x, "dy": offset.y})

    def places(self, copy: Mapping[str, Any], paper: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Where the blanks of a copy are on the office's own form, as `copies` names them: from the
        sheet's edges, in millimetres; the type in points."""
        found = self._ask("parts.typ", {**paper, "copies": [copy], "mode": "places", "dx": 0,
                                        "dy": 0}, "<spot>")
        return sorted(found, key=lambda each: (each["part"], each["y"], each["x"]))

    def lists(self, lists: Sequence[Mapping[str, Any]], paper: Mapping[str, Any]) -> bytes:
        """Papers that list records."""
        return self._set("lists.typ", {**paper, "lists": list(lists)})

    def tables(self, report: Mapping[str, Any]) -> bytes:
        """A report of tables, on as many sheets as it takes."""
        return self._set("tables.typ", report)

    def _set(self, template: str, job: Mapping[str, Any]) -> bytes:
        with _failing():
            return typst.compile(_template(template), font_paths=_book(self._own()), format="pdf",
                                 sys_inputs=self._inputs(job))

    def _ask(self, template: str, job: Mapping[str, Any], selector: str) -> list[Any]:
        with _failing():
            found: list[Any] = orjson.loads(typst.query(
                _template(template), selector, field="value", font_paths=_book(self._own()),
                sys_inputs=self._inputs(job)))
            return found

    def _inputs(self, job: Mapping[str, Any]) -> dict[str, str]:
        return {"job": orjson.dumps({**job, "fonts": self.fonts()}).decode()}

    def _own(self) -> tuple[Path, ...]:
        folder = self.folder / FOLDER
        return (folder,) if folder.is_dir() else ()


def _template(name: str) -> bytes:
    return files("zhuanjie.web.letters").joinpath("typeset", name).read_bytes()


@contextmanager
def _failing() -> Iterator[None]:
    try:
        yield
    except typst.TypstError as error:
        # Its message may quote what is set.
        raise fail(OutputError, "register.letters.failed") from error


@cache
def _book(folders: tuple[Path, ...]) -> typst.Fonts:
    """The fonts of the machine and of some folders: looked for once, for it takes a while."""
    return typst.Fonts(font_paths=list(folders))


@cache
def _files(folders: tuple[Path, ...]) -> tuple[tuple[str, int], ...]:
    """The files of the fonts, each with a font's number in it."""
    return tuple(dict.fromkeys(
        (each.path, each.index) for each in _book(folders).fonts() if each.path))


@cache
def _fonts(folders: tuple[Path, ...]) -> tuple[str, ...]:
    known = set(_book(folders).families())
    own = {*typst.Fonts(font_paths=list(folders), include_system_fonts=False,
                        include_embedded_fonts=False).families()} if folders else set()
    return (*sorted(own), *(name for name in FONTS if name in known and name not in own))
