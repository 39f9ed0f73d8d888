"""Small files that somebody kept. In: a path. Out: its text."""

from __future__ import annotations

from pathlib import Path

from zhuanjie.engine.api import InputError, fail


def text_of(path: Path) -> str:
    """The text of a file; raises InputError."""
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise fail(InputError, "register.trail.file-text", path=str(path)) from None
    except OSError as error:
        raise fail(InputError, "register.trail.file", path=str(path),
                   reason=error.strerror or "") from None


def note_of(path: Path) -> str:
    """The signed note of a file; raises InputError."""
    text = text_of(path)
    if "\n\n\u2014 " not in text:
        raise fail(InputError, "register.trail.no-checkpoint", path=str(path))
    return text
