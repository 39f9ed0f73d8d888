"""A mapping as YAML. In: lines that the result makes itself. Out: those lines."""

from __future__ import annotations
