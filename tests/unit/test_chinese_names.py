"""Conditions written with a ledger's headings: which field is meant is said, at its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.author_packs import write

from zhuanjie.engine.api import evaluate, load_policy
from zhuanjie.engine.core.errors import ExpressionError, PolicyError


def refused(folder: Path, condition: str) -> PolicyError:
    write(folder)
    file = folder / "10-rules.yaml"
    text = file.read_text(encoding="utf-8")
    assert "when: has(letter.issued_on)" in text
    file.write_text(text.replace("when: has(letter.issued_on)", f"when: {condition}", 1),
                    encoding="utf-8")
    with pytest.raises(PolicyError) as told:
        load_policy(folder)
    return told.value


@pytest.mark.parametrize(("condition", "caret", "name", "near"), [
    ("has(letter.issued_on) && 届别 == 2008", 25, "届别", "`member.cohort`"),
    ("member.届别 == 2008", 0, "member.届别", "`member.cohort`"),
    ("has(开具日期)", 4, "开具日期", "`letter.issued_on`"),
    ("letter.form == 三联", 15, "三联", "`three_part`"),
])
def test_a_heading_is_told_by_its_field(tmp_path: Path, condition: str, caret: int, name: str,
                                        near: str) -> None:
    (found,) = refused(tmp_path / "tried", condition).diagnostics
    assert (found.code, found.args) == ("cel.chinese-name", {"name": name, "near": near})
    assert found.place.caret == caret
    assert found.place.line is not None and str(found.place.file).endswith("10-rules.yaml")


def test_every_name_is_told_once_and_full_width_signs_beside_them() -> None:
    with pytest.raises(ExpressionError) as told:
        evaluate("届别＝2008 && 届别 < 学历 && x.y == '三联' && x.y == \u201c两联\u201d", {})
    assert [(d.code, d.place.caret) for d in told.value.diagnostics] == [
        ("cel.chinese-name", 0), ("cel.chinese-name", 16), ("cel.syntax", 2)]
    assert "zhuanjie fields" in str(told.value)


def test_chinese_in_quotes_is_a_text() -> None:
    assert evaluate("x.y == '届别'", {"x.y": "届别"}) is True


def test_a_heading_in_the_place_of_a_field_or_a_blank_is_told_too(tmp_path: Path) -> None:
    write(tmp_path / "tried")
    file = tmp_path / "tried" / "10-rules.yaml"
    plain = file.read_text(encoding="utf-8")
    for old, new, code in (
            ("done: receipt.returned_on", "done: 开具日期", "pack.field-form"),
            ("done: receipt.returned_on", "done: 无此栏", "pack.field-form"),
            ("zh: 错", "zh: '{开具日期}错'", "pack.placeholder")):
        file.write_text(plain.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(PolicyError) as told:
            load_policy(tmp_path / "tried")
        (found,) = told.value.diagnostics
        assert found.code == code
        assert ("letter.issued_on" in str(told.value)) == ("无此栏" not in new)
