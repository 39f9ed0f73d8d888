"""The law in the open. In: requests. Out: clauses with words, rules and cases; what judged whom."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from zhuanjie.engine.api import Outcome, TypedRule
from zhuanjie.report.layouts.clause_source import quoted, whereabouts
from zhuanjie.report.layouts.pack_document import PackDocument
from zhuanjie.web.pages.frame import go, render
from zhuanjie.web.pages.law import trying
from zhuanjie.web.pages.visitors import Seen, Visitor, register_of
from zhuanjie.web.pages.words import has_words, words
from zhuanjie.web.service.law_book import clause_counts, decisions, judged_by

router = APIRouter()
ROOT: Final = "/law"
_COUNTED: Final = tuple(map(str, (Outcome.VIOLATION, Outcome.UNDETERMINED, Outcome.PENDING,
                                 Outcome.WAIVED)))
_PAGE: Final = 50
_HASH: Final = 12
Before = Annotated[int | None, Query(ge=1, lt=2**53)]


@router.get(ROOT)
def show(request: Request, visitor: Seen, pack: str = "") -> Response:
    """A pack: the one that judges today, or another."""
    document = _document(request, visitor, pack)
    policy, view = document.policy, document.view
    _, *more = document.opening()
    return _page(request, visitor, "law.html", document, sections=more,
                 counts=_counts(request, visitor, document),
                 clauses=[(name, getattr(clause.text, view.lang), len(document.rules_of(name)))
                          for name, clause in policy.clauses.items()])


@router.get(f"{ROOT}/clauses/{{clause}}")
def show_clause(request: Request, visitor: Seen, clause: str, pack: str = "") -> Response:
    """A clause: what the paper says, the rules that ask it, the cases that try them."""
    document = _document(request, visitor, pack)
    known, view = document.policy.clauses.get(clause), document.view
    if known is None and not pack and (earlier := _earlier(request, visitor, clause)):
        return go(request, f"{ROOT}/clauses/{quote(clause)}?pack={quote(earlier)}")
    if known is None:
        return _page(request, visitor, "unknown.html", document, status=404, clause=clause)
    rules = [rule for rule in document.policy.rules if clause in rule.clauses]
    source = known.source
    return _page(
        request, visitor, "clause.html", document, clause=clause,
        words=getattr(known.text, view.lang), notes=document.clause_notes(clause),
        quote=quoted(source, view) if source else "", where=whereabouts(source, view)
        if source else "", url=source.url if source else None,
        counts=_counts(request, visitor, document).get(clause, {}),
        rules=[_rule(document, rule) for rule in rules])


@router.get(f"{ROOT}/decisions")
def show_decisions(request: Request, visitor: Seen, before: Before = None) -> Response:
    """Which law judged whom, and the decisions one after another."""
    visitor.need("read")
    register = register_of(request)
    with register.store.reading(visitor.actor) as conn:
        with register.database.reading() as whole:
            judged = judged_by(conn, whole)
        found = decisions(conn, before=before, limit=_PAGE + 1)
    after = found[_PAGE - 1].seq if len(found) > _PAGE else None
    return render(request, visitor, "law/decisions.html", judged=judged, after=after,
                  before=before, short=_HASH, tab="decisions",
                  found=[(event, [_why(each, visitor) for each in event.data.get("why", ())])
                         for event in found[:_PAGE]])


def _why(why: str, visitor: Visitor) -> str:
    key = f"law.why_{why.replace('-', '_')}"
    return words(key, visitor.lang) if has_words(key, visitor.lang) else why


def _document(request: Request, visitor: Visitor, pack: str) -> PackDocument:
    register = register_of(request)
    return register.law_book.document(pack or register.policy().id, visitor.lang)


def _earlier(request: Request, visitor: Visitor, clause: str) -> str | None:
    """The pack of an earlier law with a clause by which cases of its time are judged still."""
    register = register_of(request)
    policy = register.policy()
    if clause not in policy.clauses:
        return None
    packs = dict.fromkeys(rule.edition.pack for rule in reversed(policy.rules) if rule.edition)
    return next((id for id in packs if id in register.law_book.names()
                 and clause in register.law_book.document(id, visitor.lang).policy.clauses), None)


def _rule(document: PackDocument, rule: TypedRule) -> dict[str, Any]:
    head, *cases = document.rule(rule)
    return {"id": rule.id, "head": head, "cases": cases}


def _counts(request: Request, visitor: Visitor, document: PackDocument
            ) -> dict[str, dict[str, int]]:
    """How cases come out by clause, where this pack judges them and one may see them."""
    register = register_of(request)
    if not visitor.may("read") or document.policy.id != register.policy().id:
        return {}
    with register.store.reading(visitor.actor) as conn:
        found = clause_counts(conn)
    return {clause: {o: by[o] for o in _COUNTED if o in by} for clause, by in found.items()}


def _page(request: Request, visitor: Visitor, template: str, document: PackDocument, *,
          status: int = 200, **values: Any) -> Response:
    register, policy = register_of(request), document.policy
    return render(request, visitor, f"law/{template}", status=status, policy=policy,
                  title=getattr(policy.title, visitor.lang), today=register.policy(), tab="law",
                  packs=[(id, getattr(title, visitor.lang))
                         for id, title in register.law_book.names().items()], **values)


router.include_router(trying.router)
