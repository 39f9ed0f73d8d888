"""What a file of cases is. In: plain data from YAML. Out: frozen, validated models.

A case is a record fragment, a day and what rules make of it. Boundaries are written as a table:
one case, a row for each value tried.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, ValidationError, model_validator

from zhuanjie.engine.core.models import Filled, Name, Slug, Strict
from zhuanjie.engine.core.results import Severity
from zhuanjie.engine.policy.ways import as_number

CellValue = str | int | bool | None
OutcomeWord = Literal["satisfied", "violation", "undetermined", "not_applicable", "pending"]
Unnamed = Annotated[
    Literal["none", "any"],
    Field(description="what rules that `expect` does not name may report: nothing, or anything"),
]
ASPECTS = ("clause", "due", "days_late", "missing", "severity", "binds", "edition")
"""What a case may look at besides the outcome."""


class Expectation(Strict):
    """What one rule should come out as; left-out keys are not looked at.

    `severity` is how much the rule weighs, `binds` whom its clause binds, `edition` the pack that
    judges where none is named: a case that expects one is judged by the packs in time.
    """

    outcome: OutcomeWord
    clause: str | None = None
    due: date | None = None
    days_late: int | None = None
    missing: tuple[str, ...] | None = None
    severity: Severity | None = None
    binds: Name | None = None
    edition: Slug | None = None


def _form(value: Any) -> str:
    return "map" if isinstance(value, (dict, Expectation)) else "outcome"


Expected = Annotated[
    Annotated[OutcomeWord, Tag("outcome")] | Annotated[Expectation, Tag("map")],
    Discriminator(_form),
]
"""An expectation, or its outcome alone."""


def _written(value: object) -> str:
    """A cell as the file has it."""
    return "-" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


class CaseTable(Strict):
    """Cases of one kind, a row each.

    A column is `as_of`, `before`, `params.NAME`, a field of the record, `expect.RULE` or
    `expect.RULE.ASPECT` (clause, due, days_late, missing, severity, binds, edition). A
    null takes a field away; in any other column it says nothing.
    """

    columns: Annotated[tuple[str, ...], Field(min_length=1)]
    rows: Annotated[tuple[tuple[CellValue | tuple[str, ...], ...], ...], Field(min_length=1)]

    def texts(self, row: int) -> str:
        """What a row sets, for its case's name."""
        pairs = zip(self.columns, self.rows[row], strict=True)
        return ", ".join(_written(v) for c, v in pairs if c[:7] != "expect.")


_FIELD = re.compile(r"(?!params\.|expect\.)[a-z_]+\.[a-z_0-9]+")


def _is_field(column: str) -> bool:
    """Whether a table's column is a field's name; whether there is such a field, its pack knows."""
    return _FIELD.fullmatch(column) is not None


class Case(Strict):
    """A record fragment and what the rules named in `expect` make of it on a day.

    `others` are further records of the same ledger (for `unique`), `roster` the ids of a roster
    (for `reconcile`), `params` values set for this case alone. `before` names a moment: the act is
    taken to be done on the day, and rules that are not asked before it do not apply. A case that
    expects nothing by name must say `unnamed: none` itself: that nothing is reported is what it
    checks.
    """

    name: Filled
    as_of: date | None = None
    before: Name | None = Field(
        default=None, description="the moment of the pack before which the record is checked")
    record: dict[str, CellValue] = Field(default_factory=dict)
    others: tuple[dict[str, CellValue], ...] = ()
    roster: tuple[str, ...] | None = None
    params: dict[Name, int | date] = Field(default_factory=dict)
    expect: dict[Slug, Expected] = Field(default_factory=dict)
    unnamed: Unnamed | None = None
    table: CaseTable | None = None

    @model_validator(mode="after")
    def _checks_something(self) -> Case:
        if self.table is not None:
            self._columns(self.table)
        try:
            cases = list(self.unfold())
        except ValidationError as error:
            raise ValueError("case.cell") from error
        if any(not case.expect and case.unnamed != "none" for case in cases):
            raise ValueError("case.checks-nothing")
        return self

    @staticmethod
    def _columns(table: CaseTable) -> None:
        if any(len(row) != len(table.columns) for row in table.rows):
            raise ValueError("case.width")
        if len(set(table.columns)) < len(table.columns):
            raise ValueError("case.column-twice")
        for column in table.columns:
            group, _, rest = column.partition(".")
            rule, _, aspect = rest.partition(".")
            known = {"as_of": not rest, "before": not rest, "params": bool(rest),
                     "expect": bool(rule) and aspect in ("", *ASPECTS)}
            if not known.get(group, _is_field(column)):
                raise ValueError("case.column")

    @property
    def numbers(self) -> dict[str, int]:
        """The values set for the case, days as their numbers."""
        return {name: as_number(value) for name, value in self.params.items()}

    def unfold(self) -> Iterator[Case]:
        """The case itself, or one for each row of its table."""
        if self.table is None:
            yield self
            return
        for at, row in enumerate(self.table.rows):
            yield self._row(dict(zip(self.table.columns, row, strict=True)), self.table.texts(at))

    def _row(self, cells: dict[str, Any], label: str) -> Case:
        record, params = dict(self.record), dict(self.params)
        expect: dict[str, Any] = {
            rule: e.model_dump() if isinstance(e, Expectation) else {"outcome": e}
            for rule, e in self.expect.items()
        }
        for column, value in cells.items():
            group, _, rest = column.partition(".")
            if _is_field(column):
                record[column] = value
            elif value is None:
                continue
            elif group == "params":
                params[rest] = value
            elif group == "expect":
                rule, _, aspect = rest.partition(".")
                expect.setdefault(rule, {})[aspect or "outcome"] = value
        return Case.model_validate({
            "name": f"{self.name} [{label}]", "as_of": cells.get("as_of") or self.as_of,
            "before": cells.get("before") or self.before,
            "record": record, "others": self.others, "roster": self.roster, "params": params,
            "expect": expect, "unnamed": self.unnamed,
        })


class CaseFile(Strict):
    """A file of cases. `as_of` and `record` are the base each case starts from.

    A case's own record is laid over the base's, and a null takes a field away. `unnamed` holds for
    every case that does not say otherwise.
    """

    as_of: date
    record: dict[str, CellValue] = Field(default_factory=dict)
    unnamed: Unnamed = "none"
    cases: Annotated[tuple[Case, ...], Field(min_length=1)]
