"""Formats of marked cells. In: a workbook's styles. Out: the same, with copies in another fill.

A marked cell keeps all of its format but the fill. Which fill it had is noted in the new one, in
the second colour, which no program shows of a solid fill: so a mark can be taken off again, even
where another program has saved the workbook and numbered its formats anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from zhuanjie.report.workbook.markup import (
    MAIN,
    STRICT,
    Element,
    Names,
    OddMarkupError,
    Tag,
    children,
    edited,
    quoted,
    root_of,
    with_attributes,
)

Kind = Literal["error", "warning", "input", "undetermined", "pending", "waived", "quiet", "head",
               "text"]
"""What a fill says: what a mark weighs, from the worst on; then the cells of our own sheets."""
FILLS: Final[dict[Kind, str]] = {
    "error": "FFFFB3AC", "warning": "FFFFDE99", "input": "FFFFC2E5", "undetermined": "FFDCD3F3",
    "pending": "FFCFE6F9", "waived": "FFD6E6CD", "quiet": "FFECECEB", "head": "FFDDE9F5",
    "text": "FFFEFEFD",
}
_OURS: Final = {colour: kind for kind, colour in FILLS.items()}
_OTHER: Final = "005A4A"
"""How the note begins of a fill that is no plain colour; its number follows."""
_OWN: Final = f'rgb="{_OTHER}FF"'
"""The note of fills in our own sheets."""
_ORDER: Final = ("numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles",
                 "dxfs", "tableStyles", "colors", "extLst")
_LEAST: Final = {
    "fonts": ["<{p}font/>"], "borders": ["<{p}border/>"],
    "fills": ['<{p}fill><{p}patternFill patternType="none"/></{p}fill>',
              '<{p}fill><{p}patternFill patternType="gray125"/></{p}fill>'],
    "cellXfs": ['<{p}xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'],
}
"""What a workbook has to have where it says nothing of formats."""


def least_styles(*, strict: bool) -> bytes:
    """The styles of a workbook that has none."""
    return (f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
            f'<styleSheet xmlns="{STRICT if strict else MAIN}"></styleSheet>').encode()


class _Section:
    """One list of the styles: its items as written."""

    def __init__(self, name: str, data: bytes, element: Element | None, prefix: str) -> None:
        self.name, self.element, self._prefix = name, element, prefix
        if element is None:
            self.items = [text.format(p=prefix).encode() for text in _LEAST[name]]
        else:
            self.items = [data[e.start:e.end] for e in children(data, element.tag.end)]
        self._was = list(self.items) if element is not None else None

    def edit(self, end: int) -> tuple[int, int, bytes] | None:
        """The change of the styles, `end` being where a new list goes; None where there is none."""
        if self.items == self._was:
            return None
        count = {"count": str(len(self.items))}
        content = b"".join(self.items)
        name = f"{self._prefix}{self.name}".encode()
        if self.element is None:
            head = f'<{self._prefix}{self.name} count="{count["count"]}">'.encode()
            return end, end, head + content + b"</" + name + b">"
        head = with_attributes(self.element.tag, dict(count))
        if self.element.tag.is_empty:
            head = head.removesuffix(b"/>") + b">"
        return (self.element.start, self.element.end,
                head + content + b"</" + self.element.tag.name + b">")


class StyleBook:
    """The styles of one workbook, to which formats are added."""

    def __init__(self, data: bytes) -> None:
        """Takes out what former marks added at the end."""
        self._data = data
        root = root_of(data)
        self._names = names = Names(root)
        self._root = root
        found: dict[str, Element] = {}
        self._places: list[tuple[str, int]] = []
        for element in () if root.is_empty else children(data, root.end):
            name = names.local(element.tag)
            found.setdefault(name, element)
            self._places.append((name, element.start))
        self._sections = {name: _Section(name, data, found.get(name), names.prefix)
                          for name in ("fonts", "fills", "borders", "cellXfs")}
        self._fills, self._xfs = (self._sections[n].items for n in ("fills", "cellXfs"))
        self._new: dict[tuple[int, Kind], int] = {}
        self._own: dict[tuple[Kind, bool], int] = {}
        self._fill_ids: dict[bytes, int] = {}
        self.former = self._former()
        """Formats of former marks, with those that the cells had before."""
        self._cut()

    def marked(self, xf: int, kind: Kind) -> int:
        """The format of a cell that has a mark."""
        xf = self.former.get(xf, xf)
        if not 0 <= xf < len(self._xfs):
            xf = 0
        known = self._new.get((xf, kind))
        if known is None:
            fill = self._fill(kind, self._note(_fill_of(self._xfs[xf])))
            known = self._new[xf, kind] = self._add(_with_fill(self._xfs[xf], fill))
        return known

    @property
    def font(self) -> str:
        """The workbook's usual font, as the properties of a piece of text."""
        fonts = self._sections["fonts"].items
        found = {e.tag.name.rpartition(b":")[2]: e.tag.attributes.get("val", "")
                 for e in children(fonts[0], root_of(fonts[0]).end)} if fonts else {}
        size, name = found.get(b"sz"), found.get(b"name")
        return (f'<sz val="{quoted(size)}"/>' if size else "") + (
            f'<rFont val="{quoted(name)}"/>' if name else "")

    def own(self, kind: Kind, *, wraps: bool = True) -> int:
        """The format of a cell in our own sheets."""
        known = self._own.get((kind, wraps))
        if known is None:
            p = self._names.prefix
            alignment = ' vertical="top"' + (' wrapText="1"' if wraps else "")
            known = self._own[kind, wraps] = self._add((
                f'<{p}xf numFmtId="0" fontId="0" fillId="{self._fill(kind, _OWN)}" borderId="0" '
                f'xfId="0" applyFill="1" applyAlignment="1"><{p}alignment{alignment}/></{p}xf>'
            ).encode())
        return known

    def data(self) -> bytes:
        """The styles as they are to be."""
        edits, data = [], self._data
        end = len(data) if self._root.is_empty else data.rindex(b"</")
        for name, section in self._sections.items():
            later = _ORDER[_ORDER.index(name) + 1:]
            at = next((start for n, start in self._places if n in later), end)
            if (edit := section.edit(at)) is not None:
                edits.append(edit)
        if self._root.is_empty:
            root = self._root
            content = b"".join(text for _, _, text in edits)
            opened = data[root.start:root.end].removesuffix(b"/>") + b">"
            return edited(data, [(root.start, root.end,
                                  opened + content + b"</" + root.name + b">")])
        return edited(data, edits)

    def _add(self, xf: bytes) -> int:
        self._xfs.append(xf)
        return len(self._xfs) - 1

    def _fill(self, kind: Kind, note: str) -> int:
        """The number of one of our fills."""
        p, second = self._names.prefix, note or 'indexed="64"'
        text = (f'<{p}fill><{p}patternFill patternType="solid"><{p}fgColor rgb="{FILLS[kind]}"/>'
                f"<{p}bgColor {second}/></{p}patternFill></{p}fill>").encode()
        known = self._fill_ids.get(text)
        if known is None:
            self._fills.append(text)
            known = self._fill_ids[text] = len(self._fills) - 1
        return known

    def _note(self, fill: int) -> str:
        """What tells a fill from all others, as the attributes of a colour; none for no fill."""
        if not 0 <= fill < len(self._fills):
            return ""
        solid, colours = _solid(self._fills[fill])
        if solid and colours:
            return " ".join(f'{name}="{value}"' for name, value in sorted(colours[0].items()))
        return "" if fill == 0 else f'rgb="{_OTHER}{min(fill, 254):02X}"'

    def _former(self) -> dict[int, int]:
        """The formats of former marks, each with what its cells had before."""
        ours = {at: note for at, fill in enumerate(self._fills)
                if (note := _ours(fill)) is not None}
        if not ours:
            return {}
        marked = {at: _fill_of(xf) for at, xf in enumerate(self._xfs)}
        others = {at: fill for at, fill in marked.items() if fill not in ours}
        plain: dict[bytes, list[int]] = {}
        for at in others:
            plain.setdefault(_without_fill(self._xfs[at]), []).append(at)
        found: dict[int, int] = {}
        for at, fill in marked.items():
            if ours.get(fill) == _OWN:
                found[at] = 0
            elif fill in ours:
                alike = plain.get(_without_fill(self._xfs[at]), [])
                wanted = [x for x in alike if self._note(others[x]) == ours[fill]] or [
                    x for x in alike if self._note(others[x]) == ""]
                found[at] = wanted[0] if wanted else -1
        for at, before in found.items():
            if before < 0:  # other programs keep no format that no cell has
                found[at] = self._add(_with_fill(self._xfs[at], self._restored(
                    ours[marked[at]])))
        return found

    def _restored(self, note: str) -> int:
        """The fill that a note tells of, where the workbook still has it; else none."""
        return next((at for at, fill in enumerate(self._fills)
                     if note and _ours(fill) is None and self._note(at) == note), 0)

    def _cut(self) -> None:
        """Take former marks' formats and fills off the end."""
        while self._xfs and len(self._xfs) - 1 in self.former:
            self._xfs.pop()
        used = {_fill_of(xf) for xf in self._xfs}
        while len(self._fills) - 1 not in used and _ours(self._fills[-1]) is not None:
            self._fills.pop()


