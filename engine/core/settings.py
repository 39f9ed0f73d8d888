"""What an office has set. In: `zhuanjie.toml`, the environment. Out: what holds, and who said so.

The file is looked for from the working folder upward, unless a call names one. What it says is
checked whole: a key that nobody reads would be a setting that silently does nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, field

from zhuanjie.engine.core.diagnostics import Diagnostic, Place
from zhuanjie.engine.core.errors import UsageError, fail
from zhuanjie.engine.core.option_settings import OPTIONS, OptionSetting, option_of
from zhuanjie.engine.core.parser_words import cause
from zhuanjie.engine.core.paths import short_path
from zhuanjie.engine.core.suggest import suggest

FILE: Final = "zhuanjie.toml"
VARIABLE: Final = "ZHUANJIE_PACKS"
KEYS: Final = ("packs", "columns", "register", *OPTIONS)
_PACK: Final = "pack.yaml"
_POSITION = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")

_chosen: ContextVar[Path | None] = ContextVar("settings file", default=None)


class PackRoot(Struct, frozen=True):
    """A folder of packs, and where it was named."""

    folder: Path
    origin: Place


class Settings(Struct, frozen=True):
    """What holds: the file that was read, if any, the folders of packs, in order, what the headings

    of ledgers mean, and what options are when the command line does not say. `register` is the
    table of that name as it is written: the register's rooms check what they read of it.
    """

    file: Path | None
    packs: tuple[PackRoot, ...]
    columns: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, OptionSetting] = field(default_factory=dict)
    register: Mapping[str, Any] = field(default_factory=dict)


def use_settings(path: Path | None) -> None:
    """Read the settings from this file, for the rest of the call; None looks for one again."""
    _chosen.set(path)


def chosen_settings() -> Path | None:
    """The file that `use_settings` chose, if any."""
    return _chosen.get()


def find_file() -> Path | None:
    """The settings file: the one that was named, else the nearest from here upward."""
    if (chosen := _chosen.get()) is not None:
        return chosen
    try:
        here = Path.cwd()
    except OSError:  # it was deleted
        return None
    return next((p for folder in (here, *here.parents) if (p := folder / FILE).is_file()), None)


def settings() -> Settings:
    """What holds now; raises UsageError with every mistake of the file and the variable.

    Folders of the variable come before those of the file, and one that is named twice counts once.
    """
    file = find_file()
    problems: list[Diagnostic] = []
    columns: dict[str, str] = {}
    options: dict[str, OptionSetting] = {}
    register: dict[str, Any] = {}
    named = [*_from_variable(),
             *(_from_file(file, problems, columns, options, register) if file else ())]
    roots: dict[Path, PackRoot] = {}
    for root in named:
        if (mistake := _unusable(root)) is not None:
            problems.append(mistake)
        roots.setdefault(root.folder.resolve(), root)
    if problems:
        raise UsageError(*problems)
    return Settings(file, tuple(roots.values()), columns, options, register)


def _from_variable() -> Iterator[PackRoot]:
    for text in os.environ.get(VARIABLE, "").split(os.pathsep):
        if text.strip():
            yield PackRoot(Path(text.strip()).expanduser(), Place(VARIABLE))


def _from_file(file: Path, problems: list[Diagnostic], columns: dict[str, str],
               options: dict[str, OptionSetting],
               register: dict[str, Any]) -> Iterator[PackRoot]:
    """The folders that a file names; a path in it starts from the file's own folder.

    What it says of columns goes into `columns`, what it says of options into `options`, what it
    says of the register into `register`.
    """
    text, data = _read(file)
    shown = short_path(file)
    for key in data.keys() - set(KEYS):
        near = suggest(key, KEYS)
        problems.append(Diagnostic(
            "settings.unknown-key", {"key": key, "near": near, "known": ", ".join(KEYS)},
            Place(shown, line=_line(text, rf"\s*\[*\s*[\"']?{re.escape(key)}\b")),
            "hint.near" if near else "hint.known"))
    mapped = data.get("columns", {})
    if isinstance(mapped, str) and mapped.strip():  # a file that maps them
        options["columns"] = OptionSetting(
            str(file.parent / Path(mapped).expanduser()),
            Place(shown, line=_line(text, r"\s*[\"']?columns\b")))
    elif isinstance(mapped, dict) and all(isinstance(name, str) for name in mapped.values()):
        columns |= mapped
    else:
        line = _line(text, r"\s*\[*\s*[\"']?columns\b")
        problems.append(Diagnostic("settings.columns", {}, Place(shown, line=line)))
    said = data.get("register", {})
    if isinstance(said, dict):
        register |= said
    else:
        line = _line(text, r"\s*[\"']?register\b")
        problems.append(Diagnostic("settings.register", {}, Place(shown, line=line)))
    for key in (key for key in OPTIONS if key in data):
        origin = Place(shown, line=_line(text, rf"\s*\[*\s*[\"']?{re.escape(key)}\b"))
        found = option_of(key, data[key], file.parent, origin)
        if isinstance(found, Diagnostic):
            problems.append(found)
        else:
            options[key] = found
    listed = data.get("packs", [])
    line = _line(text, r"\s*\[*\s*[\"']?packs\b")
    if not isinstance(listed, list) or not all(isinstance(t, str) and t.strip() for t in listed):
        problems.append(Diagnostic("settings.packs", {}, Place(shown, line=line)))
        return
    for folder in listed:
        at = _line(text, rf".*[\"']{re.escape(folder)}[\"']") or line
        yield PackRoot(file.parent / Path(folder).expanduser(), Place(shown, line=at))


def _read(file: Path) -> tuple[str, dict[str, Any]]:
    import tomllib  # late: most calls have no settings

    shown = short_path(file)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise fail(UsageError, "source.not-utf8", Place(shown), offset=error.start) from None
    except OSError as error:
        raise fail(UsageError, "settings.unreadable", Place(shown), hint="settings.unreadable.hint",
                   reason=error.strerror or "") from None
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = _POSITION.search(str(error))
        # Without a position it is the end of the file where something is still wanted.
        place = (Place(shown, line=int(at[1]), column=int(at[2])) if at and at[1]
                 else Place(shown, line=len(text.splitlines())))
        raise fail(UsageError, "settings.toml", place, hint="settings.toml.hint",
                   detail=cause(_POSITION.sub("", str(error)))) from None
    except ValueError:  # what Python makes no number of
        raise fail(UsageError, "settings.number", Place(shown, line=_line(text, r".*\d{1000}")),
                   hint="settings.toml.hint") from None
    except RecursionError:
        raise fail(UsageError, "source.too-deep", Place(shown)) from None


def _unusable(root: PackRoot) -> Diagnostic | None:
    """Why a folder cannot be one of packs."""
    if not root.folder.is_dir():
        return Diagnostic("settings.no-folder", {"folder": str(root.folder)}, root.origin)
    if (root.folder / _PACK).is_file():
        return Diagnostic("settings.is-pack", {"folder": str(root.folder)}, root.origin)
    return None


def _line(text: str, pattern: str) -> int | None:
    """The number of the first line that begins so; TOML's own reader tells no positions."""
    found = (n for n, line in enumerate(text.splitlines(), 1) if re.match(pattern, line))
    return next(found, None)
