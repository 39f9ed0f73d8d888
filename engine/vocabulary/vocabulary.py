"""What a ledger may speak of. In: nothing. Out: the vocabulary that a policy carries.

Nothing in the engine knows a field by name: what a record is about, which fields name it, how its
cells and headings are written stands in a vocabulary's files and in what a pack adds to it.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from zhuanjie.engine.vocabulary.fields import Field, FieldTable
from zhuanjie.engine.vocabulary.heading_text import plain_heading
from zhuanjie.engine.vocabulary.row_words import RowPatterns

if TYPE_CHECKING:
    from zhuanjie.engine.core.models import Text
    from zhuanjie.engine.vocabulary.model import Example, HeadingWords, RowWords


def _no_rows() -> RowWords:
    # Imported late, as below: a vocabulary that was kept is used without what checks its files.
    from zhuanjie.engine.vocabulary.model import RowWords

    return RowWords()


def _no_headings() -> HeadingWords:
    from zhuanjie.engine.vocabulary.model import HeadingWords

    return HeadingWords()


class Vocabulary(Struct, frozen=True, eq=False, dict=True):
    """A domain's fields, and the words around them.

    `keys` name a record: the first of them that a ledger has. `name` and `group` are shown beside
    it. `parties` are whom a clause may bind. `alike_words` are
    words that people swap in headings, `row_words` mark rows that are no records,
    `known_headings` head columns that no rule reads, `samples` are texts for made-up records.
    `digest` stands for all its files.
    """

    id: str
    title: Text
    record: Text
    fields: FieldTable
    keys: tuple[str, ...]
    parties: Mapping[str, Text]
    example: Example
    name: str | None = None
    group: str | None = None
    alike_words: tuple[tuple[str, ...], ...] = ()
    row_words: RowWords = field(default_factory=_no_rows)
    known_headings: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()
    yes_no: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    heading_words: HeadingWords = field(default_factory=_no_headings)
    digest: bytes = b""
    nothing: tuple[str, ...] = ()
    unclear_marks: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The field that names a record."""
        return self.keys[0]

    @cached_property
    def headings(self) -> Mapping[str, Field]:
        """Every heading that means a field, as headings are compared."""
        out: dict[str, Field] = {}
        for known in self.fields:
            for heading in known.all_headings:
                out.setdefault(plain_heading(heading), known)
        return out

    @cached_property
    def shared(self) -> Mapping[str, tuple[Field, ...]]:
        """Fields that a heading means where the cells below it say so."""
        out: dict[str, tuple[Field, ...]] = {}
        for known in self.fields:
            for plain in map(plain_heading, known.shared_headings):
                out[plain] = (*out.get(plain, ()), known)
        return out

    @cached_property
    def silent_headings(self) -> frozenset[str]:
        """`known_headings` as headings are compared."""
        return frozenset(map(plain_heading, self.known_headings))

    def key_of(self, names: Container[str]) -> str:
        """The field that names a record where there are these fields."""
        return next((key for key in self.keys if key in names), self.key)

    @cached_property
    def rows(self) -> RowPatterns:
        """What cells look like in rows that are no records."""
        return RowPatterns(self.row_words)

    def joined(self, other: Vocabulary) -> Vocabulary:
        """Both vocabularies' fields, for comparing what two policies make of a record.

        Of a field that both have it is this one's, with the values of both and the ways to write
        them.
        """
        if other is self:
            return self
        fields = [field if (theirs := other.fields.get(field.name)) is None
                  else replace(field, values={**theirs.values, **field.values},
                               values_en={**theirs.values_en, **field.values_en},
                               forms={**theirs.forms, **field.forms})
                  for field in self.fields]
        more = (field for field in other.fields if field.name not in self.fields)
        return replace(self, fields=FieldTable([*fields, *more]))

    def alike(self, heading: str) -> str:
        """A heading with the words that people swap made the same, for likeness only."""
        for first, *others in self.alike_words:
            for other in others:
                heading = heading.replace(other, first)
        return heading

    def counterpart(self, name: str) -> str | None:
        """The field of the key's own group that is called like `name`, where there is another.

        A letter's `name`, for instance, is the name of its subject.
        """
        own, last = self.key.split(".")[0], name.rsplit(".", maxsplit=1)[-1]
        found = f"{own}.{last}"
        return found if found != name and found in self.fields else None
