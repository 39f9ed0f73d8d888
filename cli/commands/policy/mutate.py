"""`zhuanjie policy mutate`: would the cases notice? In: a pack. Out: faults unnoticed (exit 1)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from zhuanjie.cli import complete, exit_codes, options
from zhuanjie.cli.help import define, option
from zhuanjie.cli.options import Count, Target
from zhuanjie.cli.session import session_of

if TYPE_CHECKING:
    from zhuanjie.engine.authoring.mutation.mutate import MutationReport, Survivor
    from zhuanjie.report.section import Section
    from zhuanjie.report.view import View


@define("policy.mutate")
@click.argument("pack", metavar="PACK", shell_complete=complete.packs)
@option("--jobs", "-j", said="jobs", type=Count(1), metavar="N")
@options.target("table", "json", "markdown")
@options.lang
@click.pass_context
def command(ctx: click.Context, *, pack: str, jobs: int | None, target: Target) -> int:
    """Try small faults on a pack's rules."""
    from zhuanjie.cli import show
    from zhuanjie.engine import api
    from zhuanjie.engine.authoring.mutation.mutate import mutate
    from zhuanjie.report import write_answer

    policy = api.load_policy(pack)
    report = mutate(policy, jobs or os.cpu_count() or 1)
    view = show.view_of(session_of(ctx), target, policy)
    with show.result(target) as out:
        write_answer(_plain(report), _sections(report, policy.id, view), target.format, out,
                            view)
    return exit_codes.FINDINGS if report.survivors else exit_codes.OK


def _plain(report: MutationReport) -> dict[str, Any]:
    return {
        "mutants": report.mutants, "killed": report.killed, "equivalent": report.equivalent,
        "survivors": [
            {"rule": s.mutant.rule, "fault": s.mutant.fault, "diff": _diff(s),
             "witness": _witness(s)} for s in report.survivors
        ],
    }


def _witness(survivor: Survivor) -> dict[str, Any] | None:
    from zhuanjie.engine.core.results import plain

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


def _sections(report: MutationReport, pack: str, view: View) -> list[Section]:
    from zhuanjie.engine.core.messages import say
    from zhuanjie.engine.core.results import Outcome
    from zhuanjie.report.section import Section

    code = "author.mutate.survived" if report.survivors else "author.mutate.killed"
    share = f"{report.score:.1%}"
    sections = [Section(
        title=say(code, view.lang, id=pack, mutants=report.mutants, killed=report.killed,
                  equivalent=report.equivalent, survivors=len(report.survivors), share=share),
        tone="bad" if report.survivors else "good")]
    for survivor in report.survivors:
        found, mutant = survivor.witness, survivor.mutant
        lines = _diff(survivor).splitlines()
        if found is None:
            lines.append(say("author.mutate.no-witness", view.lang))
        else:
            was, now = (view.outcome(Outcome(name)) for name in (found.was, found.now))
            lines += ["", say("author.mutate.paste", view.lang, file=found.file, was=was, now=now),
                      *(f"  {x}" for x in found.case.splitlines())]
        title = say("author.mutate.survivor", view.lang, rule=mutant.rule,
                    fault=say(f"author.fault.{mutant.fault}", view.lang))
        sections.append(Section(title=title, level=3, tree=lines))
    return sections
