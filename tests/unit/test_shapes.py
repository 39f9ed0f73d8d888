"""The fast reader of records says what the slow one says, whatever is in the record."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from support.party_transfer import fields, read_record, record_reader
from support.strategies import examples

NAMES = [f.name for f in fields()] + [f.heading for f in fields()]
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 10**10), st.dates(date(1850, 1, 1), date(2100, 1, 1)),
    st.text(max_size=6), st.floats(allow_nan=True), st.just([1]),
    st.sampled_from(["是", "否", "true", "2007-06-30", "2007.6.30", "2007-02-30", " a ", "正式", "full",
                     "三联", "90", "", "　", "１２", "06021", date(2999, 12, 31), date(3000, 1, 1)]),
)
READER = record_reader()


@examples(400)
@given(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=8))
def test_both_readers_agree(record: dict[str, object]) -> None:
    if any(f.name in record and f.heading in record for f in fields()):
        return  # a field given twice is refused by both
    values, unread, notices = read_record(record)
    for _ in range(2):  # the second time from memory
        fast, fast_unread, fast_notices = READER(record)
        assert fast == values
        assert [type(v) for v in fast.values()] == [type(fast[n]) for n in fast]
        assert {n: type(v) for n, v in fast.items()} == {n: type(v) for n, v in values.items()}
        assert (fast_unread, fast_notices) == (unread, notices)


def test_nested_records_are_read_too() -> None:
    record = {"member": {"id": "1"}, "letter": {"issued_on": "2007.6.30"}}
    assert READER(record)[0] == {"member.id": "1", "letter.issued_on": date(2007, 6, 30)}
