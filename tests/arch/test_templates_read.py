"""What templates read of mappings: never a method where an entry is meant."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
METHODS = sorted(name for name in dir(dict) if not name.startswith("_") and name != "keys")
READ = re.compile(rf"(?<![\w'\"])(?!ns\.)(\w+(?:\.\w+)*)\.({'|'.join(METHODS)})\b(?!\()")


def test_no_template_shows_a_method() -> None:
    """`row.copy` of a mapping is its method, whatever its entry `copy` holds: `row['copy']`."""
    said = [f"{path.name}: {found[0]}"
            for path in (ROOT / "web/pages/templates").rglob("*.html")
            for part in re.findall(r"\{[{%].*?[%}]\}", path.read_text(encoding="utf-8"), re.S)
            for found in READ.finditer(re.sub(r"'[^']*'", "''", part))]
    assert said == []
    assert READ.search("line.copy or ''") and not READ.search("fields.items()")
