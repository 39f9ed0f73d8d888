"""What is asked of every run. In: an input and what came of it. Out: what is wrong, in a word each.

The kind of a fault is its first word, by which like ones are told: `abort`, `exit`, `words`,
`silent`, `many`, `time`, `memory`, `hang`, `output`, `secret`, `identity`, `rows`, `touched`,
`left`, `control`, `green`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from fuzz.client import RunResult
from fuzz.forms import parse
from fuzz.inputs import FuzzInput
from fuzz.nasty import CANARY, ID_NUMBERS

WORDS = ("Traceback (most recent", "internal error", "内部错误", "panicked", "RUST_BACKTRACE",
         "object at 0x", "<class '", "polars.exceptions", "pydantic", "Errno", "thread '")
ERROR = re.compile(r"^(?:error: |错误：)", re.MULTILINE)
USAGE = re.compile(r"^(?:Usage|用法)", re.MULTILINE)
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c]")
MOST_OUTPUT = 64 << 20
MOST_WORDS = 20_000
SEVERAL = ("pack", "waivers", "columns", "settings", "cel")
"""Kinds in which every mistake of a file is said, not the first alone."""
MANY = 1_000


def faults(given: FuzzInput, result: RunResult) -> list[str]:
    """All that is wrong with a run."""
    return list(_faults(given, result))


def _faults(given: FuzzInput, result: RunResult) -> Iterator[str]:
    if result.why:
        yield f"{result.why} {result.cpu:.1f} s of a processor, {result.peak >> 20} MB"
        return
    if result.code < 0:
        yield f"abort signal {-result.code}"
        return
    if result.code not in (0, 1, 2):
        yield f"exit {result.code}: {_last(result.stderr)}"
    else:
        yield from (f"words {word}: {_last(result.stderr)}" for word in WORDS if word in result.stderr)
    yield from _messages(given, result)
    yield from _shown(given, result)
    yield from _files(given, result)
    if result.code in (0, 1):
        yield from _output(given, result)


def _last(text: str) -> str:
    """The line that tells most: of a traceback with the last place in the program."""
    lines = [line for line in text.splitlines() if line.strip()]
    lines = [line for line in lines if ERROR.match(line)] or lines
    places = re.findall(r'File "[^"]*/((?:engine|cli|report)/[^"]*)", line \d+, in (\w+)', text)
    at = f"{'/'.join(places[-1])}: " if places else ""
    return (at + lines[-1])[:200] if lines else ""


def _messages(given: FuzzInput, result: RunResult) -> Iterator[str]:
    said = len(ERROR.findall(result.stderr))
    spoken = said or result.stdout or USAGE.search(result.stderr) or given.kind == "journal"
    if result.code == 2 and not spoken:
        yield f"silent exit 2: {_last(result.stderr)}"
    most = MANY if given.kind in SEVERAL or "journal" in given.kind else 1
    if said > most:
        yield f"many {said} errors"
    if len(result.stderr) > MOST_WORDS * (1 if most == 1 else 20):
        yield f"many {len(result.stderr)} characters on stderr"
    if len(result.stdout) > MOST_OUTPUT:
        yield f"output of {len(result.stdout)} bytes"
    # An error of the library holds what it was given; to show it safely is the command's part.
    if not given.call and (found := CONTROL.search(result.stderr)):
        yield f"control character {found[0]!a} on stderr"


def _shown(given: FuzzInput, result: RunResult) -> Iterator[str]:
    new = {n: data for n, data in result.after.items() if data != result.before.get(n)}
    for secret in (*given.secrets, CANARY):
        if secret in result.stderr or secret.encode() in result.stdout:
            yield "secret shown"
        yield from (f"secret kept in {name}" for name, data in new.items()
                    if secret.encode() in data and secret not in name)
    yield from (f"identity number {number} on stderr" for number in ID_NUMBERS
                if len(number) == 18 and re.search(rf"(?<!\d){number}(?!\d)", result.stderr))


def _files(given: FuzzInput, result: RunResult) -> Iterator[str]:
    for name in sorted({*result.before, *result.after}):
        if result.before.get(name) == result.after.get(name) or name in given.writes:
            continue
        if given.output and (name == given.output or name.startswith(given.output + "/")):
            if result.code == 2 and name in result.before:
                yield f"touched {name} though it is refused"
            continue
        yield f"touched {name}"
    if result.left:
        yield f"left {', '.join(result.left)}"


def _output(given: FuzzInput, result: RunResult) -> Iterator[str]:
    data = result.stdout
    if given.output and given.form:
        if given.output not in result.after:
            return
        data = result.after[given.output]
    if not given.form:
        return
    if given.form == "xlsx" and any(parse("xlsx", held)[1] for name, held in given.files.items()
                                    if name.endswith((".xlsx", ".xlsm"))):
        return  # what is marked keeps what was wrong with it
    parsed, wrong = parse(given.form, data)
    if wrong:
        yield f"output is no {given.form}: {wrong}"
    elif given.form == "json" and given.rows is not None:
        yield from _rows(given, parsed)


def _rows(given: FuzzInput, report: Any) -> Iterator[str]:
    """Judged, set aside and said come to what the ledger has."""
    if not isinstance(report, dict) or "ledger" not in report:
        return
    ledger = report["ledger"]
    if ledger.get("skipped"):
        return
    files = ledger.get("files") or [{"rows": {}}]
    aside = sum(n for f in files for n in f.get("rows", {}).values())
    spoken = ledger["records"] + aside
    assert given.rows is not None
    if not given.rows - given.blank <= spoken <= given.rows:
        yield (f"rows {given.rows} ({given.blank} blank) in the ledger, {ledger['records']} judged, "
               f"{aside} set aside")


def signature(fault: str) -> str:
    """By what like faults are told: their words without what is theirs alone."""
    return re.sub(r"'[^']*'|`[^`]*`|\d+(\.\d+)?", "#", fault)[:160]


def behaviour(result: RunResult) -> str:
    """What a run says, without what is the input's own: a new one makes an input worth keeping."""
    words = re.sub(r"`[^`]*`|“[^”]*”|\d+|\S*/\S*|^.*?: ", "#", result.stderr, flags=re.MULTILINE)
    return json.dumps([result.code, sorted(set(words.splitlines()))[:6]])
