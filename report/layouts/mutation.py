"""What the cases of a pack would miss. In: a mutation report. Out: sections, JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from zhuanjie.engine.api import WEIGHTS
from zhuanjie.engine.core.messages import say
from zhuanjie.engine.core.results import Outcome, plain
from zhuanjie.report.presentation import Presentation
from zhuanjie.report.section import Section
from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import MutationReport, Survivor


def present(report: MutationReport, pack: str, view: View) -> Presentation:
    """A mutation report, for any of the formats of `policy mutate`."""
    return Presentation(lambda: _sections(report, pack, view), lambda: _plain(report))


def _plain(report: MutationReport) -> dict[str, Any]:
    return {
        "mutants": report.mutants, "killed": report.killed, "equivalent": report.equivalent,
        "survivors": [
            {"rule": s.mutant.rule, "fault": s.mutant.fault, "diff": _diff(s),
             "witness": _witness(s)} for s in report.survivors
        ],
    }


def _witness(survivor: Survivor) -> dict[str, Any] | None:
    found = survivor.witness
    if found is None:
        return None
    return {
        "as_of": found.as_of.isoformat(),
        "record": {name: plain(value) for name, value in found.record.items()},
        "was": found.was, "is": found.now, "file": found.file, "case": found.case,
    }


def _diff(survivor: Survivor) -> str:
    mutant = survivor.mutant
    return f"--- {mutant.role}\n- {mutant.was}\n+ {mutant.now}"


def _sections(report: MutationReport, pack: str, view: View) -> Iterator[Section]:
    code = "author.mutate.survived" if report.survivors else "author.mutate.killed"
    yield Section(
        title=say(code, view.lang, id=pack, mutants=report.mutants, killed=report.killed,
                  equivalent=report.equivalent, survivors=len(report.survivors),
                  share=f"{report.score:.1%}"),
        tone="bad" if report.survivors else "good")
    for survivor in report.survivors:
        mutant = survivor.mutant
        title = say("author.mutate.survivor", view.lang, rule=mutant.rule,
                    fault=say(f"author.fault.{mutant.fault}", view.lang))
        yield Section(title=title, level=3,
                      tree=[*_diff(survivor).splitlines(), *_case(survivor, view)])


def _case(survivor: Survivor, view: View) -> Iterator[str]:
    """The case that would notice, ready to be pasted."""
    found = survivor.witness
    if found is None:
        code = f"author.mutate.expect-{survivor.mutant.fault}"
        weighs = survivor.mutant.fault in WEIGHTS
        yield say(code if weighs else "author.mutate.no-witness", view.lang,
                  was=survivor.mutant.was)
        return
    mutant = survivor.mutant
    was, now = ((mutant.was, mutant.now) if found.was == found.now and mutant.fault in WEIGHTS
                else (view.outcome(Outcome(name)) for name in (found.was, found.now)))
    yield ""
    yield say("author.mutate.paste", view.lang, file=found.file, was=was, now=now)
    yield from (f"  {line}" for line in found.case.splitlines())
