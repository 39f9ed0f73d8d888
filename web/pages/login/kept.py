"""What was typed when a session ended. In: a form's values, a path. Out: them, with their titles.

What a field of a room's forms is called is read off the room's templates; a field of the domain is
called as the domain calls it. What has no title was typed by nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from jinja2 import nodes

from zhuanjie.engine.api import Lang, Vocabulary
from zhuanjie.web.pages.frame import environment
from zhuanjie.web.pages.words import words
from zhuanjie.web.service.saying import field_label, value_words

_PREFIXES: Final = ("f:", "input.")
"""Before the names of the domain's fields."""
_MACROS: Final = frozenset({"field", "choice", "area", "tick"})
_HIDDEN: Final = "••••"


def titled(kept: Iterable[tuple[str, str]], path: str, vocabulary: Vocabulary,
           lang: Lang) -> list[tuple[str, str]]:
    """What somebody typed, each with its title; a password is not shown."""
    titles, out = _titles(path.split("/")[1]), []
    for name, value in kept:
        field = next((name.removeprefix(each) for each in _PREFIXES if name.startswith(each)), "")
        if not value:
            continue
        if field in vocabulary.fields:
            known = vocabulary.fields[field]
            out.append((field_label(known, lang), value_words(known, value, lang)))
        elif name in titles:
            key, secret = titles[name]
            out.append((words(key, lang), _HIDDEN if secret else value))
    return out


@cache
def _titles(room: str) -> Mapping[str, tuple[str, bool]]:
    """By a field's name the key of its words, and whether it is a password."""
    made, out = environment("en"), {}
    assert made.loader is not None
    for template in made.list_templates():
        if not template.startswith(room.rstrip("s")):  # a list, and the page of one of it
            continue
        source = made.loader.get_source(made, template)[0]
        for call in made.parse(source).find_all(nodes.Call):
            if isinstance(call.node, nodes.Getattr) and call.node.attr in _MACROS:
                if found := _said(call):
                    out[found[0]] = found[1:]
    return out


def _said(call: nodes.Call) -> tuple[str, str, bool] | None:
    """The name of a field, the key of its words, whether it is a password; None without words."""
    name, title = call.args[:2]
    if not (isinstance(name, nodes.Const) and isinstance(title, nodes.Call) and title.args
            and isinstance(title.node, nodes.Name) and title.node.name == "t"
            and isinstance(title.args[0], nodes.Const) and len(title.args) == 1
            and not title.kwargs):
        return None
    kinds = [each.value for each in call.kwargs if each.key == "type"] + list(call.args[3:4])
    secret = any(isinstance(kind, nodes.Const) and kind.value == "password" for kind in kinds)
    return name.value, title.args[0].value, secret
