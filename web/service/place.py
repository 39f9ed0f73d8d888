"""Where a register is kept. In: a URL, or none. Out: a URL, and the folder of what is beside it.

Without a URL a register is a file beside the settings; where there are no settings, in the folder
for the data of the user's programs (XDG Base Directory Specification). What lies in that folder
stays the register's when settings come to be later, unless there is another beside them.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from zhuanjie.engine.api import OutputError, UsageError, fail, settings, settings_file, shown_name

FILE: Final = "register.db"
FOLDER: Final = "register"
_PRIVATE: Final = 0o700


@dataclass(frozen=True, slots=True)
class RegisterPlace:
    """The database's URL, and the folder of keys, attachments and results."""

    url: str
    folder: Path

    def make(self) -> None:
        """Make the folder, its owner's alone, where it is not there; raises OutputError."""
        try:
            self.folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        except OSError as error:
            raise fail(OutputError, "register.folder", path=str(self.folder),
                       reason=error.strerror or "") from None


def place_of(url: str | None = None, folder: Path | None = None) -> RegisterPlace:
    """The place that `url` names, else the settings (`database`), else the usual one.

    `folder` is where its files are kept. Raises UsageError for what is no URL.
    """
    said = settings().register.get("database")
    url = url or (str(said) if said else f"sqlite:///{_kept(FILE)}")
    return RegisterPlace(url, folder or _beside(url))


def _kept(name: str) -> Path:
    """Where something of a register is, or is to be where there is none yet."""
    data = os.environ.get("XDG_DATA_HOME", "")
    base = Path(data) if Path(data).is_absolute() else Path.home() / ".local" / "share"
    usual, settings = base / "zhuanjie" / name, settings_file()
    if settings is None:
        return usual
    own = settings.resolve().parent / FOLDER / name
    return usual if usual.exists() and not own.exists() else own


def _beside(url: str) -> Path:
    """The folder beside SQLite's file; for a server one that is called after its database."""
    try:
        made = make_url(url)
    except ArgumentError:
        raise fail(UsageError, "register.url", url=shown_name(url)) from None
    if made.drivername.startswith("sqlite") and made.database:
        file = Path(made.database).expanduser().resolve()
        return file.with_name(f"{file.stem}.data")
    name = "-".join(filter(None, (made.host, str(made.port or ""), made.database)))
    return _kept(re.sub(r"[^\w.-]", "_", name) or "server")
