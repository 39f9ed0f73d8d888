"""Secrets that are set. In: a secret. Out: a file that nobody else can read, by a name of its own.

They stand in the register's folder, never in its database, and no backup holds them unless keys are
asked for. A secret is never written over: a change that is not kept leaves the one before.
"""

from __future__ import annotations

import os
import re
import stat
import time
import uuid
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Final

from zhuanjie.engine.api import OutputError, UsageError, fail

FOLDER: Final = "secrets"
LONGEST: Final = 2000
_NAME: Final = re.compile(r"[0-9a-f]{32}")
_ENDING: Final = ".key"
_PRIVATE: Final = 0o700
_UNFINISHED: Final = 3600
"""Seconds for which a secret may belong to a change that is under way."""


class SecretFolder:
    """The secrets beside a register."""

    def __init__(self, folder: Path) -> None:
        """`folder` is the register's."""
        self._folder = folder / FOLDER

    def keep(self, secret: str) -> str:
        """Write a secret down; returns its name. Raises UsageError, OutputError."""
        text = secret.strip()
        if not text or len(text) > LONGEST or not text.isprintable():
            raise fail(UsageError, "register.settings.secret", most=LONGEST)
        name = uuid.uuid4().hex
        try:
            self._folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
            handle = os.open(self.path(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL,
                             stat.S_IRUSR | stat.S_IWUSR)
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write(text + "\n")
                out.flush()
                os.fsync(out.fileno())
        except OSError as error:
            raise fail(OutputError, "register.settings.secret-written",
                       reason=error.strerror or "") from None
        return name

    def path(self, name: str) -> Path:
        """Where a secret is."""
        return self._folder / f"{name}{_ENDING}"

    def has(self, name: str | None) -> bool:
        """Whether a secret is there: a register that was restored may lack it."""
        return name is not None and self.path(name).is_file()

    def tidy(self, held: Collection[str]) -> None:
        """Take away secrets that no setting has; those just written may be of a change to come."""
        oldest = time.time() - _UNFINISHED
        if not self._folder.is_dir():
            return
        for file in self._folder.glob(f"*{_ENDING}"):
            if _NAME.fullmatch(file.stem) and file.stem not in held:
                with suppress(OSError):
                    if file.stat().st_mtime < oldest:
                        file.unlink()
