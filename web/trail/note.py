"""Signed notes as C2SP has them. In: a text, a key. Out: it with a signature; that checked.

A key's name stands in its texts, so that whoever reads a note knows whose word it is. Keys are
written as the Go programs for transparency logs write them, and read by them.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ED25519: Final = b"\x01"
_DASH: Final = "\u2014 "
_PRIVATE: Final = "PRIVATE+KEY+"
_ID: Final = 4
_RAW: Final = 32
_MARKED: Final = 1 + _RAW
"""A key behind the byte that says its algorithm."""


class NoteError(ValueError):
    """What is no key, or no note that the key signed. `code` says which, for a message."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key and its name. `text` is `name+id+key`, which may be shown to anyone."""

    name: str
    key: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that tell keys of one name apart."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.key).digest()[:_ID]

    @property
    def text(self) -> str:
        """The key as it is written."""
        return f"{self.name}+{self.id.hex()}+{_base64(_ED25519 + self.key)}"

    @classmethod
    def read(cls, text: str) -> Verifier:
        """The key that is written so; raises NoteError."""
        name, id, raw = _parts(text)
        made = cls(name, raw)
        if made.id.hex() != id:
            raise NoteError("key")
        return made

    def open(self, note: str) -> str:
        """The text of a note that this key signed, to its last line break; else NoteError."""
        body, gap, signatures = note.rpartition("\n\n")
        if not gap or not signatures.endswith("\n"):
            raise NoteError("note")
        text, seen = body + "\n", False
        for line in signatures.removesuffix("\n").split("\n"):
            name, _, told = line.removeprefix(_DASH).partition(" ")
            signature = _bytes(told)
            if not line.startswith(_DASH) or len(signature) <= _ID or _base64(signature) != told:
                raise NoteError("note")
            if name == self.name and signature[:_ID] == self.id:
                seen = True
                try:
                    Ed25519PublicKey.from_public_bytes(self.key).verify(
                        signature[_ID:], text.encode())
                except InvalidSignature:
                    raise NoteError("signature") from None
        if not seen:
            raise NoteError("other-key")
        return text


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key and its name."""

    name: str
    seed: bytes

    @classmethod
    def new(cls, name: str) -> Signer:
        """A key of its own; raises NoteError for a name that a note cannot have."""
        if not is_name(name):
            raise NoteError("name")
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def read(cls, text: str) -> Signer:
        """The key that is written so; raises NoteError."""
        if not text.startswith(_PRIVATE):
            raise NoteError("private-key")
        name, id, raw = _parts(text.removeprefix(_PRIVATE))
        made = cls(name, raw)
        if made.verifier.id.hex() != id:
            raise NoteError("private-key")
        return made

    @property
    def verifier(self) -> Verifier:
        """Its public half."""
        return Verifier(self.name, self._key().public_key().public_bytes_raw())

    @property
    def text(self) -> str:
        """The private key as it is written: nobody else may read it."""
        return f"{_PRIVATE}{self.name}+{self.verifier.id.hex()}+{_base64(_ED25519 + self.seed)}"

    def sign(self, text: str) -> str:
        """A note of this text, whose last line is ended."""
        signature = self.verifier.id + self._key().sign(text.encode())
        return f"{text}\n{_DASH}{self.name} {_base64(signature)}\n"

    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


def is_name(name: str) -> bool:
    """Whether a key may have this name: no blank, no plus sign, nothing that is not shown."""
    return bool(name) and name.isprintable() and not any(c.isspace() or c == "+" for c in name)


def _parts(text: str) -> tuple[str, str, bytes]:
    name, _, rest = text.partition("+")
    id, _, told = rest.partition("+")
    raw = _bytes(told)
    if not is_name(name) or len(raw) != _MARKED or raw[:1] != _ED25519 or _base64(raw) != told:
        raise NoteError("key")
    return name, id, raw[1:]


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


def _bytes(told: str) -> bytes:
    try:
        return b64decode(told, validate=True)
    except (binascii.Error, ValueError):
        return b""
