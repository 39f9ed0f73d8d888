"""Pages looked at as cheaply as it goes. In: a page in a browser. Out: what is wrong with it.

A page is opened once; its width and its colours change while it is there. Axe is asked about what is
built as nothing before it was: of tables, rows and roles' pages that are made alike it sees one.
Contrast, which takes axe longest, is measured for each kind of text once on a desk in
light colours and once on a telephone in dark ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import axe_playwright_python

from support.hostile_office import HURT

AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js")).read_text("utf-8")
SCREENS = ({"width": 1366, "height": 768}, {"width": 1280, "height": 720},
           {"width": 390, "height": 844})
LOOKS = (("light", SCREENS[0]), ("dark", SCREENS[-1]))
MOST_BYTES = 300_000
WIDER = "document.documentElement.scrollWidth - innerWidth"
BUILT = """() => {
    document.querySelectorAll('details').forEach(each => { each.open = true; });
    const plain = new Set(['href', 'value', 'id', 'name', 'for', 'action', 'src', 'points', 'max']);
    const told = new Set(['role', 'type', 'scope', 'aria-current', 'aria-pressed', 'open']);
    const sign = e => e.tagName + '.' + e.className + e.getAttributeNames().filter(
        n => !plain.has(n) && n !== 'class').map(
        n => ' ' + n + (told.has(n) ? '=' + e.getAttribute(n) : e.getAttribute(n) ? '' : '=')).join('');
    const built = e => sign(e) + (e.textContent.trim() ? '"' : '') + '('
        + [...new Set([...e.children].map(built))].join('') + ')';
    const kinds = new Map();
    const walk = (e, above) => {
        const at = above + '>' + e.tagName + '.' + e.className + (e.ariaCurrent || '')
            + (e.ariaPressed || '') + (e.disabled ? '!' : '');
        if ([...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || e.matches('input'))
            if (!kinds.has(at)) kinds.set(at, e);
        for (const each of e.children) walk(each, at);
    };
    walk(document.body, '');
    window.looked = kinds;
    const timing = performance.getEntriesByType('navigation')[0];
    const paint = performance.getEntriesByName('first-paint')[0];
    return {built: built(document.documentElement), kinds: [...kinds.keys()],
            bytes: timing.decodedBodySize, paint: paint ? paint.startTime : 0};
}"""
"""How a page is built: its elements without what they say, alike ones once; the kinds of text."""
ASK = """([kinds, options]) => axe.run(
    kinds ? {include: kinds.map(each => window.looked.get(each))} : document,
    {resultTypes: ['violations'], preload: false, ...options}).then(
    found => found.violations.map(each => [each.id, each.nodes.slice(0, 3).map(n => n.html)]))"""
BUT_CONTRAST = {"rules": {"color-contrast": {"enabled": False}}}
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}


class PageLooker:
    """Looks at pages, and knows what it has seen; `faults` is what was wrong, with where."""

    def __init__(self, *, colours: bool) -> None:
        """`colours` asks for contrast, too."""
        self.faults: list[tuple[Any, ...]] = []
        self.slowest = 0.0
        self.looked = 0
        self._built: set[str] = set()
        self._kinds: set[str] = set()
        self._colours = colours
        self._screen = 0

    def open(self, page: Any, path: str, status: int = 200) -> str:
        """Open what is at `path`, look at it; its address."""
        answer = page.goto(path)
        if answer.status != status:
            self.faults.append((path, answer.status))
        self.look(page, path)
        return str(page.url)

    def look(self, page: Any, what: str) -> None:
        """Look at the page that is open."""
        self.looked += 1
        page.wait_for_selector(".htmx-request", state="detached")
        found = page.evaluate(BUILT)
        self._say(page.evaluate(HURT), what)
        self.slowest = max(self.slowest, found["paint"])
        if found["bytes"] > MOST_BYTES:
            self.faults.append((what, "bytes", found["bytes"]))
        # Each second page is looked at from the narrow to the wide: one change of width less.
        screens = SCREENS if self._screen == 0 else SCREENS[::-1]
        self._screen = -1 if self._screen == 0 else 0
        for screen in screens:
            page.set_viewport_size(screen)
            if (wider := page.evaluate(WIDER)) > 0:
                self.faults.append((what, screen["width"], "wider by", wider))
        self._ask_axe(page, what, found)

    def _ask_axe(self, page: Any, what: str, found: dict[str, Any]) -> None:
        kinds = [each for each in found["kinds"] if each not in self._kinds and self._colours]
        is_new = found["built"] not in self._built
        if not (kinds or is_new):
            return
        page.evaluate(AXE)
        for colours, screen in LOOKS:
            page.set_viewport_size(screen)
            if is_new:
                self._say(page.evaluate(ASK, [None, BUT_CONTRAST]), what, screen["width"])
            if kinds:
                page.emulate_media(color_scheme=colours)
                self._say(page.evaluate(ASK, [kinds, CONTRAST]), what, colours)
        page.emulate_media(color_scheme="light")
        self._screen = -1
        self._kinds.update(kinds)
        self._built.add(found["built"])

    def _say(self, found: list[Any], *where: Any) -> None:
        self.faults += [(*where, each) for each in found]
