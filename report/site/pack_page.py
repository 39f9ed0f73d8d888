"""The page of a pack. In: a policy, its cases, a view. Out: one page, law beside rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from zhuanjie.engine.api import field_uses
from zhuanjie.engine.core.messages import say
from zhuanjie.report.layouts.clause_source import quoted, whereabouts
from zhuanjie.report.layouts.fields import type_of
from zhuanjie.report.layouts.pack_document import PackDocument
from zhuanjie.report.layouts.policy import parameter_value, said
from zhuanjie.report.page import shell
from zhuanjie.report.page.markup import Html, join, section, table, tag
from zhuanjie.report.presentation import Presentation
from zhuanjie.report.section import Section
from zhuanjie.report.site import search
from zhuanjie.report.site.links import OTHER, LinkedNames, Links, anchor, link, to
from zhuanjie.report.view import View

if TYPE_CHECKING:
    from zhuanjie.engine.api import PackCases, Policy, Source, TypedRule


def present(policy: Policy, tried: PackCases, view: View) -> Presentation:
    """A pack, for any of the formats of `policy docs`."""
    return Presentation(PackDocument(policy, tried, view).sections,
                        texts={"html": lambda: page(policy, tried, view)})


def page(policy: Policy, tried: PackCases, view: View, links: Links | None = None,
         above: Sequence[Policy] = ()) -> Iterator[str]:
    """The whole page; `above` are the packs of the site that build on this one."""
    made = _PackPage(policy, tried, view, links or Links(), above)
    return shell.document(said(policy.title, view), view.lang, made.body(), more_style=style(),
                          own_script=search.script())


@cache
def style() -> str:
    """What pages of packs look like, besides the common style."""
    return files("zhuanjie.report.site").joinpath("site.css").read_text(encoding="utf-8")


def head(view: View, links: Links, *parts: str) -> Html:
    """The head of a page, with the way to the index and to the other language."""
    other = OTHER[view.lang]
    ways = [tag("a", say("docs.index", view.lang), href=links.index)] if links.index else []
    if links.other_language:
        ways.append(tag("a", say("docs.language", other), href=links.other_language, lang=other,
                        hreflang=other))
    return tag("header", *([tag("p", join(ways, " · "), class_="ways")] if ways else ()), *parts)


class _PackPage:
    def __init__(self, policy: Policy, tried: PackCases, view: View, links: Links,
                 above: Sequence[Policy]) -> None:
        self.policy, self.view, self.links, self.above = policy, view, links, above
        self.document = PackDocument(policy, tried, view)
        self.uses = [use for use in field_uses(policy) if use.is_read]
        self.names = LinkedNames(policy, frozenset(use.field.name for use in self.uses))

    def _say(self, code: str, **args: Any) -> str:
        return say(f"docs.{code}", self.view.lang, **args)

    def body(self) -> Iterator[Html]:
        first, *more = self.document.opening()
        parts = [*self._opening(more), self._clauses(), self._fields(),
                 section("cases", self.document.closing().title,
                         *(tag("p", note) for note in self.document.closing().notes))]
        yield head(self.view, self.links, tag("h1", said(self.policy.title, self.view)),
                   self._facts(first))
        yield search.box(search.entries(self.document, self.uses), self.view.lang)
        yield shell.contents(self._contents(more), self.view.lang)
        yield tag("main", join(parts, "\n"), id="main", tabindex=-1)

    def _contents(self, opening: Iterable[Section]) -> Iterator[tuple[str, str, int]]:
        for at, part in enumerate(opening):
            yield f"part-{at}", part.title, 2
        yield "clauses", self._say("clauses"), 2
        for name, clause in self.policy.clauses.items():
            yield (link("clause", name).removeprefix("#"),
                   f"{name} {said(clause.text, self.view)}", 3)
        yield "fields", self._say("fields"), 2
        yield "cases", self._say("coverage"), 2

    def _facts(self, first: Section) -> Html:
        """What the pack is, with links to the packs that it stands among."""
        rows = [(name, self._fact(value)) for name, value in first.rows]
        if self.above:
            rows.append((self._say("built-on-by"), join(
                (self.links.pack(p.id) for p in self.above), self._say("list"))))
        return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in rows),
                   class_="facts")

    def _fact(self, value: str) -> Html:
        base = self.policy.manifest.base
        if base is None or value != self.policy.manifest.builds_on:
            return join([value])
        return join([self.links.pack(base), value.removeprefix(base)])

    def _opening(self, parts: Sequence[Section]) -> Iterator[Html]:
        """What the pack changes, its numbers, and what else stands before the clauses."""
        for at, part in enumerate(parts):
            if part.title == self._say("open"):
                yield section(f"part-{at}", part.title, *(tag("p", n) for n in part.notes),
                              *self._parameters())
            elif part.title == self.view.say("policy.definitions"):
                yield section(f"part-{at}", part.title, self._definitions(part))
            else:
                yield section(f"part-{at}", part.title, *_plain(part))

    def _parameters(self) -> Iterator[Html]:
        if not self.policy.parameters:
            return
        rows = []
        for name, parameter in self.policy.parameters.items():
            users = [to("rule", r.id) for r in self.policy.rules if name in r.params]
            title = [tag("div", said(parameter.title, self.view))] if parameter.title else []
            rows.append((tag("div", tag("code", name), *title, id=anchor("parameter", name)),
                         parameter_value(parameter, self.view), said(parameter.source, self.view),
                         said(parameter.note, self.view), join(users, self._say("list"))))
        yield table(self._say("open"), [
            self.view.say("column.name"), self.view.say("column.value"),
            self._say("column.source"), self._say("column.note"), self._say("column.read-by"),
        ], rows, hidden=True)

    def _definitions(self, part: Section) -> Html:
        """What the pack calls by names of its own, a row each, and what uses it."""
        rows = []
        for name, title, words, text, note in part.rows:
            users = [to("rule", r.id) for r in self.policy.rules if name in r.definitions]
            rows.append((tag("code", name, id=anchor("definition", name)), title, words,
                         tag("code", self.names.linked(text)), note,
                         join(users, self._say("list"))))
        return table(part.title, [*part.headers, self._say("column.read-by")], rows, wide=(2, 3),
                     hidden=True)

    def _clauses(self) -> Html:
        return section("clauses", self._say("clauses"),
                       join((self._clause(name) for name in self.policy.clauses), "\n"))

    def _clause(self, name: str) -> Html:
        clause = self.policy.clauses[name]
        paper = [tag("p", note) for note in self.document.clause_notes(name)]
        paper += self._source(clause.source) if clause.source else ()
        rules = join(map(self._rule, self.document.rules_of(name)), "\n")
        title = anchor("clause", name)
        return tag("section",
                   tag("h3", tag("span", name, class_="mark"), " ", said(clause.text, self.view),
                       id=title),
                   tag("div", tag("div", *paper, class_="paper"),
                       tag("div", rules, class_="rules"), class_="law"),
                   aria_labelledby=title, class_="clause")

    def _source(self, source: Source) -> Iterator[Html]:
        """What the paper itself says, and where it is to be read."""
        words, where = quoted(source, self.view), whereabouts(source, self.view)
        if words:
            yield tag("blockquote", words)
        parts = [text for text in (where, self._link(source.url)) if text]
        if parts:
            yield tag("p", join(parts, self._say("list")), class_="note")

    def _link(self, url: str | None) -> Html | None:
        if not url:
            return None
        host = urlsplit(url).hostname or url
        return tag("a", self._say("published", host=host), href=url, rel="noreferrer external")

    def _rule(self, rule: TypedRule) -> Html:
        """A rule in words beside the rule as it is written, then its table and its cases."""
        told, *cases = self.document.rule(rule)
        words = [tag("p", self._from(note, rule)) for note in told.notes]
        code = tag("pre", join((self.names.linked(line) for line in told.tree), "\n"), tabindex=0)
        title = anchor("rule", rule.id)
        rows = [table(told.title, told.headers, told.rows, hidden=True)] if told.rows else []
        tried = [tag("details", tag("summary", part.title),
                     table(part.title, part.headers, part.rows, hidden=True)) for part in cases]
        return tag("article", tag("h4", told.title, id=title),
                   tag("div",
                       tag("div", tag("h5", self._say("in-words")), *words, class_="words"),
                       tag("div", tag("h5", self._say("as-written")), code, class_="code"),
                       class_="pair"), *rows, *tried, aria_labelledby=title, class_="rule")

    def _from(self, note: str, rule: TypedRule) -> Html:
        """A sentence; the one that says where a rule was taken over from links to it there."""
        if note != self._say("from", pack=rule.pack):
            return join([note])
        before, _, behind = note.partition(rule.pack)
        return join([before, self.links.pack(rule.pack, link("rule", rule.id)), behind])

    def _fields(self) -> Html:
        """The fields that the rules read, and what reads each."""
        lang, rows = self.view.lang, []
        for use in self.uses:
            values = self._say("list").join(
                own if own == shown else self._say("named", text=own, name=shown)
                for own, shown in use.values(lang).items())
            read_by = [to("rule", r.id) for r in self.policy.rules if use.field.name in r.quotes]
            if use.scope:
                read_by.append(Html(self._say("scope")))
            rows.append((tag("code", use.field.name, id=anchor("field", use.field.name)),
                         use.heading(lang), type_of(use, self.view), values,
                         use.meaning(lang), join(read_by, self._say("list"))))
        headers = [self._say(f"column.{c}") for c in (
            "field", "heading", "type", "values", "meaning", "read-by")]
        return section("fields", self._say("fields"),
                       table(self._say("fields"), headers, rows, wide=(3, 4), hidden=True))


def _plain(part: Section) -> Iterator[Html]:
    """A part without anything of its own to show."""
    yield from (tag("p", note) for note in part.notes)
    if part.rows:
        yield table(part.title, *part.table(), hidden=True)
    if part.tree:
        yield tag("pre", "\n".join(part.tree), tabindex=0)
