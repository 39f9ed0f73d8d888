"""Plain arguments of callers. In: what was given for a day or policy. Out: it, or a clear refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from zhuanjie.engine.api.policies import load_policy
from zhuanjie.engine.core.clock import office_day
from zhuanjie.engine.core.errors import UsageError, ZhuanjieError, fail
from zhuanjie.engine.core.messages import LANGS
from zhuanjie.engine.policy.parameter_values import ParamValue, is_value
from zhuanjie.engine.policy.policy import Policy

Day = date | str
"""A day, or its ISO text."""


def day_of(given: Day | None) -> date:
    """The day that a caller means, today for None; an ISO text is one too.

    Raises UsageError for anything else.
    """
    if given is None:
        return office_day()
    if isinstance(given, datetime):
        return given.date()
    if isinstance(given, date):
        return given
    if isinstance(given, str):
        try:
            return date.fromisoformat(given)
        except ValueError:
            raise refuse("as_of", given, "day") from None
    raise refuse("as_of", given, "day")


def policy_of(given: Policy | str | Path | None) -> Policy | None:
    """The policy that a caller means; its id or folder will do. Raises UsageError for others."""
    if given is None or isinstance(given, Policy):
        return given
    if isinstance(given, (str, Path)):
        return _named(str(given))
    raise refuse("policy", given, "policy")


def check_options(params: Mapping[str, ParamValue] | None, columns: Mapping[str, str] | None,
                  lang: str) -> None:
    """Raise UsageError where options are of a kind that nothing can be made of."""
    if params is not None and not (isinstance(params, Mapping) and all(
            isinstance(n, str) and is_value(v) for n, v in params.items())):
        raise refuse("params", params, "params")
    if columns is not None and not (isinstance(columns, Mapping) and all(
            isinstance(t, str) for pair in columns.items() for t in pair)):
        raise refuse("columns", columns, "columns")
    if lang not in LANGS:
        raise refuse("lang", lang, "lang")


def check_given(**given: Any) -> None:
    """Raise UsageError for an option that is not of the kind it takes.

    A single text where several are taken would be read letter by letter.
    """
    for name, value in given.items():
        takes = _TAKES[name]
        if not _KINDS[takes](value):
            raise refuse(name, value, takes)


def _several(value: Any, *kinds: type) -> bool:
    return isinstance(value, (list, tuple, set, frozenset)) and all(
        isinstance(part, kinds) for part in value)


_KINDS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "text": lambda value: value is None or isinstance(value, str),
    "texts": lambda value: _several(value, str),
    "path": lambda value: value is None or isinstance(value, (str, Path)),
    "paths": lambda value: _several(value, str, Path),
    "flag": lambda value: value is None or isinstance(value, bool),
    "absent": lambda value: isinstance(value, str) and value in ("unknown", "blank"),
}
_TAKES: Final = {
    "before": "text", "backend": "text", "record": "text", "only": "texts", "skip": "texts",
    "by": "texts", "waivers": "paths", "roster": "path", "baseline": "path", "join": "flag",
    "all_outcomes": "flag", "bulk": "flag", "absent": "absent",
}


def refuse(name: str, given: Any, takes: str) -> ZhuanjieError:
    """The error that says what an argument takes."""
    shown = repr(given) if isinstance(given, (str, int)) and len(str(given)) < 40 else (
        type(given).__name__)
    return fail(UsageError, "api.argument", hint=f"api.takes.{takes}", name=name, given=shown)


@lru_cache(maxsize=8)
def _named(name: str) -> Policy:
    """A pack by its id, kept: a caller's next record is judged by the same one."""
    return load_policy(name)
