"""What programs may hand in, and what they get: any form of a ledger, clear refusals."""

from __future__ import annotations

import io
import sys
import typing
from datetime import date, datetime
from inspect import signature
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from zhuanjie import engine
from zhuanjie.engine import CheckResult, UsageError, audit, check, explain, load_policy
from zhuanjie.engine.api import explaining, ledgers
from zhuanjie.engine.api.records import check_one

PACK = "fujian-2007-80"
ROWS = [{"学号": "1", "离校时间": "2007-06-20", "书面告知时间": None},
        {"学号": "2", "离校时间": "2007-06-20", "书面告知时间": "2007-06-01"}]
TEXT = "学号,离校时间,书面告知时间\n1,2007-06-20,\n2,2007-06-20,2007-06-01\n"


class Frame:
    """What a pandas frame looks like from outside."""

    columns: typing.ClassVar = ["学号", "离校时间", "书面告知时间"]

    def to_dict(self, orient: str) -> dict[str, list[Any]]:
        assert orient == "list"
        return {"学号": ["1", "2"], "离校时间": [datetime(2007, 6, 20)] * 2,
                "书面告知时间": [float("nan"), datetime(2007, 6, 1)]}


class ArrowTable:
    """What anything that speaks the Arrow interface looks like."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return pl.DataFrame(ROWS).__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize("given", [
    lambda _: ROWS, lambda _: iter(ROWS), lambda _: (row for row in ROWS),
    lambda _: pl.DataFrame(ROWS), lambda _: pl.LazyFrame(ROWS), lambda _: Frame(),
    lambda _: ArrowTable(), lambda _: io.BytesIO(TEXT.encode()), lambda _: io.StringIO(TEXT),
    lambda path: path, str, lambda path: [path], lambda path: path.open("rb"),
], ids=["list", "iterator", "generator", "polars", "lazy", "pandas", "arrow", "bytes", "text",
        "path", "name", "paths", "file"])
def test_a_ledger_in_any_form_is_judged_alike(given: Any, tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    path.write_text(TEXT, "utf-8")
    report = audit(given(path), PACK, as_of="2007-12-31", only=["1.1b"])
    assert [(f.record, f.clause, f.outcome, f.days_late) for f in report.findings] == [
        ("1", "1.1b", "violation", 194)]
    assert report.ledger.records == 2 and not report.input


@pytest.mark.parametrize("wrong", [7, None, {"学号": "1"}, b"x", [1], [ROWS[0], "x"]])
def test_what_is_no_ledger_is_refused_with_what_is_taken(wrong: Any) -> None:
    with pytest.raises(UsageError, match="sources") as refused:
        audit(wrong, PACK)
    assert "frame" in str(refused.value)


@pytest.mark.parametrize("wrong", [
    {"as_of": 20071231}, {"as_of": "2007-02-30"}, {"policy": 7}, {"params": {"a": "b"}},
    {"params": [("a", 1)]}, {"columns": {"a": 1}}, {"lang": "de"},
])
def test_arguments_of_a_wrong_kind_are_refused_by_name(wrong: dict[str, Any]) -> None:
    call: dict[str, Any] = {"policy": PACK, "as_of": date(2007, 12, 31), **wrong}
    name = next(iter(wrong))
    for function, first in ((audit, ROWS), (check, ROWS[0])):
        with pytest.raises(UsageError, match=name):
            function(first, call["policy"], **{k: v for k, v in call.items() if k != "policy"})


def test_options_are_declared_where_they_are_handed_on() -> None:
    taken = {p.name for p in signature(ledgers.stream).parameters.values()
             if p.kind is p.KEYWORD_ONLY}
    assert set(ledgers.AuditOptions.__annotations__) == taken
    for function in (ledgers.audit, ledgers.deadlines, explaining.explain, explaining.fixes):
        hints = typing.get_type_hints(function, vars(sys.modules[function.__module__]), include_extras=True)
        assert hints["options"] == typing.Unpack[ledgers.AuditOptions]


def test_a_check_says_what_it_could_not_read_and_what_nobody_knows() -> None:
    record = {"member": {"id": "1", "left_no": "2007-06-20"},
              "letter.issued_on": "2007-02-30"}
    for given in (record, {"member.id": "1", "member.left_no": 1, "转出时间": "2007-02-30"}):
        found = check(given, PACK, as_of="2007-12-31")
        assert [i.field for i in found.input] == ["letter.issued_on"]
        assert [n.args["heading"] for n in found.notices] == ["member.left_no"]
        assert found.notices[0].args["near"] == "member.left_on"
    good = {"member.id": "1", "member.left_no": "2007-06-20"}
    for _ in range(2):  # the second time its keys are known already
        found = check(good, PACK, as_of="2007-12-31")
        assert not found.input and len(found.notices) == 1
    report = check_one(good, load_policy(PACK), as_of="2007-12-31")
    assert report.notices[-1:] == found.notices


def test_a_result_is_a_list_with_a_short_name() -> None:
    found = check({"member.id": "1", "member.left_on": "2007-06-20"}, PACK, as_of="2007-12-31")
    assert isinstance(found, CheckResult) and found == list(found) and found[0] in found
    assert repr(found) == f"CheckResult({len(found)} findings, 0 unreadable, 0 notices)"


def test_a_record_is_explained_by_its_row() -> None:
    [one] = explain(ROWS, clause="1.1b", policy=PACK, as_of="2007-12-31", row=1)
    assert one.finding.record == "1" and one.finding.outcome == "violation"


def test_public_names_are_listed() -> None:
    names = dir(engine)
    assert {"audit", "check", "UsageError", "CheckResult", "load_policy"} <= set(names)
    assert all(hasattr(engine, name) for name in names)
