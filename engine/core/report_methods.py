"""What a report does by itself. In: a report. Out: data, a frame, a file, a page.

What writes and shows it stands above the engine: the distribution names it as an entry point of the
group `RENDERERS`, and another may do so instead.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Protocol, TypeVar

from zhuanjie.engine.core.errors import BackendError, fail
from zhuanjie.engine.core.forks import threads_are_gone

RENDERERS = "zhuanjie_renderers"
"""The group of entry points that modules of a `Renderer`'s functions are named in."""
_T = TypeVar("_T")


class Renderer(Protocol):
    """What turns reports into text."""

    def text_of(self, report: Any, form: str) -> str:
        """The report in a format of texts."""
        ...

    def notebook(self, report: Any) -> str:
        """The report as a part of a notebook's page."""
        ...

    def to_dict(self, report: Any) -> dict[str, Any]:
        """The report as its JSON form has it."""
        ...

    def to_frame(self, report: Any) -> Any:
        """The findings as a Polars frame, a row each."""
        ...

    def save(self, report: Any, path: Any, *, force: bool = False) -> None:
        """Write the report in the format that the ending of `path` names."""
        ...


@cache
def renderer() -> Renderer:
    """The renderer that is installed; raises BackendError where there is none."""
    # Imported late: most calls know who renders without asking, and asking costs more than they.
    from importlib.metadata import entry_points

    for point in entry_points(group=RENDERERS):
        made: Renderer = point.load()
        return made
    raise fail(BackendError, "backend.no-renderer", group=RENDERERS)


def _called(method: Callable[..., _T], *args: Any, **kwargs: Any) -> _T:
    """What a function of the renderer gives, also in a process that was forked after an audit."""
    if threads_are_gone():
        from zhuanjie.engine.core.worker_process import in_worker

        return in_worker(method, *args, **kwargs)
    return method(*args, **kwargs)


class ReportMethods:
    """The methods of a report."""

    __slots__ = ()

    def __repr__(self: Any) -> str:
        return (f"Report({self.policy.id}, {self.as_of}, {self.ledger.records} records, "
                f"{len(self.findings)} findings)")

    def to_dict(self) -> dict[str, Any]:
        """The report as its JSON form has it."""
        return _called(renderer().to_dict, self)

    def to_frame(self: Any) -> Any:
        """The findings as a Polars frame, a row each."""
        return _called(renderer().to_frame, self)

    def save(self, path: Any, *, force: bool = False) -> None:
        """Write the report in the format that the ending of `path` names.

        Raises UsageError for an ending nobody knows, OutputError for a file that is not ours.
        """
        _called(renderer().save, self, path, force=force)

    def _repr_html_(self) -> str:
        return _called(renderer().notebook, self)
