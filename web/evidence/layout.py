"""Verifications and erasures for people and programs. In: what was found. Out: sections, JSON."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from typing import Any

from zhuanjie.engine.api import say
from zhuanjie.report.presentation import Presentation
from zhuanjie.report.section import Section
from zhuanjie.report.view import View
from zhuanjie.web.evidence.verify import TrailVerification
from zhuanjie.web.store.event import Event
from zhuanjie.web.trail.proof import Shown


def verified(found: TrailVerification, view: View) -> Presentation:
    """What `register trail verify` says of a register."""
    return Presentation(lambda: _verified(found, view), lambda: {
        "events": found.size, "root": _base64(found.root), "checkpoints": found.checkpoints,
        "covered": found.covered, "flaws": found.count,
        "named": [{"kind": f.code, "event": f.seq, "id": f.id,
                   "message": _message(f.message, view)} for f in found.flaws]})


def _verified(found: TrailVerification, view: View) -> Iterator[Section]:
    notes = [view.say("register.trail.read", events=found.size, checkpoints=found.checkpoints,
                      covered=found.covered)]
    if found.root is not None:
        notes.append(view.say("register.trail.root", root=_base64(found.root)))
    if not found.checkpoints:
        notes.append(view.say("register.trail.no-checkpoints"))
    title = view.say("register.trail.flaws" if found.count else "register.trail.whole",
                     count=found.count)
    lines = [_message(f.message, view) for f in found.flaws]
    if found.count > len(lines):
        lines.append(view.say("register.trail.more", count=found.count - len(lines)))
    yield Section(title=title, tone="bad" if found.count else "good", notes=notes, tree=lines)


def proved(shown: Shown, view: View) -> Presentation:
    """What a proof shows."""
    return Presentation(lambda: [_proved(shown, view)], lambda: {
        "checkpoints": [c.line for c in shown.checkpoints],
        "event": dict(shown.event) if shown.event is not None else None,
        "values": {name: {"before": before, "after": after}
                   for name, (before, after) in shown.values.items()}})


def _proved(shown: Shown, view: View) -> Section:
    if shown.event is None:
        first, second = shown.checkpoints
        return Section(title=view.say("register.trail.proved.goes-on", size=second.size,
                                      first=first.size), tone="good",
                       tree=[first.line, second.line])
    event = shown.event
    told = {"event": event["seq"], "id": event["id"], "at": event["at"],
            "kind": event["kind"].removeprefix("member."), "case": event["member"],
            "unit": event["unit"], "actor": event["actor"], "role": event["role"]}
    lines = [f"{name}: {value}" for name, value in told.items() if value]
    lines += [f"{name}: {'' if before is None else before} → {'' if after is None else after}"
              for name, (before, after) in shown.values.items()]
    return Section(title=view.say("register.trail.proved.holds", number=event["seq"],
                                  size=shown.checkpoints[-1].size),
                   tone="good", notes=[shown.checkpoints[-1].line], tree=lines)


def erased(done: Sequence[Event], view: View, *, is_done: bool) -> Presentation:
    """What was erased, or would be."""
    gone = [(seq, fields) for event in done for seq, fields in event.data["events"]]
    return Presentation(
        lambda: [Section(
            title=view.say("register.trail.erased" if is_done else "register.trail.would-erase",
                           count=len(gone)),
            tone="good" if is_done else "warn",
            tree=[f"{seq}: {view.join(fields)}" for seq, fields in gone])],
        lambda: {"erased": is_done,
                 "events": [{"event": seq, "fields": fields} for seq, fields in gone]})


def _message(message: tuple[str, dict[str, Any]], view: View) -> str:
    code, args = message
    return say(code, view.lang, **args)


def _base64(root: bytes | None) -> str | None:
    return b64encode(root).decode() if root is not None else None
