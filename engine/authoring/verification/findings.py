"""What `policy verify` says. In: nothing. Out: statements that are proved, and findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, get_args

from msgspec import Struct, field
from msgspec.structs import replace

from zhuanjie.engine.auditing.wording.template import TextLabels
from zhuanjie.engine.authoring.verification.prover import Proof, Scenario
from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.messages import Lang, say
from zhuanjie.engine.core.models import Text
from zhuanjie.engine.core.results import Severity
from zhuanjie.engine.policy.model import Acceptance, VerifyKind
from zhuanjie.engine.vocabulary.fields import Field

KINDS: tuple[str, ...] = get_args(VerifyKind)
_WARNINGS = frozenset(("overlap", "never-violated", "implied", "unknown"))


class ValuesInWords(Struct, frozen=True):
    """Values of a field, put into words as a ledger has them."""

    field: Field | None
    values: tuple[str, ...]


class FieldInWords(Struct, frozen=True):
    """A field, by its heading."""

    field: Field


class FindingKindInWords(Struct, frozen=True):
    """A kind of finding, by its name."""

    kind: str


def _words(code: str, lang: Lang, args: Mapping[str, Any]) -> str:
    return say(code, lang, **{name: _word(value, lang) for name, value in args.items()})


def _word(value: Any, lang: Lang) -> Any:
    match value:
        case ValuesInWords(field=found, values=values):
            return _word(tuple(map(TextLabels(found, lang), values)), lang)
        case FieldInWords(field=found):
            return found.heading if lang == "zh" else found.name
        case Text():
            return value.zh if lang == "zh" else value.en
        case FindingKindInWords(kind=kind):
            return say(f"verify.kind.{kind}", lang)
        case tuple():
            return say("list.comma", lang).join(value)
        case _:
            return value


class Statement(Struct, frozen=True):
    """Something that was proved of every record and every day."""

    kind: str
    rules: tuple[str, ...]
    code: str
    args: Mapping[str, Any] = field(default_factory=dict)

    def message(self, lang: Lang) -> str:
        """The statement in words."""
        return _words(self.code, lang, self.args)


class VerifyFinding(Struct, frozen=True):
    """A fault of the pack, and a record that shows it where one can.

    `clauses` are the rows of a table it is about. `witness` was judged by the reference evaluator.
    `period` are the days between which it is so, where that hangs on a parameter of the time.
    `places` says where each of the rules stands, the first of them at the first of `clauses`.
    """

    kind: str
    rules: tuple[str, ...]
    severity: Severity
    code: str
    args: Mapping[str, Any] = field(default_factory=dict)
    witness: Mapping[str, Any] | None = None
    as_of: date | None = None
    clauses: tuple[str, ...] = ()
    period: tuple[date, date | None] | None = None
    places: tuple[Place, ...] = ()

    def message(self, lang: Lang) -> str:
        """The finding in words."""
        said = _words(self.code, lang, self.args)
        if self.period is None:
            return said
        first, last = self.period
        if last is None:
            return say("verify.since", lang, said=said, first=first.isoformat())
        return say("verify.in-period", lang, said=said, first=first.isoformat(),
                   last=last.isoformat())


class Accepted(Struct, frozen=True):
    """A finding that the pack accepts, with its reason."""

    finding: VerifyFinding
    acceptance: Acceptance


def stale_message(acceptance: Acceptance, lang: Lang) -> str:
    """What is to be said of an acceptance that accepts nothing."""
    return _words("verify.found.stale-acceptance", lang, {
        "rules": acceptance.rules, "asked": FindingKindInWords(acceptance.kind)})


class Left(Struct, frozen=True):
    """A fault that was not looked for, or not to the end, and in which rules."""

    kind: str
    rules: tuple[str, ...]


class Verification(Struct):
    """All that was proved, found, and found but accepted; and acceptances of what is not found.

    `left` is what was not verified where the work was broken off, `interrupted` whether somebody
    did so.
    """

    proved: list[Statement] = field(default_factory=list)
    findings: list[VerifyFinding] = field(default_factory=list)
    accepted: list[Accepted] = field(default_factory=list)
    stale: list[Acceptance] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    interrupted: bool = False

    @property
    def severities(self) -> frozenset[Severity]:
        """How grave what is to be mended is; a stale acceptance is a warning."""
        found = frozenset(f.severity for f in self.findings)
        return found | {Severity.WARNING} if self.stale else found

    def prove(self, kind: str, rules: Sequence[str], code: str = "", **args: Any) -> None:
        """Note something proved; its words are `verify.proved.<kind>` unless `code` says else."""
        self.proved.append(Statement(kind, tuple(rules), f"verify.proved.{code or kind}",
                                     {"rule": rules[0] if rules else "", **args}))

    def report(self, kind: str, rules: Sequence[str], code: str = "",
               shown: Scenario | None = None, severity: Severity | None = None,
               clauses: Sequence[str] = (), **args: Any) -> None:
        """Note a finding; its words are `verify.found.<kind>` unless `code` says else."""
        heavy = severity or (Severity.WARNING if kind in _WARNINGS else Severity.ERROR)
        self.findings.append(VerifyFinding(
            kind, tuple(rules), heavy, f"verify.found.{code or kind}",
            {"rule": rules[0] if rules else "", "rules": tuple(rules), **args},
            shown.record if shown else None, shown.day if shown else None, tuple(clauses)))

    def add_period(self, found: Verification, first: date, last: date | None) -> None:
        """Take in what is wrong in a period only; what was found already is not repeated.

        What it goes against is not proved then.
        """
        known = {(f.kind, frozenset(f.rules)) for f in self.findings}
        new = [replace(f, period=(first, last)) for f in found.findings
               if (f.kind, frozenset(f.rules)) not in known]
        self.findings += new
        self.proved = [s for s in self.proved if not any(
            s.kind == f.kind and set(s.rules) <= set(f.rules) for f in new)]

    def unsure(self, asked: str, rules: Sequence[str], found: Proof,
               clauses: Sequence[str] = ()) -> bool:
        """Note a question that got no answer; whether it was one."""
        if found.unknown:
            self.report("unknown", rules, clauses=clauses, asked=FindingKindInWords(asked))
        return found.unknown
