"""Values as pages show them. In: a field, a record. Out: its heading and text; a case's title."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from zhuanjie.engine.api import Lang, RegisterActs, Vocabulary
from zhuanjie.web.store.members import Member

_PDF_POLICY: Final = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; " \
                     "frame-ancestors 'none'"


def pdf_file(data: bytes, name: str) -> Response:
    """Sheets that a browser shows, and keeps no copy of."""
    return Response(data, media_type="application/pdf", headers={
        "content-disposition": f'inline; filename="{name}.pdf"', "cache-control": "no-store",
        "content-security-policy": _PDF_POLICY})


def shown_field(acts: RegisterActs, name: str, lang: Lang,
                record: Mapping[str, Any] | None = None) -> tuple[str, str]:
    """A field's heading, and what a record has in it, masked where the field is."""
    known = acts.fields[name]
    heading = known.heading if lang == "zh" else known.heading_en or known.heading
    value = (record or {}).get(name)
    if value is None:
        return heading, ""
    own = str(value).lower() if isinstance(value, bool) else str(value)
    words = known.values if lang == "zh" else known.values_en or known.values
    return heading, known.shown(words.get(own, own))


def title_of(vocabulary: Vocabulary, case: Member) -> str:
    """What a case is called: its name, else its key, masked where the field is."""
    for name in (vocabulary.name, vocabulary.key_of(case.record)):
        if name is not None and case.record.get(name) is not None:
            return vocabulary.fields[name].shown(str(case.record[name]))
    return case.id[:8]
