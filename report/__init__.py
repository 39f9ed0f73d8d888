"""Results into formats. In: answers of the engine. Out: text for people and for programs.

Light to import: help reads the table of formats.
"""

from __future__ import annotations

from zhuanjie.report.answer import Answer, finding_lines, write, write_data, write_report
from zhuanjie.report.formats.registry import FORMATS, OFFERED, Format, by_ending, spark_forms

__all__ = ["FORMATS", "OFFERED", "Answer", "Format", "by_ending", "finding_lines", "spark_forms",
           "write", "write_data", "write_report"]
