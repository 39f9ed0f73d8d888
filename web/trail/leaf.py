"""What an event's hash covers. In: an event's body, its values. Out: hashes.

A body names no personal value: it holds one hash for all of them, made of a commitment to each. A
value can be erased and its commitment kept, so that the body, and every hash after it, still holds.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from hashlib import sha256, shake_256
from typing import Final

import orjson

from zhuanjie.web.trail.canonical import SURE, Plain, canonical

LEAF_PREFIX: Final = b"\x00"
"""What sets a leaf apart from a node (RFC 9162, 2.1.1)."""
SECRET_BYTES: Final = 16
SALT_BYTES: Final = 32
REASON: Final = "#reason"
"""The name under which an event's reason is kept among its values: people write names into it."""

Before = Plain
After = Plain


def leaf_hash(body: bytes) -> bytes:
    """The hash of an event: a leaf of the tree of RFC 9162."""
    return sha256(LEAF_PREFIX + body).digest()


def new_secret() -> bytes:
    """What the salts of an event's values are made from; it is erased with them."""
    return secrets.token_bytes(SECRET_BYTES)


def salts_of(secret: bytes, fields: Iterable[str]) -> dict[str, bytes]:
    """The salts of an event's values: 32 bytes a field of SHAKE256 of the secret, by name.

    Who knows some of them knows nothing of the others, nor of the secret.
    """
    names = sorted(fields)
    stream = shake_256(secret).digest(SALT_BYTES * len(names))
    return {name: stream[at:at + SALT_BYTES]
            for name, at in zip(names, range(0, len(stream), SALT_BYTES), strict=True)}


def commitment(salt: bytes, field: str, before: Before, after: After) -> str:
    """A salted hash of what a field held before and after, in hexadecimal."""
    if type(before) in SURE and type(after) in SURE:  # nearly all are: a million at an import
        return sha256(salt + orjson.dumps([field, before, after])).hexdigest()
    return sha256(salt + canonical([field, before, after])).hexdigest()


def commitments(salts: Mapping[str, bytes],
                values: Mapping[str, tuple[Before, After]]) -> dict[str, str]:
    """The commitment to each of an event's values."""
    return {name: commitment(salts[name], name, before, after)
            for name, (before, after) in values.items()}


def values_hash(commitments: Mapping[str, str]) -> str:
    """One hash for all commitments of an event, by field."""
    return sha256(canonical(commitments)).hexdigest()
