"""Definitions of packs, typed. In: definitions as written, a schema. Out: expressions by name.

A definition takes the place of its name wherever it is used, so that no engine knows of it. What
it comes to, written out, is bounded before anything is written out: of definitions that use others
twice, each some twenty would make millions of parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct

from zhuanjie.engine.core.diagnostics import Diagnostic
from zhuanjie.engine.core.errors import ExpressionError
from zhuanjie.engine.core.yaml_source import Key, YamlSource
from zhuanjie.engine.expr.from_cel import read
from zhuanjie.engine.expr.names import AS_OF, PARAMS
from zhuanjie.engine.expr.nodes import Call, Expr, FieldRef, ListLit, Name, walk
from zhuanjie.engine.expr.operators import OPS
from zhuanjie.engine.expr.types import ANY, Kind
from zhuanjie.engine.policy.definition_model import Definition
from zhuanjie.engine.policy.typed_definition import TypedDefinition

SECTION = "definitions"
MOST_PARTS = 4_000
"""Names, values and operators of an expression, its definitions written out."""
MOST_DEPTH = 64
"""How deep they may be nested in one another."""
_WORDS = frozenset({
    AS_OF, PARAMS, *(op.name for op in OPS.values()), "in", "true", "false", "null", "as", "break",
    "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
    "namespace", "return", "var", "void", "while"})
"""What means something in expressions already, or is kept free for CEL."""


class WrittenDefinition(Struct, frozen=True):
    """A definition, and where it stands; `base` is the one of a pack below that it replaces."""

    pack: str
    source: YamlSource
    definition: Definition
    base: WrittenDefinition | None = None


class TreeSize(NamedTuple):
    """How many parts an expression has, and how deep they are nested."""

    parts: int
    depth: int


def size_of(expr: Expr, known: Mapping[str, TreeSize]) -> TreeSize:
    """The size of an expression fresh from the parser, its definitions written out."""
    match expr:
        case Name(path=(name,)) if name in known:
            return known[name]
        case Call(args=inner) | ListLit(items=inner) if inner:
            sizes = [size_of(part, known) for part in inner]
            return TreeSize(1 + sum(s.parts for s in sizes), 1 + max(s.depth for s in sizes))
    return TreeSize(1, 1)


def too_large(text: str, known: Mapping[str, TreeSize]) -> Diagnostic | None:
    """Why an expression is refused that comes to too much by the definitions that it uses."""
    try:
        tree = read(text)
    except ExpressionError:
        return None  # it is said where it is typed
    if not known or not used_in(tree, known):
        return None  # as long as it is written, which the parser bounds
    parts, depth = size_of(tree, known)
    if parts > MOST_PARTS:
        return Diagnostic("pack.too-many-parts", {"count": parts, "most": MOST_PARTS})
    if depth > MOST_DEPTH:
        return Diagnostic("pack.too-deep", {"count": depth, "most": MOST_DEPTH})
    return None


def used_in(expr: Expr, known: Iterable[str]) -> list[str]:
    """The definitions that an expression fresh from the parser names, each once."""
    names = {n.path[0]: None for n in walk(expr) if isinstance(n, Name) and len(n.path) == 1}
    return [name for name in names if name in known]


def hidden_by(name: str, fields: Iterable[Any], parameters: Iterable[str]) -> str | None:
    """The code of what is wrong with a definition's name: it means something else already."""
    if name in _WORDS:
        return "pack.definition-hides-word"
    if name in {field.name.partition(".")[0] for field in fields}:
        return "pack.definition-hides-field"
    return "pack.definition-hides-parameter" if name in set(parameters) else None


class Order(Struct, frozen=True):
    """Definitions in an order in which each comes after those that it uses, and the circles."""

    names: tuple[str, ...]
    loops: tuple[tuple[str, ...], ...]


