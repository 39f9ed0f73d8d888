"""Imports for people and programs. In: previews, what was saved. Out: sections, JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any, Final

from zhuanjie.engine.api import Diagnostic, InputFinding, TableColumns
from zhuanjie.report.notices import in_words
from zhuanjie.report.presentation import Presentation
from zhuanjie.report.section import Section
from zhuanjie.report.view import View
from zhuanjie.web.store.errors import ConflictError
from zhuanjie.web.store.members import Member
from zhuanjie.web.transfer.changes import Contradiction, MemberChange
from zhuanjie.web.transfer.preview import ImportPreview
from zhuanjie.web.transfer.projection import PastImport
from zhuanjie.web.transfer.save import SavedImport
from zhuanjie.web.transfer.source import ImportSource, TableReading
from zhuanjie.web.transfer.undo import UndoneImport

COUNTED: Final = ("new", "changed", "unchanged", "contradicted", "elsewhere", "withdrawn",
                  "nameless")
"""What rows come to, in the order in which it is said."""
FEW_REASONS: Final = 2
"""Contradictions of a member that are said."""
FEW: Final = 20
"""Members of a kind that are listed unless all are asked for."""


def presented(found: ImportPreview, view: View, *, every: bool = False) -> Presentation:
    """A preview, for any of the formats of `register import`."""
    return Presentation(lambda: _preview(found, view, every=every),
                        lambda: plain_preview(found, view))


def _preview(found: ImportPreview, view: View, *, every: bool) -> Iterator[Section]:
    most = None if every else FEW
    yield Section(title=view.say("register.import.title", count=len(found.source.tables)),
                  level=1, notes=[counts_line(found.counts, view)])
    yield Section(
        title=view.say("register.import.tables"),
        headers=[view.say(f"register.import.column.{c}")
                 for c in ("table", "records", "columns", "taken", "unknown", "others")],
        rows=[_table(t, found, view, every=every) for t in found.source.tables])
    yield from _input(found, view, most)
    for kind in ("changed", "contradicted", "new", "elsewhere", "withdrawn"):
        yield from _members(kind, [m for m in found.members if m.kind == kind], found, view, most)
    yield from _cells("blank", [(m, name, value) for m in found.members
                                for name, value in m.blank.items()], found, view, most)
    yield from _cells("unread", [(m, name, None) for m in found.members for name in m.unread],
                      found, view, most)
    if found.nameless:
        yield Section(title=view.say("register.import.nameless", count=len(found.nameless)),
                      tone="warn", notes=[_listed(
                          [place(at, found.source) for at in found.nameless], view, most)])
    if found.missing:
        yield Section(title=view.say("register.import.missing", count=len(found.missing)),
                      notes=[_listed([member_name(m, view) for m in found.missing], view, most)])
    if found.strays:
        yield Section(title=view.say("register.import.strays", count=len(found.strays)),
                      tone="warn", notes=[view.join(
                          f"{name} ({count})" for name, count in found.strays.items())])
    yield _end(found, view)


def _end(found: ImportPreview, view: View) -> Section:
    if found.before is not None:
        return Section(title=view.say("register.import.before", id=found.before.id[:8],
                                      at=found.before.at[:10], actor=found.before.actor),
                       tone="warn")
    if found.changes_nothing:
        return Section(title=view.say("register.import.nothing"), tone="good")
    return Section(title=view.say("register.import.not-saved", token=found.token))


def counts_line(counts: Mapping[str, int], view: View) -> str:
    """How many members are new, changed and so on."""
    return view.join(view.say(f"register.import.count.{name}", count=counts[name])
                     for name in COUNTED if counts.get(name))


def _table(table: TableReading, found: ImportPreview, view: View, *,
           every: bool) -> tuple[str, ...]:
    """A table; of its columns those that are headed by another name than their field's."""
    uses = [u for u in table.columns.columns if u.field is not None]
    taken = [f"{u.heading}→{heading_of(u.field.name, view)}" for u in uses if u.field is not None
             and (every or u.heading not in u.field.all_headings[:3])]
    return (table_name(table.columns, found.source), str(table.columns.records), str(len(uses)),
            view.join(taken),
            view.join(u.heading for u in table.columns.columns if u.state == "unknown"),
            view.join(view.say(f"row.{kind}", count=count)
                      for kind, count in table.other_rows.items()))


def table_name(table: TableColumns, source: ImportSource) -> str:
    """A table as short as it can be told: by its file's name, its sheet where it has several."""
    alike = [t.columns for t in source.tables if t.columns.file == table.file]
    name = PurePath(table.file).name
    return f"{name}[{table.sheet}]" if table.sheet and len(alike) > 1 else name


def _input(found: ImportPreview, view: View, most: int | None) -> Iterator[Section]:
    wrong = found.source.input
    if wrong:
        yield Section(
            title=view.say("register.import.input", count=len(wrong)), tone="warn",
            headers=[view.say(f"register.import.column.{c}") for c in ("place", "column", "why")],
            rows=[(_at(f, found), f.column or "", in_words(f, view.lang)) for f in wrong[:most]],
            notes=_rest(len(wrong), most, view))


