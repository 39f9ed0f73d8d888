"""Kinds of file by their ending. In: nothing. Out: the table of what can be read as a ledger."""

from __future__ import annotations

from typing import Literal

FileKind = Literal["workbook", "delimited", "parquet", "json", "lines", "markup", "database",
                   "lakehouse", "provided"]

KINDS: dict[str, FileKind] = {
    ".xlsx": "workbook", ".xlsm": "workbook", ".xlsb": "workbook", ".xls": "workbook",
    ".et": "workbook", ".ett": "workbook", ".xlt": "workbook", ".xltx": "workbook",
    ".xltm": "workbook", ".xml": "markup",
    ".ods": "workbook", ".csv": "delimited", ".tsv": "delimited", ".txt": "delimited",
    ".parquet": "parquet", ".pq": "parquet", ".json": "json", ".jsonl": "lines",
    ".ndjson": "lines",
}
