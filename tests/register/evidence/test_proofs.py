"""Proofs stand alone: with the public key they show what they say, changed anywhere nothing."""

from __future__ import annotations

from random import Random
from typing import Any

import orjson
import pytest
from support.register_history import ACTOR, empty, history

from zhuanjie.engine.api import UsageError
from zhuanjie.web.evidence.checkpoints import Trail
from zhuanjie.web.store.database import RegisterDatabase
from zhuanjie.web.store.errors import NotFoundError
from zhuanjie.web.store.event import EventDraft
from zhuanjie.web.trail.note import Signer
from zhuanjie.web.trail.proof import ProofError, check_proof


def test_every_event_of_a_register(database: RegisterDatabase) -> None:
    made = history(database, 300, every=90)
    for seq in (1, 2, 90, 255, 256, 257, 299, 300):
        document = orjson.loads(orjson.dumps(made.trail.prove(made.store, seq)))
        shown = check_proof(document, made.verifier)
        assert shown.event is not None
        assert shown.event["seq"] == seq
        assert shown.values == {}
    for seq in (0, 301):
        with pytest.raises(NotFoundError):
            made.trail.prove(made.store, seq)


def test_values_are_shown_only_where_asked(database: RegisterDatabase) -> None:
    made = empty(database)
    with made.store.change(ACTOR) as work:
        work.record(EventDraft("member.set", "m1", "maths", {
            "member.name": ("甲", "乙"), "letter.serial": (None, "A1")}, reason="因"))
    document = made.trail.prove(made.store, 1, ("member.name",))
    assert check_proof(document, made.verifier).values == {"member.name": ("甲", "乙")}
    text = orjson.dumps(document).decode()
    assert "A1" not in text
    assert "因" not in text
    with pytest.raises(UsageError):
        made.trail.prove(made.store, 1, ("member.sex",))


def broken(value: Any, rng: Random) -> Any:
    """A document with one character of one text changed."""
    if isinstance(value, str):
        at = rng.randrange(len(value))
        return value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1:]
    if isinstance(value, list):
        at = rng.randrange(len(value))
        return [*value[:at], broken(value[at], rng), *value[at + 1:]]
    name = rng.choice([n for n in value if value[n] not in (None, {}, [])])
    return value | {name: broken(value[name], rng)}


def test_a_document_that_was_changed_shows_nothing(database: RegisterDatabase) -> None:
    made, rng = history(database, 60, every=20), Random(0)
    first = made.trail.checkpoint(made.store).note
    with made.store.change(ACTOR) as work:
        work.record(EventDraft("settings.set", data={"n": 1}))
    documents = [made.trail.prove(made.store, 1, ("member.name",)),
                 made.trail.connect(made.store, first)]
    for document in documents:
        check_proof(document, made.verifier)
        for _ in range(100):
            with pytest.raises(ProofError):
                check_proof(broken(document, rng), made.verifier)
        with pytest.raises(ProofError, match="other-key"):
            check_proof(document, Signer.new("office.example").verifier)


@pytest.mark.parametrize("document", [
    None, [], {}, {"format": "x"}, {"format": "zhuanjie-inclusion-proof/1"}, "text", 1,
    {"format": "zhuanjie-consistency-proof/1", "first": 1, "second": {}, "path": "x"}])
def test_what_is_no_proof(document: Any) -> None:
    with pytest.raises(ProofError):
        check_proof(document, Signer.new("office.example").verifier)


def test_checkpoints_are_signed_as_events_come(database: RegisterDatabase) -> None:
    made = empty(database, every=10)
    sizes = []
    for n in range(25):
        with made.store.change(ACTOR) as work:
            work.record(EventDraft("settings.set", data={"n": n}))
        sizes.append(made.trail.checkpoint(made.store).checkpoint.size if n in (4, 20) else None)
    assert [s for s in sizes if s] == [5, 21]
    first = made.trail.checkpoint(made.store)
    assert made.trail.checkpoint(made.store) == first
    assert made.trail.line(made.store) == first.checkpoint.line
    assert first.checkpoint.line.startswith("office.example 25 ")


def test_without_a_key_nothing_is_signed(database: RegisterDatabase) -> None:
    made = empty(database)
    trail = Trail(None)
    assert trail.line(made.store) is None
    with pytest.raises(UsageError):
        trail.checkpoint(made.store)
