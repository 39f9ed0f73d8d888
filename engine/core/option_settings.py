"""What options may be in the settings. In: a key and its value. Out: the value, or a refusal.

A key is an option of the command line without its dashes; what the command line says wins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.kept_files import OFF
from zhuanjie.engine.core.lint_ids import LINTS, WEIGHTS
from zhuanjie.engine.core.suggest import suggest

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

Read = Callable[[Any, Path], Any]
"""Makes of a value and the folder of its file what the option takes; raises TypeError."""


class OptionSetting(Struct, frozen=True):
    """The value that the settings give an option, and where they say so."""

    value: Any
    origin: Place


def _text(value: Any, _folder: Path) -> str:
    if not isinstance(value, str) or not value.strip():
        raise TypeError
    return value


def _texts(value: Any, folder: Path) -> list[str]:
    return [_text(each, folder) for each in (value if isinstance(value, list) else [value])]


def _path(value: Any, folder: Path) -> str:
    return str(folder / Path(_text(value, folder)).expanduser())


def _paths(value: Any, folder: Path) -> list[str]:
    return [_path(each, folder) for each in (value if isinstance(value, list) else [value])]


def _pack(value: Any, folder: Path) -> str:
    """The id of a pack stays one; its folder is meant from the file's own."""
    there = folder / Path(_text(value, folder)).expanduser()
    return str(there) if there.is_dir() else str(value)


def _flag(value: Any, _folder: Path) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _numbers(value: Any, _folder: Path) -> list[tuple[str, int]]:
    if not isinstance(value, dict) or any(type(n) is not int for n in value.values()):
        raise TypeError
    return list(value.items())


class SettingError(TypeError):
    """A value that an option does not take, where more can be said than what it takes."""

    def __init__(self, code: str, hint: str | None, **args: str) -> None:
        super().__init__(code)
        self.code, self.hint, self.args_of = code, hint, args


def _lints(value: Any, _folder: Path) -> list[tuple[str, str]]:
    """What lints weigh, by their ids."""
    if not isinstance(value, dict) or any(weight not in WEIGHTS for weight in value.values()):
        raise TypeError
    for name in value:
        if name not in LINTS:
            near = suggest(name, LINTS)
            raise SettingError("lint-id.unknown", "hint.near" if near else "hint.known", id=name,
                               near=near, known=", ".join(LINTS))
    return list(value.items())


def _zone(value: Any, folder: Path) -> ZoneInfo:
    from zoneinfo import ZoneInfo  # imported late: few settings name one

    try:
        return ZoneInfo(_text(value, folder))
    except (KeyError, ValueError, OSError):  # no such name, no name at all, a folder of zones
        raise TypeError from None


def _cache(value: Any, folder: Path) -> str:
    return OFF if value is False or value == OFF else _path(value, folder)


def _day(value: Any, folder: Path) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else _text(value, folder)


_KINDS: Final[Mapping[str, Read]] = {
    "text": _text, "texts": _texts, "path": _path, "paths": _paths, "pack": _pack, "flag": _flag,
    "numbers": _numbers, "zone": _zone, "day": _day,
    "cache": _cache, "lints": _lints,
}
OPTIONS: Final[Mapping[str, str]] = {
    "policy": "pack", "as-of": "day", "set": "numbers", "lang": "text", "format": "text",
    "output": "path", "fail-on": "text", "roster": "path", "backend": "text", "quiet": "flag",
    "absent": "text", "only": "texts", "skip": "texts", "by": "texts", "summary": "flag",
    "waivers": "paths", "baseline": "path", "join": "flag", "strict": "flag", "all": "flag",
    "timezone": "zone", "cache": "cache", "lint": "lints",
}
"""The keys that are options, by what they take; `timezone` says which day it is for the office,
`cache` where compiled packs are kept, `lint` what each lint weighs.
"""


def option_of(key: str, value: Any, folder: Path, at: Place) -> OptionSetting | Diagnostic:
    """The setting of an option, or what is wrong with it."""
    kind = OPTIONS[key]
    try:
        return OptionSetting(_KINDS[kind](value, folder), at)
    except SettingError as error:
        return Diagnostic(error.code, error.args_of, at, error.hint)
    except TypeError:
        return Diagnostic("settings.option", {"key": key, "value": str(value)}, at,
                          f"settings.takes.{kind}")
