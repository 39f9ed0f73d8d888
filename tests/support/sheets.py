"""What is on sheets that were printed. In: a PDF. Out: its words, where they are in millimetres."""

from __future__ import annotations

import re

import pypdfium2

_MM = 25.4 / 72


def words(pdf: bytes) -> str:
    """The words of every sheet, without spaces."""
    with pypdfium2.PdfDocument(pdf) as document:
        return re.sub(r"\s+", "", "".join(
            page.get_textpage().get_text_range() for page in document))


def size(pdf: bytes) -> tuple[float, float]:
    """How wide and high the first sheet is."""
    with pypdfium2.PdfDocument(pdf) as document:
        width, height = document[0].get_size()
    return round(width * _MM, 1), round(height * _MM, 1)


def places(pdf: bytes, text: str) -> list[tuple[float, float, float]]:
    """Where a text is on the first sheet: from the left edge to it and to its end, from the upper
    edge down to its feet."""
    with pypdfium2.PdfDocument(pdf) as document:
        page = document[0]
        found, height = page.get_textpage(), page.get_height()
        search, out = found.search(text, match_case=True), []
        while (hit := search.get_next()) is not None:
            left, bottom, _, _ = found.get_charbox(hit[0])
            _, _, right, _ = found.get_charbox(sum(hit) - 1)
            out.append((left * _MM, right * _MM, (height - bottom) * _MM))
    return out
