"""A small pack to plant faults in. In: rules, parameters. Out: the policy."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from zhuanjie.engine import load_policy
from zhuanjie.engine.policy.policy import Policy

WORDS = {"zh": "文字", "en": "words"}


def rule(id_: str, shape: Mapping[str, Any], when: str | None = None,
         **more: Any) -> dict[str, Any]:
    """A rule as a topic file has it."""
    return {"id": id_, "clause": "1", "title": WORDS, "message": WORDS, "remedy": WORDS,
            **({"when": when} if when else {}), **shape, **more}


def ask(text: str) -> dict[str, Any]:
    """The shape of a rule that asks for a condition."""
    return {"require": {"ask": text}}


def deadline(due: str, done: str) -> dict[str, Any]:
    """The shape of a rule that asks for an act by a day."""
    return {"deadline": {"due": due, "done": done}}


def table(*rows: tuple[str, str | None, Sequence[str]]) -> dict[str, Any]:
    """A decision table on the destination: clause, condition, destinations."""
    return rule("destination", {"table": {"subject": "destination.kind", "rows": [
        {"clause": clause, "title": WORDS, "allow": list(allow), **({"when": when} if when else {})}
        for clause, when, allow in rows]}}, "has(destination.kind)")


def values(*steps: tuple[str | None, int]) -> dict[str, Any]:
    """A parameter of days that changes over the years."""
    return {"unit": "days", "source": WORDS, "note": WORDS, "values": [
        {**({"from": start} if start else {}), "value": value} for start, value in steps]}


def policy(folder: Path, rules: Sequence[Mapping[str, Any]], *,
           parameters: Mapping[str, Any] | None = None, scope: str | None = None,
           accepts: Sequence[Mapping[str, Any]] = (),
           moments: Mapping[str, str] | None = None) -> Policy:
    """The pack with these rules, loaded."""
    clauses = {c: {"binds": "sender", "text": WORDS} for c in ("1", "a", "b", "c", "d", "e")}
    manifest: dict[str, Any] = {
        "id": "planted", "version": "1.0.0", "title": WORDS, "authority": WORDS,
        "document": {"number": "1", "issued_on": "2007-11-01", "title": WORDS},
        "in_force": {"from": "2007-11-01"}, "clauses": clauses,
        "parameters": dict(parameters or {}), "accepts": list(accepts),
        "moments": {n: {"title": WORDS, "sets": f} for n, f in (moments or {}).items()},
    }
    if scope:
        manifest["scope"] = {"when": scope, "title": WORDS}
    folder.mkdir(exist_ok=True)
    topic = {"topic": WORDS, "rules": list(rules)}
    # JSON is YAML; but a day must stand without quotes.
    for name, data in (("pack.yaml", manifest), ("10.yaml", topic)):
        text = json.dumps(data, ensure_ascii=False)
        for day in {d for p in (parameters or {}).values() for v in p.get("values", ())
                    if (d := v.get("from"))} | {"2007-11-01"}:
            text = text.replace(f'"{day}"', day)
        (folder / name).write_text(text, encoding="utf-8")
    return load_policy(folder)


_NO_SUBJECT = "has(destination.kind)"


def from_short(folder: Path, entry: Mapping[str, Any]) -> Policy:
    """The pack that an entry of `fixtures/verify` stands for.

    A rule is its `when` and the keys of its shape; a table lists its `rows` as clause, condition,
    destinations; a parameter is its value, or its values by the day they start (`ever` for the
    first).
    """
    rules = [_rule(name, short) for name, short in entry["rules"].items()]
    parameters = {}
    for name, value in entry.get("parameters", {}).items():
        steps = value.items() if isinstance(value, dict) else [("ever", value)]
        parameters[name] = values(*((None if day == "ever" else str(day), n) for day, n in steps))
    return policy(folder, rules, parameters=parameters, scope=entry.get("scope"),
                  moments=entry.get("moments"))


def _rule(name: str, short: Mapping[str, Any]) -> dict[str, Any]:
    more = {k: v for k, v in short.items() if k in ("severity", "clause", "moments")}
    when = short.get("when")
    match short:
        case {"ask": text, "at_least": least}:
            shape = {"share": {"ask": text, "at_least": str(least)}}
        case {"ask": text}:
            shape = ask(text)
        case {"due": due, "done": done}:
            shape = deadline(due, done)
        case {"every": every}:
            shape = {"recurring": {"start": short["start"], "last": short["last"],
                                   "every": str(every)}}
        case {"unique": field}:
            shape = {"unique": {"field": field, **(
                {"within": short["within"]} if "within" in short else {})}}
        case {"at_most": field}:
            shape = {"at_most": {"field": field, "count": str(short["count"]), **(
                {"within": short["within"]} if "within" in short else {})}}
        case {"rows": rows}:
            return {**table(*rows), "id": name, "when": when or _NO_SUBJECT}
        case _:
            raise ValueError(f"{name}: no such shape")
    return rule(name, shape, when, **more)
