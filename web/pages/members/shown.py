"""What stands above a list. In: its filter, counts. Out: tabs, filters to take away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zhuanjie.engine.api import Lang, Outcome, RegisterActs, say
from zhuanjie.web.pages.members.filters import STATES, TABS, ListFilter
from zhuanjie.web.pages.words import words
from zhuanjie.web.service.waiting import awaited_of
from zhuanjie.web.service.worklist import WorkCounts

_OUTCOMES = frozenset(map(str, Outcome))


def tabs(asked: ListFilter, counts: WorkCounts, lang: Lang) -> list[dict[str, Any]]:
    """The tabs of a list. A state is a figure of its own: what else a figure was of goes."""
    known = {"all": counts.tally.members, "soon": counts.soon, "waiting": counts.waiting[""],
             **{tab: counts.tally.states[state] for tab, state in STATES.items()}}
    return [{"href": asked.address(tab=tab, waits=""), "words": words(f"members.tab_{tab}", lang),
             "count": known.get(tab), "current": tab == asked.tab} for tab in TABS]


def waits_tabs(asked: ListFilter, counts: WorkCounts, acts: RegisterActs,
               lang: Lang) -> list[dict[str, Any]]:
    """What cases wait for, with counts; below the tab of those that wait."""
    if asked.tab != "waiting":
        return []
    return [{"href": asked.address(waits=kind), "count": count, "current": kind == asked.waits,
             "words": _waits(kind, acts, lang)} for kind, count in counts.waiting.items()]


def chips(asked: ListFilter, titles: Mapping[str, str], acts: RegisterActs,
          lang: Lang) -> list[tuple[str, str]]:
    """What narrows a list besides its form, each with the address of the list without it."""
    found = [(say(f"output.outcome.{each}", lang) if each in _OUTCOMES else each,
              asked.address(outcome=tuple(o for o in asked.outcome if o != each)))
             for each in asked.outcome]
    for name, step in (("step", asked.step), ("lacks", asked.lacks)):
        if step:
            known = acts.steps.get(step)
            title = getattr(known.words, lang) if known is not None else step
            found.append((words(f"members.chip_{name}", lang, step=title),
                          asked.address(**{name: ""})))
    if asked.age:
        found.append((words(f"board.age_{asked.age.replace('-', '_')}", lang),
                      asked.address(age="")))
    if asked.dark:
        about = " ".join(filter(None, (asked.dark, titles.get(asked.dark))))
        found.append((words("members.chip_dark", lang, clause=about), asked.address(dark="")))
    if asked.alone:
        found.append((words("members.chip_alone", lang), asked.address(alone=False)))
    if asked.group is not None:
        found.append((say(f"register.digest.{asked.group}", lang), asked.address(group=None)))
    if asked.waiver:
        found.append((words("members.chip_waiver", lang), asked.address(waiver="")))
    if asked.law:
        found.append((words("members.chip_law", lang, law=asked.law), asked.address(law="")))
    return found


def _waits(kind: str, acts: RegisterActs, lang: Lang) -> str:
    name = awaited_of(kind)
    if name is not None and name in acts.awaited:
        return str(getattr(acts.awaited[name].awaited.title, lang))
    return words(f"members.waits_{kind or 'all'}", lang)
