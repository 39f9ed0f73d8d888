"""Ledgers that were sent, until they are saved. In: files as they come. Out: them, for their owner.

Files are kept under names of our own in a folder of the upload's, for some hours; what they were
called is kept beside, so that messages name them as whoever sent them does.
"""

from __future__ import annotations

import re
import shutil
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, BinaryIO, Final

import orjson

from zhuanjie.engine.api import InputError, fail
from zhuanjie.web.store.errors import NotFoundError
from zhuanjie.web.store.event import Actor

KEPT_HOURS: Final = 24
_ID: Final = re.compile(r"[0-9a-f]{32}")
_ABOUT: Final = "about.json"
_PRIVATE: Final = 0o700
_LONGEST: Final = 100
_UNSAFE: Final = re.compile(r"[^\w.()（）\[\]【】〔〕 -]")


@dataclass(frozen=True, slots=True)
class Upload:
    """Files of one owner's, and how they are to be read; `notes` say what was done with them."""

    id: str
    folder: Path
    files: Sequence[Path]
    options: Mapping[str, Any]
    sent_at: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many bytes the files have."""
        return sum(file.stat().st_size for file in self.files)


class Uploads:
    """The uploads of a register; safe to share among threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def receive(self, actor: Actor, files: Iterable[tuple[str, BinaryIO]],
                options: Mapping[str, Any]) -> Upload:
        """Keep files; raises InputError where there is none."""
        self.tidy()
        id = uuid.uuid4().hex
        folder = self._folder / id
        try:
            return self._receive(folder, actor, files, options)
        except BaseException:  # what came of it is of use to nobody
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _receive(self, folder: Path, actor: Actor, files: Iterable[tuple[str, BinaryIO]],
                 options: Mapping[str, Any]) -> Upload:
        folder.mkdir(mode=_PRIVATE, parents=True)
        kept = []
        for number, (name, file) in enumerate(files):
            place = folder / str(number)
            place.mkdir(mode=_PRIVATE)
            path = place / safe_name(name)
            with path.open("wb") as out:
                shutil.copyfileobj(file, out)
            kept.append(path)
        if not kept:
            raise fail(InputError, "register.upload.none")
        _write(folder, {
            "owner": owner_of(actor), "options": dict(options), "notes": {},
            "sent_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "files": [str(path.relative_to(folder)) for path in kept]})
        return self.upload(folder.name, actor)

    def upload(self, id: str, actor: Actor) -> Upload:
        """An upload of `actor`'s; raises NotFoundError for any other."""
        folder = self._folder / id
        if not _ID.fullmatch(id) or not (folder / _ABOUT).is_file():
            raise fail(NotFoundError, "register.upload.gone")
        about = orjson.loads((folder / _ABOUT).read_bytes())
        if about["owner"] != owner_of(actor):
            raise fail(NotFoundError, "register.upload.gone")
        return Upload(id, folder, [folder / name for name in about["files"]], about["options"],
                      about.get("sent_at", ""), about.get("notes", {}))

    def uploads(self, actor: Actor) -> list[Upload]:
        """The uploads of `actor`, the latest first."""
        found = []
        for folder in self._folder.iterdir() if self._folder.is_dir() else ():
            with suppress(NotFoundError, OSError):
                found.append(self.upload(folder.name, actor))
        return sorted(found, key=lambda upload: (upload.sent_at, upload.id), reverse=True)

    def change(self, upload: Upload, options: Mapping[str, Any]) -> Upload:
        """Have an upload read in another way."""
        about = orjson.loads((upload.folder / _ABOUT).read_bytes())
        _write(upload.folder, {**about, "options": dict(options)})
        return replace(upload, options=dict(options))

    def note(self, upload: Upload, **notes: str) -> Upload:
        """Keep what is done with an upload."""
        about = orjson.loads((upload.folder / _ABOUT).read_bytes())
        kept = {**about.get("notes", {}), **notes}
        _write(upload.folder, {**about, "notes": kept})
        return replace(upload, notes=kept)

    def forget(self, id: str) -> None:
        """Take an upload away."""
        if _ID.fullmatch(id):
            shutil.rmtree(self._folder / id, ignore_errors=True)

    def tidy(self) -> None:
        """Take away what nobody saved."""
        if not self._folder.is_dir():
            return
        oldest = time.time() - KEPT_HOURS * 3600
        for folder in self._folder.iterdir():
            with suppress(OSError):
                if _ID.fullmatch(folder.name) and folder.stat().st_mtime < oldest:
                    shutil.rmtree(folder)


def owner_of(actor: Actor) -> list[str | None]:
    """Whose something is: what somebody sent or saw in another role or unit is not theirs any more.
    """
    return [actor.id, actor.role, actor.unit]


def _write(folder: Path, about: Mapping[str, Any]) -> None:
    draft = folder / f"{_ABOUT}.{uuid.uuid4().hex}"
    draft.write_bytes(orjson.dumps(about))
    draft.replace(folder / _ABOUT)


def safe_name(name: str) -> str:
    """What a file is called, as a name that stays in its folder; its ending is kept."""
    last = PureWindowsPath(PurePosixPath(name).name).name
    clean = _UNSAFE.sub("_", last).strip(". ")
    stem, dot, ending = clean.rpartition(".")
    if not dot:
        stem, ending = clean, ""
    return f"{stem[:_LONGEST] or 'ledger'}{dot}{ending[:16]}"
