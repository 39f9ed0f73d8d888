"""A ledger judged in Spark. In: a plan, a source. Out: tables of findings and of faults.

Both are data frames that Spark computes and writes by itself; counts alone come back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyspark import StorageLevel
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F
from sqlglot import exp

from zhuanjie.engine.backends.masks import BitmaskLayout, DetailQuery, What
from zhuanjie.engine.backends.sql import statement
from zhuanjie.engine.backends.sql.conditions import aliased, column, joined
from zhuanjie.engine.backends.sql.dialects import SPARK, Tree, call, whole
from zhuanjie.engine.backends.sql.records import SAID_OF, Counts, Records, RowKind
from zhuanjie.engine.backends.sql.spark import failing, session
from zhuanjie.engine.backends.sql.spark_rows import FILE
from zhuanjie.engine.backends.sql.spark_source import SparkSource
from zhuanjie.engine.backends.sql.statement import ROW, select
from zhuanjie.engine.core.finding_columns import columns
from zhuanjie.engine.core.results import Outcome
from zhuanjie.engine.expr.nodes import field_names
from zhuanjie.engine.ledger.cells.faults import fault
from zhuanjie.engine.lowering.conditions import Cond
from zhuanjie.engine.lowering.plan import Plan
from zhuanjie.engine.vocabulary.fields import Field

_TYPES = {"text": "string", "day": "date", "count": "int", "row": "bigint",
          "texts": "array<string>"}
_RANK = "rank"
_SUSPECT = "suspect"
"""What stands for the code of a value until somebody looked at it."""


class SparkLedger:
    """The findings of one source under one plan."""

    def __init__(self, source: SparkSource, plan: Plan) -> None:
        needs = plan.needs
        self._columns = columns(packs=bool(plan.policy.spans), tables=True,
                                by=plan.grouped_by)
        self.columns = ", ".join(f"`{c.name}` {_TYPES[c.kind]}" for c in self._columns)
        self.fields = frozenset(cell.field.name for cell in source.cells)
        self.absent = plan.absent
        self.counts_unjudged = any(
            not r.fields.isdisjoint(plan.absent) and field_names(r.key).isdisjoint(plan.absent)
            for r in plan.unique)
        """Whether what is not judged may hang on counts over the ledger."""
        self._of = Records(SPARK, source.cells, plan, needs, source.relation, (FILE, ROW),
                           said=source.said)
        self._key = self._of.compiler.column(plan.key)
        self._kept: DataFrame | None = None
        self._views = [source.view]
        if source.parsed:
            view = f"{source.view}_typed"
            with failing():
                self._kept = self._run(select([exp.Star()], self._of.standing(numbered=True)))
                self._kept.persist(StorageLevel.DISK_ONLY).createTempView(view)
            self._views.append(view)
            self._of.kept = exp.Table(this=exp.to_identifier(view, quoted=True))

    def judge_by(self, plan: Plan) -> None:
        """Judge by this plan from now on: the same rules, perhaps narrowed to what is there."""
        self._of = self._of.by(plan)

    def close(self) -> None:
        """Let go of what the workers keep."""
        with failing():
            for view in self._views:
                session().catalog.dropTempView(view)
            if self._kept is not None:
                self._kept.unpersist()

    def counts(self, conditions: Sequence[Cond] = ()) -> Counts:
        """How many records there are, and of how many each condition holds."""
        with failing():
            found = self._run(self._of.counting(conditions)).collect()
        return Counts.of(found, len(conditions))

    def there(self, name: str, values: Sequence[str]) -> list[str]:
        """Which of some texts, in the form in which they are compared, the field of a record has.
        """
        if name not in self.fields:
            return []
        records = select([aliased(self._of.compared(name), "value")], self._of.standing(),
                         exp.GTE(this=column("stands"), expression=whole(RowKind.BEYOND)))
        with failing():
            wanted = session().createDataFrame([(v,) for v in values], "value string")
            return [row[0] for row in wanted.join(
                self._run(records), "value", "left_semi").collect()]

    def findings(self, all_outcomes: bool) -> DataFrame:
        """All findings, by file, row and rule."""
        layout = BitmaskLayout(self._of.plan, all_outcomes)
        if not layout.words:
            return session().createDataFrame([], self.columns)
        told = call("inline", call("array_compact", call("array", *(
            self._told(number, layout) for number in range(len(self._of.plan.lowered))))))
        statement_ = select([aliased(self._key.copy(), "record"), *self._names(), told,
                             column(FILE), column(ROW)],
                            self._of.judged(layout), statement.some_mask(layout))
        with failing():
            frame = self._run(statement_).withColumns(
                dict.fromkeys(("sheet", "waiver"), F.lit(None).cast("string")))
            return self._masked(frame.orderBy(FILE, ROW, "record", _RANK)).select(
                *(f"`{column.name}`" for column in self._columns))

    def _names(self) -> list[Tree]:
        """What is shown beside the key: what a record is called, what it belongs to."""
        plan = self._of.plan
        vocabulary = plan.policy.vocabulary
        shown = {"name": vocabulary.name, "group": vocabulary.group}
        return [aliased(self._text(field), name) for name, field in shown.items()]

    def _text(self, field: str | None) -> Tree:
        return (exp.cast(exp.Null(), "TEXT") if field is None
                else exp.cast(self._of.compiler.column(field), "TEXT"))

    def _told(self, number: int, layout: BitmaskLayout) -> Tree:
        """What is to be said of one rule, null where that is nothing."""
        rule = self._of.plan.rules[number]
        hits = [(word.outcome, statement.hit(layout, number, word.outcome))
                for word in layout.words if 0 <= number - word.first < len(word.conditions)]
        compiler = self._of.compiler
        if rule.edition is not None:  # another edition says that a rule does not apply
            ours = compiler.condition(self._of.kleene.must_be_true(rule.edition.guard))
            hits = [(outcome, joined(exp.And, [test, ours.copy()])
                     if outcome is Outcome.NOT_APPLICABLE else test) for outcome, test in hits]
        said: dict[What, Tree] = {}
        missing: list[Tree] = []
        for ask in layout.asks:
            if ask.rule != number:
                continue
            wanted = statement.hits(layout, ask)
            if ask.what == "missing":
                missing += [compiler.choice([(joined(exp.And, [wanted.copy(),
                                                               compiler.condition(cond)]),
                                              SPARK.text(name))])
                            for cond, name in zip(ask.conditions, ask.names, strict=True)]
            else:
                said[ask.what] = compiler.choice([(wanted, self._value(ask))])
        clause = call("coalesce", *([said["clause"]] if "clause" in said else []),
                      SPARK.text(rule.clause))
        due = call("date_from_unix_date", exp.cast(said["due"], "INT")) if "due" in said else (
            exp.cast(exp.Null(), "DATE"))
        parts: dict[str, Tree] = {
            _RANK: whole(number), "rule": SPARK.text(rule.rule.id), "clause": clause,
            "outcome": compiler.choice((test, SPARK.text(str(outcome))) for outcome, test in hits),
            "severity": SPARK.text(str(rule.severity)), "due": due,
            "days_late": exp.cast(said.get("late", exp.Null()), "INT"),
            "missing": call("array_compact", exp.cast(call("array", *missing), "ARRAY<STRING>")),
        }
        if rule.edition is not None:
            parts["pack"] = SPARK.text(rule.edition.pack)
        made = call("named_struct", *(part for name, value in parts.items()
                                      for part in (SPARK.text(name), value)))
        return compiler.choice([(joined(exp.Or, [test.copy() for _, test in hits]), made)])

    def _value(self, ask: DetailQuery) -> Tree:
        if ask.what == "clause":
            return self._of.compiler.choice(
                (self._of.compiler.condition(cond), SPARK.text(name))
                for cond, name in zip(ask.conditions, ask.names, strict=True))
        assert ask.term is not None
        return self._of.compiler.term(ask.term)

    def faults(self) -> DataFrame:
        """What could not be read as it stands, by file, row and field."""
        of = self._of
        found: list[Tree] = []
        for at in of.faults:
            cell = of.cells[at]
            code = call("substring_index", column(f"e{at}"), SPARK.text("\n"),
                        exp.Literal.number(1))
            text = call("substring", column(f"e{at}"), exp.Add(
                this=call("char_length", code.copy()), expression=exp.Literal.number(2)))
            found.append(self._amiss(_filled(f"e{at}"), code, cell.field.number,
                                     SPARK.text(cell.field.name), SPARK.text(cell.heading), text))
        nothing = exp.cast(exp.Null(), "TEXT")
        for at in of.checked:
            cell = of.cells[at]
            found.append(self._amiss(_filled(f"s{at}"), SPARK.text(_SUSPECT), cell.field.number,
                                     SPARK.text(cell.field.name), SPARK.text(cell.heading),
                                     column(f"s{at}")))
        record = exp.GTE(this=column("stands"), expression=whole(RowKind.BEYOND))
        found = [of.compiler.choice([(record.copy(), tree)]) for tree in found]
        for kind, said in SAID_OF.items():
            other = exp.EQ(this=column("stands"), expression=whole(kind))
            found.append(self._amiss(other, SPARK.text(said), -2, nothing.copy(), nothing.copy(),
                                     column("note")))
        if of.has_key:
            key = next(at for at, cell in enumerate(of.cells) if cell.field.name == of.plan.key)
            heading = SPARK.text(of.cells[key].heading)
            blank = [record.copy(), exp.Is(this=self._key.copy(), expression=exp.Null())]
            if key in of.faults:
                blank.append(exp.Is(this=column(f"e{key}"), expression=exp.Null()))
            found.append(self._amiss(joined(exp.And, blank), SPARK.text("records.no-id"), -1,
                                     SPARK.text(of.plan.key), heading, nothing.copy()))
            again = exp.And(this=record, expression=column("again"))
            found.append(self._amiss(again, SPARK.text("records.same-id"), -1,
                                     SPARK.text(of.plan.key), heading.copy(), self._key.copy()))
        told = call("inline", call("array_compact", call("array", *found)))
        named = of.compiler.choice([(record.copy(), self._key.copy())])
        statement_ = select([aliased(named, "record"),
                             aliased(of.compared(of.plan.key), "id"), told, column(FILE),
                             column(ROW)], of.joined(), column("amiss"))
        with failing():
            frame = self._run(statement_)
            turn = F.row_number().over(
                Window.partitionBy("id", "code").orderBy(FILE, ROW))
            # The first of several with the same id is not to blame.
            frame = frame.withColumn("turn", turn).filter(
                (F.col("code") != "records.same-id") | (F.col("turn") > 1))
            if of.checked:
                code = _checker([of.cells[at].field for at in of.checked])
                frame = frame.withColumn("code", F.when(
                    F.col("code") == _SUSPECT, code("field", "value")).otherwise(
                    F.col("code"))).filter(F.col("code").isNotNull())
            return self._masked(frame.orderBy(FILE, ROW, _RANK), "record", "value").select(
                "record", "field", "column", "value", "code", FILE, ROW)

    def _masked(self, frame: DataFrame, *columns: str) -> DataFrame:
        """Findings with the middle of what names a record hidden, where its field is masked.

        A `value` is one of several fields: it is hidden where its own field is masked.
        """
        plan = self._of.plan
        for name in columns or ("record",):
            for field in plan.fields:
                if field.mask is None or (name == "record" and field.name != plan.key):
                    continue
                first, last = field.mask
                there = "true" if name == "record" else f"coalesce(field, '') = '{field.name}'"
                frame = frame.withColumn(name, F.expr(
                    f"CASE WHEN NOT ({there}) THEN {name} "
                    f"WHEN length({name}) > {first + last} THEN concat(left({name}, {first}), "
                    f"repeat('*', length({name}) - {first + last}), right({name}, {last})) "
                    f"ELSE repeat('*', length({name})) END"))
        return frame

    def _amiss(self, test: Tree, code: Tree, rank: int, *rest: Tree) -> Tree:
        names = ("field", "column", "value")
        made = call("named_struct", SPARK.text("code"), code, SPARK.text(_RANK), whole(rank),
                    *(part for name, value in zip(names, rest, strict=True)
                      for part in (SPARK.text(name), value)))
        return self._of.compiler.choice([(test, made)])

    def _run(self, tree: Tree) -> DataFrame:
        return session().sql(SPARK.sql(tree))


def _filled(name: str) -> Tree:
    return exp.Not(this=exp.Is(this=column(name), expression=exp.Null()))


def _checker(fields: Sequence[Field]) -> Any:
    """What is wrong with a value of one of some fields, as a function of workers."""
    known = {field.name: field for field in fields}

    def code(name: str | None, text: str | None) -> str | None:
        field = known.get(name or "")
        wrong = None if field is None or text is None else fault(field, text)
        return None if wrong is None else wrong.code

    return F.udf(code, "string")


def local(rows: Sequence[tuple[Any, ...]], columns: str) -> DataFrame:
    """Findings that are at hand as a data frame, to stand below the others."""
    return session().createDataFrame(list(rows), columns)
