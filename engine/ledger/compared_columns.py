"""Columns of texts as an office compares them. In: texts, how they are compared. Out: their forms.

Nearly all texts of a ledger are their own form, and a column of such is given back as it is; what
is left is brought into its form column-wise too. `vocabulary.comparison` says what a form is.
"""

from __future__ import annotations

import polars as pl

from zhuanjie.engine.ledger.cells.asking import holds
from zhuanjie.engine.vocabulary.comparison import FORMS, Comparison, canonical
from zhuanjie.engine.vocabulary.fields import Field

_USUAL = {how: f"^(?:{form.usual})$" for how, form in FORMS.items()}
_TABLES = {how: (list(form.table), list(form.table.values())) for how, form in FORMS.items()}
_STEPS = {how: form.spelt("${{{}}}") for how, form in FORMS.items()}
_FEW = 100
"""Texts that are sooner brought into their forms one by one."""


def compared_series(texts: pl.Series, how: Comparison) -> pl.Series:
    """The forms in which texts are compared, null where a text is."""
    if how == "text":
        return texts
    if len(texts) <= _FEW:
        forms = [text if text is None else canonical(text, how) for text in texts]
        given = forms == texts.to_list()
        return texts if given else pl.Series(texts.name, forms, dtype=pl.String)
    unusual = holds(texts, lambda some: ~some.str.contains(_USUAL[how]),
                    but_numbers=FORMS[how].keeps_numbers)
    at = unusual.arg_true()
    if not len(at):
        return texts
    some = texts.gather(at).str.replace_many(*_TABLES[how])
    for pattern, put in _STEPS[how]:
        some = some.str.replace_all(pattern, put)
    # `scatter` changes the series that it is asked of.
    return texts.clone().scatter(at, some) if len(some) < len(texts) else some


def compared(text: pl.Expr, how: Comparison) -> pl.Expr:
    """The form in which a text is compared, as an expression."""
    if how == "text":
        return text
    return text.map_batches(lambda texts: compared_series(texts, how), return_dtype=pl.String,
                            is_elementwise=True)


def compared_field(field: Field, value: pl.Expr | None = None) -> pl.Expr:
    """A field's value as it is compared; `value`, where its column holds something else."""
    return compared(pl.col(field.name) if value is None else value, field.compare)
