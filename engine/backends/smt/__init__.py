"""The solver: questions about every record and every day at once. Judges no single record.

Importing it raises UsageError, with what to install, where there is no z3.
"""

from __future__ import annotations

from zhuanjie.engine.core.extras import missing

try:
    import z3
except ImportError:
    raise missing("authoring") from None

__all__ = ["z3"]
