"""What people are told. In: diagnostics, fields, values, a language. Out: words without codes.

A command line sets values apart by backticks and calls fields as files do. Whoever looks at a page
reads quotes, and fields by what they are called.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from zhuanjie.engine.api import Diagnostic, Field, FieldTable, Lang, say

_QUOTED: Final = {"zh": re.compile(" ?`([^`]*)` ?"), "en": re.compile("`([^`]*)`")}
_QUOTES: Final = {"zh": r"「\1」", "en": r"“\1”"}
_OF_FIELDS: Final = ("field", "name", "column")
"""The values of a diagnostic that may be fields."""


def told(said: Diagnostic, lang: Lang, fields: FieldTable | None = None) -> str:
    """The words of a diagnostic for a page."""
    args: dict[str, Any] = dict(said.args)
    for arg in _OF_FIELDS:
        name = args.get(arg)
        if fields is not None and isinstance(name, str) and name in fields:
            args[arg] = field_label(fields[name], lang)
    return quoted(say(said.code, lang, **args), lang)


def job_failure(error: Mapping[str, Any] | None, lang: Lang) -> str | None:
    """Why a job failed; None where it did not."""
    return None if not error else told(Diagnostic(error["code"], error.get("values", {})), lang)


def quoted(text: str, lang: Lang) -> str:
    """A text of the command line with a page's quotes instead of its backticks."""
    return _QUOTED[lang].sub(_QUOTES[lang], text)


def field_label(field: Field, lang: Lang) -> str:
    """What a field is called."""
    return (field.heading_en or field.heading) if lang == "en" else field.heading


def value_words(field: Field, value: Any, lang: Lang) -> str:
    """A value as people read it, masked where the field is."""
    if value is None:
        return ""
    own = str(value).lower() if isinstance(value, bool) else str(value)
    known = (field.values_en if lang == "en" else field.values).get(own) or field.values.get(own)
    return known if known is not None else field.shown(own)
