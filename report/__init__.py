"""Results into formats. In: what the engine answers. Out: text for people and for programs.

Light to import: help reads the table of formats.
"""

from __future__ import annotations

from zhuanjie.report.formats.registry import (
           FORMATS,
           OFFERED,
           Format,
           by_ending,
           endings,
           fitting,
           spark_forms,
)
from zhuanjie.report.presentation import (
           Presentation,
           finding_lines,
           refuse_too_many,
           spooled,
           write,
           write_data,
           write_report,
)

__all__ = [
           "FORMATS",
           "OFFERED",
           "Format",
           "Presentation",
           "by_ending",
           "endings",
           "finding_lines",
           "fitting",
           "refuse_too_many",
           "spark_forms",
           "spooled",
           "write",
           "write_data",
           "write_report",
]
