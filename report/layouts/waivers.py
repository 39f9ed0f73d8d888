"""Waivers for people. In: the review of files of waivers. Out: sections, JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.messages import say, say_diagnostic
from zhuanjie.engine.core.personal import hide_numbers
from zhuanjie.engine.core.waiver import WaiverUse
from zhuanjie.report import json_shape as shape
from zhuanjie.report.formats.github import line
from zhuanjie.report.presentation import Presentation
from zhuanjie.report.section import Section
from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import WaiverReview

NAMED = 5
"""Of how many records that a waiver names a list gives the ids."""


def lints(found: WaiverReview, view: View) -> Presentation:
    """What is wrong with waivers, for any of the formats of `waivers lint`."""
    return Presentation(lambda: _lints(found, view), lambda: {
        **_head(found), "lints": [_plain(d, view) for d in found.lints],
        "soon": [_plain(d, view) for d in found.near]},
        texts={"github": lambda: _annotations(found, view)})


def listing(found: WaiverReview, view: View) -> Presentation:
    """The waivers, for any of the formats of `waivers list`."""
    ranked = sorted(found.used, key=lambda use: (use.waiver.expires, use.waiver.id))
    return Presentation(lambda: [_list(found, ranked, view)], lambda: {
        **_head(found), "waivers": [_entry(found, use) for use in ranked]})


def _head(found: WaiverReview) -> dict[str, Any]:
    return {"policy": shape.policy(found.policy), "as_of": found.as_of.isoformat()}


def _lints(found: WaiverReview, view: View) -> Iterator[Section]:
    count = len(found.used)
    yield Section(
        title=view.say("waivers.found" if found.lints else "waivers.clean",
                       count=len(found.lints), waivers=count),
        tone="warn" if found.lints else "good", tree=_said(found.lints, view))
    if found.near:
        yield Section(title=view.say("waivers.soon", count=len(found.near)),
                      tree=_said(found.near, view))


def _said(diagnostics: tuple[Diagnostic, ...], view: View) -> list[str]:
    return [text for d in diagnostics for text in say_diagnostic(d, view.lang).splitlines()]


def _plain(d: Diagnostic, view: View) -> dict[str, Any]:
    return {"kind": d.code, "message": say(d.code, view.lang, **d.args),
            "remedy": say(d.hint, view.lang, **d.args) if d.hint else "",
            "file": d.place.file, "line": d.place.line}


def _annotations(found: WaiverReview, view: View) -> Iterator[str]:
    for level, diagnostics in (("error", found.lints), ("warning", found.near)):
        for d in diagnostics:
            said = _plain(d, view)
            text = said["message"] + (f" → {said['remedy']}" if said["remedy"] else "")
            yield line(level, d.place.file, d.code, text, d.place.line)


def _list(found: WaiverReview, ranked: list[WaiverUse], view: View) -> Section:
    headers = ["id", "standing", "covers", "whom", "expires", "left", "reason", "asked-by",
               "approved-by", *(["findings"] if found.judged else [])]
    return Section(
        title=view.say("waivers.list", count=len(ranked), as_of=found.as_of),
        headers=view.columns(*headers), rows=[_row(found, use, view) for use in ranked])


def _row(found: WaiverReview, use: WaiverUse, view: View) -> tuple[str, ...]:
    entry, waiver = found.entries[use.waiver.id], use.waiver
    more = len(entry.named) - NAMED
    whom = view.say("waivers.where", where=entry.where, at_most=entry.at_most) if entry.where \
        else view.join([*map(hide_numbers, entry.named[:NAMED])]) + (
            view.say("waivers.more", count=more) if more > 0 else "")
    left = str((waiver.expires - found.as_of).days) if use.state in ("in_force", "beyond") else ""
    return (waiver.id, view.say(f"waivers.state.{use.state}"), entry.clause or entry.rule or "",
            whom, waiver.expires.isoformat(), left, waiver.reason, waiver.requested_by,
            waiver.approved_by, *([str(use.findings)] if found.judged else []))


def _entry(found: WaiverReview, use: WaiverUse) -> dict[str, Any]:
    entry = found.entries[use.waiver.id]
    return {**shape.waiver(use.waiver), "state": use.state, "clause": entry.clause,
            "rule": entry.rule, "records": [*map(hide_numbers, entry.named)],
            "where": entry.where and hide_numbers(entry.where),
            "at_most": entry.at_most, "file": use.file, "line": use.line,
            **({"findings": use.findings} if found.judged else {})}
