"""Files of waivers: what is wrong with an entry covers nothing and is said, where and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from zhuanjie.engine.api import InputError, load_policy, review_waivers
from zhuanjie.engine.core.messages import LANGS, say_diagnostic
from zhuanjie.engine.waivers.waiver_set import WaiverSet, load_waivers

DAY = date(2026, 10, 1)
SOUND: Mapping[str, Any] = {
    "id": "2026-017", "clause": "1.6b", "record": "06018", "reason": "回执由学院统一补寄",
    "requested_by": "zhang", "approved_by": "li", "granted_on": "2026-09-01",
    "expires": "2026-10-18"}


def loaded(folder: Path, *entries: Mapping[str, Any], day: date = DAY) -> WaiverSet:
    file = folder / "waivers.yaml"
    file.write_text(yaml.safe_dump({"waivers": [dict(e) for e in entries]}, allow_unicode=True,
                                   sort_keys=False), encoding="utf-8")
    return load_waivers([file], load_policy("fujian-2007-80"), day)


def without(key: str, **changed: Any) -> dict[str, Any]:
    return {k: v for k, v in SOUND.items() if k != key} | changed


def test_a_sound_entry_is_in_force(tmp_path: Path) -> None:
    found = loaded(tmp_path, SOUND)
    assert [w.entry.id for w in found.waivers] == ["2026-017"]
    assert found.in_force == 1
    assert not found.problems


WRONG: list[tuple[dict[str, Any], str]] = [
    *((without(key), "pack.missing-key")
      for key in ("id", "reason", "requested_by", "approved_by", "granted_on", "expires")),
    (without("clause"), "waiver.one-clause"),
    (dict(SOUND, rule="receipt-returned"), "waiver.one-clause"),
    (without("record"), "waiver.one-record"),
    (dict(SOUND, records=["06019"]), "waiver.one-record"),
    (without("record", records=[]), "pack.empty-list"),
    (without("record", where="has(letter.issued_on)"), "waiver.at-most"),
    (dict(SOUND, at_most=3), "waiver.at-most"),
    (without("record", where="has(letter.issued_on)", at_most=0), "pack.invalid"),
    (without("record", where="has(letter.issued_onn)", at_most=3), "cel.unknown-name"),
    (without("record", where="letter.issued_on", at_most=3), "cel.want"),
    (without("record", where="1 < 2", at_most=3), "waiver.no-field"),
    (dict(SOUND, approved_by=" ZHANG "), "waiver.same-person"),
    (dict(SOUND, approved_by="ｚｈａｎｇ"), "waiver.same-person"),
    (dict(SOUND, requested_by="阿依·古丽", approved_by="阿依 • 古丽"), "waiver.same-person"),
    (dict(SOUND, expires="2026-08-31"), "waiver.backward"),
    (dict(SOUND, id="2026-350521198503124718"), "waiver.personal"),
    (dict(SOUND, expires="2026-02-30"), "pack.want-date"),
    (dict(SOUND, expires="2027-10-18"), "waiver.too-long"),
    (without("record", where="has(letter.issued_on)", at_most=51), "waiver.too-many"),
    (without("record", records=[f"{n:05}" for n in range(51)]), "waiver.too-many"),
    (dict(SOUND, clause="1.6"), "waiver.unknown-clause"),
    (dict(SOUND, clause="1.6*"), "waiver.unknown-clause"),
    (without("clause", rule="receipt-return"), "waiver.unknown-rule"),
    (dict(SOUND, clause="1.2d"), "waiver.not-waivable"),
    (dict(SOUND, record=6018), "pack.want-text"),
    (dict(SOUND, reason="  "), "pack.too-short"),
    (dict(SOUND, aproved_by="li"), "pack.unknown-key"),
]


@pytest.mark.parametrize(("entry", "code"), WRONG, ids=lambda value: value if isinstance(
    value, str) else "")
def test_a_wrong_entry_covers_nothing_and_the_others_hold(
        entry: dict[str, Any], code: str, tmp_path: Path) -> None:
    found = loaded(tmp_path, entry, dict(SOUND, id="other"))
    assert [w.entry.id for w in found.waivers] == ["other"]
    assert found.broken == 1
    assert code in {p.code for p in found.problems}, found.problems
    for problem in found.problems:
        assert problem.place.file == str(tmp_path / "waivers.yaml")
        assert problem.place.line
        for lang in LANGS:
            assert "{" not in say_diagnostic(problem, lang)


def test_an_id_that_comes_twice_counts_once(tmp_path: Path) -> None:
    found = loaded(tmp_path, SOUND, dict(SOUND, clause="1.6c"))
    assert [w.entry.clause for w in found.waivers] == ["1.6b"]
    assert [p.code for p in found.problems] == ["waiver.twice"]


@pytest.mark.parametrize("text", ["", "waivers: 5\n", "- a\n", "waivers: [\n", "other: []\n"])
def test_what_is_no_file_of_waivers_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "waivers.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError):
        load_waivers([file], load_policy("fujian-2007-80"), DAY)


@pytest.mark.parametrize(("day", "state"), [
    (date(2026, 8, 31), "later"), (date(2026, 9, 1), "in_force"), (date(2026, 10, 18), "in_force"),
    (date(2026, 10, 19), "expired")])
def test_both_days_count(day: date, state: str, tmp_path: Path) -> None:
    loaded(tmp_path, SOUND)
    found = review_waivers([tmp_path / "waivers.yaml"], "fujian-2007-80", as_of=day)
    assert [use.state for use in found.used] == [state]


def test_lint_says_what_ends_soon_and_what_is_over(tmp_path: Path) -> None:
    loaded(tmp_path, SOUND, dict(SOUND, id="long", expires="2026-12-31"),
           dict(SOUND, id="over", expires="2026-09-30"))
    found = review_waivers([tmp_path / "waivers.yaml"], "fujian-2007-80", as_of=date(2026, 10, 4))
    assert [(d.code, d.args["id"]) for d in found.near] == [("waiver.soon", "2026-017")]
    assert [(d.code, d.args["id"]) for d in found.lints] == [("waiver.over", "over")]
