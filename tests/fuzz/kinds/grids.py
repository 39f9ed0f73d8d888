"""Ledgers as grids of texts. In: a random source. Out: headings and rows, sound but for some cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from support.cli_command import SOUND, record

from fuzz import nasty

DATES = [name for name in SOUND if name.endswith(("时间", "日期"))]
COMMON = ("--as-of", "2007-12-31", "--lang", "en")
PEOPLE = ("table", "markdown", "html", "json", "json", "json", "csv", "jsonl", "sarif", "junit",
          "github", "gitlab")
FILES = {"out.xlsx": "xlsx", "out.parquet": "parquet", "out.html": "html", "out.csv": "csv",
         "out.json": "json", "out.md": "markdown", "out.xml": "junit", "out.sarif": "sarif"}


@dataclass
class Grid:
    """A ledger; `blank` rows may hold nothing."""

    headings: list[str]
    rows: list[list[str]]

    @property
    def blank(self) -> int:
        """How many rows may be taken for blank ones."""
        return sum(not any(c.strip("\0\ufeff\u200b \t\r\n\u3000\x1c\x1d\x1e\x1f\x85\xa0")
                           for c in row) for row in self.rows)


def grid(rng: Random, most: int = 12) -> Grid:
    """A random ledger."""
    headings = list(SOUND)
    if rng.random() < 0.3:
        headings = ["学号", "姓名", *rng.sample(headings[2:], rng.randrange(1, 12))]
    rows = [[record(n).get(h, "") for h in headings] for n in range(1, rng.randrange(2, most + 2))]
    for _ in range(rng.randrange(1, 5)):
        _spoil(rng, headings, rows)
    return Grid(headings, rows)


def _spoil(rng: Random, headings: list[str], rows: list[list[str]]) -> None:
    row = rng.choice(rows)
    at = rng.randrange(len(row))
    match rng.randrange(12):
        case 0:
            rows.insert(rng.randrange(len(rows) + 1), [""] * len(row))
        case 1:
            rows.insert(rng.randrange(len(rows) + 1), list(row))
        case 2:
            headings[at] = rng.choice((nasty.text(rng)[:200], rng.choice(headings)))
        case 3:
            word = nasty.text(rng)[:300]
            for each in rows:
                each[at] = word
        case 4:
            rows.append([nasty.text(rng), *[""] * (len(row) - 1)])
        case 5 if "member.id" not in headings:
            headings.append(rng.choice(("身份证号", "身份证号码", "letter.serial", "备注")))
            for each in rows:
                each.append(rng.choice(nasty.ID_NUMBERS))
        case 6:
            row[rng.choice([i for i, h in enumerate(headings) if h in DATES] or [at])] = nasty.text(rng)
        case 7:
            row[0] = nasty.text(rng)
        case _:
            row[at] = nasty.text(rng)


def call(rng: Random, *names: str) -> tuple[tuple[str, ...], str, str]:
    """A call on ledgers: arguments, the format of its answer, the file it asks for."""
    ways = rng.randrange(20)
    if ways == 0:
        form = rng.choice(("table", "json", "yaml", "markdown"))
        return ("columns", *names, "--format", form, "--lang", "en"), form, ""
    if ways == 1:
        form = rng.choice(("table", "json", "ics", "csv", "markdown", "html"))
        return ("deadlines", *names, "--format", form, *COMMON), form, ""
    if ways == 2:
        fix = rng.choice(((), ("--fix",)))
        which = rng.choice((("--row", str(rng.randrange(1, 6))), ("--record", "06001")))
        return ("explain", *names, *which, *fix, "--format", "json", *COMMON), "", ""
    if ways == 3:
        return ("baseline", "create", *names, "-o", "out.jsonl", *COMMON), "jsonl", "out.jsonl"
    options = [o for o, p in ((("--absent", "blank"), 0.5), (("--all",), 0.1), (("--summary",), 0.05),
                              (("--by", "member.sex"), 0.1), (("--with-values",), 0.1),
                              (("--policy", "fujian-2007-80"), 0.3), (("--lang", "zh"), 0.2),
                              (("--backend", rng.choice(("python", "reference", "duckdb"))), 0.1))
               if rng.random() < p]
    if ("--summary",) in options:
        return ("audit", *names, *COMMON, "--summary", "--format", "json"), "json", ""
    more = tuple(part for option in options for part in option)
    if rng.random() < 0.25:
        output = rng.choice(list(FILES))
        return ("audit", *names, *COMMON, *more, "-o", output), FILES[output], output
    form = rng.choice(PEOPLE)
    return ("audit", *names, *COMMON, *more, "--format", form), form, ""


def quoted(rows: Sequence[Sequence[str]], sep: str, end: str, quote: bool) -> str:
    """Delimited text; what has to be is quoted, and on demand everything."""
    def one(cell: str) -> str:
        bare = not quote and not any(c in cell for c in (sep, '"', "\r", "\n"))
        return cell if bare else '"' + cell.replace('"', '""') + '"'

    return "".join(sep.join(one(c) for c in row) + end for row in rows)