def _solid(fill: bytes) -> tuple[bool, Sequence[dict[str, str]]]:
    """Whether a fill is a plain colour, and its colours."""
    pattern = next((e for e in children(fill, root_of(fill).end)), None)
    if pattern is None or pattern.tag.attributes.get("patternType") != "solid":
        return False, []
    colours = [] if pattern.tag.is_empty else [
        e.tag.attributes for e in children(fill, pattern.tag.end)
        if e.tag.name.rpartition(b":")[2] in (b"fgColor", b"bgColor")]
    return True, colours


def _ours(fill: bytes) -> str | None:
    """What one of our fills notes of the one before; None of any other fill."""
    solid, colours = _solid(fill)
    if not solid or not colours or colours[0].get("rgb", "").upper() not in _OURS:
        return None
    second = colours[1] if len(colours) > 1 else {}
    if second.get("indexed") == "64" or second.get("auto"):
        return ""
    return " ".join(f'{name}="{value}"' for name, value in sorted(second.items()))


def _fill_of(xf: bytes) -> int:
    try:
        return int(root_of(xf).attributes.get("fillId", "0"))
    except ValueError:
        raise OddMarkupError from None


def _with_fill(xf: bytes, fill: int) -> bytes:
    """A format with another fill."""
    tag: Tag = root_of(xf)
    return with_attributes(tag, {"fillId": str(fill), "applyFill": "1"}) + xf[tag.end:]


def _without_fill(xf: bytes) -> bytes:
    """What a format says but for the fill, however its attributes are ordered."""
    tag = root_of(xf)
    given = {name: value for name, value in tag.attributes.items()
             if name not in ("fillId", "applyFill")}
    return repr(sorted(given.items())).encode() + xf[tag.end:]