def _at(wrong: InputFinding, found: ImportPreview) -> str:
    numbers = [at for at, t in enumerate(found.source.tables)
               if (t.columns.file, t.columns.sheet) == (wrong.file, wrong.sheet)]
    return "" if wrong.row is None else place((numbers[0] if numbers else 0, wrong.row),
                                                found.source)


def _members(kind: str, some: Sequence[MemberChange], found: ImportPreview, view: View,
             most: int | None) -> Iterator[Section]:
    if not some:
        return
    rows = [(change.key, change.name or "",
             view.join(place(p, found.source) for p in change.places),
             _what(change, found, view)) for change in some[:most]]
    yield Section(
        title=view.say(f"register.import.members.{kind}", count=len(some)),
        tone="warn" if kind in ("contradicted", "elsewhere", "withdrawn") else "plain",
        headers=[view.say(f"register.import.column.{c}")
                 for c in ("key", "name", "place", "what")], rows=rows,
        notes=_rest(len(some), most, view))


def _what(change: MemberChange, found: ImportPreview, view: View) -> str:
    parts = [said(c, found.source, view) for c in change.contradictions[:FEW_REASONS]]
    if len(change.contradictions) > FEW_REASONS:
        parts.append(view.say("register.import.reasons",
                              count=len(change.contradictions) - FEW_REASONS))
    if change.kind == "new":
        parts.append(view.say("register.import.filled", count=change.filled))
    elif change.kind == "changed":
        parts += [f"{heading_of(name, view)}: {shown_value(name, before, view)} → "
                  f"{shown_value(name, after, view)}"
                  for name, (before, after) in change.values.items()]
        if change.columns:
            parts.append(view.say("register.import.columns", headings=view.join(
                heading_of(n, view) for n in view.fields.sort(change.columns))))
    return "; ".join(parts)


def said(found: Contradiction, source: ImportSource, view: View) -> str:
    """A contradiction in words."""
    if found.reason == "members":
        return view.say("register.import.contradiction.members",
                        keys=view.join(map(str, found.values)))
    places = [place(p, source) for p in found.places]
    name = found.field or ""
    return view.say(f"register.import.contradiction.{found.reason}", field=heading_of(name, view),
                    first=shown_value(name, found.values[0], view), place=places[0],
                    second=shown_value(name, found.values[1], view), other=places[1])


def _cells(kind: str, cells: Sequence[tuple[MemberChange, str, Any]], found: ImportPreview,
           view: View, most: int | None) -> Iterator[Section]:
    if cells:
        yield Section(
            title=view.say(f"register.import.{kind}", count=len(cells)),
            headers=[view.say(f"register.import.column.{c}")
                     for c in ("key", "name", "column", "known")],
            rows=[(m.key, m.name or "", heading_of(name, view),
                   "" if value is None else shown_value(name, value, view))
                  for m, name, value in cells[:most]],
            notes=_rest(len(cells), most, view))


def _rest(count: int, most: int | None, view: View) -> list[str]:
    return [] if most is None or count <= most else [
        view.say("register.import.rest", count=count - most)]


def _listed(texts: Sequence[str], view: View, most: int | None) -> str:
    return view.join([*texts[:most], *(["…"] if most is not None and len(texts) > most else [])])


def place(at: tuple[int, int], source: ImportSource) -> str:
    """A row: its table where there are several, and its number."""
    if len(source.tables) == 1:
        return str(at[1])
    return f"{table_name(source.tables[at[0]].columns, source)}:{at[1]}"


def member_name(member: Member, view: View) -> str:
    """What a member of the register is called: a key, else the register's id."""
    return next((view.fields[key].shown(str(member.record[key])) for key in view_keys(view)
                 if key in member.record), member.id)


def view_keys(view: View) -> Sequence[str]:
    """The fields that name members."""
    return view.policy.vocabulary.keys if view.policy is not None else (view.key,)


def heading_of(name: str, view: View) -> str:
    """What a field is called."""
    field = view.fields.get(name)
    if field is None:
        return name
    return field.heading_en or field.heading if view.lang == "en" else field.heading


def shown_value(name: str, value: Any, view: View) -> str:
    """A value in words, as much of it as may be shown."""
    if value is None:
        return view.say("register.import.blank-cell")
    field = view.fields.get(name)
    if field is None:
        return str(value)
    if isinstance(value, bool):
        value = "true" if value else "false"
    labels = field.values_en or field.values if view.lang == "en" else field.values
    return field.shown(labels.get(str(value), str(value)))


