"""The shipped vocabulary, and the engine's readers bound to it."""

from __future__ import annotations

from functools import partial

from zhuanjie.engine.authoring.diff import equivalence
from zhuanjie.engine.ledger import headings, ledger, record
from zhuanjie.engine.ledger.headings import HeadingMap
from zhuanjie.engine.ledger.record_reader import CachedRecordReader
from zhuanjie.engine.vocabulary.fields import FieldTable
from zhuanjie.engine.vocabulary.load import load_vocabulary

VOCABULARY = load_vocabulary("party-transfer")
MAPPING = HeadingMap(VOCABULARY)


def fields() -> FieldTable:
    return VOCABULARY.fields


open_ledger = partial(ledger.open_ledger, vocabulary=VOCABULARY)
from_records = partial(ledger.from_records, vocabulary=VOCABULARY)
from_frame = partial(ledger.from_frame, vocabulary=VOCABULARY)
load_columns = partial(headings.load_columns, vocabulary=VOCABULARY)
compare_rules = partial(equivalence.compare_rules, vocabulary=VOCABULARY)
same_outcomes = partial(equivalence.same_outcomes, vocabulary=VOCABULARY)


def read_record(of, columns=None):
    return record.read_record(of, HeadingMap(VOCABULARY, columns))


def find_field(heading, columns=None):
    return HeadingMap(VOCABULARY, columns).find(heading)


def match_headings(found, columns=None, place=None):
    return HeadingMap(VOCABULARY, columns).match(found, place)


def record_reader(columns=None):
    return CachedRecordReader(HeadingMap(VOCABULARY, columns))
