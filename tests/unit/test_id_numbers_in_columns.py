"""Identity numbers looked at column-wise: no wrong one is passed over, hardly a right one stopped."""

from __future__ import annotations

from random import Random

import polars as pl
from support.party_transfer import fields

from zhuanjie.engine.ledger.cells.checks import faults, is_suspect
from zhuanjie.engine.ledger.cells.faults import WEIGHTS, fault

FIELD = fields()["member.id_number"]
_LAST = "10X98765432"


def _number(random: Random) -> str:
    digits = (f"{random.randrange(10**6):06d}{random.choice(('19', '20', '18'))}"
              f"{random.randrange(100):02d}{random.randrange(14):02d}{random.randrange(33):02d}"
              f"{random.randrange(1000):03d}")
    total = sum(int(digit) * weight for digit, weight in zip(digits, WEIGHTS, strict=True))
    last = _LAST[total % 11] if random.random() < 0.8 else random.choice("0123456789Xx")
    whole = digits + last
    return random.choice((whole, whole, whole, whole, whole[:-1], whole.replace("1", "a"),
                          "-" + whole[1:], f" {whole}", whole[:17]))


def _suspected(values: pl.Series) -> list[bool | None]:
    return values.to_frame("v").select(is_suspect(FIELD, pl.col("v"))).to_series().to_list()


def test_every_number_that_is_wrong_is_looked_at() -> None:
    random = Random(80)
    values = pl.Series("v", [None, *(_number(random) for _ in range(5000))])
    said = {at for at, _ in faults(FIELD, values)}
    wrong = {at for at, text in enumerate(values) if text is not None and fault(FIELD, text)}
    suspected = {at for at, held in enumerate(_suspected(values)) if held}
    assert said == wrong
    assert wrong <= suspected
    right = {at for at, text in enumerate(values)
             if text is not None and len(text) == 18 and text[6:8] != "18"} - wrong
    plain = {at for at in right if values[at].isascii() and not values[at].endswith("x")}
    assert len(plain) > 500
    assert not plain & suspected


def test_a_column_that_nobody_fills_in_and_none_at_all_leave_no_doubt() -> None:
    assert _suspected(pl.Series("v", [None, None], dtype=pl.String)) == [False, False]
    assert _suspected(pl.Series("v", [], dtype=pl.String)) == []
