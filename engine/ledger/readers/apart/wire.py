"""What the process that reads a file says to the one that asked. In: grids. Out: lines of JSON.

Nothing else comes back: no object is made of what the other process sends but these.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta

from zhuanjie.engine.ledger.cells.shown import ShownDate
from zhuanjie.engine.ledger.readers.laid_out import Grid

_FACTS = ("name", "merged", "hidden_rows", "hidden", "is_sheet", "struck_rows", "filtered",
          "uncomputed", "unread")


def lines(grid: Grid) -> Iterator[str]:
    """A grid, its rows last."""
    said = {name: getattr(grid, name) for name in _FACTS}
    said |= {"hidden_rows": sorted(grid.hidden_rows), "struck_rows": sorted(grid.struck_rows),
             "day_zero": grid.day_zero and grid.day_zero.isoformat(), "height": len(grid.rows)}
    yield json.dumps({"grid": said})
    for row in grid.rows:
        yield json.dumps([_told(cell) for cell in row])


def grid_of(said: dict[str, object], rows: Iterable[str]) -> Grid:
    """A grid from what was said of it and as many lines as it has rows."""
    given = dict(said)
    height, zero = int(str(given.pop("height"))), given.pop("day_zero")
    grid = Grid(**given)  # type: ignore[arg-type]  # as `lines` wrote it
    grid.day_zero = date.fromisoformat(str(zero)) if zero else None
    grid.hidden_rows, grid.struck_rows = set(grid.hidden_rows), set(grid.struck_rows)
    grid.merged = [((int(a), int(b)), (int(c), int(d))) for (a, b), (c, d) in grid.merged]
    for _, line in zip(range(height), rows, strict=False):
        grid.rows.append([cell if cell.__class__ is not dict else _meant(cell)
                          for cell in json.loads(line)])
    return grid


def _told(cell: object) -> object:
    if isinstance(cell, ShownDate):
        return {"shown": str(cell)}
    if isinstance(cell, datetime):
        return {"moment": cell.isoformat()}
    if isinstance(cell, date):
        return {"day": cell.isoformat()}
    if isinstance(cell, time):
        return {"time": cell.isoformat()}
    if isinstance(cell, timedelta):
        return {"span": [cell.days, cell.seconds, cell.microseconds]}
    return cell


def _meant(cell: dict[str, object]) -> object:
    (kind, value), = cell.items()
    match kind:
        case "shown":
            return ShownDate(str(value))
        case "moment":
            return datetime.fromisoformat(str(value))
        case "day":
            return date.fromisoformat(str(value))
        case "time":
            return time.fromisoformat(str(value))
        case "span" if isinstance(value, list):
            return timedelta(*value)
    raise ValueError(kind)

