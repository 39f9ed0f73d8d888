"""A vocabulary with nothing in it that can be left out, in one language: all of it still works."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from zhuanjie.engine.api import audit, destinations, load_policy, scaffold
from zhuanjie.engine.core.messages import LANGS, say_diagnostic
from zhuanjie.engine.policy.lint import lint

DAY = date(2024, 6, 30)
VOCABULARY = """\
id: books
title: {en: Books}
record: {en: book}
keys: [book.no]
parties: {library: {en: the library}}
example:
  start: loan.out_on
  done: loan.back_on
  binds: library
  title: {en: Books come back}
  text: {en: a book on loan comes back in time}
  message: {en: 'due by {due}, {days_late} day(s) overdue'}
  remedy: {en: 'ask: where is it?'}
"""
FIELDS = """\
fields:
  book.no: {type: string, heading: {en: Number}}
  book.rare: {type: bool, heading: {en: Rare}}
  book.shelf: {type: string, heading: {en: Shelf}}
  loan.out_on: {type: date, heading: {en: Out}}
  loan.back_on: {type: date, heading: {en: Back}}
"""
PACK = """\
id: library
version: 1.0.0
vocabulary: books
title: {en: Rules of the library}
authority: {en: the library}
document: {number: L1, issued_on: 2024-01-01, title: {en: Rules}}
in_force: {from: 2024-01-01}
clauses:
  "L1": {binds: library, text: {en: books stand where they belong}}
  "L1a": {binds: library, text: {en: rare books on R}}
  "L1b": {binds: library, text: {en: others on A or B}}
"""
RULES = """\
topic: {en: Shelves}
rules:
  - id: shelf
    clause: L1
    title: {en: The shelf fits}
    when: has(book.shelf)
    table:
      subject: book.shelf
      rows:
        - {clause: L1a, title: {en: rare}, when: book.rare, allow: [R]}
        - {clause: L1b, title: {en: other}, when: '!book.rare', allow: [A, B]}
    message: {en: 'shelf {book.shelf}, rare: {book.rare}'}
    remedy: {en: move it}
"""


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    """A folder of packs with the vocabulary beside them."""
    for name, text in (("_vocabularies/books/vocabulary.yaml", VOCABULARY),
                       ("_vocabularies/books/fields.yaml", FIELDS),
                       ("library/pack.yaml", PACK), ("library/10-shelf.yaml", RULES)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_yes_and_no_are_read_where_no_way_to_write_them_is_listed(packs: Path) -> None:
    ledger = packs / "books.csv"
    ledger.write_text("Number,Rare,Shelf\n1,true,A\n2,False,A\n3,TRUE,R\n4,no,A\n", "utf-8")
    report = audit(ledger, load_policy(packs / "library"), as_of=DAY, lang="en")
    assert [(f.record, f.clause, f.message) for f in report.findings
            if f.outcome == "violation"] == [("1", "L1a", "shelf A, rare: yes")]
    (unread,) = report.input
    assert unread.record == "4"
    assert unread.message("en").endswith("; write true or false")


def test_a_table_on_a_text_offers_what_its_rows_allow(packs: Path) -> None:
    policy = load_policy(packs / "library")
    found = destinations({"book.no": "1", "book.rare": True}, policy, as_of=DAY, lang="en")
    assert {a.kind: a.outcome.value for a in found} == {
        "R": "satisfied", "A": "violation", "B": "violation"}
    assert {a.subject for a in found} == {"book.shelf"}


@pytest.mark.parametrize("lang", LANGS)
def test_a_new_pack_has_its_example_in_the_language_of_the_vocabulary(
        packs: Path, lang: str) -> None:
    new = packs / "new"
    for name, text in scaffold("new", new, DAY, vocabulary="books").items():
        (new / name).parent.mkdir(parents=True, exist_ok=True)
        (new / name).write_text(text, encoding="utf-8")
    policy = load_policy(new)
    assert policy.rules[0].title.zh == policy.rules[0].title.en == "Books come back"
    assert lint(policy) == []
    (new / "10-example.yaml").write_text((new / "10-example.yaml").read_text("utf-8").replace(
        "en: Books come back", "zh: Books come back\n      en: 还书"), "utf-8")
    said = [say_diagnostic(d, lang) for d in lint(load_policy(new))]
    assert len(said) == 2
