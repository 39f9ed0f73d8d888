"""The key that signs checkpoints. In: the register's folder. Out: the key, or its public half.

The private key is a file that nobody else can read; the public keys stand beside it, a line each,
so that what an earlier key signed can still be verified. ZHUANJIE_TRAIL_KEY names another file.
"""

from __future__ import annotations

import os
import stat
import uuid
from pathlib import Path
from typing import Final

from zhuanjie.engine.api import OutputError, UsageError, fail
from zhuanjie.web.trail.note import NoteError, Signer, Verifier

PRIVATE: Final = "trail.key"
PUBLIC: Final = "trail.pub"
VARIABLE: Final = "ZHUANJIE_TRAIL_KEY"
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def private_path(folder: Path) -> Path:
    """Where the private key is, or would be."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else folder / PRIVATE


def signer_of(folder: Path) -> Signer | None:
    """The key, or None where there is none; raises UsageError for one that cannot be used."""
    path = private_path(folder)
    try:
        text = path.read_text(encoding="ascii").strip()
        # A mounted secret may have any mode; our own file has ours.
        is_open = not os.environ.get(VARIABLE) and os.name == "posix" \
            and path.stat().st_mode & _OTHERS
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path, error) from None
    if is_open:
        raise fail(UsageError, "register.trail.key-open", path=str(path),
                   hint="register.trail.key-open.hint")
    try:
        return Signer.read(text)
    except NoteError as error:
        raise _unusable(path, error) from None


def make_signer(folder: Path, origin: str | None = None) -> Signer:
    """The key of a new register, written down; one that is there is taken. `origin` names it.

    Raises UsageError for a name that no key may have, OutputError where it cannot be written.
    """
    known = signer_of(folder)
    if known is not None:
        return known
    try:
        made = Signer.new(origin or f"zhuanjie-{uuid.uuid4().hex[:12]}")
    except NoteError:
        raise fail(UsageError, "register.trail.origin", name=origin) from None
    path = private_path(folder)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
        with os.fdopen(handle, "w", encoding="ascii") as out:
            out.write(made.text + "\n")
            out.flush()
            os.fsync(out.fileno())
        with (folder / PUBLIC).open("a", encoding="ascii") as out:
            out.write(made.verifier.text + "\n")
    except FileExistsError:
        # Another process made one in the same moment.
        again = signer_of(folder)
        if again is None:
            raise
        return again
    except OSError as error:
        raise fail(OutputError, "register.trail.key-written", path=str(path),
                   reason=error.strerror or "") from None
    return made


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
