"""Folders that Spark writes. In: a frame, a folder. Out: the folder, as a whole or not at all."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import polars as pl
from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from zhuanjie.engine.backends.spark.session import failing
from zhuanjie.engine.core.errors import BackendError, OutputError, fail

Form = Literal["parquet", "csv", "jsonl"]
SUFFIXES: dict[str, Form] = {".parquet": "parquet", ".csv": "csv", ".jsonl": "jsonl"}
_FORMULA = r"^[=+\-@\t\r\n]"
# A path has lost one of its slashes by now; what follows them is taken for a host.
_REMOTE = re.compile(r"([A-Za-z][\w+.-]*):/+(.*)")


def write(frame: DataFrame, path: str, form: Form) -> None:
    """Write a frame as files of a kind."""
    with failing():
        if form == "parquet":
            frame.write.parquet(path)
            return
        if form == "jsonl":
            frame.write.option("ignoreNullFields", "false").json(path)
            return
        lists = [name for name, kind in frame.dtypes if kind.startswith("array")]
        texts = [name for name, kind in frame.dtypes if kind == "string"]
        flat = frame.withColumns({
            name: F.array_join(_named(name), " ") for name in lists}).withColumns({
            name: F.when(_named(name).rlike(_FORMULA), F.concat(F.lit("'"), _named(name))
                         ).otherwise(_named(name)) for name in texts})
        # White space at the ends is part of a text, and a quote inside is written twice.
        flat.write.options(header="true", escape='"', ignoreLeadingWhiteSpace="false",
                           ignoreTrailingWhiteSpace="false").csv(path)


def is_formula(text: pl.Expr) -> pl.Expr:
    """Whether a spreadsheet program would take a text for a formula, as `write` has it."""
    return text.str.contains(_FORMULA)


def local_folder(address: str) -> str:
    """The path of a folder of this machine."""
    return unquote(urlsplit(address).path)


def is_remote(output: Path) -> bool:
    """Whether a folder is on a file system of the cluster's."""
    remote = _REMOTE.fullmatch(str(output))
    return remote is not None and remote[1] != "file"


def _named(name: str) -> Column:
    """A column, whatever its name has in it."""
    return F.col(f"`{name}`")


@contextmanager
def replacing(output: Path) -> Iterator[str]:
    """A folder to write; it takes the place of `output` when the body ends well.

    On a file system of the cluster (`hdfs://…`) nothing is replaced: the folder must be a new one.
    """
    remote = _REMOTE.fullmatch(str(output))
    if remote and remote[1] == "file":
        output, remote = Path("/", remote[2]), None
    if remote:
        with _refused_if_there(output):
            yield f"{remote[1]}://{remote[2]}"
        return
    place = output.resolve()
    if place.exists() and not (place.is_dir() and _is_ours(place.iterdir())):
        raise fail(OutputError, "report.not-spark", hint="report.hint", path=str(output))
    if not place.parent.is_dir():
        raise fail(OutputError, "report.no-folder", hint="report.hint", path=str(output))
    draft = place.with_name(f".{place.name}.{uuid4().hex}")
    try:
        yield draft.as_uri()
        if place.exists():
            old = place.with_name(f".{place.name}.{uuid4().hex}")
            place.rename(old)
            draft.rename(place)
            shutil.rmtree(old, ignore_errors=True)
        else:
            draft.rename(place)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def _refused_if_there(output: Path) -> Iterator[None]:
    try:
        yield
    except BackendError as error:
        if not isinstance(error.__cause__, AnalysisException):
            raise
        raise fail(OutputError, "report.not-spark", hint="report.hint",
                   path=shown(output)) from error


def _is_ours(held: Iterable[Path]) -> bool:
    """Whether a folder is empty, or holds what Spark wrote and nothing else."""
    names = [path.name for path in held]
    return not names or ("_SUCCESS" in names and all(
        n.startswith(("part-", "_SUCCESS", ".")) for n in names))


def shown(path: Path) -> str:
    """A folder as it is named to people."""
    remote = _REMOTE.fullmatch(str(path))
    return f"{remote[1]}://{remote[2]}" if remote else str(path)
