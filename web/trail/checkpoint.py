"""Checkpoints (C2SP tlog-checkpoint). In: a tree's size and root. Out: their text; it read.

What is signed is the origin, the size and the root, a line each, and nothing else.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from dataclasses import dataclass

from zhuanjie.web.trail.note import NoteError, Signer, Verifier

_LINES = 3
_HASH = 32


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a tree was at a size: `origin` names it among all others."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{self.root_text}\n"

    @property
    def root_text(self) -> str:
        """The root as the lines have it."""
        return b64encode(self.root).decode()

    @property
    def line(self) -> str:
        """All of it in one line, to be printed on what leaves the register."""
        return f"{self.origin} {self.size} {self.root_text}"

    def signed(self, signer: Signer) -> str:
        """The signed note."""
        return signer.sign(self.text)


def read_checkpoint(note: str, verifier: Verifier) -> Checkpoint:
    """The checkpoint of a note that the key signed; raises NoteError."""
    lines = verifier.open(note).split("\n")
    if len(lines) != _LINES + 1:
        raise NoteError("checkpoint")
    origin, size, root, _ = lines
    try:
        made = Checkpoint(origin, int(size), b64decode(root, validate=True))
    except (ValueError, binascii.Error):
        raise NoteError("checkpoint") from None
    if made.text != "\n".join(lines) or len(made.root) != _HASH or made.size < 0 \
            or origin != verifier.name:
        raise NoteError("checkpoint")
    return made
