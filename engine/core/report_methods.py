"""What a report does by itself. In: a report. Out: data, a frame, a file, a page.

What is written and shown is found by its name when it is called: the engine stands below it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


class ReportMethods:
    """The methods of a report."""

    __slots__ = ()

    def __repr__(self: Any) -> str:
        return (f"Report({self.policy.id}, {self.as_of}, {self.ledger.records} records, "
                f"{len(self.findings)} findings)")

    def to_dict(self) -> dict[str, Any]:
        """The report as its JSON form has it."""
        data: dict[str, Any] = import_module("zhuanjie.report.of_report").to_dict(self)
        return data

    def to_frame(self: Any) -> Any:
        """The findings as a Polars frame, a row each."""
        return import_module("zhuanjie.engine.core.finding_frames").frame_of(self.findings)

    def save(self, path: Any, *, force: bool = False) -> None:
        """Write the report in the format that the ending of `path` names.

        Raises UsageError for an ending nobody knows, OutputError for a file that is not ours.
        """
        import_module("zhuanjie.report.of_report").save(self, path, force=force)

    def _repr_html_(self) -> str:
        text: str = import_module("zhuanjie.report.of_report").text_of(self, "html")
        return text
