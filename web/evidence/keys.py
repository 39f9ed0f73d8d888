"""The key that signs checkpoints. In: the register's folder. Out: the key, or its public half.

The private key is a file that nobody else can read; the public keys stand beside it, a line each,
so that what an earlier key signed can still be verified. ZHUANJIE_TRAIL_KEY names another file.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Final

from zhuanjie.engine.api import UsageError, fail
from zhuanjie.web.store.private_files import read_private, unwritten, write_private
from zhuanjie.web.trail.note import NoteError, Signer, Verifier

PRIVATE: Final = "trail.key"
PUBLIC: Final = "trail.pub"
VARIABLE: Final = "ZHUANJIE_TRAIL_KEY"


def private_path(folder: Path) -> Path:
    """Where the private key is, or would be."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else folder / PRIVATE


def signer_of(folder: Path) -> Signer | None:
    """The key, or None where there is none; raises UsageError for one that cannot be used."""
    path = private_path(folder)
    text = read_private(path, mounted=bool(os.environ.get(VARIABLE)))
    try:
        return Signer.read(text) if text is not None else None
    except NoteError as error:
        raise _unusable(path, error) from None


def make_signer(folder: Path, origin: str | None = None) -> Signer:
    """The key of a new register, written down; one that is there is taken. `origin` names it.

    Raises UsageError for a name that no key may have, OutputError where it cannot be written.
    """
    known = signer_of(folder)
    if known is not None:
        return known
    made = new_signer(origin)
    try:
        write_private(private_path(folder), made.text)
    except FileExistsError:
        # Another process made one in the same moment.
        again = signer_of(folder)
        if again is None:
            raise
        return again
    note_verifier(folder, made.verifier)
    return made


def new_signer(origin: str | None = None) -> Signer:
    """A key that is nowhere yet; raises UsageError for a name that no key may have."""
    try:
        return Signer.new(origin or f"zhuanjie-{uuid.uuid4().hex[:12]}")
    except NoteError:
        raise fail(UsageError, "register.trail.origin", name=origin) from None


def note_verifier(folder: Path, verifier: Verifier) -> None:
    """Add a public key to those beside the register; raises OutputError."""
    path = folder / PUBLIC
    try:
        with path.open("a", encoding="ascii") as out:
            out.write(verifier.text + "\n")
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        raise unwritten(path, error) from None


def verifiers_of(folder: Path) -> list[Verifier]:
    """The public keys beside a register, that of the private key among them."""
    found: list[Verifier] = []
    signer = signer_of(folder)
    if signer is not None:
        found.append(signer.verifier)
    path = folder / PUBLIC
    if path.exists():
        found += read_verifiers(path)
    return list(dict.fromkeys(found))


def read_verifiers(path: Path) -> list[Verifier]:
    """The public keys of a file, one a line; raises UsageError."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [Verifier.read(line.strip()) for line in lines if line.strip()]
    except (OSError, UnicodeDecodeError, NoteError) as error:
        raise _unusable(path, error) from None


def verifier(told: str) -> list[Verifier]:
    """The key that is written so, or those of the file of this name; raises UsageError."""
    try:
        return [Verifier.read(told)]
    except NoteError:
        if Path(told).exists():
            return read_verifiers(Path(told))
        raise fail(UsageError, "register.trail.key", key=told,
                   hint="register.trail.key.hint") from None


def _unusable(path: Path, error: Exception) -> UsageError:
    reason = getattr(error, "strerror", None)
    if reason:
        return fail(UsageError, "register.trail.key-unread", path=str(path), reason=reason)
    return fail(UsageError, "register.trail.key", key=str(path), hint="register.trail.key.hint")
