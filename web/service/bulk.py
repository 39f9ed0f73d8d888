"""One act for many members. In: a selection, what is asked. Out: what becomes of it, in groups.

What is said of many is said once, with the people of whom it is said: the clause that refuses an
act, what would be set. A selection that is a whole list is as it was when somebody looked at it.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from zhuanjie.engine.api import Diagnostic, Lang, Text, TypedAct, UsageError, fail, say
from zhuanjie.report.inert import csv_text
from zhuanjie.web.acts.desk import BulkResult
from zhuanjie.web.acts.perform import AskedAct
from zhuanjie.web.service.listing import MOST as PAGE
from zhuanjie.web.service.listing import MemberQuery, StandingQuery, list_members
from zhuanjie.web.service.register import Register
from zhuanjie.web.service.saying import field_label, told, value_words
from zhuanjie.web.store.errors import ConflictError, RefusedError
from zhuanjie.web.store.event import Actor
from zhuanjie.web.store.members import members

LOOK: Final = "bulk-look"
"""The kind of job that says what an act would come to for a list."""
DO: Final = "bulk-do"
"""The kind of job that does what was looked at."""
AT_ONCE: Final = 200
"""Members whose act is answered at once; for more it is a job."""
MOST: Final = 20_000
NAMED: Final = 50
"""People of a group that the page of a job names; the file has all of them."""
FILE: Final = "people.csv"
_CHOSEN: Final = "chosen.json"
_STEP: Final = 20
Progress = Callable[[int, int | None], None]


def plain_query(asked: MemberQuery) -> dict[str, Any]:
    """A list, as a job is told of it."""
    return asdict(asked)


def plain_act(asked: AskedAct) -> dict[str, Any]:
    """What is asked, as a job is told of it."""
    return {"act": asked.act, "inputs": dict(asked.inputs), "reason": asked.reason,
            "acknowledged": sorted(asked.acknowledged)}


def act_of(said: Mapping[str, Any]) -> AskedAct:
    """What was asked of a job."""
    return AskedAct(said["act"], "", said["inputs"], said["reason"],
                    acknowledged=frozenset(said["acknowledged"]))


def choose(register: Register, actor: Actor, said: Mapping[str, Any]) -> dict[str, int | None]:
    """The members of a list, with their versions; raises UsageError for too many."""
    stands = said["stands"]
    asked = MemberQuery(**{**said, "stands": StandingQuery(**stands) if stands else None})
    chosen: dict[str, int | None] = {}
    after = None
    with register.store.reading(actor) as conn:
        while True:
            rows, after = list_members(conn, asked, register.vocabulary, after=after, limit=PAGE)
            chosen |= {row.id: row.version for row in rows}
            if len(chosen) > MOST:
                raise fail(UsageError, "register.acts.too-many", most=MOST)
            if after is None:
                return chosen


def as_now(register: Register, actor: Actor,
           chosen: Mapping[str, int | None]) -> dict[str, int | None]:
    """A selection with the versions that are looked at now: what is changed since is not done."""
    with register.store.reading(actor) as conn:
        known = members(conn, chosen)
    return {id: known[id].version if id in known else version for id, version in chosen.items()}


def keep_chosen(folder: Path, chosen: Mapping[str, int | None]) -> None:
    """Keep a selection in the folder of the job that looks at it."""
    (folder / _CHOSEN).write_bytes(orjson.dumps(dict(chosen)))


def kept_chosen(folder: Path) -> dict[str, int | None]:
    """The selection that a job looked at."""
    found: dict[str, int | None] = orjson.loads((folder / _CHOSEN).read_bytes())
    return found


def go_through(register: Register, actor: Actor, asked: AskedAct,
               chosen: Mapping[str, int | None], lang: Lang, *, key: str | None = None,
               do: bool = False, named: int = AT_ONCE, file: Path | None = None,
               progress: Progress = lambda _done, _whole: None) -> dict[str, Any]:
    """Look at an act for each of a selection, or do it; what became of them, in groups.

    With a `file` it has everybody, one to a line, whom the groups do not name.
    """
    found = _Groups(register, register.acts.desk.acts.acts[asked.act], lang, done=do, named=named)
    progress(0, len(chosen))
    ids = list(chosen)
    for at in range(0, len(ids), _STEP):
        some = {id: chosen[id] for id in ids[at:at + _STEP]}
        results = register.acts.do_all(actor, asked, some, key=key, lang=lang) if do \
            else register.acts.preview_all(actor, asked, some, lang=lang)
        with register.store.reading(actor) as conn:
            found.add(conn, results)
        progress(found.whole, len(chosen))
    if file is not None:
        found.write(file)
    return found.plain()


@dataclass(slots=True)
class _Group:
    """What is said of several: `text` is None where each is told in words of their own."""

    about: Mapping[str, Any]
    text: str | None
    count: int = 0
    replaced: int = 0
    """How many had something else there before."""
    people: list[Mapping[str, Any]] = field(default_factory=list)

    def add(self, person: Mapping[str, Any], text: str, named: int) -> None:
        if self.count and text != self.text:
            self.text = None
        self.count += 1
        if len(self.people) < named:
            self.people.append({**person, "said": text})

    def plain(self) -> dict[str, Any]:
        alike = self.text is not None
        return {**self.about, "text": self.text, "count": self.count,
                "replaced": self.replaced, "people": [
            {**person, "said": None} if alike else person for person in self.people]}


class _Groups:
    """Puts the results of a selection together."""

    def __init__(self, register: Register, act: TypedAct, lang: Lang, *, done: bool,
                 named: int) -> None:
        self._vocabulary, self._lang = register.vocabulary, lang
        self._act, self._done, self._named = act, done, named
        self._titles = {id: getattr(each.text, lang)
                        for id, each in register.policy().clauses.items()}
        self._numbered = _numbered(act)
        self._refusals, self._notes = dict[Any, _Group](), dict[Any, _Group]()
        self._sets = dict[str, _Group]()
        self._allowed = _Group({}, None)
        self._asked = dict[str, None]()
        self._lines = list[tuple[str, ...]]()
        self._number: str | None = None
        self.whole = 0

    def add(self, conn: Connection, results: Sequence[BulkResult]) -> None:
        """Put some more in."""
        known = members(conn, [each.member for each in results])
        for each in results:
            self.whole += 1
            member = known.get(each.member)
            record = member.record if member else {}
            key = self._vocabulary.key_of(record)
            person: dict[str, Any] = {
                "id": each.member, "number": None,
                "name": str(record.get(self._vocabulary.name or "", "")),
                "key": value_words(self._vocabulary.fields[key], record.get(key), self._lang)}
            if each.error is not None:
                said = self._refused(each.error, person)
            else:
                said = self._taken(each.answer or {}, person, record)
            ways = ("done", "not-done") if self._done else ("possible", "refused")
            self._lines.append((person["name"], person["key"], say(
                f"output.register.bulk.{ways[each.error is not None]}", self._lang), said))

    def _refused(self, error: Any, person: Mapping[str, Any]) -> str:
        """Why one is refused; the texts of it."""
        said = []
        if isinstance(error, RefusedError) and error.findings:
            for found in error.findings:
                self._finding(self._refusals, found, person)
                said.append(f"{found['clause']} {found['message']}")
                if found["outcome"] == "undetermined":
                    self._asked[found["clause"]] = None
        else:
            for each in error.diagnostics:
                text = told(each, self._lang, self._vocabulary.fields)
                self._put(self._refusals, _kind_of(each), {
                    "code": each.code, "clause": "", "title": "", "remedy": "", "outcome": "",
                    "changed": isinstance(error, ConflictError)}, person, text)
                said.append(text)
        return " ".join(said)

    def _taken(self, answer: Mapping[str, Any], person: Mapping[str, Any],
               record: Mapping[str, Any]) -> str:
        """What is set for one; the texts of it."""
        number, shown = answer.get("number"), []
        fields = self._vocabulary.fields
        for name, value in answer.get("changes", {}).items():
            if name in self._numbered:
                number = number or str(value)
                continue  # looked at by itself, each would have the next
            text = value_words(fields[name], value, self._lang)
            group = self._sets.setdefault(name, _Group({"label": field_label(
                fields[name], self._lang)}, text))
            group.add(person, text, 0)
            group.replaced += not self._done and record.get(name) is not None
            shown.append(f"{field_label(fields[name], self._lang)}: {text}")
        self._number = self._number or number
        if self._done and number:
            shown.insert(0, number)
        for found in answer.get("findings", ()):
            self._finding(self._notes, found, person)
        self._allowed.add({**person, "number": number if self._done else None}, "", self._named)
        return "; ".join(shown)

    def _finding(self, groups: dict[Any, _Group], found: Mapping[str, Any],
                 person: Mapping[str, Any]) -> None:
        clause = found["clause"]
        self._put(groups, (clause, found["rule"], found["outcome"]), {
            "code": "", "clause": clause, "title": self._titles.get(clause, ""), "changed": False,
            "remedy": found.get("remedy") or "", "outcome": found["outcome"]},
            person, found["message"])

    def _put(self, groups: dict[Any, _Group], key: Any, about: Mapping[str, Any],
             person: Mapping[str, Any], text: str) -> None:
        groups.setdefault(key, _Group(about, text)).add(person, text, self._named)

    def plain(self) -> dict[str, Any]:
        """All of it, the largest groups first."""
        allowed = self._allowed.count
        return {
            "looked": True, "done": self._done, "whole": self.whole, "allowed": allowed,
            "refused": self.whole - allowed, "number": self._number,
            "people": self._allowed.people, "asked": list(self._asked),
            "sets": [{**each.plain(), "all": each.count == allowed}
                     for each in self._sets.values()],
            "refusals": _largest(self._refusals), "notes": _largest(self._notes)}

    def write(self, file: Path) -> None:
        """Everybody, one to a line."""
        with file.open("w", encoding="utf-8-sig", newline="") as out:
            writer = csv.writer(out)
            fields = self._vocabulary.fields
            writer.writerow((*(field_label(fields[name], self._lang) for name in (
                self._vocabulary.name or self._vocabulary.key, self._vocabulary.key)),
                *(say(f"output.register.bulk.{part}", self._lang) for part in ("came-to", "what"))))
            writer.writerows([csv_text(text) for text in line] for line in self._lines)


def _largest(groups: Mapping[Any, _Group]) -> list[dict[str, Any]]:
    return [each.plain() for each in sorted(groups.values(), key=lambda g: -g.count)]


def _numbered(act: TypedAct) -> frozenset[str]:
    """The fields that take a number of a series."""
    sets = act.act.sets
    own = {name for name, setting in sets.items() if setting.series is not None}
    return frozenset(own | {name for name, setting in sets.items() if setting.field in own})


def _kind_of(said: Diagnostic) -> tuple[str, ...]:
    """What is alike of diagnostics, whatever versions, days or values of people they quote."""
    def parts() -> Iterator[str]:
        for name in ("words", "field", "name", "act"):
            value = said.args.get(name)
            if value is not None:
                yield value.zh if isinstance(value, Text) else str(value)

    return (said.code, *parts())
