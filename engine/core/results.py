"""What an audit says. In: nothing. Out: outcomes, findings, reports, for every engine."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Any

from msgspec import Struct
from msgspec import field as preset
from msgspec.structs import replace

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.location import Location
from zhuanjie.engine.core.messages import Lang, say
from zhuanjie.engine.core.report_methods import ReportMethods
from zhuanjie.engine.core.shares import ShareFigures
from zhuanjie.engine.core.waiver import BaselineUse, Waiver, WaiverUse

Scalar = str | int | bool | date


class Outcome(StrEnum):
    """How a rule comes out for a record; see docs/semantics.md."""

    NOT_APPLICABLE = "not_applicable"
    SATISFIED = "satisfied"
    VIOLATION = "violation"
    PENDING = "pending"
    UNDETERMINED = "undetermined"
    WAIVED = "waived"


ALL_OUTCOMES = (Outcome.VIOLATION, Outcome.UNDETERMINED, Outcome.PENDING, Outcome.SATISFIED,
                Outcome.NOT_APPLICABLE)
"""What a rule can come out as for an engine, the worst first; with `--all` each is a finding."""
FINDING_OUTCOMES = ALL_OUTCOMES[:3]
"""The outcomes an engine reports in any case."""
REPORTED = (*FINDING_OUTCOMES, Outcome.WAIVED)
"""The outcomes that are findings; `--all` adds the other two."""
APPLICABLE_OUTCOMES = ALL_OUTCOMES[:4]
"""The outcomes of a rule that speaks of the record."""
WRONG_OUTCOMES = (Outcome.VIOLATION, Outcome.UNDETERMINED)
"""The outcomes that somebody has to mend."""
QUIET_OUTCOMES = (Outcome.SATISFIED, Outcome.NOT_APPLICABLE)
"""The outcomes with nothing to report."""
DUE_OUTCOMES = (Outcome.VIOLATION, Outcome.PENDING, Outcome.SATISFIED)
"""The outcomes that a due day goes with."""
UNBROKEN_OUTCOMES = (Outcome.SATISFIED, Outcome.PENDING)
"""The outcomes of a rule that speaks of the record and is not broken."""
OUTCOME_CODES = (*ALL_OUTCOMES, Outcome.WAIVED)
"""The outcomes by the numbers that stand for them in tables of verdicts."""


class Severity(StrEnum):
    """How much a violation weighs; decides the exit code through `--fail-on`."""

    ERROR = "error"
    WARNING = "warning"


class Verdict(Struct, frozen=True):
    """What an engine says of one rule on one record of a batch, before it is put into words.

    `row` is the record's position in the batch, `rule` the rule's in the plan, `waiver` one among
    the waivers of the batch. `clause` overrides the rule's own where the row of a table decides it.
    `due` is a day number, `late` counts days, `missing` names fields, in the order of their list.
    """

    row: int
    rule: int
    outcome: Outcome
    clause: str | None = None
    due: int | None = None
    late: int | None = None
    missing: tuple[str, ...] = ()
    waiver: int | None = None
    known: int | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One outcome, in words, with the values it read and what would mend it.

    Where several packs judge one ledger, `pack` is the one that judged this, and `edition` tells
    the rule from those of the same name in the others. `name` and `group` are what the record is
    called and what it belongs to, where the ledger says so; `by` has the values of the fields that
    the caller groups by, as text, None where blank. `judged` is false where only columns that are
    not there could decide it. A waived violation has its `waiver`, one whose waiver expired too.
    `known_since` is the day on which the baseline of the audit first saw it. What is found of a
    share, and of no record, has its figures in `share`.
    """

    record: str | None
    rule: str
    clause: str
    outcome: Outcome
    severity: Severity
    message: str
    due: date | None = None
    days_late: int | None = None
    missing: tuple[str, ...] = ()
    fields: Mapping[str, Scalar] = dataclasses.field(default_factory=dict)
    remedy: str = ""
    location: Location = dataclasses.field(default_factory=Location)
    pack: str = ""
    edition: str = ""
    name: str | None = None
    group: str | None = None
    by: Mapping[str, str | None] = dataclasses.field(default_factory=dict)
    judged: bool = True
    waiver: Waiver | None = None
    known_since: date | None = None
    share: ShareFigures | None = None
    identity: str | None = dataclasses.field(default=None, repr=False)
    """The whole value that names the record, where `record` hides a part of it."""

    @property
    def id(self) -> str:
        """What the finding is known by from one audit to the next."""
        return fingerprint(self.rule, self.identity or self.record, self.due)

    @property
    def key(self) -> str:
        """The id of the rule in its plan."""
        return f"{self.rule}@{self.edition}" if self.edition else self.rule


_QUOTED = 3
"""Different cells that one message quotes."""


class InputFinding(Struct, frozen=True):
    """A cell or record that could not be read as it stands; the record is audited all the same.

    `code` and `args` say why (a message of the catalogue). `column` is the heading as the ledger
    writes it, `value` the text of the cell. `severity` is given where it is more than bad evidence.
    Where the same is wrong with `count` cells of a column, `rows`, `records` and `values` are of
    all of them, and what stands above of the first.
    """

    code: str
    record: str | None = None
    field: str | None = None
    row: int | None = None
    column: str | None = None
    value: str | None = None
    file: str | None = None
    sheet: str | None = None
    args: Mapping[str, Any] = preset(default_factory=dict)
    severity: Severity | None = None
    count: int = 1
    rows: tuple[int, ...] = ()
    records: tuple[str | None, ...] = ()
    values: tuple[str | None, ...] = ()

    def message(self, lang: Lang) -> str:
        """Why the cell could not be read, and what to do; of several it quotes a few."""
        return say(self.code, lang, value=self._quoted(lang), column=self.column, field=self.field,
                   **self.args)

    def _quoted(self, lang: Lang) -> str | None:
        different = list(dict.fromkeys(value for value in self.values if value is not None))
        if len(different) < 2:
            return self.value
        more = ["…"] if len(different) > _QUOTED else []
        return f"`{say('list.comma', lang)}`".join([*different[:_QUOTED], *more])

    def cells(self) -> Iterator[InputFinding]:
        """The same of each cell by itself."""
        if self.count == 1:
            yield self
            return
        for row, record, value in zip(self.rows, self.records, self.values, strict=True):
            yield replace(self, row=row, record=record, value=value, count=1, rows=(), records=(),
                          values=())


