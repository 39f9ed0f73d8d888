"""`at_most`: no more than so many records with one value of a field, however they are judged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.verify_pack import policy, rule, values

from zhuanjie.engine import audit
from zhuanjie.engine.core.errors import PolicyError
from zhuanjie.engine.policy.policy import Policy

DAY = date(2007, 12, 31)
ISSUED = {"letter.issued_on": "2007-11-01"}


def quota(folder: Path, count: Any = 2, within: str | None = "letter.issuer",
          **parameters: Any) -> Policy:
    shape = {"field": "receipt.tracker", "count": count, **({"within": within} if within else {})}
    return policy(folder, [rule("quota", {"at_most": shape}, "has(letter.issued_on)")],
                  parameters=parameters)


def letters(*groups: tuple[str | None, str | None, int, int]) -> list[dict[str, Any]]:
    """Records by tracker and issuer: so many with a letter, so many without one."""
    out: list[dict[str, Any]] = []
    for tracker, issuer, issued, others in groups:
        for n in range(issued + others):
            out.append({"member.id": str(len(out) + 1), "receipt.tracker": tracker,
                        "letter.issuer": issuer, **(ISSUED if n < issued else {})})
    return out


def wrong(records: Sequence[dict[str, Any]], pack: Policy, **how: Any) -> dict[str, str]:
    found = audit(records, pack, as_of=DAY, **how).findings
    return {f.record or "": str(f.outcome) for f in found if f.outcome != "waived"}


@pytest.mark.parametrize("how", [
    {}, {"bulk": True}, {"backend": "duckdb"}, {"backend": "reference"}, {"backend": "durable"},
    {"backend": "python"}], ids=str)
def test_every_record_of_a_group_that_has_too_many(how: dict[str, Any], tmp_path: Path) -> None:
    records = letters(("甲", "一", 3, 1), ("乙", "一", 2, 2), ("甲", "二", 1, 0), (None, "一", 1, 1),
                      ("丙", None, 3, 0))
    assert wrong(records, quota(tmp_path), **how) == {
        **dict.fromkeys("123", "violation"), "10": "undetermined",
        **dict.fromkeys(("12", "13", "14"), "violation")}


def test_the_number_may_be_a_parameter_by_date(tmp_path: Path) -> None:
    pack = quota(tmp_path, "params.most + 1", None,
                 most=values((None, 1), ("2007-12-01", 2)))
    records = letters(("甲", "一", 2, 0), ("甲", "二", 1, 0))
    assert wrong(records, pack) == {}
    assert set(wrong(records, pack, params={"most": 1})) == {"1", "2", "3"}


@pytest.mark.parametrize(("count", "code"), [
    (0, "pack.number-low"), ("-1", "pack.number-low"), ("params.most - 2", "pack.number-low"),
    ("letter.valid_days", "pack.number-of-records"), ("true", "cel.want"),
    ("'2'", "cel.want")])
def test_a_number_that_is_none_is_refused_where_it_stands(
        count: Any, code: str, tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as refused:
        quota(tmp_path, count, most=values((None, 2)))
    said = refused.value.diagnostics[0]
    assert said.place is not None and said.place.path == "rules[0].at_most.count"
    assert said.code == code


def test_a_run_cannot_set_a_number_that_is_none(tmp_path: Path) -> None:
    pack = quota(tmp_path, "params.most", most=values((None, 2)))
    with pytest.raises(PolicyError, match="at least 1"):
        audit(letters(("甲", "一", 1, 0)), pack, as_of=DAY, params={"most": 0})


@pytest.mark.parametrize("shape", [
    {"unique": {"field": "letter.serial", "within": "letter.serial"}},
    {"at_most": {"field": "letter.serial", "within": "letter.serial", "count": 2}}])
def test_within_itself_is_refused(shape: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as refused:
        policy(tmp_path, [rule("once", shape)])
    said, = refused.value.diagnostics
    assert said.code == "pack.within-itself"
    assert said.place is not None and said.place.path.endswith(".within")
