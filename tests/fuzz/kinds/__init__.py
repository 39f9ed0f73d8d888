"""The kinds of input, a line each. In: a kind's name. Out: what makes and changes such inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from fuzz.inputs import FuzzInput
from fuzz.kinds import addresses, configs, expressions, journals, ledgers, library, packs, workbooks

Fresh = Callable[[Random], FuzzInput]
Mutate = Callable[[Random, FuzzInput], FuzzInput]


@dataclass(frozen=True)
class Kind:
    """How inputs of one kind are made anew, and how one that was worth keeping is changed."""

    fresh: Fresh
    mutate: Mutate
    weight: int = 2


KINDS = {
    "csv": Kind(ledgers.fresh_csv, ledgers.mutate_text, 3),
    "json": Kind(ledgers.fresh_json, ledgers.mutate_json, 3),
    "jsonl": Kind(ledgers.fresh_jsonl, ledgers.mutate_text),
    "parquet": Kind(ledgers.fresh_parquet, ledgers.mutate_text),
    "record": Kind(ledgers.fresh_record, ledgers.mutate_record, 3),
    "xlsx": Kind(workbooks.fresh_xlsx, workbooks.mutate_package, 4),
    "ods": Kind(workbooks.fresh_ods, workbooks.mutate_package),
    "old": Kind(workbooks.fresh_old, ledgers.mutate_text),
    "pack": Kind(packs.fresh, packs.mutate, 4),
    "cel": Kind(expressions.fresh, expressions.mutate, 3),
    "journal": Kind(journals.fresh, journals.mutate),
    "url": Kind(addresses.fresh, addresses.mutate),
    "columns": Kind(configs.fresh_columns, configs.mutate),
    "waivers": Kind(configs.fresh_waivers, configs.mutate, 3),
    "settings": Kind(configs.fresh_settings, configs.mutate),
    "roster": Kind(configs.fresh_roster, configs.mutate),
    "baseline": Kind(configs.fresh_baseline, configs.mutate),
    "report": Kind(configs.fresh_report, configs.mutate),
    "options": Kind(configs.fresh_options, configs.mutate_options),
    "library": Kind(library.fresh, library.mutate, 3),
}
