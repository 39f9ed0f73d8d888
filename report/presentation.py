"""Results in any format. In: a result and the name of a format. Out: its text on a stream.

A result's layout presents it: it says what there is to write for people, for programs and in forms
of the result's own. Only the module of the format asked for is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from msgspec import Struct, field

from zhuanjie.report.formats.registry import FORMATS, OFFERED

if TYPE_CHECKING:
    from zhuanjie.engine.api import Diagnostic, Finding, Lang, Report
    from zhuanjie.engine.core.unaudited import Unaudited
    from zhuanjie.report.section import Section
    from zhuanjie.report.view import View

    Layout = Callable[[Report, View], Iterable[Section]]
    Page = Callable[[Report, View], Iterable[str]]


class Presentation(Struct, frozen=True):
    """A result, ready for every format that is offered for it.

    `sections` are for people, `data` for programs; formats of findings take the `report`. `texts`
    has the formats for which the result has a form of its own, by their names. Nothing is made
    before it is asked for.
    """

    sections: Callable[[], Iterable[Section]]
    data: Callable[[], Any] | None = None
    report: Report | None = None
    texts: Mapping[str, Callable[[], Iterable[str]]] = field(default_factory=dict)


class FindingKeeper(Protocol):
    """What keeps findings until the whole report is known."""

    def keep(self, findings: Iterable[Finding]) -> None:
        """Take findings in, in their order."""
        ...

    def render(self, report: Report, out: TextIO, view: View) -> Sequence[Diagnostic] | None:
        """Write the report, whose findings were kept; returns what is to be said of it."""
        ...


def write(shown: Presentation, form: str, out: TextIO, view: View) -> Sequence[Diagnostic]:
    """Write a presented result in the format `form`; returns what is to be said of that."""
    said: Sequence[Diagnostic] | None = None
    if form in shown.texts:
        out.writelines(shown.texts[form]())
    elif FORMATS[form].for_people:
        _module(form).render(shown.sections(), out, view)
    elif shown.report is not None:
        said = _module(form).render(shown.report, out, view)
    else:
        assert shown.data is not None, form
        _module(form).write(shown.data(), out)
    return said or ()


def write_report(report: Report, layout: Layout, form: str, out: TextIO, view: View,
                 page: Page | None = None) -> Sequence[Diagnostic]:
    """Write `report` in the format `form`; `layout` puts it into sections for people.

    `page` makes the web page of a report that has one of its own. Raises OutputError where there
    are more findings than the format bears.
    """
    refuse_too_many(len(report.findings), form)
    texts = {"html": lambda: page(report, view)} if page is not None else {}
    shown = Presentation(lambda: layout(report, view), report=report, texts=texts)
    return write(shown, form, out, view)


def refuse_too_many(findings: int, form: str) -> None:
    """Raise OutputError where a format does not bear so many findings: none are left out."""
    most = FORMATS[form].most
    if most is None or findings <= most:
        return
    from zhuanjie.engine.api import OutputError, fail

    whole = ("spooled", "streamed", "file")
    others = ", ".join(n for n in OFFERED["audit"] if FORMATS[n].findings in whole)
    raise fail(OutputError, "report.too-many", hint="report.too-many.hint", form=form,
               most=f"{most:,}", formats=others)


def spooled(form: str, view: View) -> AbstractContextManager[FindingKeeper]:
    """A place to keep findings in for a format, which is gone afterwards."""
    made: AbstractContextManager[FindingKeeper] = _module(form).spooled(view)
    return made


def write_data(data: Any, out: TextIO) -> None:
    """Write plain data as JSON."""
    _module("json").write(data, out)


def finding_lines(findings: Iterable[Finding], form: str, *, by_pack: bool, by: Sequence[str],
                  after: Callable[[], Iterable[Unaudited]], lang: Lang) -> Iterator[str]:
    """Findings in a format that is written as they come; with `by_pack` several packs judge.

    `by` are the fields they are grouped by; `after` says, when all are written, what was not
    audited.
    """
    lines: Iterator[str] = _module(form).lines(findings, by_pack, by, after, lang)
    return lines


def _module(form: str) -> ModuleType:
    return import_module(f"zhuanjie.report.formats.{form}")
