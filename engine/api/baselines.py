"""Baselines for callers. In: ledgers, a file of known findings. Out: what became of the file."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Unpack

from msgspec import Struct

from zhuanjie.engine.api.ledgers import AuditOptions, Given, Sources, stream
from zhuanjie.engine.core.personal import hide_numbers
from zhuanjie.engine.core.results import Report
from zhuanjie.engine.core.waiver import StaleFinding
from zhuanjie.engine.core.whole_files import replacing
from zhuanjie.engine.core.worker_process import survives_fork
from zhuanjie.engine.waivers.baseline import (
    KNOWN,
    Baseline,
    BaselineEntry,
    baseline_lines,
    entry_of,
    read_baseline,
    shrunk,
)

__all__ = ["BaselineChange", "create_baseline", "read_baseline", "show_baseline",
           "update_baseline"]


class BaselineChange(Struct, frozen=True):
    """A baseline against ledgers: what it holds (now), what is stale, how many findings are new.

    `report` is the audit of the ledgers, without its findings; None where there was none.
    """

    baseline: Baseline
    stale: tuple[StaleFinding, ...] = ()
    new: int = 0
    report: Report | None = None


@survives_fork
def create_baseline(sources: Sources, path: str | Path, policy: Given = None,
                    **options: Unpack[AuditOptions]) -> BaselineChange:
    """Audit ledgers and write down what is wrong or open as known. Options as for `stream`.

    What is waived is not written down: it has its waiver. Raises OSError where the file cannot be
    written, and what `stream` raises.
    """
    found, report, made = _audited(sources, policy, None, options)
    _write(Baseline(made.policy, report.as_of, found), path)
    return BaselineChange(Baseline(made.policy, report.as_of, found, file=str(path)),
                          new=len(found), report=report)


@survives_fork
def update_baseline(path: str | Path, sources: Sources, policy: Given = None, *,
                    reason: str | None = None,
                    **options: Unpack[AuditOptions]) -> BaselineChange:
    """Take out of a baseline what is not there any more; with a `reason` add what is new.

    Raises as `create_baseline` does, and InputError for a file that is no baseline.
    """
    found, report, _ = _audited(sources, policy, path, options)
    known = read_baseline(path)
    assert report.baseline is not None
    stale = report.baseline.stale
    after = shrunk(known, found, [e.id for e in stale], report.policy, report.as_of,
                   reason and hide_numbers(reason))
    _write(after, path)
    return BaselineChange(after, stale, len(found.keys() - known.entries.keys()), report)


@survives_fork
def show_baseline(path: str | Path, sources: Sources | None = None, policy: Given = None,
                  **options: Unpack[AuditOptions]) -> BaselineChange:
    """A baseline, and what has become of it in ledgers, where any are given."""
    known = read_baseline(path)
    if sources is None:
        return BaselineChange(known)
    found, report, _ = _audited(sources, policy, path, options)
    assert report.baseline is not None
    return BaselineChange(known, report.baseline.stale,
                          len(found.keys() - known.entries.keys()), report)


def _audited(sources: Sources, policy: Given, path: str | Path | None,
             options: AuditOptions) -> tuple[dict[str, BaselineEntry], Report, Baseline]:
    """The findings that a baseline may hold, by their ids, and the report of the audit."""
    options["baseline"] = path
    with closing(stream(sources, policy, **options)) as run:
        found = {f.id: entry_of(f, run.plan.as_of) for f in run if f.outcome in KNOWN and f.judged}
        report = run.head()
    return found, report, Baseline(report.policy, report.as_of, found)


def _write(made: Baseline, path: str | Path) -> None:
    from zhuanjie import __version__

    with replacing(Path(path), private=True) as draft:
        draft.write_text("".join(baseline_lines(made, __version__)), encoding="utf-8")
