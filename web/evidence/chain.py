"""Events checked one after another. In: rows, in order. Out: flaws; the leaves that events had.

Four witnesses know an event's hash: its body, its own row, the event after it, and a tile. Where
they disagree, most of them say which event was touched; the tree is then continued with what they
say, so that checkpoints show that all others are what they were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Row

from zhuanjie.web.evidence.flaws import Flaws
from zhuanjie.web.evidence.values import read_values
from zhuanjie.web.store.change import NOTHING
from zhuanjie.web.trail.leaf import leaf_hash, values_hash

COLUMNS: Final = ("id", "at", "kind", "member", "unit", "actor")
"""What a row of `events` says besides its body."""
_REMEMBERED: Final = 1000

Witness = Callable[[int], bytes | None]
"""What a tile says is the hash of the event with a number; None where none does."""


@dataclass(slots=True)
class Link:
    """An event in the chain. `hash` is its body's, `leaf` what its row says, `previous` its body.

    `row` is the number of its row, `seq` the one that its body says, where that can be believed.
    """

    row: int
    seq: int
    id: str | None
    hash: bytes
    leaf: bytes
    previous: bytes | None


class ChainCheck:
    """Walks events, and yields the number and hash of every one that there ever was."""

    def __init__(self, flaws: Flaws, witness: Witness, column_sets: frozenset[str]) -> None:
        self._flaws, self._witness, self._column_sets = flaws, witness, column_sets
        self._unexplained: dict[int, set[str]] = {}
        """What is erased of events, until the event that says so."""
        self._roots: dict[str, tuple[int, str | None]] = {}
        self._strange: dict[int, str] = {}
        self.size = 0
        self._offset = 0
        """By how much rows are numbered otherwise than their events, since some row."""
        self.last_at = ""
        self.last_leaf = NOTHING
        self.whole = True
        """Whether the hash of every event up to the present one is known."""

    def walk(self, rows: Iterable[Row[Any]], head: tuple[int, bytes, str]
             ) -> Iterator[tuple[int, bytes]]:
        """Check events; `head` is what the trail's head says of the last one."""
        size, leaf, at = head
        here: Link | None = None
        after: Link | None = None
        for row in rows:
            beyond = self._read(row)
            if after is not None:
                self._number(after, beyond)
            if here is not None and after is not None:
                yield from self._judge(here, after, beyond)
            here, after = after, beyond
        end = Link(size + 1, size + 1, None, b"", b"", leaf)
        if after is not None:
            end.row = after.row + 1
            self._number(after, None)
        if here is not None and after is not None:
            yield from self._judge(here, after, end)
        if after is not None:
            yield from self._judge(after, end, None)
        if self.size < size:
            self._flaws.add("cut", self.size + 1, first=self.size + 1, last=size)
        elif (self.size, self.last_at) != (size, at):
            self._flaws.add("head", self.size, size=size)
        self._end()

    def _number(self, link: Link, after: Link | None) -> None:
        """See that a row holds the event of its number; where all rows from one on are moved by
        as much, something was put in there or taken out, and nothing else is wrong with them."""
        offset = link.seq - link.row
        if offset == self._offset:
            return
        if after is None or after.seq - after.row == offset:
            self._offset = offset
            return
        self._flaws.add("number", link.row, link.id, holds=link.seq)
        link.seq = link.row + self._offset

    def _read(self, row: Row[Any]) -> Link:
        body: bytes = row.body
        found = leaf_hash(body)
        seq = row.seq + self._offset
        try:
            said = orjson.loads(body)
            previous = bytes.fromhex(said["previous"])
            seq = int(said["seq"]) if found == row.leaf else seq
            link = Link(row.seq, seq, said["id"], found, row.leaf, previous)
            self.last_at = said["at"]
            for name in COLUMNS:
                if getattr(row, name) != said[name]:
                    self._flaws.add("column", seq, said["id"], column=name)
            columns = said["columns"]
            if columns is not None and columns not in self._column_sets:
                self._flaws.add("column-set", seq, said["id"], set=columns)
            self._check_values(seq, row, said)
            if said["kind"] == "values.redacted":
                self._explain(seq, said)
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
            self._flaws.add("body", seq, row.id)
            return Link(row.seq, seq, row.id, found, row.leaf, None)
        return link

    def _check_values(self, seq: int, row: Row[Any], said: dict[str, Any]) -> None:
        wanted = said["values"]
        if row.content is None:
            if wanted is not None:
                self._flaws.add("values-missing", seq, said["id"])
            return
        if wanted is None:
            self._flaws.add("values-added", seq, said["id"])
            return
        try:
            held = read_values(row.secret, row.content, row.salts, row.erased)
            root = values_hash(held.commitments)
        except (KeyError, TypeError, ValueError, AttributeError):
            root, held = "", None
        if root != wanted:
            self._flaws.add("values", seq, said["id"])
            if len(self._strange) < _REMEMBERED:
                self._strange[seq] = root
                self._roots[wanted] = (seq, said["id"])
        elif held is not None and held.erased:
            self._unexplained[seq] = set(held.erased)

    def _explain(self, seq: int, said: dict[str, Any]) -> None:
        """An event that says what was erased: all of it is, and nothing else."""
        for number, fields in said["data"]["events"]:
            gone = self._unexplained.get(number, set())
            if not gone.issuperset(fields) and not self._flaws.names(number):
                self._flaws.add("restored", number, fields=", ".join(sorted(set(fields) - gone)),
                                redaction=seq)
            gone.difference_update(fields)
            if not gone:
                self._unexplained.pop(number, None)

    def _judge(self, here: Link, after: Link, beyond: Link | None) -> Iterator[tuple[int, bytes]]:
        """Say what is wrong with an event, with the next two in sight; the last is the head."""
        # Of two that have one number the event after them names the one that was there.
        if here.seq <= self.size or (
                after.seq == here.seq and beyond is not None and beyond.previous == after.hash):
            self._flaws.add("inserted", here.seq, here.id)
            return
        if here.seq > self.size + 1:
            yield from self._fill(here)
        if here.seq == 1 and here.previous not in (NOTHING, None):
            self._flaws.add("previous", here.seq, here.id)
        told = after.previous if after.seq == here.seq + 1 else None
        true = here.hash
        if here.hash != here.leaf:
            others = [w for w in (told, self._witness(here.seq)) if w is not None]
            # Who agrees with the row's hash shows that the body was changed.
            changed = here.hash not in others
            self._flaws.add("changed" if changed else "leaf", here.seq, here.id)
            true = here.leaf if changed else here.hash
        elif told is not None and told != here.hash:
            true = self._broken(here, after, beyond, told)
        self.size, self.last_leaf = here.seq, true
        yield here.seq, true

    def _broken(self, here: Link, after: Link, beyond: Link | None, told: bytes) -> bytes:
        """The event after this one names another hash: which of the two was touched?"""
        tile = self._witness(here.seq)
        if beyond is None:
            self._flaws.add("changed" if tile == told else "last", here.seq, here.id)
            return told if tile == told else here.hash
        is_after = after.hash != after.leaf \
            or (beyond.row == after.row + 1 and beyond.previous != after.hash)
        if tile == here.hash or (tile != told and is_after):
            self._flaws.add("previous", after.seq, after.id)
            return here.hash
        self._flaws.add("changed", here.seq, here.id)
        return told

    def _fill(self, here: Link) -> Iterator[tuple[int, bytes]]:
        """Events that are not there: their hashes, where others know them."""
        first, last = self.size + 1, here.seq - 1
        self._flaws.add("missing", first, first=first, last=last)
        for seq in range(first, last + 1):
            known = self._witness(seq)
            if known is None and seq == last:
                known = here.previous
            if known is None:
                self.whole = False
                return
            if self.whole:
                yield seq, known

    def _end(self) -> None:
        """What only all events together show: values that changed places, silent erasures."""
        for seq, root in self._strange.items():
            if root in self._roots and self._roots[root][0] != seq:
                other, id = self._roots[root]
                self._flaws.add("values-of", seq, other=other, other_id=id)
        for seq, fields in self._unexplained.items():
            self._flaws.add("erased", seq, fields=", ".join(sorted(fields)))