def plain_preview(found: ImportPreview, view: View) -> dict[str, Any]:
    """A preview as programs have it."""
    return {
        "token": found.token, "sha256": found.source.sha256, "counts": dict(found.counts),
        "before": None if found.before is None else plain_import(found.before),
        "tables": [{
            "file": t.columns.file, "sheet": t.columns.sheet, "header_row": t.columns.header_row,
            "records": t.columns.records, "other_rows": dict(t.other_rows),
            "columns": [{"column": u.column, "heading": u.heading,
                         "field": u.field.name if u.field else None, "how": u.how,
                         "state": u.state} for u in t.columns.columns],
        } for t in found.source.tables],
        "input": [{"file": f.file, "sheet": f.sheet, "row": f.row, "column": f.column,
                   "field": f.field, "value": f.value, "message": f.message(view.lang)}
                  for f in found.source.input],
        "members": [_plain_member(m, found) for m in found.members],
        "missing": [{"member": m.id, "key": member_name(m, view)} for m in found.missing],
        "nameless": [_plain_place(at, found.source) for at in found.nameless],
        "strays": dict(found.strays),
    }


def _plain_member(change: MemberChange, found: ImportPreview) -> dict[str, Any]:
    fields = found.source.vocabulary.fields

    def shown(name: str, value: Any) -> Any:
        return fields[name].shown(value) if isinstance(value, str) and name in fields else value

    return {
        "kind": change.kind, "member": change.member, "key": change.key, "name": change.name,
        "unit": change.unit, "filled": change.filled,
        "places": [_plain_place(at, found.source) for at in change.places],
        "values": {name: [shown(name, before), shown(name, after)]
                   for name, (before, after) in change.values.items()},
        "blank": {name: shown(name, value) for name, value in change.blank.items()},
        "unread": list(change.unread),
        "columns": list(fields.sort(change.columns)) if change.kind == "changed" else [],
        "contradictions": [{
            "reason": c.reason, "field": c.field,
            "values": [shown(c.field or "", v) for v in c.values],
            "places": [_plain_place(at, found.source) for at in c.places]}
            for c in change.contradictions],
    }


def _plain_place(at: tuple[int, int], source: ImportSource) -> dict[str, Any]:
    table = source.tables[at[0]].columns
    return {"file": table.file, "sheet": table.sheet, "row": at[1]}


def plain_import(past: PastImport) -> dict[str, Any]:
    """A past import as programs have it."""
    return {"id": past.id, "at": past.at, "actor": past.actor, "unit": past.unit,
            "sha256": past.sha256, "counts": dict(past.counts), "undone": past.undone is not None}


def saved(done: SavedImport, view: View) -> Presentation:
    """What was saved."""
    def sections() -> Iterator[Section]:
        if done.before is not None:
            yield Section(title=view.say("register.import.before", id=done.before.id[:8],
                                         at=done.before.at[:10], actor=done.before.actor),
                          tone="warn")
        elif done.id is None:
            yield Section(title=view.say("register.import.nothing"), tone="good",
                          notes=[counts_line(done.counts, view)])
        else:
            yield Section(title=view.say("register.import.saved", id=done.id[:8]), tone="good",
                          notes=[counts_line(done.counts, view),
                                 view.say("register.import.saved.undo", id=done.id[:8])])

    return Presentation(sections, lambda: {
        "import": done.id, "counts": dict(done.counts),
        "before": None if done.before is None else plain_import(done.before)})


def what_changed(error: ConflictError) -> Iterator[Diagnostic]:
    """What somebody else did since a preview."""
    for change in error.changes:
        yield Diagnostic("register.import.changed.event", {
            "actor": change["actor"], "at": change["at"], "kind": change["kind"],
            "record": change["member"], "fields": ", ".join(change["fields"])})


def undone(done: UndoneImport, view: View) -> Presentation:
    """What was taken back."""
    def sections() -> Iterator[Section]:
        if done.already:
            yield Section(title=view.say("register.import.undone-already", id=done.past.id[:8]))
            return
        yield Section(
            title=view.say("register.import.undone", id=done.past.id[:8]), tone="good",
            notes=[view.say("register.import.undone.counts", restored=done.restored,
                            withdrawn=done.withdrawn)])
        if done.kept:
            yield Section(
                title=view.say("register.import.undone.kept", count=len(done.kept)), tone="warn",
                headers=[view.say(f"register.import.column.{c}") for c in ("member", "column")],
                rows=[(k.member, view.say("register.import.whole") if k.field is None
                       else heading_of(k.field, view)) for k in done.kept])

    return Presentation(sections, lambda: {
        "import": done.past.id, "already": done.already, "restored": done.restored,
        "withdrawn": done.withdrawn,
        "kept": [{"member": k.member, "field": k.field} for k in done.kept]})


def listed(found: Sequence[PastImport], view: View) -> Presentation:
    """All imports."""
    return Presentation(
        lambda: [Section(
            title=view.say("register.import.list", count=len(found)),
            headers=[view.say(f"register.import.column.{c}")
                     for c in ("import", "at", "actor", "what", "undone")],
            rows=[(p.id[:8], p.at[:19], p.actor, counts_line(p.counts, view),
                   view.say("register.import.taken-back") if p.undone is not None else "")
                  for p in found])],
        lambda: {"imports": [plain_import(p) for p in found]})