def ordered(texts: Mapping[str, str]) -> Order:
    """Which definition to type first; what stands on a circle is in no order."""
    uses = {name: _uses(text, texts) for name, text in texts.items()}
    done: dict[str, bool] = {}
    loops: list[tuple[str, ...]] = []
    for start in texts:
        path: dict[str, Iterator[str]] = {} if start in done else {start: iter(uses[start])}
        while path:
            name, rest = next(reversed(path.items()))
            following = next(rest, None)
            if following is None:
                path.pop(name)
                done.setdefault(name, True)
            elif following in path:
                there = list(path)
                loop = tuple(there[there.index(following):])
                done.update(dict.fromkeys(loop, False))
                loops.append(loop)
            elif following not in done:
                path[following] = iter(uses[following])
    return Order(tuple(name for name, sound in done.items() if sound), tuple(loops))


def _uses(text: str, known: Mapping[str, str]) -> list[str]:
    try:
        return used_in(read(text), known)
    except ExpressionError:  # it is said where the definition is typed
        return []


Cel = Callable[[YamlSource, Sequence[Key], str, Kind | None], Expr | None]
"""Types an expression that stands somewhere; None, with diagnostics, where it is wrong."""


class Known(Struct):
    """The definitions that expressions may use: what each says, and how large that is."""

    exprs: dict[str, Expr]
    sizes: dict[str, TreeSize]

    def put(self, name: str, expr: Expr | None, size: TreeSize) -> None:
        """Take one in; what is wrong fits everywhere, so that it is not said at every use."""
        self.exprs[name] = FieldRef(name, ANY) if expr is None else expr
        self.sizes[name] = size


def typed_definitions(
    written: Mapping[str, WrittenDefinition], known: Known, cel: Cel,
    base_of: Callable[[WrittenDefinition], Expr | None],
    hides: Callable[[str], str | None], problems: list[Diagnostic],
) -> dict[str, TypedDefinition]:
    """Type definitions, each after those that it uses, and take them into `known`.

    `base_of` is what the one said that a definition replaces, where that can be told; `hides` what
    is wrong with a name. What is wrong is added to `problems`.
    """
    order = ordered({name: each.definition.text for name, each in written.items()})
    for loop in order.loops:
        for name in loop:
            known.put(name, None, TreeSize(1, 1))
        each, path = written[loop[0]], " → ".join((*loop, loop[0]))
        problems.append(Diagnostic("pack.definition-loop", {"name": loop[0], "path": path},
                                   each.source.place((SECTION, loop[0], "is"))))
    made: dict[str, TypedDefinition] = {}
    for name in order.names:
        each = written[name]
        if (code := hides(name)) is not None:
            problems.append(Diagnostic(code, {"name": name},
                                       each.source.place((SECTION, name), key=True)))
        expr = cel(each.source, (SECTION, name, "is"), each.definition.text, None)
        known.put(name, expr, _size(each.definition.text, known))
        if expr is not None:
            made[name] = TypedDefinition(each.definition, each.pack, expr)
            problems += _kind(name, expr, each, base_of(each))
    return {name: made[name] for name in written if name in made}


def _size(text: str, known: Known) -> TreeSize:
    try:
        return size_of(read(text), known.sizes)
    except ExpressionError:
        return TreeSize(1, 1)


def _kind(name: str, expr: Expr, each: WrittenDefinition,
          base: Expr | None) -> Iterator[Diagnostic]:
    """What is wrong with a definition that says another kind of thing than the one it replaces:

    the base's rules use it, whose files are not this pack's.
    """
    if each.base is None or base is None:
        return
    kinds = [(t.kind, t.item) for t in (base.type, expr.type)]
    if kinds[0] != kinds[1] and Kind.ANY not in (base.type.kind, expr.type.kind):
        yield Diagnostic("pack.definition-kind", {
            "name": name, "base": each.base.pack, "want": str(base.type), "got": str(expr.type)},
            each.source.place((SECTION, name, "is")))
