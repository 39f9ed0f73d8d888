"""The small files beside a ledger, and options. In: a random source. Out: inputs with broken ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import yaml
from support.cli_command import LEDGER, SOUND

from fuzz import nasty, texts, trees
from fuzz.inputs import FuzzInput
from fuzz.kinds.expressions import expression
from fuzz.kinds.grids import COMMON, PEOPLE, grid, quoted
from fuzz.kinds.ledgers import TAGS, dumped
from fuzz.kinds.made import written

LEDGER_CSV = quoted([list(SOUND), *[list(r.values()) for r in LEDGER]], ",", "\n", False).encode()
AUDIT = ("audit", "l.csv", *COMMON, "--policy", "fujian-2007-80", "--format", "json")
WAIVERS: dict[str, Any] = {"waivers": [
    {"id": "2007-1", "clause": "1.6b", "record": "06002", "reason": "x", "requested_by": "zhang",
     "approved_by": "li", "granted_on": "2007-12-01", "expires": "2008-01-31", "basis": "y"},
    {"id": "2007-2", "rule": "receipt-returned", "where": "member.sex == 'male'", "at_most": 3, "reason": "x",
     "requested_by": "zhang", "approved_by": "li", "granted_on": "2007-12-01", "expires": "2008-01-31"},
    {"id": "2007-3", "clause": "1.1a", "records": ["06006", "06003"], "reason": "x",
     "requested_by": "a", "approved_by": "b", "granted_on": "2007-12-01", "expires": "2007-12-30"}]}
SETTINGS = """policy = "fujian-2007-80"
timezone = "Asia/Shanghai"
as-of = 2007-12-31
waivers = "w.yaml"
fail-on = "warning"
format = "json"
packs = ["p"]
by = ["member.sex"]
set = {receipt_return_days = 45}
[columns]
"编号" = "member.id"
"""


def _yaml(tree: Any) -> bytes:
    try:
        return yaml.safe_dump(tree, allow_unicode=True, sort_keys=False).encode(errors="surrogatepass")
    except (RecursionError, yaml.YAMLError):
        return dumped(tree)


def _with(kind: str, name: str, data: bytes, args: tuple[str, ...], form: str = "json", **more: Any) -> FuzzInput:
    return FuzzInput(kind, args, {"l.csv": LEDGER_CSV, name: data}, form=form, **more)


def mutate(rng: Random, given: FuzzInput) -> FuzzInput:
    """Bytes of what is beside the ledger changed, or a line of it turned into a tag."""
    name = rng.choice([n for n in given.files if n != "l.csv"] or ["l.csv"])
    data = given.files[name]
    if name.endswith(".yaml") and rng.random() < 0.4:
        lines = data.split(b"\n")
        at = rng.randrange(len(lines))
        lines[at] = lines[at].partition(b":")[0] + b": " + rng.choice(TAGS).encode()
        data = b"\n".join(lines)
    else:
        data = texts.mutate(rng, data)
    return replace(given, files={**given.files, name: data})


def _some(rng: Random, given: FuzzInput, chance: float = 0.5) -> FuzzInput:
    return mutate(rng, given) if rng.random() < chance else given


def fresh_columns(rng: Random) -> FuzzInput:
    """A mapping of headings."""
    tree: Any = {h: rng.choice(("member.id", "member.name", "letter.serial", None, nasty.value(rng)))
                 for h in rng.sample(list(SOUND), 3)}
    tree = trees.mutate(rng, tree)
    name = rng.choice(("c.yaml", "c.json"))
    data = dumped(tree) if name == "c.json" else _yaml(tree)
    args: tuple[str, ...] = (*AUDIT, "--columns", name)
    form = "json"
    if rng.random() < 0.3:
        form, args = "yaml", ("columns", "l.csv", "--columns", name, "--format", "yaml", *COMMON)
    if rng.random() < 0.2:
        mapping = f"{nasty.text(rng)}={rng.choice(('member.id', '', nasty.text(rng)))}"
        args = (*AUDIT, "--column", mapping.replace("\x00", "")[:1000])
    return _some(rng, _with("columns", name, data, args, form))


def fresh_waivers(rng: Random) -> FuzzInput:
    """A file of waivers."""
    leaves: list[Callable[[Random], Any]] = [nasty.value, expression, lambda r: r.choice(
        ("06002", "1.6b", "2007-02-30", "9999-12-31", -1, 10**20, "2007-12-31", 6002, True))]
    tree = trees.mutate(rng, WAIVERS, rng.choice(leaves), rng.choice((1, 1, 2, 5)))
    args, form = rng.choice(((
        (*AUDIT, "--waivers", "w.yaml"), "json"),
        (("waivers", "lint", "w.yaml", "--format", "json", *COMMON), "json"),
        (("waivers", "lint", "w.yaml", "--ledger", "l.csv", "--format", "table", *COMMON), "table"),
        (("waivers", "lint", "w.yaml", "--format", "github", *COMMON), "github"),
        (("waivers", "list", "w.yaml", "--format", "markdown", *COMMON), "markdown"),
        (("deadlines", "l.csv", "--waivers", "w.yaml", "--format", "json", *COMMON), "json")))
    rows = len(LEDGER) if args[0] == "audit" else None
    return _some(rng, _with("waivers", "w.yaml", _yaml(tree), args, form, rows=rows), 0.3)


def fresh_settings(rng: Random) -> FuzzInput:
    """A file of settings."""
    lines = SETTINGS.splitlines()
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(lines))
        lines[at] = lines[at].partition("=")[0] + "= " + rng.choice((
            json.dumps(nasty.text(rng)), "[]", "{}", "1e400", "nan", "9" * 5000, "07:32:00", "0x1", "true",
            "1979-05-27T07:32:00Z", "[" * 500, '"""x"""', "'/dev/zero'", "['~nobody-there/x']", "'~nobody-there'", '["\\u0000"]', '"/etc"', '"../.."', '["", ""]',
            "{a = 1, a = 2}", '"\\ud800"'))
    args = rng.choice((("audit", "l.csv", "--lang", "en"), ("audit", "l.csv", "--show-settings", "--lang", "en"),
                       ("policy", "list"), ("check", "l.csv"), ("fields",)))
    given = _with("settings", "zhuanjie.toml", "\n".join(lines).encode(errors="surrogatepass"), args, "")
    return _some(rng, given)


def fresh_roster(rng: Random) -> FuzzInput:
    """A roster, in any kind of file."""
    made = grid(rng, 6)
    rows = quoted([made.headings[:3], *[row[:3] for row in made.rows]], ",", "\n", False)
    name = rng.choice(("r.csv", "r.csv", "r.txt", "r.json", "r.jsonl", "r.xlsx", "r"))
    data = rows.encode(errors="replace")
    if "json" in name:
        data = dumped(trees.mutate(rng, [dict(zip(made.headings[:3], row, strict=False)) for row in made.rows]))
    return _some(rng, _with("roster", name, data, (*AUDIT, "--roster", name), rows=len(LEDGER)))


def fresh_baseline(rng: Random) -> FuzzInput:
    """A baseline, of which lines are changed."""
    lines: list[Any] = [json.loads(line) for line in written()["baseline.jsonl"].splitlines()]
    for _ in range(rng.randrange(3)):
        lines[rng.randrange(len(lines))] = trees.mutate(rng, rng.choice(lines))
    data = b"\n".join(map(dumped, lines)) + b"\n"
    args, form, writes = rng.choice((
        ((*AUDIT, "--baseline", "b.jsonl"), "json", ()),
        (("baseline", "show", "b.jsonl", "--format", "json", *COMMON), "json", ()),
        (("baseline", "update", "b.jsonl", "l.csv", "--grow", "--reason", "x", *COMMON), "", ("b.jsonl",))))
    return _some(rng, _with("baseline", "b.jsonl", data, args, form, writes=writes))


def fresh_report(rng: Random) -> FuzzInput:
    """Reports that are compared."""
    tree = trees.mutate(rng, json.loads(written()["report.json"]), count=rng.choice((1, 2, 5)))
    form = rng.choice(("json", "table", "csv", "markdown", "html"))
    data = dumped(tree) if rng.random() < 0.7 else texts.mutate(rng, written()["report.csv"])
    name = "b.json" if data[:1] in b"{[" else "b.csv"
    given = _with("report", name, data, ("compare", "a.json", name, "--format", form, "--lang", "en"), form)
    return _some(rng, replace(given, files={**given.files, "a.json": written()["report.json"]}), 0.3)


OPTIONS = ("--set", "--as-of", "--by", "--only", "--skip", "--format", "-o", "--backend", "--policy", "--absent",
           "--fail-on", "--column", "--partition-by", "--lang", "--row", "--record", "--within", "--before",
           "--sheet", "--file", "--soon", "--records", "--seed", "--timeout", "--jobs", "--filter", "--name")
VALUES = ("receipt_return_days=30", "receipt_return_days=-1", "receipt_return_days=99999999999999999999", "x=1",
          "2007-12-31", "0001-01-01", "9999-12-31", "2007-02-30", "today", "member.sex", "姓名", "1.6b", "1.", "",
          "json", "python", "smt", "../x", "/dev/null", "/dev/full", ".", "/proc/self/mem", "l.csv", "out.csv", "-",
          "--", "0", "-1", "99999999999999999999", "1e9", "nan", "clause,rule", "clause,clause", "en", "zh", "fr")


def fresh_options(rng: Random) -> FuzzInput:
    """A call with options that are not meant so."""
    base = rng.choice((("audit", "l.csv"), ("audit", "."), ("audit", "*"), ("audit", "-"), ("check", "l.csv"),
                       ("explain", "l.csv"), ("deadlines", "l.csv"), ("columns", "l.csv"), ("policy", "show"),
                       ("policy", "schema"), ("generate", "--records", "3", "--seed", "1"), ("fields",),
                       ("template",), ("completion",), ("policy", "new"), ("eval", "1"), ("explain", "-"),
                       ("compare", "l.csv", "l.csv"), ("baseline", "create", "l.csv"), ("destinations", "-")))
    args = [*base, "--as-of", "2007-12-31"] if rng.random() < 0.5 else list(base)
    for _ in range(rng.randrange(4)):
        args += [rng.choice(OPTIONS), rng.choice((*VALUES, nasty.text(rng)[:300], rng.choice(PEOPLE)))]
    clean = tuple(a.replace("\x00", "").encode(errors="replace").decode() for a in args)
    # Any of them may be a file that is asked for: that nothing else is touched is tried by others.
    given = FuzzInput("options", clean, {"l.csv": LEDGER_CSV}, stdin=rng.choice((b"", LEDGER_CSV, b"{}", b"\xff")))
    return _anywhere(given)


def _anywhere(given: FuzzInput) -> FuzzInput:
    asked = [a for a, before in zip(given.args[1:], given.args, strict=False) if before == "-o"]
    return replace(given, output=asked[-1] if asked else "")


def mutate_options(rng: Random, given: FuzzInput) -> FuzzInput:
    """One argument another, gone or twice."""
    args = list(given.args) or ["audit"]
    at = rng.randrange(1, len(args)) if len(args) > 1 else 0
    args[at : at + 1] = rng.choice(([], [args[at]] * 2, [rng.choice(VALUES)], [rng.choice(OPTIONS)]))
    return _anywhere(replace(given, args=tuple(args)))
