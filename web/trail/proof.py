"""Proofs that stand alone. In: a JSON document, a public key. Out: what it shows, or why not.

A document holds signed checkpoints, hashes, and for an event its body, so that whoever has the
public key needs nothing of the register. Values are in it where somebody asked for them, each with
the salt of its commitment, and the commitments alone of the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from zhuanjie.web.trail import merkle
from zhuanjie.web.trail.canonical import Plain
from zhuanjie.web.trail.checkpoint import Checkpoint, read_checkpoint
from zhuanjie.web.trail.leaf import commitment, leaf_hash, values_hash
from zhuanjie.web.trail.note import NoteError, Verifier

INCLUSION: Final = "zhuanjie-inclusion-proof/1"
CONSISTENCY: Final = "zhuanjie-consistency-proof/1"


class ProofError(ValueError):
    """A proof that does not show what it says. `code` says why, for a message."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Shown:
    """What a proof shows: the last of `checkpoints` holds the event, or goes on from the first.

    `event` is the event's body, `values` what of its values the proof discloses: before and after.
    """

    checkpoints: Sequence[Checkpoint]
    event: Mapping[str, Any] | None = None
    values: Mapping[str, tuple[Plain, Plain]] = field(default_factory=dict)


def inclusion_proof(note: str, body: bytes, path: Sequence[bytes], commitments: Mapping[str, str],
                    disclosed: Mapping[str, tuple[Plain, Plain, bytes]]) -> dict[str, Any]:
    """A document that shows an event in a checkpoint; `disclosed` are before, after, salt."""
    return {
        "format": INCLUSION, "checkpoint": note, "event": body.decode(),
        "path": [step.hex() for step in path], "commitments": dict(commitments),
        "values": {name: {"before": before, "after": after, "salt": salt.hex()}
                   for name, (before, after, salt) in disclosed.items()}}


def consistency_proof(first: str, second: str, path: Sequence[bytes]) -> dict[str, Any]:
    """A document that shows that one checkpoint goes on from another."""
    return {"format": CONSISTENCY, "first": first, "second": second,
            "path": [step.hex() for step in path]}


def check_proof(document: Any, verifier: Verifier) -> Shown:
    """What a document shows; raises ProofError where it shows nothing."""
    try:
        form = document["format"]
        if form == INCLUSION:
            return _included(document, verifier)
        if form == CONSISTENCY:
            return _continued(document, verifier)
    except NoteError as error:
        raise ProofError(error.code) from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, ProofError):
            raise
        raise ProofError("form") from None
    raise ProofError("form")


def _included(document: Mapping[str, Any], verifier: Verifier) -> Shown:
    at = read_checkpoint(document["checkpoint"], verifier)
    body = document["event"].encode()
    event = orjson.loads(body)
    path = [bytes.fromhex(step) for step in document["path"]]
    if not merkle.includes(leaf_hash(body), event["seq"] - 1, at.size, path, at.root):
        raise ProofError("path")
    commitments = dict(document["commitments"])
    if (values_hash(commitments) if commitments else None) != event["values"]:
        raise ProofError("commitments")
    values = {}
    for name, said in document["values"].items():
        before, after = said["before"], said["after"]
        if commitment(bytes.fromhex(said["salt"]), name, before, after) != commitments.get(name):
            raise ProofError("value")
        values[name] = (before, after)
    return Shown((at,), event, values)


def _continued(document: Mapping[str, Any], verifier: Verifier) -> Shown:
    first = read_checkpoint(document["first"], verifier)
    second = read_checkpoint(document["second"], verifier)
    path = [bytes.fromhex(step) for step in document["path"]]
    if not merkle.continues(first.size, first.root, second.size, second.root, path):
        raise ProofError("path")
    return Shown((first, second))
