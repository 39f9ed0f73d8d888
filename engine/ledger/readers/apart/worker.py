"""The process that reads a file for another. In: a request on stdin. Out: grids on stdout.

It has a bound of memory and of processor time and can write no file: whatever a library does in it,
the process that asked goes on.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from xml.parsers import expat

from msgspec.structs import asdict

from zhuanjie.engine.core.diagnostics import Place
from zhuanjie.engine.core.errors import InputError, fail
from zhuanjie.engine.core.limits import Limits, using
from zhuanjie.engine.core.parser_words import WritingFault, cause
from zhuanjie.engine.ledger.readers.apart.wire import lines
from zhuanjie.engine.ledger.readers.laid_out import Grid
from zhuanjie.engine.ledger.readers.oversize import refuse_far


def main() -> None:
    """Do what stdin asks."""
    asked = json.loads(sys.stdin.buffer.readline())
    _bound(asked["memory"], asked["seconds"])
    with using(Limits(**asked["limits"])):
        try:
            for grid in _grids(asked["kind"], Path(asked["path"]), asked["name"]):
                for line in lines(grid):
                    _say(line)
            _say(json.dumps({"end": True}))
        except InputError as error:
            _say(json.dumps({"error": [_told(d) for d in error.diagnostics]}))
        except (MemoryError, RecursionError):
            _say(json.dumps({"memory": True}))
    sys.stdout.flush()


def _grids(kind: str, path: Path, name: str) -> Iterator[Grid]:
    # Loaded only for the kind of file that is asked for.
    if kind == "workbook":
        from zhuanjie.engine.ledger.readers.apart.workbooks import workbook_grids

        yield from workbook_grids(path, name)
        return
    from zhuanjie.engine.ledger.readers.apart.pages import page_grids

    try:
        for grid in page_grids(path, name):
            refuse_far(len(grid.rows), max(map(len, grid.rows), default=0),
                       Place(file=name, sheet=grid.name), path)
            yield grid
    except (expat.ExpatError, ValueError) as error:
        raise fail(InputError, "records.damaged", Place(file=name), "records.hint.damaged",
                   detail=cause(str(error))) from None


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _told(diagnostic: Any) -> dict[str, object]:
    """A diagnostic as JSON; causes in a parser's words are told apart from texts."""
    args = {name: {"cause": value.text} if isinstance(value, WritingFault) else (
        value if isinstance(value, int | float) else str(value))
        for name, value in diagnostic.args.items()}
    return {"code": diagnostic.code, "args": args, "place": asdict(diagnostic.place),
            "hint": diagnostic.hint}


def _bound(memory: int, seconds: int) -> None:
    """Take no more than so much; where the system has no such bounds the one that asked waits no
    longer than it will."""
    with suppress(ImportError):
        import resource

        for what, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, seconds),
                           (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
            with suppress(ValueError, OSError):
                resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    main()