class PolicyRef(Struct, frozen=True):
    """Which pack judged: its id, version and the digest of its meaning-bearing text."""

    id: str
    version: str
    sha256: str


class Judged(Struct, frozen=True):
    """What one of several packs judged: when it is in force, and how many records by clause."""

    policy: PolicyRef
    start: date | None
    end: date | None
    clauses: Mapping[str, int]


class Skipped(Struct, frozen=True):
    """A file or sheet that was not audited, and why; `named` where the call names the file."""

    file: str
    sheet: str | None
    reason: Diagnostic
    named: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class TableRef:
    """A table of a ledger: its file, its sheet, the row its header ends in, its fields' columns."""

    file: str
    sheet: str | None = None
    header_row: int | None = None
    columns: Mapping[str, int] = dataclasses.field(default_factory=dict, compare=False, repr=False)


class TableCounts(Struct, frozen=True):
    """What the rows of one table are: so many records, and what is no record by what it is.

    `marked` says how many rows are hidden, filtered away or struck through; they are read like the
    others.
    """

    table: TableRef
    records: int = 0
    rows: Mapping[str, int] = preset(default_factory=dict)
    marked: Mapping[str, int] = preset(default_factory=dict)


class LedgerRef(Struct):
    """What was judged: how many records, how many beyond the pack's scope, the files' digest.

    `tables` say what the rows of each are; the sum of their records is `records`.
    """

    records: int = 0
    out_of_scope: int = 0
    sha256: str = ""
    skipped: tuple[Skipped, ...] = ()
    """The files and sheets that were not audited."""
    tables: tuple[TableCounts, ...] = ()


class Summary(Struct):
    """Counts by clause and outcome. `counts[clause][outcome]`; clauses in the pack's order.

    `not_judged` counts by clause what only columns that are not there could decide.
    """

    counts: dict[str, Counter[Outcome]] = preset(default_factory=dict)
    people: int = 0
    """How many records have a violation: those of one id count once, each without an id once."""
    by: dict[str, dict[str, Counter[Outcome]]] = preset(default_factory=dict)
    """Counts by the value of each field that the caller groups by; a blank value is ""."""
    days_late: dict[str, int] = preset(default_factory=dict)
    """By clause, how many days its longest violation is overdue or came too late."""
    not_judged: Counter[str] = preset(default_factory=Counter)
    not_asked: tuple[str, ...] = ()
    """Clauses that were left out on purpose."""

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Summary:
        """What some findings come to."""
        made, people = cls(), set[object]()
        for finding in findings:
            made.add(finding.clause, finding.outcome)
            if finding.outcome is Outcome.VIOLATION and finding.share is None:
                people.add(finding.location if finding.record is None else finding.record)
                made.note_late(finding.clause, finding.days_late or 0)
        made.people = len(people)
        return made

    def add(self, clause: str, outcome: Outcome, times: int = 1) -> None:
        """Count an outcome of a clause."""
        self.counts.setdefault(clause, Counter())[outcome] += times

    def note_late(self, clause: str, days: int) -> None:
        """Note that a violation of a clause is so many days late."""
        if days > self.days_late.get(clause, 0):
            self.days_late[clause] = days

    def total(self, outcome: Outcome) -> int:
        """How often an outcome came out, over all clauses."""
        return sum(c[outcome] for c in self.counts.values())


@dataclasses.dataclass(slots=True, repr=False)
class Report(ReportMethods):
    """A whole audit. `findings` follow the ledger's rows, then the pack's rules.

    `judged` says which of several packs judged what; it is empty where one judged everything.
    """

    policy: PolicyRef
    as_of: date
    ledger: LedgerRef
    summary: Summary
    input: list[InputFinding]
    findings: list[Finding]
    notices: list[Diagnostic] = dataclasses.field(default_factory=list)
    no_columns: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)
    """Fields that rules read and the ledger has no column for, with the rules' clauses."""
    judged: tuple[Judged, ...] = ()
    keys: tuple[str, ...] = ()
    """The fields that name the records of the ledger's tables; empty for the vocabulary's own."""
    waivers: tuple[WaiverUse, ...] = ()
    """The waivers that were given, and what each covers."""
    waiver_problems: tuple[Diagnostic, ...] = ()
    """What is wrong with waivers that cover nothing."""
    baseline: BaselineUse | None = None
    origin: tuple[Any, Lang, bool] | None = dataclasses.field(
        default=None, repr=False, compare=False)
    """The policy, the language, and whether all outcomes were asked for: what words need."""


def fingerprint(rule: str, record: str | None, due: date | None) -> str:
    """What a finding is known by: 16 hex digits of SHA-256 over its rule, record and due day.

    The three stand on a line each (LF between them, nothing for one that there is not), in UTF-8.
    """
    text = f"{rule}\n{record or ''}\n{due.isoformat() if due else ''}"
    return sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


def plain(value: Any) -> Any:
    """A value as JSON has it: dates as ISO text, everything else as it is."""
    return value.isoformat() if isinstance(value, date) else value
