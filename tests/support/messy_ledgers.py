"""Ledgers as offices leave them: other forms, blanks, notes. In: a source of chance. Out: rows."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import polars as pl

from support.party_transfer import fields
from zhuanjie.engine.vocabulary.fields import Field

BLANKS = ("", " ", "　", "\t ", "\u200b", "\ufeff", "\u00a0")
ODD = ("#N/A", "#REF!", "#1", "2007-02-30", "？", "3000-01-01", "1899-12-31", "合计", "注：见附表", "--",
       "12345678901234567890", "-3", "+2007-01-02", "20070-1-1", "2007-06", "\u3000有\u200b",
       "2.00705E+11", "####", "○", "✔", "是（外企）", "二〇〇七年六月二十日", "6月20日", "39253",
       "2007—6—20", "农历五月", "'06001", '="06001"', '＝"/"', "' 无", "=1+1", "'")
NOTHING = ("/", "——", "－ －", "无", "暂 无", "Ｎ／Ａ", "n/a", "*", "不详", " / ", "无\u3000", "没有")

OFFICE = {"A1": ("Ａ１", "第A1号", "a 1"), "王某": ("王 某", "王\u3000某"),
          "13800000000": ("138 0000 0000", "+8613800000000"), "0591-87654321": ("（0591）87654321",)}
"""What an office takes for the same text."""


def cell(field: Field, rng: random.Random, messy: float) -> Any:
    """A cell as text: nearly always plain, sometimes in another form, blank, or unreadable."""
    if rng.random() < 0.25:
        return None
    match field.type:
        case "date":
            day = date(2006, 1, 1) + timedelta(days=rng.randrange(900))
            if rng.random() < 0.3:
                day = date(2014, 1, 1) + timedelta(days=rng.randrange(2500))
            text = day.isoformat()
            other = (f"{day:%Y/}{day.month}/{day.day}", f"{day.year}年{day.month}月{day.day}日",
                     f"{day:%Y%m%d}", f"{text} 00:00:00", f"{day:%Y.%m.%d}")
        case "month":
            y, m = rng.randrange(1950, 2020), rng.randrange(1, 13)
            text = f"{y}-{m:02}"
            other = (f"{y}.{m}", f"{y}年{m}月", f"{y}{m:02}", f"{y}/{m:02}", f"{y}-{m:02}-15",
                     f"{y}年", f"{y}-13")
        case "bool":
            text, other = rng.choice((("是", ("true", "有", "Ｙ")), ("否", ("false", "無", "0"))))
        case "enum":
            text, chinese = rng.choice(list(field.values.items()))
            other = (chinese, text.upper(), f"{text} ")
        case "int":
            text = str(rng.randrange(1990, 2010) if field.name == "member.cohort" else 90)
            other = (f"{text}.0", f" {text}", f"{text}天")
        case _:
            text = rng.choice(("A1", "A2", "王某", "李某", "13800000000", "0591-87654321", "某路1号"))
            other = (f"{text} ", f"　{text}", f"{text}\u200b", "“引”", "É", "１３８",
                     *OFFICE.get(text, ()))
    if rng.random() < messy:
        return rng.choice((*other, *BLANKS, *ODD, *NOTHING))
    return text


def ledger(rng: random.Random, size: int, messy: float) -> list[dict[str, Any]]:
    """Records of texts, with blank rows, notes, and ids and serials that stand there twice."""
    chosen = [f for f in fields() if rng.random() < 0.8]
    out: list[dict[str, Any]] = []
    for number in range(size):
        record = {f.name: cell(f, rng, messy) for f in chosen}
        record["member.id"] = rng.choice((f"06{number:03}",) * 7 + (
            "06000", "06001 ", None, "０６０００", "06 001"))
        if rng.random() < messy / 4:
            record = dict.fromkeys(record, rng.choice((None, "", " ")))
        if rng.random() < messy / 8:
            record = dict.fromkeys(record) | {"member.id": rng.choice(("合计", "制表人：某"))}
        out.append(record)
    return out


def typed(records: list[dict[str, Any]]) -> pl.DataFrame:
    """The same as columns of their fields' types, as far as the cells allow it."""
    frame = pl.DataFrame(records, schema=dict.fromkeys(records[0], pl.String))
    return frame.with_columns(
        {"date": pl.col(n).str.to_date("%Y-%m-%d", strict=False),
         "bool": pl.col(n).replace_strict({"是": True, "否": False}, default=None,
                                          return_dtype=pl.Boolean),
         "int": pl.col(n).cast(pl.Int32, strict=False)}.get(fields()[n].type, pl.col(n))
        for n in frame.columns
    )
