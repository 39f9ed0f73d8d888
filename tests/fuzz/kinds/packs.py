"""Packs: a manifest, topics, cases. In: a random source. Out: inputs with a pack that is not sound."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml
from support.cli_command import LEDGER, SOUND

from fuzz import nasty, texts, trees
from fuzz.inputs import FuzzInput
from fuzz.kinds import expressions
from fuzz.kinds.grids import quoted
from fuzz.kinds.ledgers import TAGS

ROOT = Path(__file__).resolve().parents[3]
PACKS = [*sorted(f.parent for f in (ROOT / "fixtures" / "packs").glob("*/pack.yaml")),
         ROOT / "rules" / "quanzhou-normal-2007-23",
         ROOT / "rules" / "central-2015-33"]
COMMANDS = (("lint", "table"), ("lint", "json"), ("lint", "github"), ("test", "json"), ("show", "json"),
            ("show", "markdown"), ("docs", "markdown"), ("docs", "html"), ("coverage", "json"),
            ("verify", "json"), ("fmt", ""), ("audit", "json"), ("diff", "json"), ("template", ""))
WORDS = [w.encode() for w in ("when", "ask", "due", "done", "every", "months(params.x)", "member.left_on",
                              "unique", "table", "share", "definitions", "builds_on", "replace", "null",
                              "parameters", "fields", "in_force", "&a", "*a", "<<: *a", "|-", ">-")]
SHARE = """
  - id: fuzz-share
    clause: "1"
    title: {zh: 甲, en: a}
    when: has(member.left_on)
    share: {ask: has(letter.issued_on), at_least: 90}
    message: {zh: 甲, en: a}
    remedy: {zh: 乙, en: b}
"""


@cache
def _pack(folder: Path) -> dict[str, bytes]:
    return {f"p/{p.relative_to(folder).as_posix()}": p.read_bytes()
            for p in sorted(folder.rglob("*")) if p.is_file()}


def fresh(rng: Random) -> FuzzInput:
    """A pack that some change was made to, and a call on it."""
    files = dict(_pack(rng.choice(PACKS)))
    files["l.csv"] = quoted([list(SOUND), *[list(r.values()) for r in LEDGER]], ",", "\n", False).encode()
    command, form = rng.choice(COMMANDS)
    args, writes = ["policy", command, "p"], ()
    form_args = ("--format", form) if form else ()
    match command:
        case "audit":
            args = ["audit", "l.csv", "--policy", "p", "--as-of", "2024-12-31"]
        case "diff":
            args = ["policy", "diff", rng.choice(("p", "fujian-2007-80")), "p"]
        case "template":
            args, writes = ["template", "p", "-o", "out.xlsx"], ("out.xlsx",)
        case "fmt":
            writes = tuple(n for n in files if n.startswith("p/"))
        case "verify":
            args += ["--timeout", "1"]
    given = FuzzInput("pack", (*args, *form_args, "--lang", "en"), files, form=form, writes=writes)
    for _ in range(rng.choice((1, 1, 2, 4))):
        given = mutate(rng, given)
    return given


def _leaf(rng: Random) -> Any:
    if rng.random() < 0.5:
        return expressions.expression(rng)
    return rng.choice((nasty.value(rng), *TAGS, 10**30, -1, "2007-02-30", True, None))


def mutate(rng: Random, given: FuzzInput) -> FuzzInput:
    """A place of one of its files changed, as a tree or as bytes."""
    mine = [n for n in given.files if n.startswith("p/")]
    topics = [n for n in mine if n.count("/") == 1] * 3
    name = rng.choice(mine + topics)
    data = given.files[name]
    if rng.random() < 0.05:
        return replace(given, files={n: d for n, d in given.files.items() if n != name})
    if rng.random() < 0.05:
        return replace(given, files={**given.files, name: data + SHARE.encode()})
    if rng.random() < 0.25:
        changed = texts.mutate(rng, data, WORDS)
    else:
        try:
            tree = trees.mutate(rng, yaml.safe_load(data), _leaf)
            changed = yaml.safe_dump(tree, allow_unicode=True, sort_keys=False).encode(
                errors="surrogatepass")
        except (yaml.YAMLError, ValueError, RecursionError, UnicodeDecodeError, TypeError):
            changed = texts.mutate(rng, data, WORDS)
    return replace(given, files={**given.files, name: changed})
