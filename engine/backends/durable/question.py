"""One expression to durable-rules. In: a typed expression. Out: a question that records answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zhuanjie.engine.backends.base import UNKNOWN
from zhuanjie.engine.backends.durable.facts import FactKeys, FactWriter, refuse_clashes
from zhuanjie.engine.backends.durable.network import (
    STATE_ID,
    Network,
    defined,
    incomplete,
    matched,
)
from zhuanjie.engine.backends.durable.patterns import patterns, ways_of
from zhuanjie.engine.expr.nodes import Expr
from zhuanjie.engine.expr.types import Kind
from zhuanjie.engine.lowering.conditions import Cond, Term, Value, known
from zhuanjie.engine.lowering.kleene import Kleene

_ABOUT = "question"


class CompiledExpression:
    """An expression as patterns: true, false or unknown; or known, with its value, or unknown.

    A value is worked out beforehand and comes back in the fact that matched.
    """

    def __init__(self, expr: Expr, kleene: Kleene) -> None:
        words = FactKeys("q")
        self._key: str | None = None
        answers: list[tuple[Any, Cond]] = [(UNKNOWN, kleene.unknown(expr))]
        self._value: Any = None
        if expr.type.kind in (Kind.BOOL, Kind.ANY):
            answers += [(True, kleene.must_be_true(expr)), (False, kleene.must_be_false(expr))]
        else:
            term: Term = kleene.term(expr)
            answers.append((term, known(term)))
            if isinstance(term, Value):
                self._value = term.value
            else:
                self._key = words.value(term)
        found = zip(answers, patterns(ways_of([cond for _, cond in answers]), words), strict=True)
        asked = [(answer, p) for (answer, _), ways in found for p in ways]
        words.refuse_more_than_fit(_ABOUT)
        refuse_clashes([*words.all, STATE_ID])
        self._means = {f"r{n}": answer for n, (answer, _) in enumerate(asked)}
        self._network = Network(defined({f"r{n}": (p,) for n, (_, p) in enumerate(asked)}), {})
        self._write = FactWriter(words, {})

    @property
    def failed(self) -> bool:
        """Whether the engine has failed at it; it is not to be asked again then."""
        return self._network.failed

    def __call__(self, record: Mapping[str, Any]) -> Any:
        """The value for a record, or UNKNOWN. Raises BackendError when the engine fails."""
        fired = self._network.run([self._write(record)])
        if len(fired) != 1:
            raise incomplete(_ABOUT, len(fired))
        ((name, firing),) = fired.items()
        answer = self._means[name]
        if answer is UNKNOWN or isinstance(answer, bool):
            return answer
        return self._value if self._key is None else matched(firing)["m0"][self._key]
